"""``generationConfig``: sampling, the form of the answer, and how much to think
(https://ai.google.dev/api/generate-content#GenerationConfig, read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Opaque, ReasoningConfig, ReceiptLine, ResponseFormat
from turnout.wire.gemini.schemas import read_schema, write_schema
from turnout.wire.gemini.words import Spelled, generation, take

# our field -> (the wire's field, what its value must be); values of another kind stay verbatim in extra
_PLAIN: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "max_output_tokens": ("maxOutputTokens", int),
    "temperature": ("temperature", (int, float)),
    "top_p": ("topP", (int, float)),
    "top_k": ("topK", int),
    "seed": ("seed", int),
    "frequency_penalty": ("frequencyPenalty", (int, float)),
    "presence_penalty": ("presencePenalty", (int, float)),
    "n": ("candidateCount", int),
    "logprobs": ("responseLogprobs", bool),
    "top_logprobs": ("logprobs", int),
}
_SCHEMAS = ("responseJsonSchema", "responseSchema")
_KINDS = {"application/json": "json_object", "text/plain": "text"}


def read_generation(fields: dict[str, Any], spelled: Spelled) -> dict[str, Any]:
    """Our fields of a request, taken out of ``fields``, the members of ``generationConfig``."""
    known: dict[str, Any] = {}
    for ours, (theirs, kind) in _PLAIN.items():
        if (value := take(fields, theirs, kind, spelled)) is not None:
            known[ours] = value
    stop = take(fields, "stopSequences", list, spelled)
    if stop is not None and all(isinstance(text, str) for text in stop):
        known["stop"] = tuple(stop)
    elif stop is not None:
        fields[spelled.pop("stopSequences", "stopSequences")] = stop
    known["response_format"] = _take_format(fields, spelled)
    known["reasoning"] = _take_reasoning(fields, spelled)
    return {name: value for name, value in known.items() if value is not None}


def _take_format(fields: dict[str, Any], spelled: Spelled) -> ResponseFormat | None:
    mine: Spelled = {}
    media_type = take(fields, "responseMimeType", str, mine)
    if media_type not in ("application/json", "text/plain", None):  # text/x.enum: a schema that is not the answer's
        fields[mine.get("responseMimeType", "responseMimeType")] = media_type
        return None
    if media_type != "text/plain":
        for name in _SCHEMAS:
            raw = take(fields, name, dict, mine)
            if raw is not None:
                schema = read_schema(raw, "schema", mine) if name == "responseSchema" else raw
                mine |= {"response_format": name} | ({"mime": "absent"} if media_type is None else {})
                spelled.update(mine)
                return ResponseFormat(kind="json_schema", schema=schema)
    spelled.update(mine)
    if media_type is None:
        return None
    return ResponseFormat(kind="json_object" if media_type == "application/json" else "text")


def _take_reasoning(fields: dict[str, Any], spelled: Spelled) -> ReasoningConfig | None:
    mine: Spelled = {}
    thinking = take(fields, "thinkingConfig", dict, mine)
    if thinking is None:
        return None
    rest = dict(thinking)
    level = take(rest, "thinkingLevel", str, mine)
    budget = take(rest, "thinkingBudget", int, mine)
    if level is not None and level != level.lower():
        mine["level"] = level
    spelled.update(mine)
    if budget is not None and budget < 0:  # -1: the model decides
        rest[mine.get("thinkingBudget", "thinkingBudget")] = budget
        budget = None
        enabled: bool | None = True
    else:
        enabled = None if budget is None else budget > 0
    return ReasoningConfig(enabled=enabled, effort=level.lower() if level else None, budget_tokens=budget, extra=rest or None)


# -- towards the wire ------------------------------------------------------------------------------


def write_generation(request: ChatRequest, own: bool, spelled: Spelled, lines: list[ReceiptLine]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for ours, (theirs, _) in _PLAIN.items():
        if (value := getattr(request, ours)) is not None:
            config[spelled.get(theirs, theirs)] = value
    if request.stop is not None:
        config[spelled.get("stopSequences", "stopSequences")] = list(request.stop)
    if request.response_format is not None:
        _write_format(request.response_format, own, spelled, config, lines)
    if request.reasoning is not None:
        thinking = _own_thinking(request.reasoning, spelled) if own else _thinking(request, request.reasoning, lines)
        if thinking or own:
            config[spelled.get("thinkingConfig", "thinkingConfig")] = thinking
    return config


def _write_format(
    wanted: ResponseFormat | Opaque, own: bool, spelled: Spelled, config: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    if isinstance(wanted, Opaque):
        lines.append(dropped("request", "response_format", "a form of another protocol that this one cannot say"))
        return
    media_type = spelled.get("responseMimeType", "responseMimeType")
    if wanted.kind == "text":
        if own:
            config[media_type] = "text/plain"
        return
    if spelled.get("mime") != "absent":
        config[media_type] = "application/json"
    if wanted.kind == "json_schema" and wanted.schema is not None:
        schema = write_schema(wanted.schema, "schema", spelled)
        field = spelled.get("response_format", "responseJsonSchema") if schema is not None else "responseJsonSchema"
        config[spelled.get(field, field)] = wanted.schema if schema is None else schema
    if wanted.name is not None or wanted.description is not None:
        lines.append(dropped("request", "response_format.name", "this protocol does not name the form of an answer"))


def _own_thinking(wanted: ReasoningConfig, spelled: Spelled) -> dict[str, Any]:
    thinking: dict[str, Any] = {}
    if wanted.effort is not None:
        level = spelled.get("level", "")
        thinking[spelled.get("thinkingLevel", "thinkingLevel")] = level if level.lower() == wanted.effort else wanted.effort
    if wanted.budget_tokens is not None:
        thinking[spelled.get("thinkingBudget", "thinkingBudget")] = wanted.budget_tokens
    return thinking | (wanted.extra or {})


# What each effort is to models that think by budget: https://ai.google.dev/gemini-api/docs/openai#thinking (read 2026-11-21)
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_LEVELS = ("minimal", "low", "medium", "high")
_MOST = ("xhigh", "max")


def _thinking(request: ChatRequest, wanted: ReasoningConfig, lines: list[ReceiptLine]) -> dict[str, Any]:
    """Models before Gemini 3 think by budget, later ones by level: https://ai.google.dev/gemini-api/docs/thinking."""
    by_budget = (generation(request.model) or 3) < 3
    effort = wanted.effort
    if wanted.enabled is False or effort == "none":
        if by_budget:
            return {"thinkingBudget": 0}
        lines.append(approximated("request", "reasoning", 'thinking cannot be turned off here: sent as thinkingLevel "minimal"'))
        return {"thinkingLevel": "minimal"}
    thinking: dict[str, Any] = {}
    if effort in _MOST:
        lines.append(approximated("request", "reasoning.effort", f'the most effort here is "high", not {effort!r}'))
        effort = "high"
    if wanted.budget_tokens is not None and (by_budget or effort is None):
        thinking["thinkingBudget"] = wanted.budget_tokens
        if effort is not None:
            lines.append(dropped("request", "reasoning.effort", "this model thinks by budget, and one was given"))
    elif effort is not None and effort not in _LEVELS:
        lines.append(dropped("request", "reasoning.effort", f"this protocol has no effort {effort!r}: {', '.join(_LEVELS)}"))
    elif effort is not None:
        thinking = {"thinkingBudget": _BUDGETS[effort]} if by_budget else {"thinkingLevel": effort}
        name = next(iter(thinking))
        lines.append(mapped("request", "reasoning.effort", f"said as {name} {thinking[name]}"))
        if wanted.budget_tokens is not None:
            lines.append(dropped("request", "reasoning.budget_tokens", "this model thinks by level, and one was given"))
    thinking["includeThoughts"] = True
    return thinking | ((wanted.extra or {}) if request.origin is None else {})
