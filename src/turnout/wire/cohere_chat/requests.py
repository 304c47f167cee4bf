"""Requests: this protocol's fields to ours, and back (https://docs.cohere.com/reference/chat, read 2026-11-21)."""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Opaque, ReasoningConfig, ReceiptLine, ResponseFormat
from turnout.wire.cohere_chat.conversation import ConversationWriter
from turnout.wire.cohere_chat.messages import ORIGIN, read_documents, read_messages
from turnout.wire.cohere_chat.tools import read_tools, write_tools
from turnout.wire.cohere_chat.words import deep_merge, is_own
from turnout.wire.json_body import with_quirks

# our field -> (the wire's field, what its value must be); values of another kind stay verbatim in extra
_PLAIN: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "max_output_tokens": ("max_tokens", int),
    "temperature": ("temperature", (int, float)),
    "top_p": ("p", (int, float)),
    "top_k": ("k", int),
    "seed": ("seed", int),
    "frequency_penalty": ("frequency_penalty", (int, float)),
    "presence_penalty": ("presence_penalty", (int, float)),
    "logprobs": ("logprobs", bool),
}

# What the vendor refuses beyond; OpenAI's clients often send top_p 1.
_BOUNDS: dict[str, tuple[float, float]] = {
    "top_p": (0.01, 0.99),
    "top_k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
}
_MOST_STOPS = 5


def read_request(raw: dict[str, Any]) -> tuple[ChatRequest, bool]:
    """A caller's request and whether it asks for a stream. Raises RequestError that says what is wrong where."""
    fields = dict(raw)
    spelled: dict[str, str] = {}
    model = fields.pop("model", None)
    if not isinstance(model, str):
        raise RequestError("model: expected the name of a model, as a string", param="model")
    messages = read_documents(fields, read_messages(fields.pop("messages", None)))
    known: dict[str, Any] = {"messages": messages}
    stream = fields.pop("stream", None)
    if not isinstance(stream, (bool, type(None))):
        raise RequestError(f"stream: expected true or false, got {stream!r}", param="stream")
    if stream is False:
        spelled["stream"] = "false"
    for ours, (theirs, kind) in _PLAIN.items():
        value = fields.get(theirs)
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            known[ours] = fields.pop(theirs)
    stops = fields.get("stop_sequences")
    if isinstance(stops, list) and all(isinstance(stop, str) for stop in stops):
        known["stop"] = tuple(fields.pop("stop_sequences"))
    read_tools(fields, known, spelled)
    if (wanted := _read_format(fields.get("response_format"))) is not None:
        known["response_format"] = wanted
        if "json_schema" not in fields.pop("response_format") and wanted.schema is not None:
            spelled["response_format"] = "schema"
    if (reasoning := _read_thinking(fields.get("thinking"))) is not None:
        known["reasoning"] = reasoning
        del fields["thinking"]
    request = ChatRequest(model=model, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)
    return request, stream is True


def _read_format(raw: Any) -> ResponseFormat | None:
    fields = dict(raw) if isinstance(raw, dict) else {}
    kind = fields.pop("type", None)
    # The reference has json_schema (https://docs.cohere.com/reference/chat), the guides for the same endpoint have schema
    # (https://docs.cohere.com/v2/docs/parameter-types-in-json, read 2026-11-21).
    for name in ("json_schema", "schema") if kind == "json_object" else ():
        if isinstance(fields.get(name), dict):
            return ResponseFormat(kind="json_schema", schema=fields.pop(name), extra=fields or None)
    if kind in ("text", "json_object"):
        return ResponseFormat(kind=kind, extra=fields or None)
    return None


def _read_thinking(raw: Any) -> ReasoningConfig | None:
    fields = dict(raw) if isinstance(raw, dict) else {}
    kind = fields.pop("type", None)
    if kind not in ("enabled", "disabled"):
        return None
    budget = fields.pop("token_budget") if type(fields.get("token_budget")) is int else None
    return ReasoningConfig(enabled=kind == "enabled", budget_tokens=budget, extra=fields or None)


# -- towards the wire ------------------------------------------------------------------------------


def write_request(request: ChatRequest, provider: Provider, stream: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    conversation = ConversationWriter(provider.id, lines)
    body: dict[str, Any] = {"model": request.model, "messages": []}
    for at, message in enumerate(request.messages):
        body["messages"] += conversation.write(message, f"messages[{at}]")
    if conversation.documents:
        body["documents"] = conversation.documents
    write_tools(request, own, spelled, body, lines)
    if request.response_format is not None:
        _write_format(request.response_format, own, spelled.get("response_format", "json_schema"), body, lines)
    if request.reasoning is not None:
        _write_thinking(request.reasoning, own, body, lines)
    for ours, (theirs, _) in _PLAIN.items():
        if (value := getattr(request, ours)) is not None:
            body[theirs] = value if own else _bounded(ours, value, lines)
    if request.stop is not None:
        body["stop_sequences"] = request.stop if own else request.stop[:_MOST_STOPS]
        if len(body["stop_sequences"]) < len(request.stop):
            lines.append(approximated("request", "stop", f"this protocol takes {_MOST_STOPS} stop sequences: the first are sent"))
    if stream or spelled.get("stream") == "false":
        body["stream"] = stream
    _leave(request, lines)
    if request.extra:
        if own or request.origin is None:
            deep_merge(body, request.extra)
        else:
            why = f"a field of {request.origin.wire} with no word in this protocol"
            lines.extend(dropped("request", f"extra.{name}", why) for name in request.extra)
    return with_quirks(body, provider, lines)


def _bounded(name: str, value: Any, lines: list[ReceiptLine]) -> Any:
    if name not in _BOUNDS:
        return value
    least, most = _BOUNDS[name]
    kept = min(max(value, least), most)
    if kept != value:
        lines.append(approximated("request", name, f"this protocol takes {least} to {most}: {value} is sent as {kept}"))
    return kept


def _leave(request: ChatRequest, lines: list[ReceiptLine]) -> None:
    if request.n is not None and request.n > 1:
        lines.append(dropped("request", "n", "this protocol gives one answer"))
    for name, why in (
        ("top_logprobs", "the likelihoods of other tokens"),
        ("user", "who asks"),
        ("service_tier", "tiers of service"),
    ):
        if getattr(request, name) is not None:
            lines.append(dropped("request", name, f"this protocol does not know {why}"))


def _write_format(wanted: ResponseFormat | Opaque, own: bool, place: str, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if isinstance(wanted, Opaque):
        lines.append(dropped("request", "response_format", "a form of another protocol that this one cannot say"))
        return
    written: dict[str, Any] = {"type": "text" if wanted.kind == "text" else "json_object"}
    if wanted.kind == "json_schema" and wanted.schema is not None:
        written[place] = wanted.schema
    if not own and (named := [name for name in ("name", "description") if getattr(wanted, name) is not None]):
        said = " and ".join(named)
        lines.append(mapped("request", "response_format", f"the schema is sent with a json_object, without its {said}"))
    body["response_format"] = deep_merge(written, wanted.extra) if own else written


def _write_thinking(wanted: ReasoningConfig, own: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """Models that think do so unless told not to."""
    if wanted.enabled is False or wanted.effort == "none":
        written: dict[str, Any] = {"type": "disabled"}
    elif wanted.enabled is None and wanted.effort is None and wanted.budget_tokens is None:
        return
    else:
        written = {"type": "enabled"}
        if wanted.effort is not None:
            why = f"this protocol thinks or does not, within a budget of tokens: it has no effort {wanted.effort!r}"
            lines.append(approximated("request", "reasoning.effort", why))
    if wanted.budget_tokens is not None and (own or written["type"] == "enabled"):
        written["token_budget"] = wanted.budget_tokens
    body["thinking"] = written | (wanted.extra or {}) if own else written
