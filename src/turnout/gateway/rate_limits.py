"""The provider's own rate-limit headers, for callers whose clients read them: those that speak the provider's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from turnout.errors import AllTargetsFailed, Error
from turnout.gateway.asgi import Headers

# The official clients of OpenAI and Anthropic obey these two beside retry-after (openai 2, anthropic 0.7x: _base_client.py, read
# 2026-11-21). retry-after itself is written from the error, whatever protocol it came in.
_RETRYING = ("retry-after-ms", "x-should-retry")


def rate_limits(headers: Mapping[str, str]) -> Headers:
    """Those of ``headers`` (names in lower case) that say how much the account may still ask for, and when."""
    return [(name.encode(), value.encode()) for name, value in headers.items() if _is_limit(name) and _is_sayable(value)]


def wait_of(error: Error) -> float | None:
    """Seconds until the same call may succeed, if any provider said so: the first to be back, of several."""
    if isinstance(error, AllTargetsFailed):
        return min((wait for _, failure in error.failures if (wait := failure.retry_after) is not None), default=None)
    return error.retry_after


@lru_cache(maxsize=512)
def _is_limit(name: str) -> bool:
    return name.isascii() and ("ratelimit" in name or "rate-limit" in name or name in _RETRYING)


def _is_sayable(value: str) -> bool:
    return value.isascii() and value.isprintable()
