"""What a call does, attempt by attempt."""

from __future__ import annotations

import pytest
from by_hand import ANSWER, Clock, Hand, status

from turnout.engine.breaker import Breakers
from turnout.engine.plan import Plan, Retry
from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    RateLimited,
    RequestError,
    ServerFault,
    TransportFailed,
)
from turnout.types import HttpResponse, Target, Timeouts


def test_the_first_candidate_that_answers_is_the_answer() -> None:
    hand = Hand(ANSWER)
    done = hand.complete()
    assert (done.text, done.target, hand.hosts) == ("hi", Target("a", "m"), ["a"])
    assert [attempt.error for attempt in done.attempts] == [None]


def test_a_transient_failure_is_retried_at_the_same_target_then_elsewhere() -> None:
    hand = Hand(status(503), TransportFailed("reset"), status(500), ANSWER)
    done = hand.complete()
    assert hand.hosts == ["a", "a", "a", "b"]
    assert [attempt.error for attempt in done.attempts] == ["Overloaded", "TransportFailed", "ServerFault", None]
    assert hand.slept == [0.25, 0.5]  # half of 0.5 and of 1.0: draw is 0


def test_a_bad_key_goes_to_the_next_target_without_waiting() -> None:
    hand = Hand(status(401), ANSWER)
    assert hand.complete().text == "hi"
    assert (hand.hosts, hand.slept) == (["a", "b"], [])


def test_a_bad_request_is_never_tried_again() -> None:
    hand = Hand(status(400), ANSWER)
    with pytest.raises(RequestError):
        hand.complete()
    assert hand.hosts == ["a"]


def test_the_provider_says_how_long_to_wait() -> None:
    hand = Hand(status(429, retry_after="7"), ANSWER)
    hand.complete()
    assert hand.slept == [7.0]


def test_a_provider_that_asks_for_too_long_is_left_for_the_next() -> None:
    hand = Hand(status(429, retry_after="3600"), ANSWER)
    hand.complete()
    assert (hand.hosts, hand.slept) == (["a", "b"], [])


def test_one_budget_of_attempts_covers_retries_and_fallbacks() -> None:
    hand = Hand(*[status(503)] * 9, retry=Retry(attempts=4, per_target=3))
    with pytest.raises(AllTargetsFailed) as caught:
        hand.complete()
    assert hand.hosts == ["a", "a", "a", "b"]
    assert [str(target) for target, _ in caught.value.failures] == ["a/m", "a/m", "a/m", "b/m"]


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    hand = Hand(status(429, retry_after="30"), names="a", timeouts=Timeouts(total=10.0))
    with pytest.raises(RateLimited):
        hand.complete()
    assert hand.slept == []


def test_a_call_whose_time_is_over_says_so_with_the_last_failure() -> None:
    hand = Hand(ServerFault("down"), names="a", timeouts=Timeouts(total=5.0))
    original = hand.script[0]

    class Late(Clock):
        def __call__(self) -> float:
            self.now += 2.0
            return self.now

    hand.clock = Late()
    hand.plan = Plan(
        candidates=hand.plan.candidates,
        breakers=hand.plan.breakers,
        clock=hand.clock,
        draw=lambda: 0.0,
        timeouts=Timeouts(total=5.0),
    )
    with pytest.raises(DeadlineExceeded, match="gave up after 5 s and 1 attempts; the last one: down") as caught:
        hand.complete()
    assert caught.value.__cause__ is original


def test_one_target_that_fails_raises_its_own_error() -> None:
    hand = Hand(status(401), names="a")
    with pytest.raises(AuthenticationFailed, match="a/m: HTTP 401: no"):
        hand.complete()


def test_several_targets_that_fail_are_told_together_in_order() -> None:
    hand = Hand(status(404), status(401))
    with pytest.raises(AllTargetsFailed, match=r"(?s)a/m: ModelNotFound.*b/m: AuthenticationFailed"):
        hand.complete()


def test_an_open_breaker_is_skipped_and_probed_after_its_cooldown() -> None:
    breakers = Breakers(threshold=3, cooldown=30.0)
    Hand(status(503), status(503), status(503), ANSWER, breakers=breakers).complete()
    second = Hand(ANSWER, breakers=breakers)
    second.complete()
    assert second.hosts == ["b"]
    third = Hand(ANSWER, breakers=breakers)
    third.clock.now += 100.0
    third.complete()
    assert third.hosts == ["a"]


def test_all_breakers_open_says_how_long() -> None:
    breakers = Breakers(threshold=1, cooldown=30.0)
    with pytest.raises(ServerFault):
        Hand(*[status(500)] * 3, names="a", breakers=breakers).complete()
    with pytest.raises(CircuitOpen, match="left alone for") as caught:
        Hand(names="a", breakers=breakers).complete()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 0


def test_a_callers_mistake_never_opens_a_breaker() -> None:
    breakers = Breakers(threshold=1)
    with pytest.raises(RequestError):
        Hand(status(400), names="a", breakers=breakers).complete()
    assert Hand(ANSWER, names="a", breakers=breakers).complete().text == "hi"


def test_every_call_ends_in_one_record() -> None:
    good = Hand(ANSWER)
    good.complete()
    assert [(record.outcome, record.usage.input_tokens) for record in good.records] == [("ok", 3)]
    bad = Hand(status(400), names="a")
    with pytest.raises(RequestError):
        bad.complete()
    assert [record.outcome for record in bad.records] == ["RequestError"]
    assert [attempt.status for attempt in bad.records[0].attempts] == [400]


def test_an_answer_that_is_no_json_is_the_providers_fault_and_tried_again() -> None:
    hand = Hand(HttpResponse(status=200, body=b"<html>"), ANSWER, names="a")
    assert hand.complete().text == "hi"
    assert hand.hosts == ["a", "a"]
