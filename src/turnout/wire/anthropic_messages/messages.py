"""Messages of a caller's request: this protocol's objects to ours. What is wrong is told with its path."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import RequestError
from turnout.types import Message, Origin, Text
from turnout.wire.anthropic_messages.blocks import read_block
from turnout.wire.anthropic_messages.words import WIRE_NAME, called

ORIGIN = Origin(WIRE_NAME)
_ROLES = ("user", "assistant", "system")

# block type -> the fields without which it is not that block
_REQUIRED: dict[str, dict[str, type]] = {
    "text": {"text": str},
    "image": {"source": dict},
    "document": {"source": dict},
    "thinking": {"thinking": str},
    "redacted_thinking": {"data": str},
    "tool_use": {"id": str, "name": str},
    "tool_result": {"tool_use_id": str},
}
_SOURCES: dict[str, dict[str, type]] = {
    "base64": {"data": str},
    "url": {"url": str},
    "file": {"file_id": str},
    "text": {"data": str},
}
_EXPECTED = {str: "a string", dict: "an object", list: "a list", int: "an integer", bool: "true or false"}


def read_system(raw: Any) -> Message:
    """The top-level ``system``, which remembers that it stood there and not among the messages."""
    if isinstance(raw, str):
        return Message(
            "system", (read_block({"type": "text", "text": raw}, ORIGIN),), origin=ORIGIN, spelled={"system": "string"}
        )
    if not isinstance(raw, list):
        raise wrong("system", "a string or a list of blocks", raw)
    for at, block in enumerate(raw):
        _check_block(block, f"system[{at}]")
    return Message("system", tuple(read_block(block, ORIGIN) for block in raw), origin=ORIGIN, spelled={"system": "list"})


def read_messages(raw: Any, body: bytes) -> tuple[Message, ...]:
    """``body``: the whole request, where the inputs of tool calls are found as they were written."""
    if not isinstance(raw, list):
        raise wrong("messages", "a list of messages", raw)
    for at, message in enumerate(raw):
        _check_message(message, f"messages[{at}]")
    inputs = _inputs(body)
    return tuple(_read_message(message, inputs, at) for at, message in enumerate(raw))


def _read_message(raw: dict[str, Any], inputs: list[_Message], at: int) -> Message:
    fields = dict(raw)
    role, content = fields.pop("role"), fields.pop("content")
    if isinstance(content, str):
        return Message(role, (Text(content),), extra=fields or None, origin=ORIGIN, spelled={"content": "string"})
    texts = inputs[at].texts() if at < len(inputs) else {}
    parts = tuple([read_block(block, ORIGIN, texts.get(number)) for number, block in enumerate(content)])
    return Message(role, parts, extra=fields or None, origin=ORIGIN)


class _Input(msgspec.Struct):
    """The one field of a block whose text must survive."""

    input: msgspec.Raw = msgspec.Raw()


class _Message(msgspec.Struct):
    content: list[_Input] | str = ""

    def texts(self) -> dict[int, str]:
        if isinstance(self.content, str):
            return {}
        return {at: bytes(block.input).decode() for at, block in enumerate(self.content) if bytes(block.input)}


class _Request(msgspec.Struct):
    messages: list[_Message] = []


_decode_answer = msgspec.json.Decoder(_Message).decode
_decode_request = msgspec.json.Decoder(_Request).decode


def _inputs(body: bytes) -> list[_Message]:
    if b'"input"' not in body:
        return []
    try:
        return _decode_request(body).messages
    except msgspec.DecodeError:
        return []  # a block of another shape stands among them; the inputs are then written anew


def input_texts(body: bytes) -> dict[int, str]:
    """The text of each tool call's input in a whole answer, by the index of its block."""
    if b'"input"' not in body:
        return {}
    try:
        return _decode_answer(body).texts()
    except msgspec.DecodeError:
        return {}


# -- what is wrong, and where ----------------------------------------------------------------------


def wrong(path: str, expected: str, got: Any) -> RequestError:
    said = called(got) if not isinstance(got, str) else msgspec.json.encode(got[:60]).decode()
    return RequestError(f"{path}: expected {expected}, got {said}", param=path)


def require(fields: dict[str, Any], name: str, kind: type, path: str) -> Any:
    """``fields[name]``, which must be there and of ``kind``."""
    where = f"{path}.{name}" if path else name
    if name not in fields:
        raise RequestError(f"{where}: missing; expected {_EXPECTED[kind]}", param=where)
    value = fields[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise wrong(where, _EXPECTED[kind], value)
    return value


def _check_message(raw: Any, path: str) -> None:
    if not isinstance(raw, dict):
        raise wrong(path, "an object with role and content", raw)
    role = require(raw, "role", str, path)
    if role not in _ROLES:
        raise wrong(f"{path}.role", f"one of {', '.join(_ROLES)}", role)
    if "content" not in raw:
        raise RequestError(f"{path}.content: missing; expected a string or a list of blocks", param=f"{path}.content")
    content = raw["content"]
    if isinstance(content, list):
        for at, block in enumerate(content):
            _check_block(block, f"{path}.content[{at}]")
    elif not isinstance(content, str):
        raise wrong(f"{path}.content", "a string or a list of blocks", content)


def _check_block(raw: Any, path: str) -> None:
    if not isinstance(raw, dict):
        raise wrong(path, "a content block", raw)
    kind = require(raw, "type", str, path)
    for name, expected in _REQUIRED.get(kind, {}).items():
        require(raw, name, expected, path)
    if kind in ("image", "document"):
        source = raw["source"]
        for name, expected in _SOURCES.get(require(source, "type", str, f"{path}.source"), {}).items():
            require(source, name, expected, f"{path}.source")
    if kind == "tool_result" and isinstance(raw.get("content"), list):
        for at, block in enumerate(raw["content"]):
            _check_block(block, f"{path}.content[{at}]")
    elif kind == "tool_result" and not isinstance(raw.get("content", ""), (str, type(None))):
        raise wrong(f"{path}.content", "a string or a list of blocks", raw["content"])
