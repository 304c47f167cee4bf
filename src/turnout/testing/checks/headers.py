"""Are rate limits and request ids, which only headers tell, still there after decoding?"""

from __future__ import annotations

from collections.abc import Iterator

from turnout.errors import Error
from turnout.testing.checks.subject import Subject
from turnout.testing.difference import ABSENT, Difference
from turnout.types import Completion

_KEPT = ("ratelimit", "rate-limit", "retry-after", "request-id")


def headers(subject: Subject) -> Iterator[Difference]:
    """Of whole responses: a stream's headers are read by whoever opened it."""
    outcome = subject.outcome
    if subject.streamed or not isinstance(outcome, (Completion, Error)):
        return
    kept = outcome.headers or {}
    for name, value in subject.exchange.response.headers.items():
        if any(word in name for word in _KEPT) and kept.get(name) != value:
            yield Difference("headers", name, value, kept.get(name, ABSENT))
