"""Which policy orders which candidates of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from turnout.catalog.names import nearest, suggestion
from turnout.config import Rule
from turnout.config.names import Placed
from turnout.engine.plan import Candidate, Ordering
from turnout.engine.policy import LISTED, Policy
from turnout.errors import ConfigError, UnknownName
from turnout.plugins import Lazy
from turnout.registry.offered import not_a_policy
from turnout.types import Target

Chosen = str | Policy  # a name of the table of policies, or a policy itself


def orderings(
    candidates: Sequence[Candidate],
    placed: Mapping[Target, Placed],
    usual: Rule | None,
    policies: Lazy[Any],
    notes: list[str],
    chosen: Chosen | None = None,
) -> tuple[Ordering, ...]:
    """One for each run of two or more candidates that the same policy orders: ``chosen``, their alias's, or the ``usual`` one.

    A sentence for each goes to ``notes``. Raises UnknownName, with where it was said, for a policy that nobody knows.
    """
    if chosen is not None and not isinstance(chosen, str):
        return _by_object(candidates, chosen, notes)
    if chosen is not None:
        rules: list[Rule | None] = [Rule(chosen, "argument")] * len(candidates)
    else:
        rules = [placed[candidate.target].rule or usual for candidate in candidates]
    found: list[Ordering] = []
    first = 0
    for rule, run in groupby(rules):
        end = first + sum(1 for _ in run)
        if rule is not None:
            if rule.policy not in policies:
                near = nearest(rule.policy, policies.names())
                hint = suggestion(near) or f"; known are {', '.join(policies.names())}"
                raise UnknownName(f"{rule.source}: unknown policy {rule.policy!r}{hint}", nearest=near)
            if end - first > 1 and rule.policy != LISTED:
                found.append(Ordering(name=rule.policy, policy=policies.get(rule.policy), first=first, end=end))
                notes.append(_sentence(candidates[first:end], rule.policy, rule.source))
        first = end
    return tuple(found)


def weighed(candidate: Candidate, weight: float) -> Candidate:
    from msgspec.structs import replace

    return candidate if weight == candidate.weight else replace(candidate, weight=weight)


def _by_object(candidates: Sequence[Candidate], policy: Policy, notes: list[str]) -> tuple[Ordering, ...]:
    if wrong := not_a_policy(policy):
        raise ConfigError(wrong)
    if len(candidates) < 2:
        return ()
    name = type(policy).__name__
    notes.append(_sentence(candidates, name, "argument"))
    return (Ordering(name=name, policy=policy, first=0, end=len(candidates)),)


def _sentence(candidates: Sequence[Candidate], policy: str, source: str) -> str:
    return f"{', '.join(str(candidate.target) for candidate in candidates)}: ordered at each call by {policy!r} ({source})"
