"""Contents of a caller's request: this protocol's objects to our messages. What is wrong is told with its path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from turnout.errors import RequestError
from turnout.types import Message, Part, Role, Text, ToolCall, ToolResult
from turnout.wire.gemini.parts import read_part
from turnout.wire.gemini.words import ORIGIN, Spelled, called

_ROLES: dict[str | None, Role] = {"user": "user", "model": "assistant", "function": "tool", None: "user"}


def read_system(raw: Any) -> Message:
    """``systemInstruction``, whose role says nothing."""
    parts, fields, spelled = _read_content(raw, "systemInstruction")
    if isinstance(fields.get("role"), str):
        spelled = (spelled or {}) | {"role": fields.pop("role")}
    said = tuple(read_part(part, ORIGIN) for part in parts)
    return Message("system", said, extra=fields or None, origin=ORIGIN, spelled=spelled)


def read_contents(raw: Any) -> tuple[Message, ...]:
    if not isinstance(raw, list):
        raise RequestError(f"contents: expected a list of contents, got {called(raw)}", param="contents")
    ids = _CallIds()
    return tuple(_turns([_read_message(content, at, ids) for at, content in enumerate(raw)]))


def _turns(messages: list[Message]) -> Iterator[Message]:
    """What the model said in one turn as one message, with its text in one piece; how it was cut is remembered.

    Google's SDK keeps a content for each piece of a stream (google-genai 3.4, chats.py), so that a turn's calls stand apart.
    """
    for said, group in groupby(messages, key=_is_said):
        turn = list(group)
        if not said or len(turn) == 1:
            yield from turn
            continue
        cuts = ",".join("+".join(map(_size, message.parts)) for message in turn)
        parts: list[Part] = []
        for plain, run in groupby((part for message in turn for part in message.parts), key=_is_plain):
            alike = list(run)
            parts += [Text("".join(part.text for part in alike if isinstance(part, Text)))] if plain else alike
        yield Message("assistant", tuple(parts), origin=ORIGIN, spelled={"contents": cuts})


def _is_said(message: Message) -> bool:
    """True for what the model said, with nothing beside its parts."""
    return message.role == "assistant" and message.extra is None and message.spelled is None


def _is_plain(part: Part) -> bool:
    return isinstance(part, Text) and part == Text(part.text)


def _size(part: Part) -> str:
    """How much of a turn ``part`` is: so many characters of its text, or a part."""
    return str(len(part.text)) if isinstance(part, Text) and _is_plain(part) else "part"


def cut(parts: list[Any], cuts: str) -> list[list[Any]]:
    """``parts`` by the contents that they came in; together where they are no longer those."""
    contents: list[list[Any]] = []
    left, at, text = deque(parts), 0, ""
    for content in cuts.split(","):
        contents.append([])
        for size in content.split("+") if content else ():
            if size == "part":
                if at < len(text) or not left:
                    return [parts]
                contents[-1].append(left.popleft())
                text, at = "", 0
                continue
            if at == len(text) and left and left[0].keys() == {"text"}:
                text, at = left.popleft()["text"], 0
            if len(text) < at + int(size):
                return [parts]
            contents[-1].append({"text": text[at : at + int(size)]})
            at += int(size)
    return contents if at == len(text) and not left else [parts]


def _read_message(raw: Any, at: int, ids: _CallIds) -> Message:
    path = f"contents[{at}]"
    parts, fields, spelled = _read_content(raw, path)
    said = fields.pop("role", None)
    if not isinstance(said, (str, type(None))) or said not in _ROLES:
        raise RequestError(f"{path}.role: expected user or model, got {said!r}", param=f"{path}.role")
    if said is None:
        spelled = (spelled or {}) | {"role": "null" if "role" in raw else "absent"}
    return Message(_ROLES[said], tuple(ids.named(parts, at)), extra=fields or None, origin=ORIGIN, spelled=spelled)


def _read_content(raw: Any, path: str) -> tuple[list[Any], dict[str, Any], Spelled | None]:
    """The parts, the other fields, and how the parts were written: the API takes a single one without its list too."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with role and parts, got {called(raw)}", param=path)
    fields = dict(raw)
    parts = fields.get("parts")
    if isinstance(parts, dict):
        del fields["parts"]
        return [parts], fields, {"parts": "object"}
    if parts is None:  # absent, or a null, which stays in the extra
        return [], fields, {"parts": "absent"}
    if not isinstance(parts, list):
        raise RequestError(f"{path}.parts: expected a list of parts, got {called(parts)}", param=f"{path}.parts")
    for number, part in enumerate(parts):
        if not isinstance(part, dict):
            where = f"{path}.parts[{number}]"
            raise RequestError(f"{where}: expected an object, got {called(part)}", param=where)
    del fields["parts"]
    return parts, fields, None


class _CallIds:
    """Ids for calls and results that have none: by place for a call; for a result that of the open call of its name.

    https://ai.google.dev/gemini-api/docs/function-calling (read 2026-11-21): results are matched by name and order.
    """

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []  # name and id of calls that have no result yet

    def named(self, parts: list[Any], at: int) -> list[Part]:
        return [self._note(read_part(raw, ORIGIN), f"call_{at}_{number}") for number, raw in enumerate(parts)]

    def _note(self, part: Part, otherwise: str) -> Part:
        if isinstance(part, ToolCall):
            part = part if part.id else replace(part, id=otherwise)
            self._open.append((part.name, part.id))
        elif isinstance(part, ToolResult):
            unnamed = (part.spelled or {}).get("id") == "absent"
            fits = (call for call in self._open if (call[0] == part.name if unnamed else call[1] == part.call_id))
            call = next(fits, None)
            if call is not None:
                self._open.remove(call)
            if unnamed:
                return replace(part, call_id=call[1] if call is not None else otherwise)
        return part
