"""Tools and the choice among them: this protocol's flat objects to ours, and back."""

from __future__ import annotations

from typing import Any, cast

from turnout.errors import RequestError
from turnout.receipt import dropped
from turnout.types import Opaque, Origin, ReceiptLine, Tool, ToolChoice
from turnout.wire.openai_responses.words import called, deep_merge, is_own, said_in, take

_MODES = ("auto", "none", "required")


def read_tools(raw: Any, origin: Origin) -> tuple[Tool | Opaque, ...]:
    if not isinstance(raw, list):
        raise RequestError(f"tools: expected a list of tools, got {called(raw)}", param="tools")
    return tuple(_read_tool(tool, f"tools[{at}]", origin) for at, tool in enumerate(raw))


def _read_tool(raw: Any, path: str, origin: Origin) -> Tool | Opaque:
    """A function; what the provider runs, and a tool of free text, is kept whole."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with a type, got {called(raw)}", param=path)
    if raw.get("type") != "function" or not isinstance(raw.get("name"), str):
        return Opaque(raw, slot="tools", origin=origin)
    fields = {name: value for name, value in raw.items() if name != "type"}
    return Tool(
        name=take(fields, "name"),
        description=take(fields, "description"),
        parameters=take(fields, "parameters", dict),
        strict=take(fields, "strict", bool),
        extra=fields or None,
        origin=origin,
    )


def read_choice(raw: Any, origin: Origin) -> ToolChoice | Opaque:
    match raw:
        case str() if raw in _MODES:
            return ToolChoice(cast(Any, raw))
        case {"type": "function", "name": str(name)}:
            rest = {field: value for field, value in raw.items() if field not in ("type", "name")}
            return ToolChoice("named", name, rest or None)
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode, "tools": [*tools]} if len(raw) == 3 and tools:
            if all(isinstance(tool, dict) and tool.keys() == {"type", "name"} and tool["type"] == "function" for tool in tools):
                return ToolChoice(mode, allowed=tuple(str(tool["name"]) for tool in tools))
    return Opaque(raw, slot="tool_choice", origin=origin)


# -- towards the wire ------------------------------------------------------------------------------


def write_tools(tools: tuple[Tool | Opaque, ...], provider: str, lines: list[ReceiptLine]) -> list[Any]:
    written = (_write_tool(tool, f"tools[{at}]", provider, lines) for at, tool in enumerate(tools))
    return [tool for tool in written if tool is not None]


def _write_tool(tool: Tool | Opaque, path: str, provider: str, lines: list[ReceiptLine]) -> Any:
    own = is_own(tool.origin, provider)
    if isinstance(tool, Opaque):
        if own:
            return tool.value
        lines.append(dropped("request", path, "a tool that only its own provider runs"))
        return None
    written: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if own:
        written |= {} if tool.parameters is None else {"parameters": tool.parameters}
        written |= {} if tool.strict is None else {"strict": tool.strict}
    else:
        written["parameters"] = tool.parameters if tool.parameters is not None else {"type": "object", "properties": {}}
        # Here a function is strict unless it says otherwise, elsewhere it is not:
        # https://platform.openai.com/docs/guides/migrate-to-responses (read 2026-11-21)
        written["strict"] = bool(tool.strict)
    if tool.cache_control is not None:
        lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
    if tool.extra:
        if own or tool.origin is None:
            return deep_merge(written, tool.extra)
        if names := said_in(tool.extra):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written


def write_choice(
    choice: ToolChoice | Opaque, provider: str, *, own: bool, tools: list[Any] | None, lines: list[ReceiptLine]
) -> Any:
    """``tool_choice``, or None with a line when it cannot be said."""
    if isinstance(choice, Opaque):
        if is_own(choice.origin, provider):
            return choice.value
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
        return None
    if tools == [] and not own:
        lines.append(dropped("request", "tool_choice", "no tool is left to choose"))
        return None
    if not own and (names := said_in(choice.extra)):
        lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
    if choice.allowed is not None and choice.mode != "none":
        offered = [{"type": "function", "name": name} for name in choice.allowed]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": offered}
    if choice.mode != "named":
        return choice.mode
    return {"type": "function", "name": choice.name} | ((choice.extra or {}) if own else {})
