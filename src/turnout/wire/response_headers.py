"""Which response headers an answer or an error keeps: request ids, rate limits, retry hints. The rest is plumbing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

# Anthropic says request-id, OpenAI x-request-id, Bedrock x-amzn-requestid; x-amzn-errortype names Bedrock's error class and
# x-amzn-bedrock-*-token-count is the only place of some of its usage numbers (all read 2026-11-21):
# https://docs.anthropic.com/en/api/errors, https://platform.openai.com/docs/api-reference/debugging-requests,
# https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
REQUEST_IDS = ("request-id", "x-request-id", "x-amzn-requestid")
_NAMED = (*REQUEST_IDS, "retry-after", "retry-after-ms", "x-should-retry", "x-amzn-errortype")


@lru_cache(maxsize=512)
def _is_kept(name: str) -> bool:
    return name in _NAMED or "ratelimit" in name or "rate-limit" in name or name.startswith("x-amzn-bedrock-")


def kept_headers(headers: Mapping[str, str]) -> dict[str, str] | None:
    """Those of ``headers`` (names in lower case) that say something about the call; None if none does."""
    return {name: value for name, value in headers.items() if _is_kept(name)} or None


def request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in REQUEST_IDS if name in headers), None)
