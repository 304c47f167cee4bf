"""URL templates, filled from the environment."""

from __future__ import annotations

import pytest

from turnout.catalog.schema import Provider
from turnout.config.endpoint import base_url
from turnout.errors import ConfigError

PROVIDER = Provider(
    id="data-lake", name="Data Lake", wire="openai-chat", base_url="", url_env={"account": "LAKE_ACCOUNT"}, docs="https://docs"
)

SEVERAL = Provider(id="s", name="Several", wire="openai-chat", base_url="", url_env={"place": ("FIRST", "SECOND")})


def fill(template: str, model: str = "m", **environ: str) -> str:
    return base_url(PROVIDER, template, model, environ)


@pytest.mark.parametrize(
    ("template", "environ", "expected"),
    [
        ("https://h/v1", {}, "https://h/v1"),
        ("https://h/v1/", {}, "https://h/v1"),
        ("https://h/{account}/v1", {"LAKE_ACCOUNT": " a1 "}, "https://h/a1/v1"),
        ("https://{account}.h/v1", {"LAKE_ACCOUNT": "a1"}, "https://a1.h/v1"),
        ("https://{HOST}/v1", {"HOST": "https://dbc-1.cloud/"}, "https://dbc-1.cloud/v1"),
        ("{BASE}/v1", {"BASE": "https://h/base/"}, "https://h/base/v1"),
        ("{BASE}", {"BASE": "http://box:8000/v1"}, "http://box:8000/v1"),
    ],
)
def test_placeholders_are_filled_from_their_variables(template: str, environ: dict[str, str], expected: str) -> None:
    assert fill(template, **environ) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("smollm2-135m", "local://smollm2-135m/v1"),
        ("/home/ada/my model.gguf", "local://%2Fhome%2Fada%2Fmy%20model.gguf/v1"),
        ("x@evil/../y", "local://x%40evil%2F..%2Fy/v1"),
    ],
)
def test_the_models_name_is_quoted(model: str, expected: str) -> None:
    assert fill("local://{model}/v1", model) == expected


@pytest.mark.parametrize(("environ", "state"), [({}, "is not set"), ({"LAKE_ACCOUNT": "your_account"}, "holds a placeholder")])
def test_a_missing_part_is_asked_for_by_its_variable(environ: dict[str, str], state: str) -> None:
    with pytest.raises(ConfigError) as raised:
        fill("https://{account}.h/v1", **environ)
    assert str(raised.value) == f"Data Lake needs LAKE_ACCOUNT, which is a part of its URL and {state} (https://docs)"


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"FIRST": "a", "SECOND": "b"}, "a"),
        ({"SECOND": "b"}, "b"),
        ({"FIRST": "changeme", "SECOND": "b"}, "b"),
        ({"FIRST": "a"}, "a"),
    ],
)
def test_of_several_variables_the_first_that_is_set_wins(environ: dict[str, str], host: str) -> None:
    assert base_url(SEVERAL, "https://{place}.h", "m", environ) == f"https://{host}.h"


def test_of_several_variables_all_are_named_when_none_is_set() -> None:
    with pytest.raises(ConfigError, match="needs FIRST or SECOND, which is a part of its URL and is not set"):
        base_url(SEVERAL, "https://{place}.h", "m", {})


@pytest.mark.parametrize("value", ["a@evil.example", "a/../b", "a?b", "a#b", "a b", "a\nb", "a%2f", "ä"])
def test_a_part_cannot_lead_elsewhere(value: str) -> None:
    with pytest.raises(ConfigError, match="LAKE_ACCOUNT cannot be a part of Data Lake's URL"):
        fill("https://{account}.h/v1", LAKE_ACCOUNT=value)


@pytest.mark.parametrize("template", ["ftp://h/v1", "h/v1", "https://h/a b", "https://u:p@h/v1", "https://", "https://h/\nx"])
def test_what_is_no_base_url_is_refused(template: str) -> None:
    with pytest.raises(ConfigError):
        fill(template)


@pytest.mark.parametrize(
    ("template", "query", "told"),
    [
        ("https://ada:sk-4vJ8Qm2ZtXc9@h/v1", "", "'https://…@h/v1'"),
        ("https://ada:sk-4vJ8Qm2ZtXc9@h/ v1", "", "'https://…@h/ v1'"),
        ("ada:sk-4vJ8Qm2ZtXc9@h/v1", "", "'…@h/v1'"),
        ("https://h/v1", "key=sk-4vJ8Qm2ZtXc9 ", "'https://h/v1?…'"),
    ],
)
def test_what_may_be_a_key_in_a_url_is_in_no_error(template: str, query: str, told: str) -> None:
    provider = Provider(id="x", name="X", wire="w", base_url=template, query=query)
    with pytest.raises(ConfigError) as raised:
        base_url(provider, template, "m", {})
    assert str(raised.value).startswith(f"{told} is not a ")


def test_an_unknown_url_says_how_to_give_one() -> None:
    with pytest.raises(ConfigError) as raised:
        fill("")
    assert str(raised.value) == "no base URL is known for Data Lake: pass base_url, or set TURNOUT_DATA_LAKE_BASE_URL"
