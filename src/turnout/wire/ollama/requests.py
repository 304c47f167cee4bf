"""Requests: this protocol's fields to ours, and back. Most of what steers a model stands in ``options``.

https://docs.ollama.com/api/chat and https://docs.ollama.com/modelfile (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Opaque, ReasoningConfig, ReceiptLine, ResponseFormat
from turnout.wire.json_body import with_quirks
from turnout.wire.ollama.conversation import ConversationWriter
from turnout.wire.ollama.messages import ORIGIN, read_messages
from turnout.wire.ollama.tools import read_tools, write_tools
from turnout.wire.ollama.words import deep_merge, is_own

# our field -> (the option, what its value must be); values of another kind stay verbatim in extra
_OPTIONS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "max_output_tokens": ("num_predict", int),
    "temperature": ("temperature", (int, float)),
    "top_p": ("top_p", (int, float)),
    "top_k": ("top_k", int),
    "seed": ("seed", int),
    "frequency_penalty": ("frequency_penalty", (int, float)),
    "presence_penalty": ("presence_penalty", (int, float)),
}
_PLAIN: dict[str, type] = {"logprobs": bool, "top_logprobs": int}

GENERATE_ONLY = ("raw", "template", "suffix", "context")  # what /api/generate takes and a chat does not

# https://docs.ollama.com/capabilities/thinking (read 2026-11-21)
_LEVELS = {"low": "low", "medium": "medium", "high": "high", "minimal": "low", "xhigh": "high", "max": "high"}


def read_request(raw: dict[str, Any]) -> tuple[ChatRequest, bool]:
    """A caller's request and whether it asks for a stream. Raises RequestError that says what is wrong where."""
    fields = dict(raw)
    spelled: dict[str, str] = {}
    model = fields.pop("model", None)
    if not isinstance(model, str):
        raise RequestError("model: expected the name of a model, as a string", param="model")
    messages = fields.get("messages")
    if not isinstance(messages, (list, type(None))):
        raise RequestError("messages: expected a list of messages", param="messages")
    if messages is None:  # which asks to load the model
        spelled["messages"] = "absent"
    else:
        del fields["messages"]
    known: dict[str, Any] = {"messages": read_messages(messages or [])}
    stream = _read_stream(fields, spelled)
    _read_options(fields, known, spelled)
    for name, kind in _PLAIN.items():
        if type(fields.get(name)) is kind:
            known[name] = fields.pop(name)
    tools = fields.get("tools")
    if not isinstance(tools, (list, type(None))):
        raise RequestError("tools: expected a list of tools", param="tools")
    if tools is not None:
        known["tools"] = read_tools(fields.pop("tools"))
    _read_format(fields, known)
    if isinstance(fields.get("think"), bool):
        known["reasoning"] = ReasoningConfig(enabled=fields.pop("think"))
    elif isinstance(fields.get("think"), str) and fields["think"]:
        known["reasoning"] = ReasoningConfig(effort=fields.pop("think"))
    return ChatRequest(model=model, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known), stream


def _read_stream(fields: dict[str, Any], spelled: dict[str, str]) -> bool:
    """Absent or null is true here."""
    stream = fields.pop("stream", None)
    if not isinstance(stream, (bool, type(None))):
        raise RequestError(f"stream: expected true or false, got {stream!r}", param="stream")
    if stream is None:
        spelled["stream"] = "absent"
    return stream is not False


def _read_options(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    if not isinstance(fields.get("options"), dict) or not fields["options"]:
        return
    options = dict(fields.pop("options"))
    for ours, (theirs, kind) in _OPTIONS.items():
        value = options.get(theirs)
        endless = theirs == "num_predict" and isinstance(value, int) and value < 0  # -1: no bound, -2: what the context holds
        if isinstance(value, kind) and not isinstance(value, bool) and not endless:
            known[ours] = options.pop(theirs)
    stop = options.get("stop")
    if isinstance(stop, str):
        known["stop"] = (options.pop("stop"),)
        spelled["stop"] = "string"
    elif isinstance(stop, list) and all(isinstance(item, str) for item in stop):
        known["stop"] = tuple(options.pop("stop"))
    if options:
        fields["options"] = options


def _read_format(fields: dict[str, Any], known: dict[str, Any]) -> None:
    """ "json", or the schema itself. An empty string asks for nothing."""
    wanted = fields.get("format")
    if wanted == "json":
        known["response_format"] = ResponseFormat(kind="json_object")
        del fields["format"]
    elif isinstance(wanted, dict):
        known["response_format"] = ResponseFormat(kind="json_schema", schema=fields.pop("format"))


# -- towards the wire ------------------------------------------------------------------------------


def write_request(request: ChatRequest, provider: Provider, stream: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    conversation = ConversationWriter(provider.id, lines)
    body: dict[str, Any] = {"model": request.model, "messages": []}
    for at, message in enumerate(request.messages):
        body["messages"] += conversation.write(message, f"messages[{at}]")
    if spelled.get("messages") == "absent" and not body["messages"]:
        del body["messages"]
    write_tools(request, own, body, lines)
    if request.response_format is not None:
        _write_format(request.response_format, own, body, lines)
    if request.reasoning is not None:
        _write_think(request.reasoning, own, body, lines)
    for name in _PLAIN:
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if options := _options(request, spelled):
        body["options"] = options
    if not stream or spelled.get("stream") != "absent":
        body["stream"] = stream
    _leave(request, lines)
    if request.extra:
        if own or request.origin is None:
            deep_merge(body, _sayable(request.extra, spelled, lines))
        else:
            why = f"a field of {request.origin.wire} with no word in this protocol"
            lines.extend(dropped("request", f"extra.{name}", why) for name in request.extra)
    return with_quirks(body, provider, lines)


def _options(request: ChatRequest, spelled: dict[str, str]) -> dict[str, Any]:
    options = {theirs: value for ours, (theirs, _) in _OPTIONS.items() if (value := getattr(request, ours)) is not None}
    if request.stop is not None:
        options["stop"] = request.stop[0] if spelled.get("stop") == "string" else request.stop
    return options


def _sayable(extra: dict[str, Any], spelled: dict[str, str], lines: list[ReceiptLine]) -> dict[str, Any]:
    """What a chat can say of a request that came as /api/generate."""
    if spelled.get("path") != "generate":
        return extra
    why = "only /api/generate takes it, and the request goes on as a chat"
    lines.extend(dropped("request", f"extra.{name}", why) for name in GENERATE_ONLY if name in extra)
    return {name: value for name, value in extra.items() if name not in GENERATE_ONLY}


def _leave(request: ChatRequest, lines: list[ReceiptLine]) -> None:
    if request.n is not None and request.n > 1:
        lines.append(dropped("request", "n", "this protocol gives one answer"))
    for name, why in (("user", "who asks"), ("service_tier", "tiers of service")):
        if getattr(request, name) is not None:
            lines.append(dropped("request", name, f"this protocol does not know {why}"))


def _write_format(wanted: ResponseFormat | Opaque, own: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if isinstance(wanted, Opaque):
        lines.append(dropped("request", "response_format", "a form of another protocol that this one cannot say"))
    elif wanted.kind == "json_object" or (wanted.kind == "json_schema" and wanted.schema is None):
        body["format"] = "json"
    elif wanted.kind == "json_schema":
        body["format"] = wanted.schema
        if not own and (named := [name for name in ("name", "description") if getattr(wanted, name) is not None]):
            said = " and ".join(named)
            lines.append(mapped("request", "response_format", f"the schema is sent as `format`, without its {said}"))


def _write_think(wanted: ReasoningConfig, own: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if wanted.enabled is False or wanted.effort == "none":
        body["think"] = False
    elif own and wanted.effort is not None:
        body["think"] = wanted.effort
    elif (level := _LEVELS.get(wanted.effort or "")) is not None:
        body["think"] = level
        if level != wanted.effort:
            why = f"its levels are low, medium and high: {wanted.effort!r} is sent as {level!r}"
            lines.append(approximated("request", "reasoning.effort", why))
    elif wanted.enabled or wanted.effort is not None or wanted.budget_tokens is not None:
        body["think"] = True
        if wanted.effort is not None:
            why = f"its levels are low, medium and high: {wanted.effort!r} is sent as true"
            lines.append(approximated("request", "reasoning.effort", why))
    if wanted.budget_tokens is not None:
        lines.append(dropped("request", "reasoning.budget_tokens", "this protocol does not bound thinking by tokens"))
