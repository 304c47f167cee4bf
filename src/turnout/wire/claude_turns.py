"""What Anthropic's conversations and Bedrock's, which took their form over, have in common: system, turns, and a call's input."""

from __future__ import annotations

from typing import Any, TypeGuard

import msgspec
from msgspec.structs import replace

from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import Audio, ChatRequest, Message, Opaque, Part, ReceiptLine, Text, ToolCall, ToolResult
from turnout.wire.asides import set_aside
from turnout.wire.bookkeeping import said_in
from turnout.wire.json_text import is_json


def call_input(call: ToolCall, path: str, verbatim: bool, lines: list[ReceiptLine]) -> Any:
    """``arguments`` as the object that these protocols want, as it was written; ``verbatim``: whatever it was.

    What is no object travels inside one, in the way the documentation gives for invalid input:
    https://docs.claude.com/en/docs/agents-and-tools/tool-use/fine-grained-tool-streaming (read 2026-11-21).
    """
    text = call.arguments
    if call.custom:
        lines.append(approximated("request", f"{path}.arguments", 'free text travels as the object {"input": text}'))
        return {"input": text}
    if not text.strip():
        return {}
    if is_json(text) and (verbatim or text.lstrip().startswith("{")):
        return msgspec.Raw(text.encode())
    if verbatim:
        return text
    why = 'they are no JSON object, so they travel inside one: {"INVALID_JSON": text}'
    lines.append(approximated("request", f"{path}.arguments", why))
    return {"INVALID_JSON": text}


def report_hoist(message: Message, path: str, begun: bool, lines: list[ReceiptLine]) -> None:
    """The line for a system message that goes to ``system``; ``begun``: turns stood before it."""
    if begun:
        why = "a system message in the middle of the conversation holds from its beginning: it goes to `system`"
        lines.append(approximated("request", path, why))
    else:
        lines.append(mapped("request", path, f"the {message.role} message goes to the top-level `system`"))


def check_results(message: Message, path: str) -> None:
    """Raises RequestError for a tool message without a result."""
    if message.role == "tool" and not any(isinstance(part, ToolResult) for part in message.parts):
        raise RequestError(f"{path}: a tool message must hold a ToolResult, which names the call it answers", param=path)


def turn_extra(message: Message, path: str, own: bool, lines: list[ReceiptLine]) -> dict[str, Any] | None:
    """What of a message's ``extra`` its turn may say, with lines for the rest; ``own``: it goes back to where it came from."""
    if message.name is not None:
        lines.append(dropped("request", f"{path}.name", "this protocol does not name who speaks"))
    if message.origin is None or own:
        return message.extra
    if names := said_in(message.extra):
        lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return None


def tool_is_forced(request: ChatRequest) -> bool:
    """True where the answer must begin with a call: these models do not think then."""
    choice = request.tool_choice
    return choice is not None and not isinstance(choice, Opaque) and choice.mode in ("required", "named")


def is_plain(part: Part) -> TypeGuard[Text]:
    """True of a text that says nothing beside what it says."""
    return type(part) is Text and part == Text(part.text)


def spoken(part: Part, call_id: str) -> Part:
    """A part of another protocol as callers can take it: sound by its transcript, commentary as reasoning, a call without an id
    with ``call_id``."""
    if isinstance(part, Audio) and part.transcript:
        return Text(part.transcript)
    part = set_aside(part)
    return replace(part, id=call_id) if isinstance(part, ToolCall) and not part.id else part
