"""``turnout explain``: whom a name stands for, in which order they are tried, and why. Calls nobody."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turnout.engine.plan import Candidate, Plan

EXAMPLES = """
turnout explain fast
turnout explain groq/llama-3.3-70b-versatile local/smollm2-135m
turnout explain auto --json | jq -r '.candidates[].target'
turnout explain openai/text-embedding-3-small --operation embed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from turnout.registry import Operation

    parser.add_argument("model", nargs="+", metavar="NAME", help="an alias or provider/model; given again: what to try next")
    parser.add_argument(
        "--operation",
        choices=[name for name in get_args(Operation) if name not in ("models", "files")],
        default="chat",
        help="what it would be asked for (default: chat)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import calling_registry

    registry = calling_registry()
    plan = registry.plan(options.model if len(options.model) > 1 else options.model[0], operation=options.operation)
    told = _told(plan)
    if options.json:
        from turnout.cli.table import write_json_line

        write_json_line(told, sys.stdout)
    else:
        _print(told)
    return 0


def _told(plan: Plan) -> dict[str, Any]:
    policies = [
        {"policy": ordering.name, "of": [str(candidate.target) for candidate in plan.candidates[ordering.first : ordering.end]]}
        for ordering in plan.orderings
    ]
    return {
        "candidates": [_candidate(candidate) for candidate in plan.candidates],
        "ordered_at_each_call": policies,
        "attempts": {"in_all": plan.retry.attempts, "at_each": plan.retry.per_target, "seconds": plan.timeouts.total},
        "reasons": list(plan.reasons),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    """What is known of it; the key by its place only."""
    model = candidate.model
    price = model.price if model is not None else None
    limits = model.limits.fields if model is not None and model.limits is not None else {}
    return {
        "target": str(candidate.target),
        "wire": candidate.wire.name,
        "base_url": candidate.provider.base_url,
        "key": candidate.secret.source if candidate.secret is not None else None,
        "price": {"input": price.input, "output": price.output, "source": price.source} if price is not None else None,
        "context_tokens": model.context_tokens if model is not None else None,
        "status": model.status if model is not None else None,
        "fields_limited": sorted(limits),
    }


def _print(told: dict[str, Any]) -> None:
    from turnout.cli.terminal import styled, write

    for number, candidate in enumerate(told["candidates"], 1):
        write(styled(f"{number}. {candidate['target']}", "bold", sys.stdout) + "\n", sys.stdout)
        for name, value in _facts(candidate):
            write(f"   {name:<8} {value}\n", sys.stdout)
    attempts = told["attempts"]
    write(f"tries: {attempts['in_all']} in all, {attempts['at_each']} at each, within {attempts['seconds']:g} s\n", sys.stdout)
    for reason in told["reasons"]:
        write(f"why: {reason}\n", sys.stdout)


def _facts(candidate: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "asked", f"{candidate['wire']} at {candidate['base_url']}"
    yield "key", candidate["key"] or "none is sent"
    price = candidate["price"]
    if price is None:
        yield "price", "not known"
    else:
        yield "price", f"{_dollars(price['input'])} in, {_dollars(price['output'])} out, per million tokens ({price['source']})"
    if candidate["context_tokens"] is not None:
        yield "context", f"{candidate['context_tokens']:,} tokens"
    if candidate["status"] is not None:
        yield "status", candidate["status"]
    if candidate["fields_limited"]:
        yield "limits", f"of {', '.join(candidate['fields_limited'])}: sent as this model takes them"


def _dollars(rate: object) -> str:
    return "?" if rate is None else f"${rate}"
