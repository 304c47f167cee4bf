"""What a caller puts in: this protocol's input items to our messages. What is wrong is told with its path."""

from __future__ import annotations

from typing import Any, cast

from turnout.errors import RequestError
from turnout.types import Message, Opaque, Origin, Part, Role, Text, ToolResult
from turnout.wire.openai_responses.content import read_content
from turnout.wire.openai_responses.items import read_item
from turnout.wire.openai_responses.words import WIRE_NAME, called, take

ORIGIN = Origin(WIRE_NAME)
RESULTS = ("function_call_output", "custom_tool_call_output")
_SPEAKERS = ("system", "developer", "user")
_OF_ASSISTANT = ("message", "reasoning", "function_call", "custom_tool_call")


def read_instructions(text: str) -> Message:
    """The top-level ``instructions``, which remember that they stood there and not among the input."""
    return Message("system", (Text(text, origin=ORIGIN),), origin=ORIGIN, spelled={"system": "instructions"})


def read_input(raw: Any) -> list[Message]:
    if isinstance(raw, str):
        return [Message("user", (Text(raw, origin=ORIGIN),), origin=ORIGIN, spelled={"input": "string"})]
    if not isinstance(raw, list):
        raise RequestError(f"input: expected a string or a list of items, got {called(raw)}", param="input")
    messages: list[Message] = []
    turn: list[Part] = []  # what the model said, item after item, until somebody else speaks
    for at, item in enumerate(raw):
        path = f"input[{at}]"
        if not isinstance(item, dict):
            raise RequestError(f"{path}: expected an object, got {called(item)}", param=path)
        message = _read_other(item, path, bool(turn))
        if message is None:
            turn += [part for _, part in read_item(item, ORIGIN)]
            continue
        if turn:
            messages.append(Message("assistant", tuple(turn), origin=ORIGIN))
            turn = []
        messages.append(message)
    if turn:
        messages.append(Message("assistant", tuple(turn), origin=ORIGIN))
    return messages


def _read_other(item: dict[str, Any], path: str, in_turn: bool) -> Message | None:
    """The message of anybody but the model; None for what belongs to the model's turn.

    An item of a kind unknown here keeps its place in the turn that it stands in.
    """
    kind, role = item.get("type"), item.get("role")
    if kind in ("message", None) and "role" in item:
        if role in _SPEAKERS:
            return _read_message(dict(item), cast(Role, role), path)
        if role != "assistant":
            expected = f"{path}.role: expected one of assistant, {', '.join(_SPEAKERS)}, got {role!r}"
            raise RequestError(expected, param=f"{path}.role")
        if not isinstance(item.get("content"), (str, list)):
            raise _wrong_content(item.get("content"), path)
        return None
    if kind in RESULTS and isinstance(item.get("call_id"), str):
        return Message("tool", (_read_result(dict(item)),), origin=ORIGIN)
    if in_turn or kind in _OF_ASSISTANT or not _is_given(item):
        return None
    return Message(role if role in _SPEAKERS else "user", (Opaque(item, origin=ORIGIN),), origin=ORIGIN)


def _is_given(item: dict[str, Any]) -> bool:
    """True for an item that the caller adds, and the model did not say: a result, an approval, tools."""
    kind = str(item.get("type"))
    return "role" in item or kind.endswith(("_output", "_response"))


def _read_message(fields: dict[str, Any], role: Role, path: str) -> Message:
    spelled = {} if "type" in fields else {"type": "absent"}
    fields.pop("type", None)
    del fields["role"]
    content = fields.pop("content", None)
    if isinstance(content, str):
        parts: tuple[Part, ...] = (Text(content, origin=ORIGIN),)
        spelled["content"] = "string"
    elif isinstance(content, list):
        parts = tuple(read_content(part, ORIGIN, "input_text") for part in content)
    else:
        raise _wrong_content(content, path)
    return Message(role, parts, extra=fields or None, origin=ORIGIN, spelled=spelled or None)


def _read_result(fields: dict[str, Any]) -> ToolResult:
    """``output`` is a string, or a list of content; an output that is neither stays where it was."""
    kind = fields.pop("type")
    spelled = {"type": kind} if kind != "function_call_output" else {}
    id, output = fields.pop("call_id"), fields.get("output")
    parts: tuple[Any, ...] = ()
    if isinstance(output, str):
        del fields["output"]
        parts = (Text(output, origin=ORIGIN),)
        spelled["output"] = "string"
    elif isinstance(output, list):
        del fields["output"]
        parts = tuple(read_content(part, ORIGIN, "input_text") for part in output)
    name = take(fields, "name")
    return ToolResult(id, parts, name=name, extra=fields or None, origin=ORIGIN, spelled=spelled or None)


def _wrong_content(content: Any, path: str) -> RequestError:
    what = f"{path}.content: expected a string or a list of parts, got {called(content)}"
    return RequestError(what, param=f"{path}.content")
