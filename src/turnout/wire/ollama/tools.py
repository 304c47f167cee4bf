"""Tools: this protocol's objects to ours, and back. It has no choice among them: a tool is offered or it is not."""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Opaque, ReceiptLine, Tool, ToolChoice
from turnout.wire.ollama.messages import ORIGIN
from turnout.wire.ollama.words import deep_merge, is_own, said_in


def read_tools(raw: list[Any]) -> tuple[Tool | Opaque, ...]:
    return tuple(_read_tool(tool, f"tools[{at}]") for at, tool in enumerate(raw))


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


def write_tools(request: ChatRequest, own: bool, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """``tools`` into ``body``, with the choice among them as far as leaving tools out can say it."""
    choice = request.tool_choice
    offered = request.tools
    if isinstance(choice, Opaque):
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
    elif choice is not None and offered:
        if choice.allowed is not None:
            offered = tuple(tool for tool in offered if isinstance(tool, Tool) and tool.name in choice.allowed)
            lines.append(mapped("request", "tool_choice.allowed", "the tools that may not be called are not offered"))
        if names := said_in(choice.extra):
            lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
        offered = _chosen(choice, offered, lines)
    if request.parallel_tool_calls is False and offered:
        lines.append(dropped("request", "parallel_tool_calls", "this protocol cannot keep a model from calling several tools"))
    if offered is None:
        return
    written = [it for tool in offered if (it := _write_tool(tool, lines)) is not None]
    if written or (own and offered == request.tools):
        body["tools"] = written


def _chosen(choice: ToolChoice, offered: tuple[Tool | Opaque, ...], lines: list[ReceiptLine]) -> tuple[Tool | Opaque, ...] | None:
    match choice.mode:
        case "none":
            lines.append(mapped("request", "tool_choice", "no tool is offered, so that none is called"))
            return None
        case "required":
            lines.append(dropped("request", "tool_choice", "this protocol cannot make a model call a tool"))
        case "named":
            lines.append(
                approximated("request", "tool_choice", f"{choice.name} alone is offered; the model may still not call it")
            )
            return tuple(tool for tool in offered if isinstance(tool, Tool) and tool.name == choice.name)
    return offered


def _write_tool(tool: Tool | Opaque, lines: list[ReceiptLine]) -> Any:
    own = is_own(tool.origin)
    if isinstance(tool, Opaque):
        if own:
            return tool.value
        name = tool.value.get("name") or tool.value.get("type") if isinstance(tool.value, dict) else None
        lines.append(dropped("request", f"tools[{name}]", "a tool that only its own provider runs"))
        return None
    path = f"tools[{tool.name}]"
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    elif not own:
        function["parameters"] = {"type": "object", "properties": {}}  # templates of models read it without asking
    if tool.strict:
        lines.append(dropped("request", f"{path}.strict", "this protocol does not hold a model to a tool's schema"))
    if tool.cache_control is not None:
        lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
    written = {"type": "function", "function": function}
    if own or tool.origin is None:
        return deep_merge(written, tool.extra)
    if names := said_in(tool.extra):
        lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written
