"""Conversations and answers as chance makes them, and what of them every protocol can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event, Finished, Started, TextDelta, ToolCallDelta, UsageReported
from turnout.registry import WIRES as TABLE, Registry
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    Message,
    Target,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from turnout.wire import Wire

TARGET = Target("acme", "m")
SPOKEN: dict[str, Wire] = {name: Registry(environ={}).wires.get(name) for name in TABLE}
CHAT = sorted(name for name, wire in SPOKEN.items() if wire.chat is not None and wire.server is not None)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(lambda text: text.strip() == text)
ARGUMENTS = st.dictionaries(st.sampled_from("abc"), st.integers(-9, 9) | TEXT | st.lists(st.booleans(), max_size=2), max_size=3)
TOOLS = (
    Tool(name="look", description="Looks.", parameters={"type": "object", "properties": {"a": {"type": "string"}}}),
    Tool(name="go", description="Goes.", parameters={"type": "object", "properties": {}}),
)
COUNT = st.none() | st.integers(0, 1000)
USAGES = st.builds(
    Usage,
    uncached_input_tokens=st.integers(0, 1000),
    cache_read_tokens=COUNT,
    cache_write_5m_tokens=COUNT,
    cache_write_1h_tokens=COUNT,
    audio_input_tokens=COUNT,
    tool_use_tokens=COUNT,
    text_output_tokens=st.integers(0, 1000),
    reasoning_tokens=COUNT,
    audio_output_tokens=COUNT,
)


def acme(wire: Wire) -> Provider:
    return Provider(id=TARGET.provider, name="Acme", wire=wire.name, base_url="https://acme.test/v1")


def calls(first: int = 0) -> st.SearchStrategy[list[ToolCall]]:
    """Each with an id of nine letters and digits, which every protocol takes."""
    one = st.tuples(st.sampled_from([tool.name for tool in TOOLS]), ARGUMENTS.map(json.dumps))
    return st.lists(one, min_size=1, max_size=3).map(
        lambda made: [ToolCall(f"call{first + at:05}", name, arguments) for at, (name, arguments) in enumerate(made)]
    )


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """A person asks, the model answers, or calls tools and gets their results: turns as every protocol takes them."""
    messages = [Message("system", (Text(draw(TEXT)),))] if draw(st.booleans()) else []
    number = 0
    for _ in range(draw(st.integers(0, 3))):
        messages.append(Message("user", tuple(Text(text) for text in draw(st.lists(TEXT, min_size=1, max_size=2)))))
        if draw(st.booleans()):
            called = draw(calls(number))
            number += len(called)
            said = (Text(draw(TEXT)),) if draw(st.booleans()) else ()
            messages.append(Message("assistant", (*said, *called)))
            results = [ToolResult(call.id, (Text(draw(TEXT)),), name=call.name) for call in called]
            messages += [Message("tool", (result,)) for result in results]
        messages.append(Message("assistant", (Text(draw(TEXT)),)))
    messages.append(Message("user", (Text(draw(TEXT)),)))
    return ChatRequest(
        model="m",
        messages=tuple(messages),
        tools=TOOLS if number or draw(st.booleans()) else None,
        max_output_tokens=draw(st.none() | st.integers(1, 4096)),
        temperature=draw(st.none() | st.sampled_from([0.0, 0.5, 1.0])),
        top_p=draw(st.none() | st.sampled_from([0.25, 1.0])),
        stop=draw(st.none() | st.lists(st.sampled_from(["END", "###"]), min_size=1, max_size=2, unique=True).map(tuple)),
    )


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    called = draw(st.just([]) | calls())
    said = [Text(draw(TEXT))] if not called or draw(st.booleans()) else []
    finish = "tool_calls" if called else draw(st.sampled_from(["stop", "length"]))
    choice = Choice(message=Message("assistant", (*said, *called)), finish=FinishReason(finish))
    return Completion(id="c1", model="m", choices=(choice,), usage=draw(USAGES), created=7)


def told(completion: Completion, sizes: list[int]) -> Iterator[Event]:
    """``completion`` as a stream whose pieces have these sizes, over and over."""
    yield Started("c1", "m", 7)
    for at, part in enumerate(completion.parts):
        if isinstance(part, Text):
            yield from (TextDelta(piece, at) for piece in pieces(part.text, sizes))
        elif isinstance(part, ToolCall):
            yield ToolCallDelta(at, part.id, part.name, "")
            yield from (ToolCallDelta(at, "", "", piece) for piece in pieces(part.arguments, sizes))
    yield Finished(completion.choices[0].finish)
    yield UsageReported(completion.usage)


def pieces(data: Any, sizes: list[int]) -> Iterator[Any]:
    """Text or bytes, cut."""
    at = step = 0
    while at < len(data):
        yield data[at : at + sizes[step % len(sizes)]]
        at, step = at + sizes[step % len(sizes)], step + 1


def meaning(messages: tuple[Message, ...]) -> list[tuple[str, Any]]:
    """What was said, by whom, in which order. Not which message or part held it: protocols part and join them."""
    found: list[tuple[str, Any]] = []
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text) if found and found[-1][0] == message.role:
                    found[-1] = (message.role, f"{found[-1][1]}\n\n{text}")
                case Text(text):
                    found.append((message.role, text))
                case ToolCall(_, name, arguments):
                    found.append(("call", (name, json.loads(arguments))))
                case ToolResult(_, inner):
                    found.append(("result", "".join(text.text for text in inner if isinstance(text, Text))))
                case _:
                    found.append((message.role, part))
    return found


def decoded(wire: Wire, body: bytes, sizes: list[int]) -> tuple[list[Event], Error | None]:
    """The events of a stream, and what broke it."""
    assert wire.chat is not None
    decoder, seen = wire.chat.decoder(TARGET), []
    try:
        for piece in pieces(body, sizes):
            seen.extend(decoder.feed(piece))
        seen.extend(decoder.close())
    except Error as error:
        return seen, error
    return seen, None
