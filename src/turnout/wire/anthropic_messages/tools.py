"""Tools and the choice among them: this protocol's objects to ours, and back."""

from __future__ import annotations

from typing import Any

from turnout.receipt import dropped, mapped
from turnout.types import Opaque, ReceiptLine, Tool, ToolChoice
from turnout.wire.anthropic_messages.blocks import read_mark, write_mark
from turnout.wire.anthropic_messages.messages import ORIGIN, require, wrong
from turnout.wire.anthropic_messages.words import is_own, said_in

_MODES = {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
_CHOICES = {mode: choice for choice, mode in _MODES.items()}


def read_tools(raw: Any) -> tuple[Tool | Opaque, ...]:
    if not isinstance(raw, list):
        raise wrong("tools", "a list of tools", raw)
    return tuple(_read_tool(tool, f"tools[{at}]") for at, tool in enumerate(raw))


def _read_tool(raw: Any, path: str) -> Tool | Opaque:
    """A tool the caller runs; one that the provider runs, or a computer or editor, is kept whole."""
    if not isinstance(raw, dict):
        raise wrong(path, "an object with name and input_schema", raw)
    fields = dict(raw)
    if fields.get("type", "custom") != "custom":
        return Opaque(raw, slot="tools", origin=ORIGIN)
    name = require(fields, "name", str, path)
    del fields["name"]
    mark = read_mark(fields)
    return Tool(
        name=name,
        description=fields.pop("description") if isinstance(fields.get("description"), str) else None,
        parameters=fields.pop("input_schema") if isinstance(fields.get("input_schema"), dict) else None,
        strict=fields.pop("strict") if isinstance(fields.get("strict"), bool) else None,
        cache_control=mark,
        extra=fields or None,
        origin=ORIGIN,
    )


def read_choice(raw: Any) -> tuple[ToolChoice | Opaque, bool | None]:
    """The choice, and whether several tools may be called at once (None: not said)."""
    if not isinstance(raw, dict):
        raise wrong("tool_choice", "an object with a type", raw)
    fields = dict(raw)
    kind = require(fields, "type", str, "tool_choice")
    if kind not in _MODES:
        return Opaque(raw, slot="tool_choice", origin=ORIGIN), None
    del fields["type"]
    name = require(fields, "name", str, "tool_choice") if kind == "tool" else None
    if kind == "tool":
        del fields["name"]
    serial = fields.pop("disable_parallel_tool_use") if isinstance(fields.get("disable_parallel_tool_use"), bool) else None
    mode: Any = _MODES[kind]
    return ToolChoice(mode, name, fields or None), None if serial is None else not serial


# -- towards the wire ------------------------------------------------------------------------------


def write_tools(tools: tuple[Tool | Opaque, ...], choice: ToolChoice | Opaque | None, lines: list[ReceiptLine]) -> list[Any]:
    allowed = choice.allowed if isinstance(choice, ToolChoice) else None
    if allowed is not None:
        lines.append(mapped("request", "tool_choice.allowed", "the tools that may not be called are not offered"))
        tools = tuple(tool for tool in tools if isinstance(tool, Tool) and tool.name in allowed)
    written = (_write_tool(tool, f"tools[{at}]", lines) for at, tool in enumerate(tools))
    return [tool for tool in written if tool is not None]


def _write_tool(tool: Tool | Opaque, path: str, lines: list[ReceiptLine]) -> Any:
    own = is_own(tool.origin)
    if isinstance(tool, Opaque):
        if own:
            return tool.value
        lines.append(dropped("request", path, "a tool that only its own provider runs"))
        return None
    written: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.parameters is not None or not own:
        written["input_schema"] = tool.parameters if own else _object_schema(tool.parameters, path, lines)
    if tool.strict is not None and (own or tool.strict):
        written["strict"] = tool.strict
    if tool.cache_control is not None:
        written["cache_control"] = write_mark(tool.cache_control)
    if tool.extra:
        if own or tool.origin is None:
            written.update(tool.extra)
        elif names := said_in(tool.extra):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written


def _object_schema(schema: dict[str, Any] | None, path: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``input_schema`` must say that it is an object: https://docs.claude.com/en/api/messages (read 2026-11-21)."""
    if schema is None:
        return {"type": "object", "properties": {}}
    if "type" in schema:
        return schema
    lines.append(mapped("request", f"{path}.parameters", 'the schema is sent with "type": "object", which it did not say'))
    return {"type": "object"} | schema


def write_choice(
    choice: ToolChoice | Opaque | None, parallel: bool | None, *, own: bool, has_tools: bool, lines: list[ReceiptLine]
) -> Any:
    """``tool_choice``, or None. Whether several tools may be called at once is said in it, the other way round."""
    if isinstance(choice, Opaque):
        if is_own(choice.origin):
            return choice.value
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
        choice = None
    written: dict[str, Any] = {}
    if choice is not None:
        written["type"] = _CHOICES[choice.mode]
        if choice.name is not None:
            written["name"] = choice.name
        if own:
            written.update(choice.extra or {})
        elif names := said_in(choice.extra):
            lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
    elif parallel is False and has_tools:
        written["type"] = "auto"
    if written and parallel is not None and (own or (not parallel and written["type"] != "none")):
        written["disable_parallel_tool_use"] = not parallel
    return written or None
