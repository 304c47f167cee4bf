"""Usage times price: exact or not at all."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given, strategies as st

from turnout.catalog.schema import Price, PriceTier, Rates
from turnout.cost.price import price
from turnout.types import Usage

SONNET = Price(
    input=Decimal("3"),
    output=Decimal("15"),
    cache_read=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal("6"),
    modes={"fast": Rates(input=Decimal("6"), output=Decimal("30"))},
    tiers=(PriceTier(above_input_tokens=200_000, input=Decimal("6"), output=Decimal("22.5")),),
    source="a price list of 2026-08-18",
)

BUCKETS = {
    "uncached_input_tokens": "input",
    "cache_read_tokens": "cache_read",
    "cache_write_5m_tokens": "cache_write",
    "cache_write_1h_tokens": "cache_write_1h",
    "audio_input_tokens": "audio_input",
    "tool_use_tokens": "input",
    "text_output_tokens": "output",
    "reasoning_tokens": "output",
    "audio_output_tokens": "audio_output",
}


def dollars(usage: Usage, at: Price = SONNET, service_tier: str | None = None) -> Decimal | None:
    cost = price(usage, at, service_tier)
    return cost.total if cost is not None else None


def used(**tokens: int) -> Usage:
    return Usage(**{"uncached_input_tokens": 0, "text_output_tokens": 0} | tokens)


def test_each_bucket_is_billed_at_its_own_rate() -> None:
    usage = Usage(
        uncached_input_tokens=1_000,
        cache_read_tokens=10_000,
        cache_write_5m_tokens=2_000,
        cache_write_1h_tokens=100,
        text_output_tokens=500,
        reasoning_tokens=200,
    )
    cost = price(usage, SONNET)
    assert cost is not None
    assert cost.buckets == {
        "uncached_input_tokens": Decimal("0.003"),
        "cache_read_tokens": Decimal("0.003"),
        "cache_write_5m_tokens": Decimal("0.0075"),
        "cache_write_1h_tokens": Decimal("0.0006"),
        "text_output_tokens": Decimal("0.0075"),
        "reasoning_tokens": Decimal("0.003"),
    }
    assert cost.total == Decimal("0.0246")
    assert cost.source == "a price list of 2026-08-18"


def test_what_the_provider_bills_is_priced_where_it_is_not_what_it_counted() -> None:
    billed = Usage(uncached_input_tokens=40, text_output_tokens=10, raw={"input_tokens": 40, "output_tokens": 10})
    counted = Usage(uncached_input_tokens=1442, text_output_tokens=10, billed=billed)
    assert dollars(counted) == dollars(billed) == Decimal("0.00027")


def test_a_search_that_is_billed_apiece_makes_the_cost_unknown() -> None:
    billed = Usage(uncached_input_tokens=40, text_output_tokens=10, raw={"input_tokens": 40, "search_units": 1})
    assert dollars(Usage(uncached_input_tokens=40, text_output_tokens=10, billed=billed)) is None


def test_reasoning_has_its_own_rate_when_the_price_names_one() -> None:
    at = Price(input=Decimal(0), output=Decimal(1), reasoning=Decimal(4))
    assert dollars(used(reasoning_tokens=1_000_000, text_output_tokens=1_000_000), at) == 5


@pytest.mark.parametrize("field", ["cache_read_tokens", "cache_write_5m_tokens", "audio_input_tokens", "audio_output_tokens"])
def test_a_used_bucket_without_a_rate_makes_the_whole_cost_unknown(field: str) -> None:
    at = Price(input=Decimal(1), output=Decimal(2))
    assert dollars(used(**{field: 1}), at) is None
    assert dollars(used(**{field: 0}), at) == 0


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(uncached_input_tokens=5), Usage(text_output_tokens=5)], ids=["nothing", "no output", "no input"]
)
def test_a_side_that_was_not_reported_makes_the_cost_unknown(usage: Usage) -> None:
    assert dollars(usage) is None


def test_a_price_without_rates_gives_no_cost() -> None:
    assert dollars(used(uncached_input_tokens=1), Price()) is None


def test_the_whole_call_is_billed_at_the_tier_that_all_its_input_exceeds() -> None:
    at_the_bound = used(uncached_input_tokens=199_000, cache_read_tokens=1_000)
    over_it = used(uncached_input_tokens=200_001)
    assert dollars(at_the_bound) == Decimal("0.5973")
    assert dollars(over_it) == Decimal("1.200006")


def test_cached_input_counts_towards_the_tier_and_has_no_rate_unless_the_tier_names_one() -> None:
    assert dollars(used(uncached_input_tokens=199_000, cache_read_tokens=2_000)) is None


def test_a_tier_without_rates_says_that_the_price_there_is_not_known() -> None:
    at = Price(
        input=Decimal(1),
        output=Decimal(1),
        tiers=(
            PriceTier(above_input_tokens=200_000),
            PriceTier(above_input_tokens=272_000, input=Decimal(2), output=Decimal(2)),
        ),
    )
    assert dollars(used(uncached_input_tokens=200_000), at) == Decimal("0.2")
    assert dollars(used(uncached_input_tokens=200_001), at) is None
    assert dollars(used(uncached_input_tokens=272_001), at) == Decimal("0.544002")


@pytest.mark.parametrize("tier", [None, "", "default", "standard", "auto", "on_demand"])
def test_the_service_everyone_gets_costs_the_base_price(tier: str | None) -> None:
    assert dollars(used(uncached_input_tokens=1_000_000), Price(input=Decimal(3)), tier) == 3


def test_another_service_tier_costs_its_own_rates_or_is_not_known() -> None:
    at = Price(input=Decimal(1), output=Decimal(1), modes={"priority": Rates(input=Decimal(2), output=Decimal(2))})
    million = used(uncached_input_tokens=1_000_000)
    assert dollars(million, at, "priority") == 2
    assert dollars(million, at, "flex") is None


def test_a_speed_in_anthropics_usage_is_billed_as_that_mode() -> None:
    usage = Usage(uncached_input_tokens=1_000, text_output_tokens=0, raw={"speed": "fast", "service_tier": "standard"})
    assert dollars(usage, service_tier="standard") == Decimal("0.006")


def test_a_mode_has_no_known_price_for_long_input() -> None:
    assert dollars(Usage(uncached_input_tokens=200_001, text_output_tokens=0, raw={"speed": "fast"})) is None


def test_inference_kept_in_the_united_states_costs_a_tenth_more() -> None:
    usage = Usage(uncached_input_tokens=1_000_000, text_output_tokens=0, raw={"inference_geo": "us"})
    assert dollars(usage, Price(input=Decimal(3))) == Decimal("3.3")
    assert dollars(Usage(uncached_input_tokens=1, text_output_tokens=0, raw={"inference_geo": "global"})) == Decimal("0.000003")


@pytest.mark.parametrize(
    "raw",
    [
        {"server_tool_use": {"web_search_requests": 2}},
        {"num_sources_used": 3},
        {"search_context_size": "low"},
        {"prompt_audio_seconds": 12},
        {"iterations": [{"type": "message", "input_tokens": 1}, {"type": "compaction", "input_tokens": 9}]},
    ],
)
def test_a_charge_that_is_not_for_these_tokens_makes_the_cost_unknown(raw: dict[str, object]) -> None:
    assert dollars(Usage(uncached_input_tokens=1, text_output_tokens=1, raw=raw)) is None


def test_tools_that_ran_no_search_change_nothing() -> None:
    raw = {"server_tool_use": {"web_search_requests": 0}, "iterations": [{"type": "message"}], "num_sources_used": 0}
    assert dollars(Usage(uncached_input_tokens=1, text_output_tokens=1, raw=raw)) == Decimal("0.000018")


def test_the_callers_decimal_context_does_not_round_the_cost() -> None:
    with localcontext(prec=2):
        assert dollars(used(uncached_input_tokens=123_457)) == Decimal("0.370371")


rates = st.decimals(min_value=0, max_value=1_000, places=6, allow_nan=False)
tokens = st.integers(min_value=0, max_value=10**10)
usages = st.fixed_dictionaries({name: st.none() | tokens for name in BUCKETS}).map(lambda counts: Usage(**counts))
prices = st.builds(Price, **dict.fromkeys(set(BUCKETS.values()), rates))


def reported(usage: Usage) -> bool:
    return usage.input_tokens is not None and usage.output_tokens is not None


@given(usages, prices)
def test_the_buckets_sum_to_the_total_and_each_is_its_tokens_times_its_rate(usage: Usage, at: Price) -> None:
    assume(reported(usage))
    cost = price(usage, at)
    assert cost is not None
    with localcontext(prec=100):
        assert sum(cost.buckets.values(), Decimal(0)) == cost.total
        for field, share in cost.buckets.items():
            assert share * 1_000_000 == getattr(usage, field) * getattr(at, BUCKETS[field])
    assert cost.buckets.keys() == {field for field in BUCKETS if getattr(usage, field)}


@given(usages, prices, st.sampled_from(sorted(BUCKETS)), st.integers(min_value=1, max_value=10**6))
def test_more_tokens_never_cost_less(usage: Usage, at: Price, field: str, more: int) -> None:
    assume(reported(usage))
    counts = {name: getattr(usage, name) for name in BUCKETS}
    counts[field] = (counts[field] or 0) + more
    before, after = price(usage, at), price(Usage(**counts), at)
    assert before is not None
    assert after is not None
    assert after.total >= before.total


@given(usages, prices, st.sampled_from(sorted(set(BUCKETS.values()))))
def test_taking_a_rate_away_makes_the_cost_unknown_exactly_when_it_was_used(usage: Usage, at: Price, rate: str) -> None:
    assume(reported(usage))
    without = Price(**{name: getattr(at, name) for name in set(BUCKETS.values()) if name != rate})
    was_used = any(getattr(usage, field) for field, name in BUCKETS.items() if name == rate)
    assert (price(usage, without) is None) == was_used
