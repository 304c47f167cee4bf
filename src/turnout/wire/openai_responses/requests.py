"""Requests: this protocol's fields to ours, and back.

https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-21). State that the provider keeps
(``previous_response_id``, ``conversation``, ``store``, ``background``) stays in ``extra``: it means nothing elsewhere.
"""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import dropped, mapped
from turnout.types import ChatRequest, Message, Opaque, ReasoningConfig, ReceiptLine, ResponseFormat
from turnout.wire.json_body import with_quirks
from turnout.wire.openai_responses.conversation import InputWriter
from turnout.wire.openai_responses.input import ORIGIN, read_input, read_instructions
from turnout.wire.openai_responses.tools import read_choice, read_tools, write_choice, write_tools
from turnout.wire.openai_responses.words import EFFORTS, called, deep_merge, is_own, service_tier, take

# fields of the same name and meaning, and what their value must be; values of another kind stay verbatim in extra
_PLAIN: dict[str, Any] = {
    "max_output_tokens": int,
    "temperature": (int, float),
    "top_p": (int, float),
    "top_logprobs": int,
    "user": str,
    "service_tier": str,
    "parallel_tool_calls": bool,
}

_NO_PLACE = {
    "top_k": "this protocol takes no top_k",
    "stop": "this protocol takes no stop sequences",
    "seed": "this protocol takes no seed",
    "frequency_penalty": "this protocol takes no penalties",
    "presence_penalty": "this protocol takes no penalties",
    "n": "this protocol gives one answer a call",
}
_SAYS_NOTHING = {"n": (1,), "frequency_penalty": (0,), "presence_penalty": (0,), "stop": ((),)}
_LOGPROBS = "message.output_text.logprobs"
_SEALED = "reasoning.encrypted_content"  # where nothing is stored: platform.openai.com/docs/guides/reasoning (read 2026-11-21)


def read_request(raw: dict[str, Any]) -> tuple[ChatRequest, bool]:
    """A caller's request and whether it asks for a stream. Raises RequestError that says what is wrong where."""
    fields = dict(raw)
    spelled: dict[str, str] = {}
    model = fields.pop("model", "")  # a stored prompt may name it instead
    if not isinstance(model, str):
        raise RequestError(f"model: expected the name of a model, as a string, got {called(model)}", param="model")
    known: dict[str, Any] = {"messages": _read_messages(fields, spelled)}
    for name, kind in _PLAIN.items():
        if (value := take(fields, name, kind)) is not None:
            known[name] = value
    stream = fields.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise RequestError(f"stream: expected true or false, got {called(stream)}", param="stream")
    if stream is not None:
        del fields["stream"]
        if not stream:
            spelled["stream"] = "false"
    if fields.get("tools") is not None:
        known["tools"] = read_tools(fields.pop("tools"), ORIGIN)
    if fields.get("tool_choice") is not None:
        known["tool_choice"] = read_choice(fields.pop("tool_choice"), ORIGIN)
    _read_format(fields, known)
    reasoning = take(fields, "reasoning", dict)
    if reasoning is not None:
        rest = dict(reasoning)
        known["reasoning"] = ReasoningConfig(effort=take(rest, "effort"), extra=rest or None)
    request = ChatRequest(model=model, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)
    return request, bool(stream)


def _read_messages(fields: dict[str, Any], spelled: dict[str, str]) -> tuple[Message, ...]:
    messages: list[Message] = []
    if isinstance(fields.get("instructions"), str):
        messages.append(read_instructions(fields.pop("instructions")))
    if fields.get("input") is not None:
        messages += read_input(fields.pop("input"))
    else:
        spelled["input"] = "absent"  # what is asked is held by the provider
    return tuple(messages)


def _read_format(fields: dict[str, Any], known: dict[str, Any]) -> None:
    text = fields.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    if not isinstance(text, dict) or not isinstance(wanted, dict):
        return
    rest = dict(wanted)
    kind = rest.pop("type", None)
    if kind in ("text", "json_object"):
        known["response_format"] = ResponseFormat(kind=kind, extra=rest or None)
    elif kind == "json_schema" and isinstance(rest.get("schema"), dict):
        known["response_format"] = ResponseFormat(
            kind="json_schema",
            schema=take(rest, "schema", dict),
            name=take(rest, "name"),
            description=take(rest, "description"),
            strict=take(rest, "strict", bool),
            extra=rest or None,
        )
    else:
        known["response_format"] = Opaque(wanted, slot="response_format", origin=ORIGIN)
    others = {name: value for name, value in text.items() if name != "format"}
    if others:
        fields["text"] = others
    else:
        del fields["text"]


# -- towards the wire ------------------------------------------------------------------------------


def write_request(request: ChatRequest, provider: Provider, stream: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. Each field that could not go exactly gets a line in ``lines``."""
    own = is_own(request.origin, provider.id)
    spelled = (request.spelled or {}) if own else {}
    extra = (request.extra or {}) if own or request.origin is None else {}
    body: dict[str, Any] = {"model": request.model} if request.model else {}
    conversation = InputWriter(provider.id, lines, stored=(own or request.origin is None) and extra.get("store") is not False)
    conversation.write(request.messages)
    if conversation.instructions is not None:
        body["instructions"] = conversation.instructions
    _write_input(request, conversation, own, spelled, body)
    for name in _PLAIN:
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.origin is not None and not own:
        _translate_tier(body, lines)
    if request.tools is not None:
        tools = write_tools(request.tools, provider.id, lines)
        if tools or own:
            body["tools"] = tools
    if request.tool_choice is not None:
        left = body.get("tools", []) if request.tools is not None else None
        choice = write_choice(request.tool_choice, provider.id, own=own, tools=left, lines=lines)
        if choice is not None:
            body["tool_choice"] = choice
    if request.response_format is not None:
        _write_format(request.response_format, provider.id, own, body, lines)
    if request.reasoning is not None:
        _write_reasoning(request.reasoning, own or request.origin is None, body, lines)
    if stream:
        body["stream"] = True
    elif spelled.get("stream") == "false":
        body["stream"] = False
    if not own:
        _say_what_is_implied(request, body, lines)
    for name, why in _NO_PLACE.items():
        value = getattr(request, name)
        if value is not None and value not in _SAYS_NOTHING.get(name, ()):
            lines.append(dropped("request", name, why))
    deep_merge(body, extra)
    if request.extra and not extra:
        lost = (name for name, value in request.extra.items() if value is not None)
        lines.extend(dropped("request", f"extra.{name}", "a field of another protocol with no word here") for name in lost)
    return with_quirks(body, provider, lines)


def _write_input(
    request: ChatRequest, conversation: InputWriter, own: bool, spelled: dict[str, str], body: dict[str, Any]
) -> None:
    asked = [message for message in request.messages if (message.spelled or {}).get("system") != "instructions"]
    only = asked[0] if len(asked) == 1 else None
    if own and only is not None and (only.spelled or {}).get("input") == "string" and is_own(only.origin):
        body["input"] = only.text
    elif conversation.items or spelled.get("input") != "absent":
        body["input"] = conversation.items


def _write_format(
    wanted: ResponseFormat | Opaque, provider: str, own: bool, body: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    if isinstance(wanted, Opaque):
        if is_own(wanted.origin, provider):
            body["text"] = {"format": wanted.value}
        else:
            lines.append(dropped("request", "response_format", "a form of another protocol that this one cannot say"))
        return
    written: dict[str, Any] = {"type": wanted.kind}
    if wanted.kind == "json_schema":
        name = wanted.name or (None if own else "answer")  # required: platform.openai.com/docs/guides/structured-outputs
        inner = {"name": name, "description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
        written |= {name: value for name, value in inner.items() if value is not None}
    body["text"] = {"format": deep_merge(written, wanted.extra) if own else written}


def _write_reasoning(wanted: ReasoningConfig, verbatim: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """https://platform.openai.com/docs/guides/reasoning (read 2026-11-21)."""
    written: dict[str, Any] = {}
    if wanted.effort is not None and not verbatim and wanted.effort not in EFFORTS:
        lines.append(dropped("request", "reasoning.effort", f"this protocol has no effort {wanted.effort!r}"))
    elif wanted.effort is not None:
        written["effort"] = wanted.effort
    elif wanted.enabled is False:
        written["effort"] = "none"
        lines.append(mapped("request", "reasoning.enabled", 'said as the effort "none"'))
    if wanted.budget_tokens is not None:
        lines.append(dropped("request", "reasoning.budget_tokens", "this protocol bounds reasoning by effort, not by tokens"))
    if verbatim:
        deep_merge(written, wanted.extra)
    elif wanted.extra:
        lines.append(dropped("request", "reasoning.extra", f"fields of another protocol: {', '.join(wanted.extra)}"))
    if written or verbatim:
        body["reasoning"] = written


def _translate_tier(body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    asked = body.pop("service_tier", None)
    if asked is None:
        return
    tier = service_tier(asked)
    if tier is None:
        lines.append(dropped("request", "service_tier", f"this protocol has no tier {asked!r}"))
        return
    body["service_tier"] = tier
    if tier != asked:
        lines.append(mapped("request", "service_tier", f"{asked!r} is called {tier!r} here"))


def _say_what_is_implied(request: ChatRequest, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """Other protocols keep no answers, and ask for log probabilities with a flag."""
    if request.logprobs:
        include = (request.extra or {}).get("include") if request.origin is None else None
        body["include"] = [_LOGPROBS]
        if isinstance(include, list):
            body["include"] += [name for name in include if name != _LOGPROBS]
        lines.append(mapped("request", "logprobs", f"asked for as include {_LOGPROBS!r}"))
    if request.origin is not None:
        body["store"] = False
        lines.append(mapped("request", "store", "this protocol keeps answers unless told not to, which nobody asked for"))
        if request.reasoning is not None and request.reasoning.enabled is not False and request.reasoning.effort != "none":
            body["include"] = [*body.get("include", ()), _SEALED]
            why = "what is thought is asked for in the sealed form in which it can be sent back, for nothing is stored"
            lines.append(mapped("request", "include", why))
