"""Requests: this protocol's fields to ours, and back. The model and whether to stream stand in the address, not in the body."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Message, Opaque, ReceiptLine, ResponseFormat
from turnout.wire.bedrock_converse.conversation import ConversationWriter
from turnout.wire.bedrock_converse.messages import ORIGIN, read_messages, read_system, wrong
from turnout.wire.bedrock_converse.reasoning import FIELDS, read_reasoning, vendor_of, write_reasoning
from turnout.wire.bedrock_converse.tools import read_choice, read_tools, write_tool_config
from turnout.wire.bedrock_converse.words import deep_merge, is_own, take_inner
from turnout.wire.json_body import with_quirks
from turnout.wire.json_text import read_json

_NO_PLACE = {
    "seed": "this protocol takes no seed",
    "frequency_penalty": "this protocol takes no penalties",
    "presence_penalty": "this protocol takes no penalties",
    "logprobs": "this protocol reports no log probabilities",
    "top_logprobs": "this protocol reports no log probabilities",
    "n": "this protocol gives one answer a call",
    "user": "this protocol does not name the user; requestMetadata can, in extra, and is written to the account's logs",
}
_SAYS_NOTHING = {"n": (1,), "logprobs": (False,), "frequency_penalty": (0,), "presence_penalty": (0,), "top_logprobs": (0,)}

# Whose models take a top_k, and where: each vendor's page of
# https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (read 2026-11-21)
_TOP_K = {
    "anthropic": (FIELDS, "top_k"),
    "amazon": (FIELDS, "inferenceConfig", "topK"),
    "mistral": (FIELDS, "top_k"),
    "cohere": (FIELDS, "k"),
}


def read_request(fields: dict[str, Any], body: bytes) -> ChatRequest:
    """A caller's request, without its model. Raises RequestError that says what is wrong where.

    A null stays where it was, in ``extra``; so does a field that has no word of ours, or a value of another kind than documented.
    """
    fields = dict(fields)
    spelled: dict[str, str] = {}
    messages = _take_messages(fields, body, spelled)
    if fields.get("inferenceConfig") == {}:
        del fields["inferenceConfig"]
        spelled["inferenceConfig"] = "empty"
    known: dict[str, Any] = {
        "max_output_tokens": take_inner(fields, ("inferenceConfig", "maxTokens"), int),
        "temperature": take_inner(fields, ("inferenceConfig", "temperature"), (int, float)),
        "top_p": take_inner(fields, ("inferenceConfig", "topP"), (int, float)),
        "stop": _take_stop(fields),
        "top_k": take_inner(fields, (FIELDS, "top_k"), int),
        "service_tier": take_inner(fields, ("serviceTier", "type"), str),
    }
    if known["top_k"] is None and (top_k := take_inner(fields, _TOP_K["amazon"], int)) is not None:
        known["top_k"] = top_k
        spelled["top_k"] = "amazon"
    _take_tools(fields, known)
    known["response_format"] = _take_format(fields)
    known["reasoning"] = read_reasoning(fields, spelled)
    return ChatRequest(model="", messages=messages, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)


def _take_messages(fields: dict[str, Any], body: bytes, spelled: dict[str, str]) -> tuple[Message, ...]:
    """None at all is right where the model is a stored prompt: its ARN stands in the address."""
    messages: tuple[Message, ...] = ()
    if fields.get("messages") is not None:
        messages = read_messages(fields.pop("messages"), body)
        if not messages:
            spelled["messages"] = "empty"
    if fields.get("system") is not None:
        system = read_system(fields.pop("system"))
        if system is None:
            spelled["system"] = "empty"
        else:
            messages = (system, *messages)
    return messages


def _take_stop(fields: dict[str, Any]) -> tuple[str, ...] | None:
    match fields.get("inferenceConfig"):
        case {"stopSequences": list(stop)} if all(isinstance(sequence, str) for sequence in stop):
            return tuple(take_inner(fields, ("inferenceConfig", "stopSequences"), list))
    return None


def _take_tools(fields: dict[str, Any], known: dict[str, Any]) -> None:
    config = fields.get("toolConfig")
    if config is None:
        return
    if not isinstance(config, dict):
        raise wrong("toolConfig", "an object with tools", config)
    if config.get("tools") is not None:
        known["tools"] = read_tools(config["tools"])
        take_inner(fields, ("toolConfig", "tools"), list)
    if config.get("toolChoice") is not None:
        known["tool_choice"] = read_choice(config["toolChoice"])
        take_inner(fields, ("toolConfig", "toolChoice"), object)


def _take_format(fields: dict[str, Any]) -> ResponseFormat | None:
    """``outputConfig.textFormat``, whose schema is a text: it is kept in ``extra`` as it was written."""
    match fields.get("outputConfig"):
        case {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": dict(described)} as structure} as form}:
            text = described.get("schema")
            if len(form) > 2 or len(structure) > 1 or not isinstance(text, str) or not isinstance(schema := _schema(text), dict):
                return None
            take_inner(fields, ("outputConfig", "textFormat"), dict)
            extra = dict(described)
            name, description = (extra.pop(key) if isinstance(extra.get(key), str) else None for key in _DESCRIBED)
            return ResponseFormat(kind="json_schema", schema=schema, name=name, description=description, extra=extra)
    return None


_DESCRIBED = ("name", "description")


def _schema(text: str) -> Any:
    try:
        return read_json(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


# -- towards the wire ------------------------------------------------------------------------------


def write_request(request: ChatRequest, provider: Provider, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. What could not go exactly gets a line in ``lines``."""
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    conversation = ConversationWriter(provider.id, lines, signed=vendor_of(request.model) == "anthropic")
    conversation.write(request.messages)
    body: dict[str, Any] = {}
    if conversation.messages or spelled.get("messages") == "empty":
        body["messages"] = conversation.messages
    if conversation.system is not None or spelled.get("system") == "empty":
        body["system"] = conversation.system or []
    _write_inference(request, body, own, spelled, lines)
    if (tools := write_tool_config(request, conversation.tool_names, own, lines)) is not None:
        body["toolConfig"] = tools
    _write_top_k(request, body, own, spelled, lines)
    _write_format(request, body, lines)
    write_reasoning(request, body, spelled, own, lines)
    _write_service_tier(request, body, own, lines)
    for name, why in _NO_PLACE.items():
        value = getattr(request, name)
        if value is not None and value not in _SAYS_NOTHING.get(name, ()):
            lines.append(dropped("request", name, why))
    _write_extra(request, body, lines)
    return with_quirks(body, provider, lines)


def _write_inference(
    request: ChatRequest, body: dict[str, Any], own: bool, spelled: dict[str, str], lines: list[ReceiptLine]
) -> None:
    stop = request.stop
    if stop is not None and not own and not all(stop):
        stop = tuple(sequence for sequence in stop if sequence)
        lines.append(dropped("request", "stop", "an empty stop sequence is refused"))
    said = {
        "maxTokens": request.max_output_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": None if stop is None else list(stop),
    }
    config = {name: value for name, value in said.items() if value is not None}
    if not own and request.temperature is not None and request.temperature > 1:
        # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html (read 2026-11-21)
        config["temperature"] = 1.0
        lines.append(approximated("request", "temperature", f"{request.temperature} is beyond this protocol's greatest, 1.0"))
    if config or spelled.get("inferenceConfig") == "empty":
        body["inferenceConfig"] = config


def _write_top_k(
    request: ChatRequest, body: dict[str, Any], own: bool, spelled: dict[str, str], lines: list[ReceiptLine]
) -> None:
    if request.top_k is None:
        return
    vendor = spelled.get("top_k", "anthropic") if own else vendor_of(request.model)
    path = _TOP_K.get(vendor or "")
    if path is None:
        lines.append(dropped("request", "top_k", "this protocol has no top_k, and it is not known how this model takes one"))
        return
    inner = body
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    inner[path[-1]] = request.top_k
    if not own:
        lines.append(mapped("request", "top_k", f"said to the model itself, as {'.'.join(path)}"))


def _write_format(request: ChatRequest, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html (read 2026-11-21)."""
    wanted = request.response_format
    if wanted is None or (isinstance(wanted, ResponseFormat) and wanted.kind == "text"):
        return
    if isinstance(wanted, Opaque) or wanted.schema is None:
        why = "this protocol has no JSON mode without a schema: give one, or ask for JSON in the prompt"
        lines.append(dropped("request", "response_format", why))
        return
    extra = dict((wanted.extra or {}) if _sends_extra(request) else {})
    text = extra.pop("schema", None)
    if not isinstance(text, str) or _schema(text) != wanted.schema:
        text = msgspec.json.encode(wanted.schema).decode()
    named = {"name": wanted.name, "description": wanted.description}
    described = {"schema": text} | {name: value for name, value in named.items() if value is not None} | extra
    body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": described}}}
    if wanted.strict is False:
        lines.append(approximated("request", "response_format.strict", "this protocol holds every answer to its schema"))


# https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html (read 2026-11-21); "standard_only" is
# Anthropic's word for no priority
_TIERS = {"default": "default", "standard_only": "default", "flex": "flex", "priority": "priority"}


def _write_service_tier(request: ChatRequest, body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> None:
    tier = request.service_tier
    if tier is None or (tier == "auto" and not own):  # to choose for itself is what it does when nothing is said
        return
    if own or tier in _TIERS:
        body["serviceTier"] = {"type": tier if own else _TIERS[tier]}
        if not own and _TIERS[tier] != tier:
            lines.append(mapped("request", "service_tier", f"{tier!r} is called {_TIERS[tier]!r} here"))
    else:
        lines.append(dropped("request", "service_tier", f"this protocol has no tier {tier!r}"))


def _sends_extra(request: ChatRequest) -> bool:
    return request.origin is None or is_own(request.origin)


def _write_extra(request: ChatRequest, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if _sends_extra(request):
        deep_merge(body, request.extra)
        return
    lost = (name for name, value in (request.extra or {}).items() if value is not None)
    lines += [dropped("request", f"extra.{name}", "a field of another protocol") for name in lost]


def check_model(model: str) -> str:
    if not model:
        raise RequestError("the model stands in the address here, and none was given: name one, as in amazon-bedrock/MODEL_ID")
    return model
