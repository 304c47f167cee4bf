"""When a provider asks to be called again."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from turnout.wire.retry_after import retry_after

NOON = "Sat, 21 Nov 2026 12:00:00 GMT"
NOON_SECONDS = 1795262400.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "34"}, 34.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5"}, 1.5),
        ({"x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6 weeks"}, None),
        ({"x-ratelimit-remaining-tokens": "0"}, None),
        ({"retry-after": "2", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 2.0),
    ],
    ids=str,
)
def test_the_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_both_limits_must_refill() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "5s",
    }
    assert retry_after(headers) == 5.0


def test_a_date_counts_from_the_given_present() -> None:
    assert retry_after({"retry-after": NOON}, now=NOON_SECONDS - 90) == 90.0


def test_a_date_in_the_past_asks_for_no_wait() -> None:
    assert retry_after({"retry-after": NOON}, now=NOON_SECONDS + 90) == 0.0


@given(
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date", "x-ratelimit-reset-tokens"]), st.text(max_size=12))
)
def test_an_unreadable_header_counts_as_absent(headers: dict[str, str]) -> None:
    wait = retry_after({"x-ratelimit-remaining-tokens": "0"} | headers)
    assert wait is None or wait >= 0
