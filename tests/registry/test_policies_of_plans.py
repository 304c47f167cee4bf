"""From what a file or a caller says of an order to the policies of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from registries import CEREBRAS_KEY, GROQ_KEY, configured, refusal, registry

from turnout.config import Config
from turnout.engine.plan import Candidate, Plan
from turnout.engine.policy.cheapest import CHEAPEST
from turnout.errors import ConfigError, UnknownName
from turnout.registry import Registry

KEYS = {"GROQ_API_KEY": GROQ_KEY, "CEREBRAS_API_KEY": CEREBRAS_KEY}
TWO = ["groq/a", "cerebras/b"]
FOUR = ["groq/a", "groq/b", "cerebras/c", "cerebras/d"]


def ruled(plan: Plan) -> list[tuple[str, list[str]]]:
    """Each policy, and whom it orders."""
    return [(one.name, [str(candidate.target) for candidate in plan.candidates[one.first : one.end]]) for one in plan.orderings]


def aliased(**tables: Any) -> Registry:
    return registry(configured(**tables), **KEYS)


def test_a_plan_has_no_policy_unless_one_is_chosen() -> None:
    assert aliased(aliases={"fast": TWO}).plan("fast").orderings == ()
    assert aliased(aliases={"fast": {"models": TWO}}).plan("fast").orderings == ()


def test_listed_is_a_policy_that_nobody_is_asked_for() -> None:
    assert aliased(policy="listed").plan(TWO).orderings == ()
    assert aliased(policy="cheapest", aliases={"fast": {"models": TWO, "policy": "listed"}}).plan("fast").orderings == ()


def test_an_alias_says_by_which_policy_its_models_are_ordered_and_the_plan_says_so() -> None:
    plan = aliased(aliases={"fast": {"models": TWO, "policy": "cheapest"}}).plan("fast")
    (ordering,) = plan.orderings
    assert ordering.policy is CHEAPEST
    assert ruled(plan) == [("cheapest", TWO)]
    assert plan.reasons == (
        "'fast' stands for groq/a, cerebras/b (user file turnout.toml)",
        "groq/a, cerebras/b: ordered at each call by 'cheapest' (user file turnout.toml)",
    )


def test_weights_reach_the_candidates_of_their_models() -> None:
    plan = aliased(aliases={"split": {"models": TWO, "policy": "weighted", "weights": [9, 1]}}).plan("split")
    assert [candidate.weight for candidate in plan.candidates] == [9.0, 1.0]
    assert ruled(plan) == [("weighted", TWO)]


def test_the_usual_policy_orders_what_says_none_of_its_own() -> None:
    usual = aliased(policy="fastest", aliases={"fast": TWO, "split": {"models": TWO, "policy": "weighted"}})
    assert ruled(usual.plan(TWO)) == ruled(usual.plan("fast")) == [("fastest", TWO)]
    assert ruled(usual.plan("split")) == [("weighted", TWO)]


def test_an_alias_in_a_list_orders_its_own_models_in_its_place() -> None:
    plan = aliased(aliases={"both": {"models": ["groq/b", "cerebras/c"], "policy": "cheapest"}}).plan(
        ["groq/a", "both", "cerebras/d"]
    )
    assert [str(candidate.target) for candidate in plan.candidates] == FOUR
    assert ruled(plan) == [("cheapest", ["groq/b", "cerebras/c"])]


def test_of_an_alias_within_another_the_outer_ones_policy_counts_if_it_has_one() -> None:
    inner = {"models": ["groq/b", "cerebras/c"], "policy": "fastest"}
    for outer, said in (
        ({"models": ["groq/a", "inner", "cerebras/d"], "policy": "cheapest"}, [("cheapest", FOUR)]),
        ({"models": ["groq/a", "inner", "cerebras/d"]}, [("fastest", ["groq/b", "cerebras/c"])]),
        (["groq/a", "inner", "cerebras/d"], [("fastest", ["groq/b", "cerebras/c"])]),
        ({"models": ["groq/a", "inner", "cerebras/d"], "policy": "listed"}, []),
    ):
        assert ruled(aliased(aliases={"inner": inner, "outer": outer}).plan("outer")) == said


def test_an_aliass_weight_in_another_is_that_of_each_of_its_models() -> None:
    aliases = {
        "inner": ["groq/b", "cerebras/c"],
        "outer": {"models": ["groq/a", "inner"], "policy": "weighted", "weights": [3, 2]},
    }
    assert [candidate.weight for candidate in aliased(aliases=aliases).plan("outer").candidates] == [3.0, 2.0, 2.0]


def test_a_target_that_two_aliases_name_is_ordered_where_it_first_stands() -> None:
    aliases = {
        "one": {"models": ["groq/a", "groq/b"], "policy": "cheapest"},
        "two": {"models": ["groq/b", "cerebras/c", "cerebras/d"], "policy": "fastest"},
    }
    plan = aliased(aliases=aliases).plan(["one", "two"])
    assert ruled(plan) == [("cheapest", ["groq/a", "groq/b"]), ("fastest", ["cerebras/c", "cerebras/d"])]


def test_one_candidate_by_itself_needs_no_policy() -> None:
    plan = registry(configured(aliases={"fast": {"models": TWO, "policy": "cheapest"}}), GROQ_API_KEY=GROQ_KEY).plan("fast")
    assert [candidate.target.provider for candidate in plan.candidates] == ["groq"]
    assert plan.orderings == ()


def test_what_a_caller_says_counts_more_than_any_file() -> None:
    names = aliased(policy="fastest", aliases={"split": {"models": TWO, "policy": "weighted"}})
    assert ruled(names.plan("split", policy="cheapest")) == [("cheapest", TWO)]
    assert ruled(names.plan("split", policy="listed")) == []
    assert ruled(names.plan("split")) == [("weighted", TWO)]


def test_a_caller_may_bring_a_policy_of_its_own() -> None:
    class Backwards:
        def order(self, candidates: Sequence[Candidate], request: Any, health: Any, draw: Any) -> Sequence[Candidate]:
            return candidates[::-1]

    names, mine = registry(**KEYS), Backwards()
    plan = names.plan(TWO, policy=mine)
    assert plan.orderings[0].policy is mine
    assert ruled(plan) == [("Backwards", TWO)]
    assert names.plan(TWO, policy=mine) is plan
    assert names.plan(TWO).orderings == ()


def test_what_is_no_policy_is_refused() -> None:
    error = refusal(registry(**KEYS).plan, TWO, policy=3)
    assert (type(error), str(error)) == (ConfigError, "a policy has an order, and this is a int")


@pytest.mark.parametrize("model", ["fast", "groq/a"])
def test_a_policy_that_nobody_knows_is_refused_with_the_nearest_and_where_it_was_said(model: str) -> None:
    error = refusal(aliased(policy="cheepest", aliases={"fast": TWO}).plan, model)
    assert isinstance(error, UnknownName)
    assert str(error) == "user file turnout.toml: unknown policy 'cheepest'; did you mean 'cheapest'?"
    assert error.nearest == ("cheapest",)


def test_plans_of_a_registry_share_what_is_known_of_how_fast_targets_are() -> None:
    names = aliased(policy="fastest")
    assert names.plan(TWO).latencies is names.plan("groq/a").latencies is names.latencies
    assert names.remade(config=Config()).latencies is names.latencies


def test_embeddings_rankings_and_counts_are_ordered_as_chats_are() -> None:
    names = Registry(
        environ={"OPENAI_API_KEY": GROQ_KEY, "ANTHROPIC_API_KEY": GROQ_KEY, "COHERE_API_KEY": GROQ_KEY, "JINA_API_KEY": GROQ_KEY},
        config=configured(policy="cheapest"),
    )
    assert len(names.plan(["openai/a", "cohere/b"], operation="embed").orderings) == 1
    assert len(names.plan(["cohere/a", "cohere/b"], operation="rerank").orderings) == 1
    assert len(names.plan(["anthropic/a", "anthropic/b"], operation="count").orderings) == 1
