"""A call whose plan has a policy: who is asked first, what is said of it, and what a policy may not do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from by_hand import ANSWER, REQUEST, Hand, candidate, status
from msgspec.structs import replace

from turnout.catalog.schema import Price
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate, Ordering, Retry
from turnout.engine.policy.cheapest import CHEAPEST
from turnout.engine.policy.fastest import FASTEST
from turnout.engine.policy.latencies import Latencies
from turnout.engine.policy.weighted import WEIGHTED
from turnout.errors import ConfigError, RequestError
from turnout.types import Target

DEAR = Price(input=Decimal(9), output=Decimal(9))
CHEAP = Price(input=Decimal(1), output=Decimal(1))


def of(policy: Any, first: int = 0, end: int = 2, name: str = "mine") -> tuple[Ordering, ...]:
    return (Ordering(name=name, policy=policy, first=first, end=end),)


class Says:
    """A policy that does what a test says."""

    def __init__(self, order: Callable[[Sequence[Candidate]], Any]) -> None:
        self._order = order
        self.asked: list[Any] = []

    def order(self, candidates: Sequence[Candidate], request: Any, health: Any, draw: Any) -> Any:
        self.asked.append((request, health, draw))
        return self._order(candidates)


def reversed_(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list(reversed(candidates))


def test_the_policy_says_who_is_tried_first_and_the_attempt_says_why() -> None:
    hand = Hand(ANSWER, candidates=[candidate("a", DEAR), candidate("b", CHEAP)], orderings=of(CHEAPEST, name="cheapest"))
    done = hand.complete()
    assert (done.target, hand.hosts) == (Target("b", "m"), ["b"])
    assert [attempt.because for attempt in done.attempts] == ["cheapest: about $0.00050 for 3 tokens in and 500 out"]
    assert hand.records[0].attempts == done.attempts


def test_a_plan_without_a_policy_says_nothing_of_an_order() -> None:
    assert [attempt.because for attempt in Hand(status(503), ANSWER).complete().attempts] == [None, None]


def test_what_fails_goes_on_in_the_order_of_the_policy() -> None:
    hand = Hand(status(401), status(401), ANSWER, names="a b c", orderings=of(Says(reversed_), end=3))
    assert hand.complete().target == Target("a", "m")
    assert hand.hosts == ["c", "b", "a"]


def test_a_retry_at_the_same_target_has_the_same_reason() -> None:
    hand = Hand(status(503), ANSWER, orderings=of(Says(reversed_)))
    assert [(attempt.target.provider, attempt.because) for attempt in hand.complete().attempts] == [("b", "mine"), ("b", "mine")]


def test_a_policy_orders_its_own_part_of_a_list_and_no_other() -> None:
    hand = Hand(*[status(401)] * 4, ANSWER, names="a b c d e", orderings=of(Says(reversed_), first=1, end=3))
    hand.complete()
    assert hand.hosts == ["a", "c", "b", "d", "e"]


def test_two_policies_order_a_part_each() -> None:
    both = (*of(Says(reversed_)), *of(Says(reversed_), first=2, end=4, name="other"))
    hand = Hand(*[status(401)] * 3, ANSWER, names="a b c d", orderings=both)
    done = hand.complete()
    assert hand.hosts == ["b", "a", "d", "c"]
    assert [attempt.because for attempt in done.attempts] == ["mine", "mine", "other", "other"]


def test_a_target_that_rests_is_passed_over_wherever_a_policy_puts_it() -> None:
    breakers = Breakers(threshold=1)
    breakers.failed(Target("b", "m"), 1000.0)
    hand = Hand(ANSWER, orderings=of(Says(reversed_)), breakers=breakers)
    hand.complete()
    assert hand.hosts == ["a"]


def test_a_policy_is_asked_once_for_a_call_with_the_request_the_health_and_the_plans_draw() -> None:
    policy = Says(reversed_)
    hand = Hand(status(503), status(503), ANSWER, orderings=of(policy), draw=lambda: 0.25)
    request = replace(REQUEST, temperature=0.5)
    hand.complete(request)
    ((asked, health, draw),) = policy.asked
    assert (asked.request, asked.stream) == (request, False)
    assert (health.state(Target("a", "m")), draw()) == ("closed", 0.25)


def test_a_candidate_that_a_policy_leaves_out_is_not_tried() -> None:
    hand = Hand(status(401), names="a b", orderings=of(Says(lambda given: given[:1])))
    with pytest.raises(Exception, match="a/m: HTTP 401"):
        hand.complete()
    assert hand.hosts == ["a"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (lambda given: [], "the policy 'mine' left no candidate to be tried"),
        (lambda given: [candidate("z")], "the policy 'mine' gave something that is none of the candidates it was given"),
        (lambda given: ["a/m"], "the policy 'mine' gave something that is none of the candidates it was given"),
        (lambda given: None, "the policy 'mine' failed: TypeError: 'NoneType' object is not iterable"),
        (lambda given: 1 / 0, "the policy 'mine' failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_policy_that_fails_ends_the_call_by_its_name_and_nothing_is_sent(order: Any, said: str) -> None:
    hand = Hand(orderings=of(Says(order)))
    with pytest.raises(ConfigError) as raised:
        hand.complete()
    assert str(raised.value) == said
    assert hand.hosts == []
    assert [record.outcome for record in hand.records] == ["ConfigError"]


def test_a_policy_that_cannot_say_why_ends_the_call_too() -> None:
    class Mute(Says):
        def why(self, candidate: Candidate, request: Any, health: Any) -> str:
            raise LookupError("forgot")

    hand = Hand(orderings=of(Mute(reversed_)))
    with pytest.raises(ConfigError, match="the policy 'mine' failed: LookupError: forgot"):
        hand.complete()
    assert hand.hosts == []


def test_the_fastest_is_found_out_by_the_calls_themselves() -> None:
    latencies, hosts = Latencies(), []
    for _ in range(4):
        hand = Hand(
            ANSWER, names="a b c", orderings=of(FASTEST, end=3), latencies=latencies, takes={"a": 0.9, "b": 0.3, "c": 0.6}
        )
        done = hand.complete()
        hosts += hand.hosts
    assert hosts == ["a", "b", "c", "b"]
    assert done.attempts[0].because == "mine: answer after 0.30 s on average"


def test_a_failure_is_no_measurement_of_how_fast_a_target_answers() -> None:
    latencies = Latencies()
    Hand(status(401), ANSWER, orderings=of(FASTEST), latencies=latencies, takes={"a": 0.1, "b": 0.5}).complete()
    assert latencies.average(Target("a", "m"), False, 1001.0) is None
    assert latencies.average(Target("b", "m"), False, 1001.0) == pytest.approx(0.5)


def test_weights_share_calls_out_as_they_say() -> None:
    draws = [number / 100 for number in range(100)]
    firsts = []
    for draw in draws:
        hand = Hand(
            ANSWER,
            candidates=[candidate("a", weight=9), candidate("b", weight=1)],
            orderings=of(WEIGHTED),
            draw=lambda draw=draw: draw,
        )
        hand.complete()
        firsts += hand.hosts
    assert (firsts.count("a"), firsts.count("b")) == (90, 10)


# -- when to move on -------------------------------------------------------------------------------


def test_as_in_a_router_a_rate_limit_is_retried_at_the_same_provider_and_then_the_next_is_asked() -> None:
    hand = Hand(*[status(429)] * 3, ANSWER)
    hand.complete()
    assert hand.hosts == ["a", "a", "a", "b"]


def test_as_in_a_tool_server_any_failure_moves_on_at_once_a_refusal_of_the_request_too() -> None:
    hand = Hand(status(429), status(400), status(503), ANSWER, names="a b c d", retry=Retry(per_target=1, moves_on="any"))
    hand.complete()
    assert (hand.hosts, hand.slept) == (["a", "b", "c", "d"], [])


@pytest.mark.parametrize(
    ("code", "hosts"),
    [
        (401, "a b"),
        (403, "a b"),
        (404, "a b"),
        (502, "a b"),
        (503, "a b"),
        (504, "a b"),
        (429, "a"),
        (400, "a"),
        (422, "a"),
        (500, "a"),
    ],
)
def test_as_in_a_gateway_a_list_of_statuses_says_what_moves_on_and_429_is_none_of_them(code: int, hosts: str) -> None:
    retry = Retry(per_target=1, moves_on=frozenset({401, 403, 404, 502, 503, 504}))
    hand = Hand(status(code), ANSWER, retry=retry)
    if hosts == "a":
        with pytest.raises(Exception, match=f"HTTP {code}"):
            hand.complete()
    else:
        hand.complete()
    assert hand.hosts == hosts.split()


def test_what_was_not_reached_or_took_too_long_counts_as_503_and_504_in_a_list_of_statuses() -> None:
    from turnout.errors import TimedOut, TransportFailed

    for failure in (TransportFailed("reset"), TimedOut("slow")):
        hand = Hand(failure, ANSWER, retry=Retry(per_target=1, moves_on=frozenset({503, 504})))
        hand.complete()
        assert hand.hosts == ["a", "b"]
        other = Hand(failure, ANSWER, retry=Retry(per_target=1, moves_on=frozenset({502})))
        with pytest.raises(type(failure)):
            other.complete()


def test_unless_it_is_said_otherwise_a_request_that_is_refused_goes_nowhere_else() -> None:
    hand = Hand(status(400), ANSWER, retry=Retry(per_target=1))
    with pytest.raises(RequestError):
        hand.complete()
    assert hand.hosts == ["a"]


# -- breakers, as earlier layers set theirs ----------------------------------------------------------


def test_a_breaker_that_only_watches_keeps_both_kinds_of_outcome_and_never_gates() -> None:
    """An earlier layer's log-only mode gated after all, and counted no success, so that old failures added up."""
    breakers = Breakers(threshold=10**9)
    for _ in range(20):
        breakers.failed(Target("a", "m"), 0.0)
    assert breakers.admits(Target("a", "m"), 0.0)
    assert breakers.failures(Target("a", "m")) == 20
    breakers.succeeded(Target("a", "m"))
    assert breakers.failures(Target("a", "m")) == 0


@pytest.mark.parametrize(("threshold", "cooldown"), [(3, 30.0), (5, 300.0)])
def test_a_breaker_opens_after_as_many_failures_and_for_as_long_as_its_owner_says(threshold: int, cooldown: float) -> None:
    breakers, target = Breakers(threshold, cooldown), Target("a", "m")
    for number in range(threshold):
        assert breakers.state(target, 0.0) == "closed", number
        breakers.failed(target, 0.0)
    assert breakers.state(target, cooldown - 1) == "open"
    assert breakers.admits(target, cooldown)
    assert breakers.state(target, cooldown) == "half_open"
    breakers.succeeded(target)
    assert breakers.state(target, cooldown) == "closed"


def test_an_answer_without_content_that_is_refused_counts_as_one_failure_and_no_more() -> None:
    breakers = Breakers()
    hand = Hand(status(200, b""), ANSWER, breakers=breakers, retry=Retry(per_target=1))
    done = hand.complete()
    assert breakers.failures(Target("a", "m")) == 1
    assert [(attempt.target.provider, attempt.error) for attempt in done.attempts] == [("a", "ServerFault"), ("b", None)]
    assert len(hand.records) == 1
