"""When a provider asks to be called again, read from response headers. Pure: the present is an argument."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LIMITS = ("requests", "tokens")


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds the provider asked us to wait, or None if it did not say. ``headers`` have lower-case names.

    Reads ``retry-after-ms``, else ``retry-after`` (seconds or HTTP-date, RFC 9110 section 10.2.3), else how long the limit
    that is used up takes to refill (``x-ratelimit-reset-requests``, ``-tokens``: "6m0s"). A date counts from ``now``
    (seconds since 1970), or from the response's own ``date`` when ``now`` is None; one in the past gives 0.0. Never raises:
    an unreadable value counts as absent.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is not None:
        seconds = _number(value)
        if seconds is None:
            seconds = _until(value, now, headers.get("date"))
        if seconds is not None:
            return seconds
    return _refill(headers)


def _number(value: str | None) -> float | None:
    """A count of seconds or milliseconds; None for what is negative, endless or no number."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _until(value: str, now: float | None, date: str | None) -> float | None:
    at = _timestamp(value)
    since = now if now is not None else _timestamp(date)
    return None if at is None or since is None else max(0.0, at - since)


def _timestamp(value: str | None) -> float | None:
    from email.utils import parsedate_to_datetime  # the email package is slow to import, and dates are rare

    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _refill(headers: Mapping[str, str]) -> float | None:
    """https://platform.openai.com/docs/guides/rate-limits (read 2026-11-21)."""
    waits = [
        wait
        for limit in _LIMITS
        if headers.get(f"x-ratelimit-remaining-{limit}") == "0"
        and (wait := _duration(headers.get(f"x-ratelimit-reset-{limit}", ""))) is not None
    ]
    return max(waits) if waits else None


def _duration(value: str) -> float | None:
    """Seconds of "6m0s", "1h2m", "120ms" or a bare number."""
    if (seconds := _number(value)) is not None:
        return seconds
    pieces = _DURATION.findall(value)
    if not pieces or "".join(number + unit for number, unit in pieces) != value:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in pieces)
