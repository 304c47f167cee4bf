"""How an object is asked for in each mode, how the answer says it, and how a model is told what was wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.structured.answer_type import AnswerType, Unfit
from turnout.structured.modes import Way
from turnout.types import ChatRequest, Completion, Message, ResponseFormat, Text, Tool, ToolCall, ToolChoice, ToolResult

T = TypeVar("T")


class Turn(Struct, frozen=True):
    """An answer that did not fit, and why."""

    message: Message
    problem: str


def asked(request: ChatRequest, wanted: AnswerType[Any], way: Way, turns: Sequence[Turn]) -> ChatRequest:
    """``request`` for an object of ``wanted``, and for another one after each of ``turns``."""
    messages = (*request.messages, *(message for turn in turns for message in _told(turn, wanted, way)))
    strict = True if way.strict else None
    match way.mode:
        case "json_schema":
            form = ResponseFormat(kind="json_schema", name=wanted.name, schema=wanted.schema, strict=strict)
            return replace(request, messages=messages, response_format=form)
        case "tools":
            about = wanted.description or "Takes the answer."
            tool = Tool(name=wanted.name, description=about, parameters=wanted.schema, strict=strict)
            if not thinks(request):
                return replace(request, messages=messages, tools=(tool,), tool_choice=ToolChoice("named", wanted.name))
            # Anthropic, among others, refuses to force a call while the model thinks (read 2026-11-21):
            # https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use
            messages = _instructed(messages, f"Give the answer by calling the tool {wanted.name}, once.")
            return replace(request, messages=messages, tools=(tool,), tool_choice=ToolChoice("auto"))
        case _:
            schema = msgspec.json.encode(wanted.schema).decode()
            messages = _instructed(
                messages, f"Answer with one JSON object that fits this JSON Schema, and with nothing else:\n{schema}"
            )
            if way.mode == "json_object":
                return replace(request, messages=messages, response_format=ResponseFormat(kind="json_object"))
            return replace(request, messages=messages)


def read(completion: Completion, wanted: AnswerType[T], way: Way) -> T:
    """The object that the answer says. Raises Unfit."""
    calls = [call for call in completion.tool_calls if call.name == wanted.name]
    if way.mode != "tools" or not completion.tool_calls:
        # a target that cannot be made to call a tool may say the object instead
        return wanted.read(completion.text)
    if len(calls) != 1:
        raise Unfit(f"it calls {wanted.name} {len(calls)} times, and should once")
    return wanted.read(calls[0].arguments or "{}")


def said(completion: Completion) -> str:
    """The text in which the answer said its object, or should have."""
    return "\n".join(call.arguments for call in completion.tool_calls) or completion.text


def _told(turn: Turn, wanted: AnswerType[Any], way: Way) -> Iterable[Message]:
    """The answer, and what was wrong with it, in the form that the next target is asked in."""
    calls = [part for part in turn.message.parts if isinstance(part, ToolCall)]
    if calls and way.mode == "tools":
        wrong = Text(f"This does not fit: {turn.problem}. Call {wanted.name} again, with the whole answer.")
        yield turn.message
        yield Message("tool", tuple(ToolResult(call_id=call.id, parts=(wrong,), is_error=True, name=call.name) for call in calls))
        return
    if calls:  # a target that is offered no tool would not understand the call of one
        yield Message("assistant", (Text("\n".join(call.arguments for call in calls)),))
    elif turn.message.text:
        yield turn.message
    again = f"Call {wanted.name}" if way.mode == "tools" else "Answer"
    yield Message("user", (Text(f"That does not fit: {turn.problem}. {again} again, with the whole answer as JSON."),))


def thinks(request: ChatRequest) -> bool:
    """True if the model is asked to think."""
    reasoning = request.reasoning
    return reasoning is not None and reasoning.enabled is not False and reasoning.effort != "none"


def _instructed(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """``messages`` with ``text`` behind the instructions that they begin with, so that what is cached of them stays so."""
    at = next((at for at, message in enumerate(messages) if message.role not in ("system", "developer")), len(messages))
    return (*messages[:at], Message("system", (Text(text),)), *messages[at:])
