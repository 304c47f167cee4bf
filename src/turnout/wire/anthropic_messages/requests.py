"""Requests: this protocol's fields to ours, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import (
    ChatRequest,
    Document,
    FileSource,
    Image,
    Opaque,
    ReasoningConfig,
    ReceiptLine,
    ResponseFormat,
    ToolResult,
)
from turnout.wire.anthropic_messages.conversation import ConversationWriter
from turnout.wire.anthropic_messages.messages import ORIGIN, read_messages, read_system, require, wrong
from turnout.wire.anthropic_messages.thinking import write_thinking
from turnout.wire.anthropic_messages.tools import read_choice, read_tools, write_choice, write_tools
from turnout.wire.anthropic_messages.words import deep_merge, is_own

# `max_tokens` is required and has no default: https://docs.claude.com/en/api/messages (read 2026-11-21)
DEFAULT_MAX_OUTPUT_TOKENS = 4096

# Asked for wherever a file is named: https://platform.claude.com/docs/en/build-with-claude/files (read 2026-11-21)
FILES_BETA = "files-api-2025-04-14"

_NO_PLACE = {
    "seed": "this protocol takes no seed",
    "frequency_penalty": "this protocol takes no penalties",
    "presence_penalty": "this protocol takes no penalties",
    "logprobs": "this protocol reports no log probabilities",
    "top_logprobs": "this protocol reports no log probabilities",
    "n": "this protocol gives one answer a call",
}
_SAYS_NOTHING = {"n": (1,), "logprobs": (False,), "frequency_penalty": (0,), "presence_penalty": (0,), "top_logprobs": (0,)}


def read_request(fields: dict[str, Any], body: bytes) -> tuple[ChatRequest, bool]:
    """A caller's request and whether it asks for a stream. Raises RequestError that says what is wrong where.

    A null stays where it was, in ``extra``; so does a field that has no word of ours.
    """
    fields = dict(fields)
    model = require(fields, "model", str, "")
    if "messages" not in fields:
        raise RequestError("messages: missing; expected a list of messages", param="messages")
    messages = read_messages(fields["messages"], body)
    del fields["model"], fields["messages"]
    spelled: dict[str, str] = {}
    if fields.get("system") is not None:
        messages = (read_system(fields.pop("system")), *messages)
    known: dict[str, Any] = {ours: take(fields) for theirs, (ours, take) in _TAKEN.items() if theirs in fields}
    stream = _take(fields, "stream", bool)
    if stream is False:
        spelled["stream"] = "false"
    if fields.get("tools") is not None:
        known["tools"] = read_tools(fields.pop("tools"))
    if fields.get("tool_choice") is not None:
        known["tool_choice"], known["parallel_tool_calls"] = read_choice(fields.pop("tool_choice"))
    if not fields.keys().isdisjoint(_SHAPING):
        effort = _take_inner(fields, "output_config", "effort", str)
        known["response_format"] = _take_format(fields, spelled)
        known["reasoning"] = _take_reasoning(fields, effort)
    request = ChatRequest(model=model, messages=messages, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)
    return request, bool(stream)


def _take(fields: dict[str, Any], name: str, kind: type) -> Any:
    """``fields[name]`` taken out; None where there is none, or a null, which stays. Raises RequestError for another kind."""
    if fields.get(name) is None:
        return None
    require(fields, name, kind, "")
    return fields.pop(name)


def _take_number(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise wrong(name, "a number", value)
    number: float = fields.pop(name)
    return number


def _take_stop(fields: dict[str, Any]) -> tuple[str, ...] | None:
    stop = fields.get("stop_sequences")
    if stop is None:
        return None
    if not isinstance(stop, list) or not all(isinstance(sequence, str) for sequence in stop):
        raise wrong("stop_sequences", "a list of strings", stop)
    return tuple(fields.pop("stop_sequences"))


def _take_inner(fields: dict[str, Any], outer: str, name: str, kind: type) -> Any:
    """``fields[outer][name]`` taken out if it is of ``kind``. What else the object holds stays; if nothing does, it goes too."""
    inner = fields.get(outer)
    if not isinstance(inner, dict) or not isinstance(inner.get(name), kind):
        return None
    rest = dict(inner)
    value = rest.pop(name)
    if rest:
        fields[outer] = rest
    else:
        del fields[outer]
    return value


# a field of theirs -> the one of ours, and what takes it out
_TAKEN: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "max_tokens": ("max_output_tokens", partial(_take, name="max_tokens", kind=int)),
    "temperature": ("temperature", partial(_take_number, name="temperature")),
    "top_p": ("top_p", partial(_take_number, name="top_p")),
    "top_k": ("top_k", partial(_take, name="top_k", kind=int)),
    "service_tier": ("service_tier", partial(_take, name="service_tier", kind=str)),
    "stop_sequences": ("stop", _take_stop),
    "metadata": ("user", partial(_take_inner, outer="metadata", name="user_id", kind=str)),
}
_SHAPING = frozenset({"output_config", "output_format", "thinking"})  # the answer's form, and how much is thought before it


def _take_format(fields: dict[str, Any], spelled: dict[str, str]) -> ResponseFormat | None:
    """``output_config.format``, or ``output_format``, its older name."""
    match fields:
        case {"output_config": {"format": {"type": "json_schema", "schema": dict()} as form}}:
            _take_inner(fields, "output_config", "format", dict)
        case {"output_format": {"type": "json_schema", "schema": dict()} as form}:
            del fields["output_format"]
            spelled["response_format"] = "output_format"
        case _:
            return None
    rest = {name: value for name, value in form.items() if name not in ("type", "schema")}
    return ResponseFormat(kind="json_schema", schema=form["schema"], extra=rest or None)


def _take_reasoning(fields: dict[str, Any], effort: str | None) -> ReasoningConfig | None:
    """``thinking`` of type enabled, disabled or adaptive, and the effort. The type is kept where ours cannot tell it."""
    thinking = fields.get("thinking")
    if not isinstance(thinking, dict) or thinking.get("type") not in ("enabled", "disabled", "adaptive"):
        return ReasoningConfig(effort=effort) if effort is not None else None
    rest = dict(fields.pop("thinking"))
    kind = rest.pop("type")
    if kind == "adaptive":
        rest["type"] = kind
    budget = rest.pop("budget_tokens") if type(rest.get("budget_tokens")) is int else None
    return ReasoningConfig(enabled=kind != "disabled", effort=effort, budget_tokens=budget, extra=rest or None)


# -- towards the wire ------------------------------------------------------------------------------


def write_request(
    request: ChatRequest, provider: Provider, stream: bool, lines: list[ReceiptLine]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body, and the betas it asks for, which travel in a header. What could not go exactly gets a line in ``lines``."""
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    conversation = ConversationWriter(provider.id, lines)
    conversation.write(request.messages)
    body: dict[str, Any] = {"model": request.model}
    _write_limit(request, body, lines)
    if conversation.system is not None:
        body["system"] = conversation.system
    body["messages"] = conversation.messages
    if request.tools is not None:
        tools = write_tools(request.tools, request.tool_choice, lines)
        if tools or own:
            body["tools"] = tools
    choice = write_choice(
        request.tool_choice, request.parallel_tool_calls, own=own, has_tools=bool(body.get("tools")), lines=lines
    )
    if choice is not None:
        body["tool_choice"] = choice
    _write_sampling(request, body, own, lines)
    _write_format(request, body, spelled, lines)
    write_thinking(request, body, own, lines)
    if request.stop is not None:
        body["stop_sequences"] = list(request.stop)
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    _write_service_tier(request, body, own, lines)
    if stream:
        body["stream"] = True
    elif spelled.get("stream") == "false":
        body["stream"] = False
    for name, why in _NO_PLACE.items():
        value = getattr(request, name)
        if value is not None and value not in _SAYS_NOTHING.get(name, ()):
            lines.append(dropped("request", name, why))
    betas = _write_extra(request, body, lines)
    if FILES_BETA not in betas and _names_a_file(request):
        betas = (*betas, FILES_BETA)
    return _with_quirks(body, provider, lines), betas


def _names_a_file(request: ChatRequest) -> bool:
    for message in request.messages:
        for part in message.parts:
            held = part.parts if isinstance(part, ToolResult) else (part,)
            if any(isinstance(inner, (Image, Document)) and isinstance(inner.source, FileSource) for inner in held):
                return True
    return False


def _write_limit(request: ChatRequest, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
        return
    if _sends_extra(request) and "max_tokens" in (request.extra or {}):
        return
    budget = request.reasoning.budget_tokens if request.reasoning is not None else None
    body["max_tokens"] = DEFAULT_MAX_OUTPUT_TOKENS + (budget or 0)  # the budget counts against it
    why = f"the provider requires a limit, so {body['max_tokens']} was sent (https://docs.claude.com/en/api/messages)"
    lines.append(mapped("request", "max_output_tokens", why))


def _write_sampling(request: ChatRequest, body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> None:
    for name in ("temperature", "top_p", "top_k"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if not own and request.temperature is not None and request.temperature > 1:
        body["temperature"] = 1.0  # the range is 0 to 1: https://docs.claude.com/en/api/messages (read 2026-11-21)
        lines.append(approximated("request", "temperature", f"{request.temperature} is beyond this protocol's greatest, 1.0"))


def _write_format(request: ChatRequest, body: dict[str, Any], spelled: dict[str, str], lines: list[ReceiptLine]) -> None:
    """https://docs.claude.com/en/docs/build-with-claude/structured-outputs (read 2026-11-21)."""
    wanted = request.response_format
    if wanted is None:
        return
    if isinstance(wanted, Opaque) or wanted.kind == "json_object" or (wanted.kind == "json_schema" and wanted.schema is None):
        why = "this protocol has no JSON mode without a schema: give one, or ask for JSON in the prompt"
        lines.append(dropped("request", "response_format", why))
    elif wanted.kind == "json_schema":
        form = {"type": "json_schema", "schema": wanted.schema}
        if _sends_extra(request):
            form |= wanted.extra or {}
        if spelled.get("response_format") == "output_format":
            body["output_format"] = form
        else:
            body["output_config"] = {"format": form}
        if wanted.name is not None or wanted.description is not None:
            lines.append(dropped("request", "response_format.name", "this protocol does not name the form of an answer"))


# https://docs.claude.com/en/api/service-tiers (read 2026-11-21); "default" is OpenAI's word for no priority
_TIERS = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}


def _write_service_tier(request: ChatRequest, body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> None:
    tier = request.service_tier
    if tier is None:
        return
    if own or tier in _TIERS:
        body["service_tier"] = tier if own else _TIERS[tier]
        if body["service_tier"] != tier:
            lines.append(mapped("request", "service_tier", f"{tier!r} is called {body['service_tier']!r} here"))
    else:
        lines.append(dropped("request", "service_tier", f"this protocol has no tier {tier!r}"))


def _sends_extra(request: ChatRequest) -> bool:
    return request.origin is None or is_own(request.origin)


def _write_extra(request: ChatRequest, body: dict[str, Any], lines: list[ReceiptLine]) -> tuple[str, ...]:
    """What has no word of ours. ``betas`` is how the official SDKs spell the ``anthropic-beta`` header."""
    extra = dict(request.extra or {})
    if not _sends_extra(request):
        lost = (name for name, value in extra.items() if value is not None)
        lines += [dropped("request", f"extra.{name}", "a field of another protocol") for name in lost]
        return ()
    betas: tuple[str, ...] = ()
    match extra.get("betas"):
        case [*names] if names and all(isinstance(name, str) for name in names):
            betas = tuple(extra.pop("betas"))
    deep_merge(body, extra)
    return betas


def _with_quirks(body: dict[str, Any], provider: Provider, lines: list[ReceiptLine]) -> dict[str, Any]:
    for name in provider.quirks.drop:
        if name in body:
            del body[name]
            lines.append(dropped("request", name, f"{provider.name} refuses this field"))
    for name, theirs in provider.quirks.rename.items():
        if name in body and theirs not in body:
            body[theirs] = body.pop(name)
            lines.append(mapped("request", name, f"{provider.name} calls it {theirs}"))
    return body
