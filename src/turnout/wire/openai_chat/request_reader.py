"""Requests of callers: this protocol's fields to ours."""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError
from turnout.types import ChatRequest, Opaque, Origin, ReasoningConfig, ResponseFormat, Tool, ToolChoice
from turnout.wire.openai_chat.messages import read_message
from turnout.wire.openai_chat.parts import read_cache_control
from turnout.wire.openai_chat.words import PLAIN_FIELDS, WIRE_NAME

ORIGIN = Origin(WIRE_NAME)


def read_request(raw: dict[str, Any]) -> tuple[ChatRequest, bool]:
    """A caller's request and whether it asks for a stream. Raises RequestError that says what is wrong where."""
    fields = dict(raw)
    spelled: dict[str, str] = {}
    model = fields.pop("model", "")  # Azure names it in the URL instead
    if not isinstance(model, str):
        raise RequestError("model: expected the name of a model, as a string", param="model")
    messages = fields.pop("messages", None)
    if not isinstance(messages, list):
        raise RequestError("messages: expected a list of messages", param="messages")
    known: dict[str, Any] = {
        "messages": tuple(read_message(message, f"messages[{at}]", ORIGIN) for at, message in enumerate(messages))
    }
    stream = _read_stream(fields, known, spelled)
    if fields:  # many requests say no more
        for ours, (theirs, kind) in PLAIN_FIELDS.items():
            if theirs in fields:
                value = fields[theirs]
                if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
                    known[ours] = fields.pop(theirs)
        _read_limit(fields, known, spelled)
        _read_stop(fields, known, spelled)
        _read_tools(fields, known, spelled)
        _read_format(fields, known)
        _read_reasoning(fields, known, spelled)
    request = ChatRequest(model=model, extra=fields or None, origin=ORIGIN, spelled=spelled or None, **known)
    return request, stream


def _read_stream(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> bool:
    stream = fields.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise RequestError(f"stream: expected true or false, got {stream!r}", param="stream")
    if "stream" in fields and stream is not None:
        del fields["stream"]
        if not stream:
            spelled["stream"] = "false"
    options = fields.get("stream_options")
    if stream and isinstance(options, dict) and isinstance(options.get("include_usage"), bool):
        rest = dict(fields.pop("stream_options"))
        known["stream_usage"] = rest.pop("include_usage")
        if rest:
            fields["stream_options"] = rest
    return bool(stream)


def _read_limit(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            known["max_output_tokens"] = fields.pop(name)
            spelled["max_output_tokens"] = name
            return


def _read_stop(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    stop = fields.get("stop")
    if isinstance(stop, str):
        known["stop"] = (fields.pop("stop"),)
        spelled["stop"] = "string"
    elif isinstance(stop, list) and all(isinstance(item, str) for item in stop):
        known["stop"] = tuple(fields.pop("stop"))
    if "seed" not in known and isinstance(fields.get("random_seed"), int):  # Mistral
        known["seed"] = fields.pop("random_seed")
        spelled["seed"] = "random_seed"


def _read_tools(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    tools, legacy = fields.get("tools"), fields.get("functions")
    if tools is not None and not isinstance(tools, list):
        raise RequestError("tools: expected a list of tools", param="tools")
    if isinstance(tools, list):
        del fields["tools"]
        known["tools"] = tuple(read_tool(tool, f"tools[{at}]", ORIGIN) for at, tool in enumerate(tools))
    elif isinstance(legacy, list) and all(isinstance(function, dict) for function in legacy):
        del fields["functions"]
        known["tools"] = tuple(read_tool({"type": "function", "function": it}, "functions", ORIGIN) for it in legacy)
        spelled["tools"] = "functions"
    if (choice := fields.get("tool_choice")) is not None:
        del fields["tool_choice"]
        known["tool_choice"] = _read_choice(choice)
        if choice == "any":
            spelled["tool_choice"] = "any"
    elif isinstance(choice := fields.get("function_call"), (str, dict)):
        wrapped = choice if isinstance(choice, str) else {"type": "function", "function": choice}
        known["tool_choice"] = _read_choice(wrapped)
        spelled["tool_choice"] = "function_call"
        del fields["function_call"]


def read_tool(raw: Any, path: str, origin: Origin | None = None) -> Tool | Opaque:
    """A tool definition; a built-in or custom one is kept whole as Opaque."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with type and function", param=path)
    function = raw.get("function")
    if raw.get("type") != "function" or not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return Opaque(raw, slot="tools", origin=origin)
    fields = {name: value for name, value in raw.items() if name not in ("type", "function")}
    inner = dict(function)
    mark = read_cache_control(fields)
    name = inner.pop("name")
    description = inner.pop("description") if isinstance(inner.get("description"), str) else None
    parameters = inner.pop("parameters") if isinstance(inner.get("parameters"), dict) else None
    strict = inner.pop("strict") if isinstance(inner.get("strict"), bool) else None
    if inner:
        fields["function"] = inner
    return Tool(
        name=name,
        description=description,
        parameters=parameters,
        strict=strict,
        cache_control=mark,
        extra=fields or None,
        origin=origin,
    )


def _read_choice(choice: Any) -> ToolChoice | Opaque:
    match choice:
        case "auto" | "none" | "required":
            return ToolChoice(choice)
        case "any":  # Mistral
            return ToolChoice("required")
        case {"type": "function", "function": {"name": str(name), **rest}} if choice.keys() == {"type", "function"}:
            return ToolChoice("named", name, {"function": rest} if rest else None)
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode, "tools": [*tools]} as inner} if (
            len(choice) == len(inner) == 2 and tools
        ):
            names = [_function_name(tool) for tool in tools]
            if None not in names:
                return ToolChoice(mode, allowed=tuple(name for name in names if name is not None))
    return Opaque(choice, slot="tool_choice", origin=ORIGIN)


def _function_name(tool: Any) -> str | None:
    match tool:
        case {"type": "function", "function": {"name": str(name)} as inner} if len(tool) == 2 and len(inner) == 1:
            return name
    return None


def _read_format(fields: dict[str, Any], known: dict[str, Any]) -> None:
    wanted = fields.get("response_format")
    if not isinstance(wanted, dict):
        return
    del fields["response_format"]
    inner = wanted.get("json_schema")
    match wanted.get("type"):
        case ("text" | "json_object") as kind:
            rest = {name: value for name, value in wanted.items() if name != "type"}
            known["response_format"] = ResponseFormat(kind=kind, extra=rest or None)
        case "json_schema" if isinstance(inner, dict) and isinstance(inner.get("schema"), dict):
            rest = {name: value for name, value in wanted.items() if name not in ("type", "json_schema")}
            inner = dict(inner)
            schema = inner.pop("schema")
            name = inner.pop("name") if isinstance(inner.get("name"), str) else None
            description = inner.pop("description") if isinstance(inner.get("description"), str) else None
            strict = inner.pop("strict") if isinstance(inner.get("strict"), bool) else None
            if inner:
                rest["json_schema"] = inner
            known["response_format"] = ResponseFormat(
                kind="json_schema", schema=schema, name=name, description=description, strict=strict, extra=rest or None
            )
        case _:
            known["response_format"] = Opaque(wanted, slot="response_format", origin=ORIGIN)


def _read_reasoning(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    wanted = fields.get("reasoning")
    if isinstance(fields.get("reasoning_effort"), str):
        known["reasoning"] = ReasoningConfig(effort=fields.pop("reasoning_effort"))
    elif isinstance(wanted, dict):  # OpenRouter: https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21)
        rest = dict(fields.pop("reasoning"))
        known["reasoning"] = ReasoningConfig(
            enabled=rest.pop("enabled") if isinstance(rest.get("enabled"), bool) else None,
            effort=rest.pop("effort") if isinstance(rest.get("effort"), str) else None,
            budget_tokens=rest.pop("max_tokens") if type(rest.get("max_tokens")) is int else None,
            extra=rest or None,
        )
        spelled["reasoning"] = "object"
