"""Tools as ``{"type": "function", "function": {…}}``, in protocols that took the form over from OpenAI and say less of a tool."""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError
from turnout.receipt import dropped
from turnout.types import Opaque, Origin, ReceiptLine, Tool
from turnout.wire.bookkeeping import said_in
from turnout.wire.json_body import deep_merge


def read_tool(raw: Any, path: str, origin: Origin) -> Tool | Opaque:
    """Raises RequestError for what is no object; a tool of another kind is opaque."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with type and function", param=path)
    function = raw.get("function")
    if raw.get("type") != "function" or not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return Opaque(raw, slot="tools", origin=origin)
    fields = {name: value for name, value in raw.items() if name not in ("type", "function")}
    inner = dict(function)
    name = inner.pop("name")
    description = inner.pop("description") if isinstance(inner.get("description"), str) else None
    parameters = inner.pop("parameters") if isinstance(inner.get("parameters"), dict) else None
    if inner:
        fields["function"] = inner
    return Tool(name=name, description=description, parameters=parameters, extra=fields or None, origin=origin)


def write_tool(tool: Tool | Opaque, own: bool, lines: list[ReceiptLine]) -> Any:
    """The tool as this form says it, None if it cannot; ``own``: it came from the very protocol that it goes to."""
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
        function["parameters"] = {"type": "object", "properties": {}}  # templates of models read it without asking
    if tool.cache_control is not None:
        lines.append(dropped("request", f"tools[{tool.name}].cache_control", "this protocol caches prefixes without marks"))
    written = {"type": "function", "function": function}
    if own or tool.origin is None:
        return deep_merge(written, tool.extra)
    if names := said_in(tool.extra):
        lines.append(dropped("request", f"tools[{tool.name}].extra", f"fields of another protocol: {names}"))
    return written
