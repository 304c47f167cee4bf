"""Addresses that depend on a place: a host for each location, a default where no variable says otherwise, a query at the end."""

from __future__ import annotations

import pytest

from turnout.catalog.schema import Provider
from turnout.config.endpoint import base_url
from turnout.errors import ConfigError

CLOUD = Provider(
    id="cloud",
    name="Cloud",
    wire="w",
    base_url="https://{host}/v1/{location=world}",
    url_env={"location": ("CLOUD_PLACE", "PLACE")},
    url_map={"host": {"by": "location=world", "world": "cloud.example", "*": "{location}.cloud.example"}},
    docs="https://cloud.example/docs",
)


def filled(provider: Provider = CLOUD, **environ: str) -> str:
    return base_url(provider, provider.base_url, "m", environ)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://cloud.example/v1/world"),
        ({"PLACE": "world"}, "https://cloud.example/v1/world"),
        ({"PLACE": "eu-1"}, "https://eu-1.cloud.example/v1/eu-1"),
        ({"PLACE": "eu-1", "CLOUD_PLACE": "us-2"}, "https://us-2.cloud.example/v1/us-2"),
        ({"PLACE": ""}, "https://cloud.example/v1/world"),
    ],
)
def test_a_host_follows_the_place(environ: dict[str, str], url: str) -> None:
    assert filled(**environ) == url


@pytest.mark.parametrize("place", ["evil.example/x", "a@evil.example", "a?b", "a#b", "a b", "a%2f", "ü"])
def test_a_place_is_one_piece_of_a_host(place: str) -> None:
    with pytest.raises(ConfigError, match="CLOUD_PLACE cannot be a part of Cloud's URL"):
        filled(CLOUD_PLACE=place)


def test_a_placeholder_where_the_place_belongs_is_no_place_and_no_default_either() -> None:
    with pytest.raises(ConfigError, match="CLOUD_PLACE or PLACE, which is a part of its URL and holds a placeholder"):
        filled(CLOUD_PLACE="your-location-here")


def test_a_query_is_filled_and_ends_the_address() -> None:
    dated = Provider(id="d", name="D", wire="w", base_url="https://d.example/{model}/", query="api-version={VERSION=2024-10-21}")
    assert filled(dated) == "https://d.example/m?api-version=2024-10-21"
    assert filled(dated, VERSION="2025-01-01") == "https://d.example/m?api-version=2025-01-01"
    assert base_url(dated, "https://own.example/x?api-version=1", "m", {}) == "https://own.example/x?api-version=1"
