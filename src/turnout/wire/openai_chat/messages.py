"""This protocol's messages, of requests and answers alike, as ours."""

from __future__ import annotations

from typing import Any, cast

from turnout.errors import RequestError
from turnout.types import (
    Audio,
    DataSource,
    FileSource,
    Message,
    Origin,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from turnout.wire.openai_chat.parts import read_annotations, read_part, read_tool_call

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_REASONING_FIELDS = ("reasoning_content", "reasoning")


def read_message(raw: Any, path: str, origin: Origin | None = None) -> Message:
    """A message of a request. Raises RequestError that names ``path`` when its structure is not the protocol's."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with role and content, got {_kind(raw)}", param=path)
    role = raw.get("role")
    if role not in _ROLES:
        raise RequestError(f"{path}.role: expected one of {', '.join(_ROLES)}, got {role!r}", param=f"{path}.role")
    content = raw.get("content")
    if content is not None and not isinstance(content, (str, list)):
        what = f"{path}.content: expected a string or a list of parts, got {_kind(content)}"
        raise RequestError(what, param=f"{path}.content")
    for at, part in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(part, dict):
            where = f"{path}.content[{at}]"
            raise RequestError(f"{where}: expected an object with a type, got {_kind(part)}", param=where)
    fields = dict(raw)
    del fields["role"]
    name = fields.pop("name") if isinstance(fields.get("name"), str) else None
    if role in ("tool", "function"):
        return _read_tool_message(fields, role, name, origin)
    message = read_said(fields, origin)
    return Message(cast(Role, role), message.parts, name, message.extra, origin, message.spelled)


def _read_tool_message(fields: dict[str, Any], role: str, name: str | None, origin: Origin | None) -> Message:
    parts, spelled = _read_content(fields, origin)
    call_id = fields.pop("tool_call_id") if isinstance(fields.get("tool_call_id"), str) else ""
    result = ToolResult(call_id, cast(Any, tuple(parts)), name=name, spelled=spelled)
    return Message(
        "tool", (result,), extra=fields or None, origin=origin, spelled={"role": "function"} if role == "function" else None
    )


def read_said(fields: dict[str, Any], origin: Origin | None) -> Message:
    """The message that ``fields`` (without the role) say, as an assistant's; what has no neutral form stays in its extra."""
    text = fields.get("content")
    if isinstance(text, str) and fields.get("refusal") is None:  # most answers: a text, and nothing said in the other fields
        del fields["content"]
        if not any(fields.values()):
            return Message("assistant", (Text(text),), extra=fields or None, origin=origin)
        fields["content"] = text
    parts: list[Part] = []
    for name in _REASONING_FIELDS:
        if has_text(fields, name):
            parts.append(Reasoning(fields.pop(name), origin=origin, spelled={"reasoning": name}))
            break
    content, spelled = _read_content(fields, origin)
    parts += _cited(content, fields)
    if isinstance(fields.get("refusal"), str):
        parts.append(Refusal(fields.pop("refusal"), spelled={"refusal": "field"}))
    if isinstance(fields.get("audio"), dict) and (audio := _read_audio(fields["audio"])) is not None:
        parts.append(audio)
        del fields["audio"]
    if isinstance(fields.get("tool_calls"), list) and fields["tool_calls"]:
        parts += [read_tool_call(call, origin) for call in fields.pop("tool_calls")]
    legacy = fields.get("function_call")
    if isinstance(legacy, dict) and has_text(legacy, "name") and is_legacy_call(legacy):
        del fields["function_call"]
        parts.append(
            ToolCall("", legacy["name"], legacy.get("arguments") or "", spelled={"type": "function_call"}, origin=origin)
        )
    return Message("assistant", tuple(parts), extra=fields or None, origin=origin, spelled=spelled)


def has_text(fields: dict[str, Any], name: str) -> bool:
    """Some servers say nothing with an empty string or an empty object where others say null."""
    return isinstance(fields.get(name), str) and bool(fields[name])


def is_legacy_call(raw: dict[str, Any]) -> bool:
    """Texts and nothing else: what is of another kind is not understood and stays as it is."""
    return raw.keys() <= {"name", "arguments"} and all(value is None or isinstance(value, str) for value in raw.values())


def _read_content(fields: dict[str, Any], origin: Origin | None) -> tuple[list[Part], dict[str, str] | None]:
    """The parts of ``content``, taken out of ``fields``. A null, or a form nobody knows, stays there."""
    content = fields.get("content")
    if isinstance(content, str):
        del fields["content"]
        return [Text(content)], None
    if isinstance(content, list):
        del fields["content"]
        return [read_part(part, origin) for part in content], {"content": "list"}
    return [], None


def _cited(content: list[Part], fields: dict[str, Any]) -> list[Part]:
    """``annotations`` count characters of the one text there is; beside several texts they stay verbatim."""
    if len(content) == 1 and isinstance(text := content[0], Text) and text.extra is None:
        citations = read_annotations(fields.get("annotations"))
        if citations is not None:
            del fields["annotations"]
            return [Text(text.text, citations, cache_control=text.cache_control)]
    return content


def _read_audio(raw: dict[str, Any]) -> Audio | None:
    fields = dict(raw)
    transcript = fields.pop("transcript") if isinstance(fields.get("transcript"), str) else None
    spelled = {"audio": "field"}
    if has_text(fields, "data"):
        return Audio(DataSource(fields.pop("data")), transcript=transcript, extra=fields or None, spelled=spelled)
    if has_text(fields, "id"):
        return Audio(FileSource(fields.pop("id")), transcript=transcript, extra=fields or None, spelled=spelled)
    return None


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}.get(
        type(value), "null"
    )
