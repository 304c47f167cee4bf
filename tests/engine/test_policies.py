"""The built-in policies by themselves: candidates in, candidates out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from by_hand import candidate

from turnout.catalog.schema import Price, PriceTier
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate
from turnout.engine.policy import POLICIES, Policy
from turnout.engine.policy.asked import USUAL_OUTPUT, Asked
from turnout.engine.policy.cheapest import CHEAPEST
from turnout.engine.policy.fastest import FASTEST
from turnout.engine.policy.health import Health
from turnout.engine.policy.latencies import MOST_TARGETS, Latencies
from turnout.engine.policy.listed import LISTED
from turnout.engine.policy.weighted import WEIGHTED
from turnout.types import (
    ChatRequest,
    DataSource,
    EmbedRequest,
    Image,
    Message,
    RerankRequest,
    Target,
    Text,
)
from turnout.wire.relaying import RelayRules, read_passing

NOBODY = Health(Breakers(), None, 0.0)
SHORT = Asked(ChatRequest(model="m", messages=(Message("user", (Text("hello"),)),)))
RULES = RelayRules(plain=lambda event: False)


def costing(name: str, into: str | None, out: str | None) -> Candidate:
    return candidate(name, Price(input=Decimal(into) if into else None, output=Decimal(out) if out else None))


def names(candidates: Sequence[Candidate]) -> str:
    return " ".join(one.target.provider for one in candidates)


def ordered(policy: Policy, *candidates: Candidate, asked: Asked = SHORT, health: Health = NOBODY, draws: Any = ()) -> str:
    left: Iterator[float] = iter(draws)
    return names(policy.order(candidates, asked, health, lambda: next(left)))


def chat(text: str, **fields: Any) -> Asked:
    return Asked(ChatRequest(model="", messages=(Message("user", (Text(text),)),), **fields))


def test_every_policy_of_the_table_orders_and_says_why() -> None:
    from turnout.config import Config
    from turnout.registry import Registry

    table = Registry(environ={}, config=Config()).policies
    for name in POLICIES:
        policy = table.get(name)
        assert {one.target.provider for one in policy.order([candidate("a"), candidate("b")], SHORT, NOBODY, lambda: 0.5)} == {
            "a",
            "b",
        }
        assert policy.why(candidate("a"), SHORT, NOBODY)


def test_listed_leaves_the_order_as_it_is() -> None:
    assert ordered(LISTED, candidate("b"), candidate("a")) == "b a"


# -- cheapest --------------------------------------------------------------------------------------


def test_the_cheapest_is_what_costs_least_for_this_request() -> None:
    reader, writer = costing("reader", "0.1", "10"), costing("writer", "1", "1")
    assert ordered(CHEAPEST, reader, writer, asked=chat("short")) == "writer reader"
    assert ordered(CHEAPEST, writer, reader, asked=chat("long " * 40_000)) == "reader writer"


def test_an_unknown_price_comes_last_is_never_taken_for_nothing_and_says_so() -> None:
    unknown, half, dear = candidate("unknown"), costing("half", "0.1", None), costing("dear", "100", "100")
    assert ordered(CHEAPEST, unknown, half, dear) == "dear unknown half"
    assert CHEAPEST.why(unknown, SHORT, NOBODY) == CHEAPEST.why(half, SHORT, NOBODY) == "no price is known"


def test_what_is_free_comes_before_what_is_paid_and_both_as_they_are_listed_where_they_cost_the_same() -> None:
    free = [costing("free2", "0", "0"), costing("free1", "0", "0")]
    paid = [costing("twin2", "1", "1"), costing("twin1", "1", "1")]
    assert ordered(CHEAPEST, *paid, *free) == "free2 free1 twin2 twin1"
    assert CHEAPEST.why(free[0], SHORT, NOBODY) == "free"


def test_cost_aware_with_a_preference_for_what_is_free_gives_one_order_whichever_of_the_two_is_applied_first() -> None:
    """A tool server applied both, in one order in one place and the other in another; a stable sort by cost is both at once."""
    priced = [costing("dear", "9", "9"), costing("free", "0", "0"), costing("cheap", "1", "1"), candidate("unknown")]
    cost = {"dear": 9.0, "free": 0.0, "cheap": 1.0}

    def cost_aware(given: list[str]) -> list[str]:
        return sorted(given, key=lambda name: (name not in cost, cost.get(name, 0.0)))

    def free_first(given: list[str]) -> list[str]:
        return sorted(given, key=lambda name: name != "free")

    found = ordered(CHEAPEST, *priced).split()
    listed = names(priced).split()
    assert found == free_first(cost_aware(listed)) == ["free", "cheap", "dear", "unknown"]


def test_a_price_that_rises_with_the_length_of_the_prompt_is_that_of_this_prompt() -> None:
    tiered = candidate(
        "tiered",
        Price(
            input=Decimal(1),
            output=Decimal(1),
            tiers=(PriceTier(above_input_tokens=1000, input=Decimal(5), output=Decimal(5)),),
        ),
    )
    flat = costing("flat", "2", "2")
    assert ordered(CHEAPEST, flat, tiered, asked=chat("short")) == "tiered flat"
    assert ordered(CHEAPEST, tiered, flat, asked=chat("long " * 1000)) == "flat tiered"


def test_why_says_the_estimate_and_what_it_is_of() -> None:
    assert CHEAPEST.why(costing("a", "1", "2"), chat("x" * 396), NOBODY) == "about $0.0011 for 100 tokens in and 500 out"


# -- fastest ---------------------------------------------------------------------------------------


def test_the_fastest_is_the_one_that_answered_soonest_of_late() -> None:
    latencies = Latencies()
    for name, seconds in (("a", 0.9), ("b", 0.2), ("c", 0.5)):
        latencies.answered(Target(name, "m"), False, seconds, 10.0)
    health = Health(Breakers(), latencies, 20.0)
    assert ordered(FASTEST, *map(candidate, "abc"), health=health) == "b c a"
    assert FASTEST.why(candidate("b"), SHORT, health) == "answer after 0.20 s on average"


def test_streams_are_compared_by_their_first_event_and_whole_answers_by_their_end() -> None:
    latencies = Latencies()
    for name, whole, first in (("a", 9.0, 0.1), ("b", 2.0, 0.8)):
        latencies.answered(Target(name, "m"), False, whole, 10.0)
        latencies.answered(Target(name, "m"), True, first, 10.0)
    health = Health(Breakers(), latencies, 20.0)
    streaming = Asked(SHORT.request, stream=True)
    assert ordered(FASTEST, candidate("a"), candidate("b"), health=health) == "b a"
    assert ordered(FASTEST, candidate("a"), candidate("b"), health=health, asked=streaming) == "a b"
    assert FASTEST.why(candidate("a"), streaming, health) == "first event after 0.10 s on average"


def test_what_was_not_measured_is_tried_first_but_by_one_call_at_a_time() -> None:
    latencies = Latencies()
    latencies.answered(Target("known", "m"), False, 0.1, 10.0)
    new = [candidate("known"), candidate("new")]
    assert ordered(FASTEST, *new, health=Health(Breakers(), latencies, 10.0)) == "new known"
    latencies.tried(Target("new", "m"), 10.0)
    assert ordered(FASTEST, *new, health=Health(Breakers(), latencies, 11.0)) == "known new"
    assert ordered(FASTEST, *new, health=Health(Breakers(), latencies, 21.0)) == "new known"
    assert FASTEST.why(candidate("new"), SHORT, Health(Breakers(), latencies, 21.0)) == "not measured lately"


def test_a_measurement_counts_for_five_minutes() -> None:
    latencies = Latencies()
    latencies.answered(Target("a", "m"), False, 0.5, 0.0)
    assert latencies.average(Target("a", "m"), False, 299.0) == 0.5
    assert latencies.average(Target("a", "m"), False, 300.0) is None
    latencies.answered(Target("a", "m"), False, 2.0, 301.0)
    assert latencies.average(Target("a", "m"), False, 301.0) == 2.0  # not mixed with what no longer counts


def test_later_measurements_weigh_more() -> None:
    latencies = Latencies()
    for seconds in (1.0, 2.0):
        latencies.answered(Target("a", "m"), False, seconds, 0.0)
    assert latencies.average(Target("a", "m"), False, 0.0) == pytest.approx(1.2)


def test_latencies_stay_bounded_whatever_targets_callers_invent() -> None:
    latencies = Latencies()
    for number in range(3 * MOST_TARGETS):
        latencies.tried(Target("a", str(number)), 0.0)
        latencies.answered(Target("a", str(number)), False, 1.0, 0.0)
    assert len(latencies._measured) <= MOST_TARGETS
    assert len(latencies._tried) <= MOST_TARGETS


# -- weighted --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draw", "first"), [(0.0, "a"), (0.74, "a"), (0.76, "b"), (0.999999, "b")])
def test_each_is_first_as_often_as_its_weight_says(draw: float, first: str) -> None:
    found = ordered(WEIGHTED, candidate("a", weight=3), candidate("b", weight=1), draws=[draw, 0.0])
    assert found.split()[0] == first
    assert sorted(found.split()) == ["a", "b"]


def test_the_rest_is_drawn_by_its_weights_too() -> None:
    three = [candidate("a", weight=1), candidate("b", weight=1), candidate("c", weight=2)]
    assert ordered(WEIGHTED, *three, draws=[0.0, 0.4, 0.0]) == "a c b"
    assert ordered(WEIGHTED, *three, draws=[0.0, 0.3, 0.0]) == "a b c"


def test_weight_0_is_tried_only_after_all_others() -> None:
    assert ordered(WEIGHTED, candidate("a", weight=0), candidate("b", weight=0.5), draws=[0.999]) == "b a"
    assert WEIGHTED.why(candidate("a", weight=0), SHORT, NOBODY) == "weight 0"
    assert WEIGHTED.why(candidate("b", weight=0.5), SHORT, NOBODY) == "drawn with weight 0.5"


# -- what is asked, and of whom --------------------------------------------------------------------


def test_a_request_has_about_a_token_for_four_characters_and_an_answer_of_500_unless_it_is_bounded_lower() -> None:
    assert chat("x" * 396).input_tokens == 100  # with the name of a role
    assert (chat("x").output_tokens, chat("x", max_output_tokens=20).output_tokens) == (USUAL_OUTPUT, 20)
    assert chat("x", max_output_tokens=100_000).output_tokens == USUAL_OUTPUT  # a bound is no forecast


def test_what_is_passed_on_unread_is_as_large_as_what_is_read_within_its_punctuation() -> None:
    body = {"model": "fast", "messages": [{"role": "user", "content": "Name three rivers. " * 50}], "max_tokens": 20}
    passed = Asked(read_passing(msgspec.json.encode(body), RULES), stream=True)
    read = chat("Name three rivers. " * 50, max_output_tokens=20)
    assert passed.request is None
    assert passed.stream
    assert passed.output_tokens == read.output_tokens == 20
    assert abs(passed.input_tokens - read.input_tokens) <= 4


@pytest.mark.parametrize(
    "said",
    [
        {"max_completion_tokens": 7},
        {"max_output_tokens": 7},
        {"generationConfig": {"maxOutputTokens": 7}},
        {"options": {"num_predict": 7}},
    ],
)
def test_the_bound_of_an_answer_is_read_in_every_protocol_that_is_passed_on(said: dict[str, Any]) -> None:
    assert Asked(read_passing(msgspec.json.encode(said), RULES)).output_tokens == 7


@pytest.mark.parametrize("said", [b'{"max_tokens":"many"}', b'{"max_tokens":-1}', b'{"max_tokens":true}', b'{"options":[1]}'])
def test_a_bound_that_makes_no_sense_bounds_nothing(said: bytes) -> None:
    assert Asked(read_passing(said, RULES)).output_tokens == USUAL_OUTPUT


def test_images_and_files_count_for_no_text_wherever_they_stand() -> None:
    picture = Image(source=DataSource("iVBORw0KGgo" * 10_000, "image/png"))
    with_picture = Asked(ChatRequest(model="m", messages=(Message("user", (Text("hello"), picture)),)))
    assert with_picture.input_tokens < 20
    url = "data:image/png;base64," + "iVBORw0KGgo" * 10_000
    body = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}
    assert Asked(read_passing(msgspec.json.encode(body), RULES)).input_tokens < 20


def test_a_text_without_spaces_is_a_text() -> None:
    assert chat("河" * 4000).input_tokens >= 1000


def test_what_embeds_or_ranks_has_no_answer_to_pay_for() -> None:
    assert Asked(EmbedRequest(model="m", input=("x" * 40,))).output_tokens == 0
    assert Asked(RerankRequest(model="m", query="x", documents=("y",))).output_tokens == 0


def test_a_member_that_is_no_text_of_json_counts_nothing() -> None:
    passed = Asked(read_passing(b'{"messages":["\xff\xfe"],"max_tokens":9}', RULES))
    assert (passed.input_tokens, passed.output_tokens) == (0, 9)


def test_a_policy_sees_the_state_of_a_breaker_and_its_failures_in_a_row() -> None:
    breakers = Breakers(threshold=2, cooldown=30.0)
    target = Target("a", "m")
    health = Health(breakers, None, 5.0)
    assert (health.state(target), health.failures(target), health.latency(target, True), health.since_tried(target)) == (
        "closed",
        0,
        None,
        None,
    )
    breakers.failed(target, 1.0)
    breakers.failed(target, 2.0)
    assert (health.state(target), health.failures(target)) == ("open", 2)
    assert Health(breakers, None, 40.0).state(target) == "half_open"
