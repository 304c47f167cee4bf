"""Requests: this protocol's fields to ours, and back. Model and stream are said in the address, not in the body."""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import dropped, mapped
from turnout.types import ChatRequest, ReceiptLine
from turnout.wire.gemini.contents import read_contents, read_system
from turnout.wire.gemini.conversation import ConversationWriter
from turnout.wire.gemini.generation import read_generation, write_generation
from turnout.wire.gemini.tools import read_tools, take_choice, write_choice, write_tools
from turnout.wire.gemini.words import ORIGIN, Spelled, called, deep_merge, find, is_own, take
from turnout.wire.json_body import with_quirks

_MODELS = "models/"
# https://ai.google.dev/gemini-api/docs/priority-inference (read 2026-11-21); OpenAI's and Anthropic's words for no tier
_TIERS = {"priority": "priority", "flex": "flex", "standard": "standard", "default": "standard", "standard_only": "standard"}


def read_request(raw: dict[str, Any]) -> ChatRequest:
    """A caller's request; its ``model`` is empty unless the body names it. Raises RequestError that says what is wrong where.

    A null stays where it was, in ``extra``; so does a field that has no word of ours.
    """
    fields = dict(raw)
    spelled: Spelled = {}
    model = _take_model(fields, spelled)
    if "contents" not in fields:
        raise RequestError("contents: missing; expected a list of contents", param="contents")
    messages = read_contents(fields.pop("contents"))
    if (system := find(fields, "systemInstruction", spelled)) is not None and fields[system] is not None:
        messages = (read_system(fields.pop(system)), *messages)
    known: dict[str, Any] = {}
    if fields.get("tools") is not None:
        known["tools"] = read_tools(fields.pop("tools"))
    known["tool_choice"] = take_choice(fields, spelled)
    known["service_tier"] = take(fields, "serviceTier", str, spelled)
    key = find(fields, "generationConfig", spelled)
    if key is not None and isinstance(fields[key], dict) and fields[key]:
        config = dict(fields.pop(key))
        known |= read_generation(config, spelled)
        if config:
            fields[key] = config
    elif key is not None and fields[key] is not None and not isinstance(fields[key], dict):
        raise RequestError(f"generationConfig: expected an object, got {called(fields[key])}", param="generationConfig")
    return ChatRequest(model=model, messages=messages, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)


def _take_model(fields: dict[str, Any], spelled: Spelled) -> str:
    """Some SDKs repeat the model in the body, with the name of its collection or without."""
    model = fields.get("model", "")
    if not isinstance(model, str):
        raise RequestError("model: expected the name of a model, as a string", param="model")
    if "model" in fields:
        del fields["model"]
        spelled["model"] = _MODELS if model.startswith(_MODELS) else "bare"
    return model.removeprefix(_MODELS)


# -- towards the wire ------------------------------------------------------------------------------


def write_request(request: ChatRequest, provider: Provider, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. What could not go exactly gets a line in ``lines``."""
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    conversation = ConversationWriter(provider.id, request.model, lines)
    conversation.write(request.messages)
    body: dict[str, Any] = {}
    if (named := spelled.get("model")) is not None:
        body["model"] = request.model if named == "bare" else _MODELS + request.model.removeprefix(_MODELS)
    if conversation.system is not None:
        body[spelled.get("systemInstruction", "systemInstruction")] = conversation.system
    body["contents"] = conversation.contents
    _write_tools(request, own, spelled, body, lines)
    config = write_generation(request, own, spelled, lines)
    if config:
        body[spelled.get("generationConfig", "generationConfig")] = config
    _write_tier(request, own, spelled, body, lines)
    if request.parallel_tool_calls is False:
        lines.append(dropped("request", "parallel_tool_calls", "this protocol cannot forbid several calls at once"))
    if request.user is not None:
        lines.append(dropped("request", "user", "this protocol does not say for whom a request is made"))
    if request.extra:
        if own or request.origin is None:
            deep_merge(body, request.extra)
        else:
            lost = (name for name, value in request.extra.items() if value is not None)
            lines += [dropped("request", f"extra.{name}", "a field of another protocol") for name in lost]
    return with_quirks(body, provider, lines)


def _write_tools(request: ChatRequest, own: bool, spelled: Spelled, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if request.tools is not None:
        tools = write_tools(request.tools, lines)
        if tools or own:
            body["tools"] = tools
    if request.tool_choice is None:
        return
    if not own and not body.get("tools"):
        lines.append(dropped("request", "tool_choice", "there is no tool to choose"))
        return
    choice = write_choice(request.tool_choice, own, spelled, lines)
    if choice is not None:
        body[spelled.get("toolConfig", "toolConfig")] = choice


def _write_tier(request: ChatRequest, own: bool, spelled: Spelled, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    tier = request.service_tier
    if tier is None:
        return
    if own or tier in _TIERS:
        said = body[spelled.get("serviceTier", "serviceTier")] = tier if own else _TIERS[tier]
        if said != tier:
            lines.append(mapped("request", "service_tier", f"{tier!r} is called {said!r} here"))
    elif tier != "auto":  # which is what leaving it out means
        lines.append(dropped("request", "service_tier", f"this protocol has no tier {tier!r}"))
