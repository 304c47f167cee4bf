"""Tools: this protocol's objects to ours, and back. It has no choice among them: a tool is offered or it is not."""

from __future__ import annotations

from typing import Any

from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, Opaque, ReceiptLine, Tool, ToolChoice
from turnout.wire.function_tools import read_tool, write_tool
from turnout.wire.ollama.messages import ORIGIN
from turnout.wire.ollama.words import is_own, said_in


def read_tools(raw: list[Any]) -> tuple[Tool | Opaque, ...]:
    return tuple(read_tool(tool, f"tools[{at}]", ORIGIN) for at, tool in enumerate(raw))


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
    if isinstance(tool, Tool) and tool.strict:
        lines.append(dropped("request", f"tools[{tool.name}].strict", "this protocol does not hold a model to a tool's schema"))
    return write_tool(tool, is_own(tool.origin), lines)
