"""Messages of a caller's request: this protocol's objects to ours. What is wrong is told with its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from turnout.errors import RequestError
from turnout.types import Message, Origin
from turnout.wire.bedrock_converse.blocks import read_blocks
from turnout.wire.bedrock_converse.words import WIRE_NAME, called

ORIGIN = Origin(WIRE_NAME)
_ROLES = ("user", "assistant", "system")


def read_system(raw: Any) -> Message | None:
    """The top-level ``system``, which remembers that it stood there and not among the messages. None if it is empty."""
    if not isinstance(raw, list):
        raise wrong("system", "a list of blocks", raw)
    _check_blocks(raw, "system")
    if not raw:
        return None
    return Message("system", read_blocks(raw, ORIGIN, {}, role="system"), origin=ORIGIN, spelled={"system": "list"})


def read_messages(raw: Any, body: bytes) -> tuple[Message, ...]:
    """``body``: the whole request, where the inputs of tool calls are found as they were written."""
    if not isinstance(raw, list):
        raise wrong("messages", "a list of messages", raw)
    for at, message in enumerate(raw):
        _check_message(message, f"messages[{at}]")
    inputs = _request_inputs(body)
    return tuple(read_message(message, ORIGIN, inputs.get(at, {})) for at, message in enumerate(raw))


def read_message(raw: dict[str, Any], origin: Origin, inputs: Mapping[int, str]) -> Message:
    fields = dict(raw)
    role, content = fields.pop("role"), fields.pop("content")
    return Message(role, read_blocks(content, origin, inputs, role=role), extra=fields or None, origin=origin)


class _Use(msgspec.Struct):
    """The one field of a block whose text must survive."""

    input: msgspec.Raw = msgspec.Raw()


class _Block(msgspec.Struct):
    toolUse: _Use | None = None


class _Message(msgspec.Struct, frozen=True):
    content: tuple[_Block, ...] = ()

    def texts(self) -> dict[int, str]:
        uses = ((at, block.toolUse) for at, block in enumerate(self.content))
        return {at: bytes(use.input).decode() for at, use in uses if use is not None and bytes(use.input)}


class _Request(msgspec.Struct):
    messages: list[_Message] = []


class _Output(msgspec.Struct, frozen=True):
    message: _Message = _Message()


class _Answer(msgspec.Struct, frozen=True):
    output: _Output = _Output()


_decode_request = msgspec.json.Decoder(_Request).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def _request_inputs(body: bytes) -> dict[int, dict[int, str]]:
    if b'"toolUse"' not in body:
        return {}
    try:
        return {at: message.texts() for at, message in enumerate(_decode_request(body).messages)}
    except (msgspec.DecodeError, UnicodeError):
        return {}  # a block of another shape stands among them; the inputs are then written anew


def answer_inputs(body: bytes) -> dict[int, str]:
    """The text of each tool call's input in a whole answer, by the index of its block."""
    if b'"toolUse"' not in body:
        return {}
    try:
        return _decode_answer(body).output.message.texts()
    except (msgspec.DecodeError, UnicodeError):
        return {}


# -- what is wrong, and where ----------------------------------------------------------------------


def wrong(path: str, expected: str, got: Any) -> RequestError:
    said = called(got) if not isinstance(got, str) else msgspec.json.encode(got[:60]).decode()
    return RequestError(f"{path}: expected {expected}, got {said}", param=path)


def require(fields: dict[str, Any], name: str, path: str) -> str:
    """``fields[name]``, which must be there and be a string."""
    where = f"{path}.{name}" if path else name
    if name not in fields:
        raise RequestError(f"{where}: missing; expected a string", param=where)
    value = fields[name]
    if not isinstance(value, str):
        raise wrong(where, "a string", value)
    return value


def _check_message(raw: Any, path: str) -> None:
    if not isinstance(raw, dict):
        raise wrong(path, "an object with role and content", raw)
    role = require(raw, "role", path)
    if role not in _ROLES:
        raise wrong(f"{path}.role", f"one of {', '.join(_ROLES)}", role)
    if "content" not in raw:
        raise RequestError(f"{path}.content: missing; expected a list of blocks", param=f"{path}.content")
    if not isinstance(raw["content"], list):
        raise wrong(f"{path}.content", "a list of blocks", raw["content"])
    _check_blocks(raw["content"], f"{path}.content")


def _check_blocks(raw: list[Any], path: str) -> None:
    for at, block in enumerate(raw):
        if not isinstance(block, dict):
            raise wrong(f"{path}[{at}]", "a content block", block)
        for kind, name in (("toolUse", "toolUseId"), ("toolUse", "name"), ("toolResult", "toolUseId")):
            if isinstance(inner := block.get(kind), dict):
                require(inner, name, f"{path}[{at}].{kind}")
