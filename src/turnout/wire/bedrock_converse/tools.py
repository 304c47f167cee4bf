"""``toolConfig``: this protocol's tools and the choice among them to ours, and back.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from turnout.receipt import approximated, dropped, mapped
from turnout.types import CacheControl, ChatRequest, Opaque, Origin, ReceiptLine, Tool, ToolChoice
from turnout.wire.bedrock_converse.block_writer import cache_point
from turnout.wire.bedrock_converse.blocks import read_mark
from turnout.wire.bedrock_converse.messages import ORIGIN, wrong
from turnout.wire.bedrock_converse.words import deep_merge, is_own, said_in


def read_tools(raw: Any) -> tuple[Tool | Opaque, ...]:
    """A cache point becomes the mark of the tool before it; a tool that the provider runs is kept whole."""
    if not isinstance(raw, list):
        raise wrong("toolConfig.tools", "a list of tools", raw)
    tools: list[Tool | Opaque] = []
    for at, tool in enumerate(raw):
        if not isinstance(tool, dict):
            raise wrong(f"toolConfig.tools[{at}]", "an object with a toolSpec", tool)
        mark = read_mark(tool) if tools and tools[-1].cache_control is None else None
        if mark is not None:
            tools[-1] = replace(tools[-1], cache_control=mark)
        else:
            tools.append(_read_tool(tool))
    return tuple(tools)


def _read_tool(raw: dict[str, Any]) -> Tool | Opaque:
    inner = raw.get("toolSpec")
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        return Opaque(raw, slot="tools", origin=ORIGIN)
    fields, beside = dict(inner), {name: value for name, value in raw.items() if name != "toolSpec"}
    name = fields.pop("name")
    parameters: dict[str, Any] | None = None
    match fields.get("inputSchema"):
        case {"json": dict(schema), **rest} if not rest:
            parameters = schema
            del fields["inputSchema"]
    description = fields.pop("description") if isinstance(fields.get("description"), str) else None
    strict = fields.pop("strict") if isinstance(fields.get("strict"), bool) else None
    extra = beside | ({"toolSpec": fields} if fields else {})
    return Tool(name=name, description=description, parameters=parameters, strict=strict, extra=extra or None, origin=ORIGIN)


_MODES = {"auto": "auto", "any": "required", "tool": "named"}
_CHOICES = {mode: choice for choice, mode in _MODES.items()}


def read_choice(raw: Any) -> ToolChoice | Opaque:
    kind, inner = next(iter(raw.items())) if isinstance(raw, dict) and len(raw) == 1 else ("", None)
    mode: Any = _MODES.get(kind)
    if mode is None or not isinstance(inner, dict) or (mode == "named" and not isinstance(inner.get("name"), str)):
        return Opaque(raw, slot="tool_choice", origin=ORIGIN)
    rest = dict(inner)
    return ToolChoice(mode, rest.pop("name") if mode == "named" else None, rest or None)


# -- towards the wire ------------------------------------------------------------------------------


def write_tool_config(
    request: ChatRequest, called: list[str] | None, own: bool, lines: list[ReceiptLine]
) -> dict[str, Any] | None:
    """``called``: the tools that the history calls, None if it has no tool block; then there may be no ``toolConfig`` at all."""
    config: dict[str, Any] = {}
    if request.tools is not None:
        tools = _write_tools(_offered(request.tools, request.tool_choice, lines), lines)
        if tools or own:
            config["tools"] = tools
    choice = request.tool_choice
    forbids = isinstance(choice, ToolChoice) and choice.mode == "none"
    if own and not forbids:
        if choice is not None:
            config["toolChoice"] = _write_choice(choice, True, lines)
        return config or None
    if request.parallel_tool_calls is False and config:
        why = "this protocol cannot forbid several tool calls at once"
        lines.append(dropped("request", "parallel_tool_calls", why))
    if forbids and config:
        if called is None:
            lines.append(mapped("request", "tool_choice", "this protocol has no choice 'none': the tools are not sent"))
            return None
        why = "this protocol has no choice 'none', and wants the tools while the conversation holds calls: the model may call one"
        lines.append(approximated("request", "tool_choice", why))
    elif choice is not None and not forbids and config and (written := _write_choice(choice, False, lines)) is not None:
        config["toolChoice"] = written
    if called is not None and not config:
        config["tools"] = [_spec({"name": name, "inputSchema": {"json": _ANYTHING}}) for name in called or _UNNAMED]
        why = "this protocol wants the tools described while the conversation holds calls: they are described by their names"
        lines.append(approximated("request", "tools", why))
    return config or None


_ANYTHING: dict[str, Any] = {"type": "object", "properties": {}}
_UNNAMED = ["tool"]  # results of calls that are not in the conversation


def _offered(
    tools: tuple[Tool | Opaque, ...], choice: ToolChoice | Opaque | None, lines: list[ReceiptLine]
) -> tuple[Tool | Opaque, ...]:
    if not isinstance(choice, ToolChoice) or choice.allowed is None:
        return tools
    lines.append(mapped("request", "tool_choice.allowed", "the tools that may not be called are not offered"))
    return tuple(tool for tool in tools if isinstance(tool, Tool) and tool.name in choice.allowed)


def _write_tools(tools: tuple[Tool | Opaque, ...], lines: list[ReceiptLine]) -> list[Any]:
    written: list[Any] = []
    for at, tool in enumerate(tools):
        path = f"tools[{at}]"
        own = is_own(tool.origin)
        if not isinstance(tool, Opaque):
            written.append(_write_tool(tool, path, own, lines))
        elif own:
            written.append(tool.value)
        else:
            lines.append(dropped("request", path, "a tool that only its own provider runs"))
        if tool.cache_control is not None:
            _add_mark(tool.cache_control, written, f"{path}.cache_control", tool.origin, lines)
    return written


def _add_mark(mark: CacheControl, written: list[Any], path: str, origin: Origin | None, lines: list[ReceiptLine]) -> None:
    if written and "cachePoint" not in written[-1]:
        written.append(cache_point(mark, origin, path, lines))
    else:
        lines.append(dropped("request", path, "nothing that can be sent stands before it"))


def _write_tool(tool: Tool, path: str, own: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": tool.name}
    if tool.description is not None and (own or tool.description.strip()):  # an empty one is refused
        spec["description"] = tool.description
    if tool.parameters is not None:
        spec["inputSchema"] = {"json": tool.parameters if own else _object_schema(tool.parameters, path, lines)}
    elif not own:
        spec["inputSchema"] = {"json": _ANYTHING}
    if tool.strict is not None and (own or tool.strict):
        spec["strict"] = tool.strict
    written = _spec(spec)
    if tool.extra:
        if own or tool.origin is None:
            deep_merge(written, tool.extra)
        elif names := said_in(tool.extra):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    return {"toolSpec": spec}


def _object_schema(schema: dict[str, Any], path: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The models behind this protocol want a schema to say that it is an object's."""
    if "type" in schema:
        return schema
    lines.append(mapped("request", f"{path}.parameters", 'the schema is sent with "type": "object", which it did not say'))
    return {"type": "object"} | schema


def _write_choice(choice: ToolChoice | Opaque, own: bool, lines: list[ReceiptLine]) -> Any:
    if isinstance(choice, Opaque):
        if is_own(choice.origin):
            return choice.value
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
        return None
    said = {"name": choice.name} if choice.mode == "named" else {}
    if not own and (names := said_in(choice.extra)):
        lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
    return {_CHOICES[choice.mode]: said | ((choice.extra or {}) if own else {})}
