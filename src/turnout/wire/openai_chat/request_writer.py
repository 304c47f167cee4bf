"""Requests to providers: our fields to this protocol's, with a receipt line for each that could not go exactly."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from turnout.catalog.schema import Provider
from turnout.receipt import dropped, mapped
from turnout.types import ChatRequest, Opaque, ReasoningConfig, ReceiptLine, ResponseFormat, Tool, ToolResult
from turnout.wire.openai_chat.message_writer import write_messages
from turnout.wire.openai_chat.parts import write_cache_control
from turnout.wire.openai_chat.results import media_messages
from turnout.wire.openai_chat.words import PLAIN_FIELDS, deep_merge, is_own, said_in

_plain_values = attrgetter(*PLAIN_FIELDS)
_NO_PLAIN_VALUES = (None,) * len(PLAIN_FIELDS)


def write_request(request: ChatRequest, provider: Provider, stream: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. Each field that could not go exactly gets a line in ``lines``."""
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    body: dict[str, Any] = {"model": request.model} if request.model else {}
    body["messages"] = []
    held: list[dict[str, Any]] = []
    for at, message in enumerate(request.messages):
        if held and not any(isinstance(part, ToolResult) for part in message.parts):
            body["messages"] += media_messages(held)
        body["messages"] += write_messages(message, f"messages[{at}]", provider.id, lines, held)
    body["messages"] += media_messages(held)
    values = _plain_values(request)
    if values != _NO_PLAIN_VALUES:
        for (ours, (theirs, _)), value in zip(PLAIN_FIELDS.items(), values, strict=True):
            if value is not None:
                body[spelled.get(ours, theirs)] = value
    if request.max_output_tokens is not None:
        body[spelled.get("max_output_tokens", "max_tokens")] = request.max_output_tokens
    if request.stop is not None:
        body["stop"] = request.stop[0] if spelled.get("stop") == "string" else request.stop
    if request.tools is not None or request.tool_choice is not None:
        _write_tools(request, own, spelled, body, lines)
    if request.response_format is not None:
        _write_format(request.response_format, own, body, lines)
    if request.reasoning is not None:
        _write_reasoning(request.reasoning, own, spelled, body, lines)
    if stream:
        body["stream"] = True
        if request.stream_usage is not None:
            body["stream_options"] = {"include_usage": request.stream_usage}
    elif spelled.get("stream") == "false":
        body["stream"] = False
    if request.extra:
        if own or request.origin is None:
            deep_merge(body, request.extra)
        else:
            why = f"a field of {request.origin.wire} with no word in OpenAI Chat"
            lines.extend(dropped("request", f"extra.{name}", why) for name in request.extra)
    quirks = provider.quirks
    return _with_quirks(body, provider, lines) if quirks.drop or quirks.rename else body


def _write_tools(
    request: ChatRequest, own: bool, spelled: dict[str, str], body: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    if request.tools is not None:
        tools = [it for tool in request.tools if (it := _write_tool(tool, lines)) is not None]
        if spelled.get("tools") == "functions":
            body["functions"] = [tool["function"] for tool in tools]
        elif tools or own:
            body["tools"] = tools
    choice = request.tool_choice
    if choice is None:
        return
    if request.tools and "tools" not in body and "functions" not in body:
        lines.append(dropped("request", "tool_choice", "no tool is left to choose"))
        return
    if isinstance(choice, Opaque):
        if is_own(choice.origin):
            body["tool_choice"] = choice.value
        else:
            lines.append(dropped("request", "tool_choice", "a choice of another protocol with no word in OpenAI Chat"))
    else:
        legacy = spelled.get("tool_choice") == "function_call"
        written: Any = choice.mode
        if choice.allowed is not None and choice.mode != "none":
            tools = [{"type": "function", "function": {"name": name}} for name in choice.allowed]
            written = {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": tools}}
        elif choice.mode == "named":
            function = deep_merge({"name": choice.name}, (choice.extra or {}).get("function") if own else None)
            written = function if legacy else {"type": "function", "function": function}
        elif spelled.get("tool_choice") == "any" and choice.mode == "required":
            written = "any"
        if not own and (names := said_in(choice.extra)):
            lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
        body["function_call" if legacy else "tool_choice"] = written


def _write_tool(tool: Tool | Opaque, lines: list[ReceiptLine]) -> dict[str, Any] | None:
    own = is_own(tool.origin)
    if isinstance(tool, Opaque):
        if own:
            return tool.value  # type: ignore[no-any-return]
        name = tool.value.get("name") or tool.value.get("type") if isinstance(tool.value, dict) else None
        lines.append(dropped("request", f"tools[{name}]", "a tool that only its own provider runs"))
        return None
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    written: dict[str, Any] = {"type": "function", "function": function}
    if tool.cache_control is not None:
        if own:
            written["cache_control"] = write_cache_control(tool.cache_control)
        else:
            lines.append(dropped("request", f"tools[{tool.name}].cache_control", "this protocol caches prefixes without marks"))
    if tool.extra:
        if own or tool.origin is None:
            deep_merge(written, tool.extra)
        elif names := said_in(tool.extra):
            lines.append(dropped("request", f"tools[{tool.name}].extra", f"fields of another protocol: {names}"))
    return written


def _write_format(wanted: ResponseFormat | Opaque, own: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if isinstance(wanted, Opaque):
        if is_own(wanted.origin):
            body["response_format"] = wanted.value
        else:
            lines.append(dropped("request", "response_format", "a form of another protocol with no word in OpenAI Chat"))
        return
    written: dict[str, Any] = {"type": wanted.kind}
    if wanted.kind == "json_schema":
        name = wanted.name or (None if own else "answer")  # required: platform.openai.com/docs/guides/structured-outputs
        inner = {"name": name, "description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
        written["json_schema"] = {name: value for name, value in inner.items() if value is not None}
    body["response_format"] = deep_merge(written, wanted.extra) if own else written


def _write_reasoning(
    wanted: ReasoningConfig, own: bool, spelled: dict[str, str], body: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    if spelled.get("reasoning") == "object":
        written = {"enabled": wanted.enabled, "effort": wanted.effort, "max_tokens": wanted.budget_tokens}
        body["reasoning"] = {name: value for name, value in written.items() if value is not None} | (wanted.extra or {})
        return
    if wanted.effort is not None:
        body["reasoning_effort"] = wanted.effort
    elif wanted.enabled is False:
        body["reasoning_effort"] = "none"
        lines.append(mapped("request", "reasoning.enabled", 'said as reasoning_effort "none"'))
    if wanted.budget_tokens is not None:
        lines.append(dropped("request", "reasoning.budget_tokens", "OpenAI Chat bounds reasoning by effort, not by tokens"))


def _with_quirks(body: dict[str, Any], provider: Provider, lines: list[ReceiptLine]) -> dict[str, Any]:
    quirks = provider.quirks
    for name in quirks.drop:
        if name in body:
            del body[name]
            lines.append(dropped("request", name, f"{provider.name} refuses this field"))
    for name, theirs in quirks.rename.items():
        if name in body and theirs not in body:
            body[theirs] = body.pop(name)
            lines.append(mapped("request", name, f"{provider.name} calls it {theirs}"))
    return body
