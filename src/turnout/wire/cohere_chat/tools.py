"""Tools and the choice among them: this protocol's objects to ours, and back.

https://docs.cohere.com/docs/tool-use-overview and /structured-outputs (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from turnout.errors import RequestError
from turnout.receipt import dropped, mapped
from turnout.types import ChatRequest, Opaque, ReceiptLine, Tool, ToolChoice
from turnout.wire.cohere_chat.messages import ORIGIN
from turnout.wire.cohere_chat.words import deep_merge, is_own, said_in

_MODES: dict[str, Any] = {"REQUIRED": "required", "NONE": "none"}
_CHOICES = {mode: choice for choice, mode in _MODES.items()}


def read_tools(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    """``tools``, ``strict_tools`` and ``tool_choice``, taken out of ``fields``."""
    raw = fields.get("tools")
    if raw is not None and not isinstance(raw, list):
        raise RequestError("tools: expected a list of tools", param="tools")
    if raw is not None:
        tools = [_read_tool(tool, f"tools[{at}]") for at, tool in enumerate(fields.pop("tools"))]
        strict = fields.get("strict_tools")
        if isinstance(strict, bool) and any(isinstance(tool, Tool) for tool in tools):
            del fields["strict_tools"]
            spelled["strict_tools"] = "present"
            tools = [replace(tool, strict=strict) if isinstance(tool, Tool) else tool for tool in tools]
        known["tools"] = tuple(tools)
    if fields.get("tool_choice") in ("REQUIRED", "NONE"):
        known["tool_choice"] = ToolChoice(_MODES[fields.pop("tool_choice")])


def _read_tool(raw: Any, path: str) -> Tool | Opaque:
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with type and function", param=path)
    function = raw.get("function")
    if raw.get("type") != "function" or not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return Opaque(raw, slot="tools", origin=ORIGIN)
    fields = {name: value for name, value in raw.items() if name not in ("type", "function")}
    inner = dict(function)
    name = inner.pop("name")
    description = inner.pop("description") if isinstance(inner.get("description"), str) else None
    parameters = inner.pop("parameters") if isinstance(inner.get("parameters"), dict) else None
    if inner:
        fields["function"] = inner
    return Tool(name=name, description=description, parameters=parameters, extra=fields or None, origin=ORIGIN)


# -- towards the wire ------------------------------------------------------------------------------


def write_tools(request: ChatRequest, own: bool, spelled: dict[str, str], body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    choice, offered = request.tool_choice, request.tools
    if isinstance(choice, Opaque):
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
        choice = None
    if choice is not None and choice.allowed is not None and offered is not None:
        offered = tuple(tool for tool in offered if isinstance(tool, Tool) and tool.name in choice.allowed)
        lines.append(mapped("request", "tool_choice.allowed", "the tools that may not be called are not offered"))
    if choice is not None and (names := said_in(choice.extra)):
        lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
    if choice is not None and choice.mode == "named" and offered is not None:
        offered = tuple(tool for tool in offered if isinstance(tool, Tool) and tool.name == choice.name)
        lines.append(mapped("request", "tool_choice", f"{choice.name} alone is offered, and a call is required"))
    if offered is not None:
        written = [it for tool in offered if (it := _write_tool(tool, lines)) is not None]
        if written or own:
            body["tools"] = written
        _write_strict([tool for tool in offered if isinstance(tool, Tool)], spelled, body, lines)
    if choice is not None and choice.mode != "auto":
        if body.get("tools") or own:
            body["tool_choice"] = _CHOICES.get(choice.mode, "REQUIRED")
        else:
            lines.append(dropped("request", "tool_choice", "no tool is left to choose"))
    if request.parallel_tool_calls is False and body.get("tools"):
        lines.append(dropped("request", "parallel_tool_calls", "this protocol cannot keep a model from calling several tools"))


def _write_strict(tools: list[Tool], spelled: dict[str, str], body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """One flag for all tools here; it refuses schemas that say less, so all of them must have asked for it."""
    strict = [tool for tool in tools if tool.strict]
    if spelled.get("strict_tools") == "present" or (strict and len(strict) == len(tools)):
        body["strict_tools"] = bool(strict)
    else:
        why = "this protocol holds a model to all tools' schemas or to none"
        lines.extend(dropped("request", f"tools[{tool.name}].strict", why) for tool in strict)


def _write_tool(tool: Tool | Opaque, lines: list[ReceiptLine]) -> Any:
    own = is_own(tool.origin)
    if isinstance(tool, Opaque):
        if own:
            return tool.value
        name = tool.value.get("name") or tool.value.get("type") if isinstance(tool.value, dict) else None
        lines.append(dropped("request", f"tools[{name}]", "a tool that only its own provider runs"))
        return None
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    elif not own:
        function["parameters"] = {"type": "object", "properties": {}}
    if tool.cache_control is not None:
        lines.append(dropped("request", f"tools[{tool.name}].cache_control", "this protocol caches prefixes without marks"))
    written = {"type": "function", "function": function}
    if own or tool.origin is None:
        return deep_merge(written, tool.extra)
    if names := said_in(tool.extra):
        lines.append(dropped("request", f"tools[{tool.name}].extra", f"fields of another protocol: {names}"))
    return written
