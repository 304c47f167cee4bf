"""Messages: this protocol's objects to ours. The same text serves requests and answers.

An object holds at most one text, one thinking, a list of images and a list of tool calls, in no order among them; ours is
thinking, images, text, calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from turnout.errors import RequestError
from turnout.types import DataSource, Image, Message, Opaque, Origin, Part, Reasoning, ResultPart, Text, ToolCall, ToolResult
from turnout.wire.ollama.words import WIRE_NAME

ORIGIN = Origin(WIRE_NAME)
_ROLES = ("system", "user", "assistant", "tool")

# The first characters of a file's base64: the protocol does not say what an image is.
_MAGIC = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}

MakeId = Callable[[int, str, str], str]  # of a call's place, name and arguments


def read_messages(raw: list[Any]) -> tuple[Message, ...]:
    """Messages of a request. Raises RequestError that says what is wrong where."""
    unanswered = _Unanswered()
    return tuple(_read_message(message, at, unanswered) for at, message in enumerate(raw))


class _Unanswered:
    """Calls of the last assistant message that have no result yet: a result may name its tool only, or nothing."""

    def __init__(self) -> None:
        self._calls: list[ToolCall] = []

    def asked(self, message: Message) -> None:
        if calls := [part for part in message.parts if isinstance(part, ToolCall)]:
            self._calls = calls

    def answered(self, id: str | None, name: str | None) -> str:
        """The id of the call that a result belongs to; empty if there is none."""
        same = [call for call in self._calls if (call.id == id if id else name is None or call.name == name)]
        if not same:
            return id or ""
        self._calls.remove(same[0])
        return same[0].id


def _read_message(raw: Any, at: int, unanswered: _Unanswered) -> Message:
    path = f"messages[{at}]"
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with role and content", param=path)
    role = raw.get("role")
    if role not in _ROLES:
        raise RequestError(f"{path}.role: expected one of {', '.join(_ROLES)}, got {role!r}", param=f"{path}.role")
    if not isinstance(raw.get("content"), (str, type(None))):
        raise RequestError(f"{path}.content: expected a string; images go in {path}.images", param=f"{path}.content")
    fields = {name: value for name, value in raw.items() if name != "role"}
    if role == "tool":
        return _read_result(fields, unanswered)
    said = read_said(fields, ORIGIN, lambda number, name, arguments: f"call_{at}_{number}")
    unanswered.asked(said)
    return Message(role, said.parts, None, said.extra, ORIGIN, said.spelled)


def _read_result(fields: dict[str, Any], unanswered: _Unanswered) -> Message:
    spelled: dict[str, str] = {}
    parts: tuple[ResultPart, ...] = (*_take_images(fields), *_take_text(fields, spelled))
    name = fields.pop("tool_name") if isinstance(fields.get("tool_name"), str) else None
    id = fields.pop("tool_call_id") if _has_text(fields, "tool_call_id") else None
    if id is None:
        spelled["call_id"] = "absent"
    result = ToolResult(unanswered.answered(id, name), parts, name=name, spelled=spelled or None)
    return Message("tool", (result,), extra=fields or None, origin=ORIGIN)


def read_said(fields: dict[str, Any], origin: Origin, make_id: MakeId) -> Message:
    """The message that ``fields`` (without the role) say, as an assistant's; what has no neutral form stays in its extra."""
    spelled: dict[str, str] = {}
    parts: list[Part] = []
    if _has_text(fields, "thinking"):
        parts.append(Reasoning(fields.pop("thinking"), origin=origin))
    parts += _take_images(fields)
    parts += _take_text(fields, spelled)
    if isinstance(fields.get("tool_calls"), list) and fields["tool_calls"]:
        parts += [read_tool_call(call, number, origin, make_id) for number, call in enumerate(fields.pop("tool_calls"))]
    return Message("assistant", tuple(parts), extra=fields or None, origin=origin, spelled=spelled or None)


def _has_text(fields: dict[str, Any], name: str) -> bool:
    return isinstance(fields.get(name), str) and bool(fields[name])


def _take_text(fields: dict[str, Any], spelled: dict[str, str]) -> list[Text]:
    """An empty content says nothing and is written again; a null stays in ``fields``."""
    if isinstance(fields.get("content"), str):
        text = fields.pop("content")
        return [Text(text)] if text else []
    if "content" not in fields:
        spelled["content"] = "absent"
    return []


def _take_images(fields: dict[str, Any]) -> list[Image]:
    images = fields.get("images")
    if not isinstance(images, list) or not images or not all(isinstance(image, str) for image in images):
        return []
    return [read_image(image) for image in fields.pop("images")]


def read_image(data: str) -> Image:
    return Image(DataSource(data, next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)))


def read_tool_call(raw: Any, number: int, origin: Origin, make_id: MakeId) -> ToolCall | Opaque:
    """An entry of ``tool_calls``, of which ``function.index`` is kept but not believed: some servers give all calls 0.

    ``arguments`` are an object here, and its text in ours. An id is made up where an older server gives none.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("function"), dict) or not _has_text(raw["function"], "name"):
        return Opaque(raw, slot="tool_calls", origin=origin)
    fields, spelled = dict(raw), {}
    inner = dict(fields.pop("function"))
    name = inner.pop("name")
    arguments = inner.pop("arguments", None)
    if arguments is None:
        spelled["arguments"] = "absent"
    elif isinstance(arguments, str):
        spelled["arguments"] = "string"
    text = "" if arguments is None else arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
    if _has_text(fields, "id"):
        id = fields.pop("id")
    else:
        id = make_id(number, name, text)
        spelled["id"] = "absent"
    if inner:
        fields["function"] = inner
    return ToolCall(id, name, text, extra=fields or None, origin=origin if fields or spelled else None, spelled=spelled or None)
