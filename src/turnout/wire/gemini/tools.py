"""Tools and the choice among them: this protocol's objects to ours, and back (https://ai.google.dev/api/caching#Tool,
read 2026-11-21).
"""

from __future__ import annotations

from typing import Any, Literal

from turnout.errors import RequestError
from turnout.receipt import dropped, mapped
from turnout.types import Opaque, ReceiptLine, Tool, ToolChoice
from turnout.wire.gemini.schemas import read_schema, write_schema
from turnout.wire.gemini.words import ORIGIN, Spelled, called, deep_merge, find, is_own, said_in, take

Mode = Literal["auto", "none", "required", "named"]
_MODES: dict[str, Mode] = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
_WORDS = {"auto": "AUTO", "required": "ANY", "named": "ANY", "none": "NONE"}


def read_tools(raw: Any) -> tuple[Tool | Opaque, ...]:
    """Functions one by one, with where a second list of them begins; whatever else stands beside them is kept whole."""
    if not isinstance(raw, list):
        raise RequestError(f"tools: expected a list of tools, got {called(raw)}", param="tools")
    tools: list[Tool | Opaque] = []
    for at, group in enumerate(raw):
        if not isinstance(group, dict):
            raise RequestError(f"tools[{at}]: expected an object, got {called(group)}", param=f"tools[{at}]")
        spelled: Spelled = {}
        key = find(group, "functionDeclarations", spelled)
        declared = group[key] if key is not None else None
        if not isinstance(declared, list) or not declared or not all(_is_function(it) for it in declared):
            tools.append(Opaque(group, slot="tools", origin=ORIGIN))
            continue
        if any(isinstance(tool, Tool) for tool in tools):
            spelled["group"] = "next"
        for function in declared:
            tools.append(_read_function(function, spelled))
            spelled = {name: value for name, value in spelled.items() if name != "group"}
        if rest := {name: value for name, value in group.items() if name != key}:
            tools.append(Opaque(rest, slot="beside functions", origin=ORIGIN))
    return tuple(tools)


def _is_function(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("name"), str)


def _read_function(raw: dict[str, Any], spelled: Spelled) -> Tool:
    fields, spelled = dict(raw), dict(spelled)
    name = fields.pop("name")
    description = fields.pop("description") if isinstance(fields.get("description"), str) else None
    parameters = take(fields, "parametersJsonSchema", dict, spelled)
    if parameters is None and isinstance(fields.get("parameters"), dict):
        spelled["parametersJsonSchema"] = "parameters"
        parameters = read_schema(fields.pop("parameters"), "parameters", spelled)
    return Tool(
        name=name,
        description=description,
        parameters=parameters,
        extra=fields or None,
        origin=ORIGIN,
        spelled=spelled or None,
    )


def take_choice(fields: dict[str, Any], spelled: Spelled) -> ToolChoice | None:
    """``toolConfig.functionCallingConfig``, taken out of ``fields``. What else the objects hold stays."""
    mine: Spelled = {}
    outer = find(fields, "toolConfig", mine)
    if outer is None or not isinstance(config := fields[outer], dict):
        return None
    key = find(config, "functionCallingConfig", mine)
    if key is None or not isinstance(config[key], dict):
        return None
    inner = dict(config[key])
    word = inner.get("mode")
    mode = _MODES.get(word.upper()) if isinstance(word, str) else None
    if mode is None:
        return None
    if word == _WORDS[mode]:
        del inner["mode"]
    name: str | None = None
    names = find(inner, "allowedFunctionNames", mine)
    if mode == "required" and names is not None:
        match inner[names]:
            case [str(only)]:
                mode, name = "named", only
                del inner[names]
            case _:
                mine.pop("allowedFunctionNames", None)
    allowed: tuple[str, ...] | None = None
    if names is not None and names in inner and mode != "none":
        several = inner[names]
        if isinstance(several, list) and several and all(isinstance(item, str) for item in several):
            allowed = tuple(inner.pop(names))
            mine.update({"allowedFunctionNames": names} if names != "allowedFunctionNames" else {})
    rest = {field: value for field, value in config.items() if field != key}
    if rest:
        fields[outer] = rest
    else:
        del fields[outer]
    spelled.update(mine)
    return ToolChoice(mode, name, inner or None, allowed)


# -- towards the wire ------------------------------------------------------------------------------


def write_tools(tools: tuple[Tool | Opaque, ...], lines: list[ReceiptLine]) -> list[Any]:
    written: list[Any] = []
    functions: dict[str, Any] | None = None  # the object whose list the next function joins
    key = ""
    for at, tool in enumerate(tools):
        path = f"tools[{at}]"
        own = is_own(tool.origin)
        if isinstance(tool, Opaque):
            if not own:
                lines.append(dropped("request", path, "a tool that only its own provider runs"))
            elif tool.slot == "beside functions" and functions is not None:
                functions.update(tool.value)
            else:
                written.append(tool.value)
            continue
        spelled = (tool.spelled or {}) if own else {}
        if functions is None or spelled.get("group") == "next":
            key = spelled.get("functionDeclarations", "functionDeclarations")
            functions = {key: []}
            written.append(functions)
        functions[key].append(_write_function(tool, path, own, spelled, lines))
    return written


def _write_function(tool: Tool, path: str, own: bool, spelled: Spelled, lines: list[ReceiptLine]) -> dict[str, Any]:
    """JSON Schema goes as it is, in the field for it, so nothing of it is relaxed."""
    written: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    extra = dict(tool.extra or {})
    if not own and tool.origin is not None:
        if names := said_in(extra):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
        extra = {}
    if tool.parameters is not None:
        field = spelled.get("parametersJsonSchema", "parametersJsonSchema")
        schema = write_schema(tool.parameters, "parameters", spelled)
        written["parametersJsonSchema" if schema is None else field] = tool.parameters if schema is None else schema
    if tool.strict:
        why = "this protocol checks arguments for all functions together, by toolConfig mode VALIDATED"
        lines.append(dropped("request", f"{path}.strict", why))
    if tool.cache_control is not None:
        lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
    return deep_merge(written, extra)


def write_choice(choice: ToolChoice | Opaque, own: bool, spelled: Spelled, lines: list[ReceiptLine]) -> dict[str, Any] | None:
    """The member of ``toolConfig``, or None.

    Only ANY and VALIDATED take names: https://ai.google.dev/api/caching#FunctionCallingConfig (read 2026-11-21).
    """
    if isinstance(choice, Opaque):
        lines.append(dropped("request", "tool_choice", "a choice of another protocol that this one cannot say"))
        return None
    written: dict[str, Any] = {"mode": _WORDS[choice.mode]}
    if choice.name is not None:
        written[spelled.get("allowedFunctionNames", "allowedFunctionNames")] = [choice.name]
    elif choice.allowed is not None and choice.mode != "none":
        written[spelled.get("allowedFunctionNames", "allowedFunctionNames")] = list(choice.allowed)
        if choice.mode == "auto" and not own:
            written["mode"] = "VALIDATED"
            lines.append(mapped("request", "tool_choice.allowed", "said in the mode VALIDATED, which also checks arguments"))
    if own:
        written |= choice.extra or {}
    elif names := said_in(choice.extra):
        lines.append(dropped("request", "tool_choice.extra", f"fields of another protocol: {names}"))
    return {spelled.get("functionCallingConfig", "functionCallingConfig"): written}
