"""The questions that a probe asks of one target, as data, and how each answer is read. Pure: who asks them is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from turnout.errors import Error
from turnout.types import (
    ChatRequest,
    Completion,
    DataSource,
    Image,
    Message,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
)

ROOM = 256  # tokens of each answer: enough for one that thinks a little first
_TOO_MANY = 100_000_000  # tokens that no model answers with: the refusal says how many one does

Found = dict[str, str]


class Seen(Struct, frozen=True, kw_only=True):
    """What came of one question: a completion or an error, and of a stream in how many ``pieces`` its text came."""

    request: ChatRequest
    completion: Completion | None = None
    error: Error | None = None
    pieces: int = 0


class Trial(Struct, frozen=True, kw_only=True):
    """One question. ``read`` gives what an answer shows, by name. A refusal is told under ``name``: the model then ``lacks``
    these words, and does not take ``fields``; ``instead`` is then how the form of an answer is asked for.
    """

    name: str
    about: str
    request: Callable[[str], ChatRequest]
    read: Callable[[Seen], Found]
    stream: bool = False
    lacks: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    instead: str = ""


def _asking(text: str, *before: Message, **fields: Any) -> Callable[[str], ChatRequest]:
    def request(model: str) -> ChatRequest:
        said = (*before, Message("user", (Text(text),)))
        return ChatRequest(model=model, messages=said, **{"max_output_tokens": ROOM, **fields})

    return request


def _weather() -> tuple[Tool, ...]:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    return (Tool(name="weather", description="The weather in one city, now.", parameters=city),)


_SHAPE = {
    "type": "object",
    "properties": {"river": {"type": "string"}, "kilometres": {"type": "integer"}},
    "required": ["river", "kilometres"],
    "additionalProperties": False,
}

_RED = (  # a red square of 32 by 32 pixels, PNG
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/B"
    "AjLD/C5w/SM9AAAAAElFTkSuQmCC"
)


def _red(model: str) -> ChatRequest:
    picture = Image(source=DataSource(data=_RED, media_type="image/png"))
    said = (Message("user", (picture, Text("What colour is this? Answer with one word."))),)
    return ChatRequest(model=model, messages=said, max_output_tokens=ROOM)


def _whole(seen: Seen) -> Completion:
    assert seen.completion is not None
    return seen.completion


def _finish(seen: Seen) -> str:
    choices = _whole(seen).choices
    finish = choices[0].finish if choices else None
    return "not said" if finish is None else f"{finish.unified} ({finish.raw})" if finish.raw else finish.unified


def _cut_off(seen: Seen) -> bool:
    """The room ended before the answer did, so that what is missing from it says nothing."""
    return _finish(seen).startswith("length")


def _read_plain(seen: Seen) -> Found:
    return {"plain": "yes" if _whole(seen).text.strip() else "empty", "stop reason at the end": _finish(seen)}


def _read_length(seen: Seen) -> Found:
    return {"stop reason at the limit": _finish(seen)}


def _read_stream(seen: Seen) -> Found:
    usage = _whole(seen).usage
    told = usage.input_tokens is not None or usage.output_tokens is not None
    return {
        "stream": "piece by piece" if seen.pieces > 3 else "at once" if seen.pieces else "empty",
        "usage in a stream": "yes" if told else "no",
    }


def _read_tools(seen: Seen) -> Found:
    calls = [part for part in _whole(seen).parts if isinstance(part, ToolCall)]
    if not calls:
        return {"tools": "unknown: cut off" if _cut_off(seen) else "ignored"}
    sound = all(_cities(call) for call in calls)
    ids = [call.id for call in calls]
    return {
        "tools": "yes" if sound else "with arguments that are no JSON of its schema",
        "tool call ids": "yes" if all(ids) and len(set(ids)) == len(ids) else "missing or repeated",
        "parallel tool calls": "yes" if len(calls) > 1 else "no",
    }


def _cities(call: ToolCall) -> bool:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        return False
    return isinstance(arguments, dict) and isinstance(arguments.get("city"), str)


def _read_shape(seen: Seen) -> Found:
    try:
        answer = json.loads(_whole(seen).text)
    except ValueError:
        return {"strict JSON schema": "unknown: cut off" if _cut_off(seen) else "ignored"}
    kept = isinstance(answer, dict) and answer.keys() == {"river", "kilometres"} and isinstance(answer["kilometres"], int)
    return {"strict JSON schema": "yes" if kept else "ignored"}


def _read_word(name: str, word: str) -> Callable[[Seen], Found]:
    def read(seen: Seen) -> Found:
        there = word in _whole(seen).text.lower()
        return {name: "yes" if there else "unknown: cut off" if _cut_off(seen) else "ignored"}

    return read


def _read_stop(seen: Seen) -> Found:
    text = _whole(seen).text
    if "2" not in text:
        return {"stop sequences": "unknown: it did not count"}
    return {"stop sequences": "ignored" if "5" in text else "yes"}


def _read_logprobs(seen: Seen) -> Found:
    choices = _whole(seen).choices
    return {"logprobs": "yes" if choices and choices[0].logprobs else "ignored"}


def _read_temperature(seen: Seen) -> Found:
    return {"temperature": "yes"}


def _read_room(seen: Seen) -> Found:
    return {"limit of an answer": "not told"}


TRIALS = (
    Trial(name="plain", about="a question", request=_asking("Name one river. One word."), read=_read_plain),
    Trial(
        name="stop reason at the limit",
        about="an answer that is cut off",
        request=_asking("Count from 1 to 100.", max_output_tokens=16),
        read=_read_length,
    ),
    Trial(
        name="stream",
        about="a stream, and its usage",
        stream=True,
        request=_asking("Count from 1 to 20.", stream_usage=True),
        read=_read_stream,
        fields=("stream_usage",),
    ),
    Trial(
        name="tools",
        about="two calls of a tool, streamed",
        stream=True,
        request=lambda model: _asking(
            "What is the weather in Oslo and in Lima? Ask the tool for both at once.", tools=_weather()
        )(model),
        read=_read_tools,
        lacks=("tools",),
    ),
    Trial(
        name="strict JSON schema",
        about="an answer of a strict shape",
        request=_asking(
            "Name one river and its length.",
            response_format=ResponseFormat(kind="json_schema", name="river", schema=_SHAPE, strict=True),
        ),
        read=_read_shape,
        lacks=("structured_output",),
        instead="tool",
    ),
    Trial(
        name="system role",
        about="a system message",
        request=_asking("Say anything.", Message("system", (Text("Whatever you are asked, answer with the one word: heron"),))),
        read=_read_word("system role", "heron"),
    ),
    Trial(name="image", about="a picture", request=_red, read=_read_word("image", "red"), lacks=("attachments", "image-in")),
    Trial(
        name="stop sequences",
        about="a stop sequence",
        request=_asking("Count from 1 to 9, digits only, with spaces between.", stop=("4",)),
        read=_read_stop,
        fields=("stop",),
    ),
    Trial(
        name="logprobs",
        about="probabilities of tokens",
        request=_asking("Name one river. One word.", logprobs=True, top_logprobs=2),
        read=_read_logprobs,
        fields=("logprobs", "top_logprobs"),
    ),
    Trial(
        name="temperature",
        about="a temperature",
        request=_asking("Name one river. One word.", temperature=0.3),
        read=_read_temperature,
        fields=("temperature",),
    ),
    Trial(
        name="limit of an answer",
        about="more room than any model has, to be told how much it has",
        request=_asking("Name one river. One word.", max_output_tokens=_TOO_MANY),
        read=_read_room,
    ),
)
