"""How much to think: our ReasoningConfig in the fields that each vendor's models behind this protocol take for it.

Converse has one word of its own, ``outputConfig.effort``; all else is said to the model itself, in
``additionalModelRequestFields``:
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html,
https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html (read 2026-11-21).
"""

from __future__ import annotations

import re
from typing import Any

from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, ReasoningConfig, ReceiptLine
from turnout.wire.bedrock_converse.words import take_inner
from turnout.wire.claude_turns import tool_is_forced

FIELDS = "additionalModelRequestFields"

# Where an effort may stand, and how each place is called in ``spelled``.
_EFFORTS = {
    "output_config": (FIELDS, "output_config", "effort"),
    "outputConfig": ("outputConfig", "effort"),
    "reasoning_effort": (FIELDS, "reasoning_effort"),
    "reasoning_config": (FIELDS, "reasoning_config"),
}
_KINDS = ("enabled", "disabled", "adaptive")


def read_reasoning(fields: dict[str, Any], spelled: dict[str, str]) -> ReasoningConfig | None:
    """Taken out of ``fields``, the request's; where it stood is noted in ``spelled``."""
    effort: str | None = None
    for place, path in _EFFORTS.items():
        if (effort := take_inner(fields, path, str)) is not None:
            spelled["effort"] = place
            break
    inner = fields.get(FIELDS)
    for place in ("thinking", "reasoning_config", "reasoningConfig"):
        thinking = inner.get(place) if isinstance(inner, dict) else None
        if not isinstance(thinking, dict) or thinking.get("type") not in _KINDS:
            continue
        rest = dict(take_inner(fields, (FIELDS, place), dict))
        kind = rest.pop("type")
        if kind == "adaptive":
            rest["type"] = kind
        budget = rest.pop("budget_tokens") if type(rest.get("budget_tokens")) is int else None
        if effort is None and isinstance(rest.get("maxReasoningEffort"), str):
            effort, spelled["effort"] = rest.pop("maxReasoningEffort"), "maxReasoningEffort"
        spelled["reasoning"] = place
        return ReasoningConfig(enabled=kind != "disabled", effort=effort, budget_tokens=budget, extra=rest or None)
    return ReasoningConfig(effort=effort) if effort is not None else None


# -- towards the wire ------------------------------------------------------------------------------

_VENDOR = re.compile(r"(?:^|[./:])(anthropic|amazon|openai|qwen|deepseek|mistral|cohere|meta|ai21|writer|moonshot|minimax|zai)\.")


def vendor_of(model: str) -> str | None:
    """Whose model it is, by its id or ARN; None for a profile or a deployment that does not say."""
    found = _VENDOR.search(model)
    return found[1] if found else None


def write_reasoning(
    request: ChatRequest, body: dict[str, Any], spelled: dict[str, str], own: bool, lines: list[ReceiptLine]
) -> None:
    """Into ``body``, which already holds the sampling and the choice of tools: some values of those exclude thinking."""
    wanted = request.reasoning
    if wanted is None:
        return
    if own:
        _write_own(wanted, body, spelled)
        return
    off = wanted.enabled is False or wanted.effort == "none"
    match vendor_of(request.model):
        case "anthropic":
            _write_anthropic(request, wanted, off, body, lines)
        case "amazon":
            _write_nova(wanted, off, body, lines)
        case "openai" | "qwen" as vendor if not off:
            _write_effort(vendor, wanted, body, lines)
        case vendor:
            who = f"models of {vendor}" if vendor else f"what vendor's model {request.model!r} is"
            why = f"how {who} are told to think is not known" if vendor else f"it is not known {who}, so not how to tell it"
            lines.append(dropped("request", "reasoning", why))


def _write_own(wanted: ReasoningConfig, body: dict[str, Any], spelled: dict[str, str]) -> None:
    if wanted.enabled is not None:
        thinking: dict[str, Any] = {"type": "enabled" if wanted.enabled else "disabled"}
        if wanted.budget_tokens is not None:
            thinking["budget_tokens"] = wanted.budget_tokens
        if wanted.effort is not None and spelled.get("effort") == "maxReasoningEffort":
            thinking["maxReasoningEffort"] = wanted.effort
        _put(body, (FIELDS, spelled.get("reasoning", "thinking")), thinking | (wanted.extra or {}))
    if wanted.effort is not None and spelled.get("effort") != "maxReasoningEffort":
        _put(body, _EFFORTS[spelled.get("effort", "output_config")], wanted.effort)


def _write_anthropic(
    request: ChatRequest, wanted: ReasoningConfig, off: bool, body: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    """Adaptive thinking with an effort for models since 4.6; a budget is the older form, which the newest refuse."""
    if off:
        _put(body, (FIELDS, "thinking"), {"type": "disabled"})
        return
    if tool_is_forced(request):
        lines.append(dropped("request", "reasoning", "these models do not think when a tool call is forced"))
        return
    effort = _effort(wanted, ("low", "medium", "high", "xhigh", "max"), lines)
    if wanted.budget_tokens is not None and _is_in_a_loop_without_thinking(body.get("messages", [])):
        why = "the calls being answered were made without thinking of this provider, which then refuses a budget for it"
        lines.append(dropped("request", "reasoning", why))
        return
    if wanted.budget_tokens is not None:
        _put(body, (FIELDS, "thinking"), {"type": "enabled", "budget_tokens": wanted.budget_tokens})
    elif effort is not None or wanted.enabled:
        _put(body, (FIELDS, "thinking"), {"type": "adaptive"})
    else:
        return
    if effort is not None:
        _put(body, (FIELDS, "output_config", "effort"), effort)
        lines.append(mapped("request", "reasoning.effort", f"said as adaptive thinking, with {FIELDS}.output_config.effort"))
    _leave_sampling(body, lines)


def _is_in_a_loop_without_thinking(messages: list[dict[str, Any]]) -> bool:
    """True if the last turn holds results of calls whose turn does not begin with reasoning, as it must where a budget is given.

    https://docs.claude.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21)
    """
    if len(messages) < 2 or messages[-2].get("role") != "assistant":
        return False
    results, calls = messages[-1].get("content") or [], messages[-2].get("content") or []
    answers = any(isinstance(block, dict) and "toolResult" in block for block in results)
    return answers and not (calls and isinstance(calls[0], dict) and "reasoningContent" in calls[0])


def _write_nova(wanted: ReasoningConfig, off: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if off:
        _put(body, (FIELDS, "reasoningConfig"), {"type": "disabled"})
        return
    effort = _effort(wanted, ("low", "medium", "high"), lines)
    if effort is None:
        effort = "medium"
        lines.append(approximated("request", "reasoning", f"Nova is told an effort and nothing else: {effort!r} was sent"))
    else:
        lines.append(mapped("request", "reasoning.effort", f"said as {FIELDS}.reasoningConfig.maxReasoningEffort"))
    _put(body, (FIELDS, "reasoningConfig"), {"type": "enabled", "maxReasoningEffort": effort})


def _write_effort(vendor: str, wanted: ReasoningConfig, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    name = "reasoning_effort" if vendor == "openai" else "reasoning_config"
    effort = _effort(wanted, ("low", "medium", "high"), lines)
    if effort is None:
        lines.append(dropped("request", "reasoning", f"models of {vendor} are told an effort, which was not given"))
        return
    _put(body, (FIELDS, name), effort)
    lines.append(mapped("request", "reasoning.effort", f"said as {FIELDS}.{name}"))


def _effort(wanted: ReasoningConfig, known: tuple[str, ...], lines: list[ReceiptLine]) -> str | None:
    effort = wanted.effort
    if effort is None or effort in known:
        return effort
    nearest = {"minimal": known[0], "xhigh": known[-1], "max": known[-1]}.get(effort)
    if nearest is None:
        lines.append(dropped("request", "reasoning.effort", f"there is no effort {effort!r} here: {', '.join(known)}"))
    else:
        lines.append(approximated("request", "reasoning.effort", f"the nearest effort here is {nearest!r}"))
    return nearest


def _leave_sampling(body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """Thinking excludes them: https://docs.claude.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21)."""
    for field, path in (("temperature", ("inferenceConfig", "temperature")), ("top_k", (FIELDS, "top_k"))):
        inner = body.get(path[0])
        if isinstance(inner, dict) and inner.get(path[1], 1) != 1:
            take_inner(body, path, (int, float))
            lines.append(dropped("request", field, "not accepted together with thinking"))


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value
