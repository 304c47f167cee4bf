"""Which failure speaks for all, where every target of a call failed."""

from __future__ import annotations

import pytest

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    CircuitOpen,
    ConfigError,
    Error,
    ModelNotFound,
    Overloaded,
    RateLimited,
    RequestError,
    ServerFault,
)
from turnout.types import Target

A, B, C = Target("a", "m"), Target("b", "m"), Target("c", "m")
LIMITED, BUSY, LOST, KEY, RESTING = (
    RateLimited("slow"),
    Overloaded("busy"),
    ModelNotFound("lost"),
    AuthenticationFailed("key"),
    CircuitOpen("rests"),
)


@pytest.mark.parametrize(
    ("failures", "telling"),
    [
        ([(A, LIMITED), (B, LIMITED)], LIMITED),
        ([(A, LOST), (B, LOST)], LOST),
        ([(A, BUSY), (A, LIMITED), (B, LIMITED)], LIMITED),  # a target's last failure is what it came to
        ([(A, LIMITED), (B, LOST)], LIMITED),  # it may pass, and the other will not
        ([(A, LOST), (B, LIMITED), (C, KEY)], LIMITED),
        ([(A, LIMITED), (B, BUSY)], BUSY),  # either may pass
        ([(A, LIMITED), (B, RESTING)], LIMITED),  # nobody asked the one that rests
        ([(A, RESTING), (B, KEY)], RESTING),
        ([(A, RESTING), (B, RESTING)], RESTING),
        ([(A, LOST), (B, KEY)], None),
        ([], None),
    ],
)
def test_one_failure_speaks_for_all_where_they_have_it_in_common_or_it_may_pass(
    failures: list[tuple[Target, Error]], telling: Error | None
) -> None:
    assert AllTargetsFailed(failures).telling is telling


def test_what_is_wrong_with_every_request_or_set_up_speaks_for_itself() -> None:
    for error in (RequestError("bad"), ConfigError("no key")):
        assert AllTargetsFailed([(A, error), (B, type(error)("other"))]).telling is error


def test_the_wait_is_the_shortest_that_any_target_asked_for() -> None:
    waits = [RateLimited("x", retry_after=90.0), RateLimited("x", retry_after=7.0), ServerFault("x")]
    assert AllTargetsFailed(list(zip((A, B, C), waits, strict=True))).retry_after == 7.0
    assert AllTargetsFailed([(A, ServerFault("x"))]).retry_after is None
