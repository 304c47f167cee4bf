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
from turnout.wire.cohere_chat.words import is_own, said_in
from turnout.wire.function_tools import read_tool, write_tool

_MODES: dict[str, Any] = {"REQUIRED": "required", "NONE": "none"}
_CHOICES = {mode: choice for choice, mode in _MODES.items()}


def read_tools(fields: dict[str, Any], known: dict[str, Any], spelled: dict[str, str]) -> None:
    """``tools``, ``strict_tools`` and ``tool_choice``, taken out of ``fields``."""
    raw = fields.get("tools")
    if raw is not None and not isinstance(raw, list):
        raise RequestError("tools: expected a list of tools", param="tools")
    if raw is not None:
        tools = [read_tool(tool, f"tools[{at}]", ORIGIN) for at, tool in enumerate(fields.pop("tools"))]
        strict = fields.get("strict_tools")
        if isinstance(strict, bool) and any(isinstance(tool, Tool) for tool in tools):
            del fields["strict_tools"]
            spelled["strict_tools"] = "present"
            tools = [replace(tool, strict=strict) if isinstance(tool, Tool) else tool for tool in tools]
        known["tools"] = tuple(tools)
    if fields.get("tool_choice") in ("REQUIRED", "NONE"):
        known["tool_choice"] = ToolChoice(_MODES[fields.pop("tool_choice")])


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
        written = [it for tool in offered if (it := write_tool(tool, is_own(tool.origin), lines)) is not None]
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
