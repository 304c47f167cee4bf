"""Conversations and answers written by hand, one for each feature that protocols say differently."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from msgspec.structs import replace

from turnout.events import (
    CitationAdded,
    Event,
    Finished,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import (
    ChatRequest,
    Choice,
    Citation,
    Completion,
    DataSource,
    Document,
    FinishReason,
    Image,
    Message,
    Origin,
    Part,
    Reasoning,
    ReasoningConfig,
    Refusal,
    ResponseFormat,
    Text,
    TextSource,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
_PDF = "JVBERi0xLjQKJSVFT0YK"
_LOOK = Tool(
    name="look",
    description="Looks somewhere.",
    parameters={
        "type": "object",
        "properties": {"where": {"type": "string"}, "depth": {"type": ["integer", "null"]}, "of": {"$ref": "#/$defs/Thing"}},
        "required": ["where"],
        "additionalProperties": False,
        "$defs": {"Thing": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
)
_HELLO = Message("user", (Text("Where is it?"),))
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


def _ask(*messages: Message, **fields: object) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (_HELLO,), **fields)  # type: ignore[arg-type]


def _called(*calls: ToolCall) -> Message:
    return Message("assistant", (Text("I will look."), *calls))


CONVERSATIONS: dict[str, ChatRequest] = {
    "text": _ask(),
    "system": _ask(Message("system", (Text("Be brief."), Text("Be kind."))), _HELLO),
    "developer": _ask(Message("developer", (Text("Be brief."),)), _HELLO),
    "several turns": _ask(_HELLO, Message("assistant", (Text("There."),)), Message("user", (Text("Where?"), Text("Say!")))),
    "parameters": _ask(max_output_tokens=99, temperature=0.5, top_p=0.9, stop=("END", "STOP"), seed=7),
    "tools": _ask(tools=(_LOOK,), tool_choice=ToolChoice("auto"), parallel_tool_calls=False),
    "a tool that must be called": _ask(tools=(_LOOK,), tool_choice=ToolChoice("named", "look")),
    "any tool": _ask(tools=(_LOOK, Tool(name="wait")), tool_choice=ToolChoice("required")),
    "no tool": _ask(tools=(_LOOK,), tool_choice=ToolChoice("none")),
    "tool results": _ask(
        _HELLO,
        _called(ToolCall("call_1", "look", '{"where": "here"}')),
        Message("tool", (ToolResult("call_1", (Text('{"found": true}'),), name="look"),)),
        tools=(_LOOK,),
    ),
    "parallel tools": _ask(
        _HELLO,
        _called(ToolCall("call_1", "look", '{"where": "here"}'), ToolCall("call_2", "look", '{"where": "there"}')),
        Message("tool", (ToolResult("call_1", (Text("no"),), is_error=True),)),
        Message(
            "tool",
            (
                ToolResult(
                    "call_2",
                    (Text("yes"), Text("really")),
                ),
            ),
        ),
        Message("user", (Text("And?"),)),
        tools=(_LOOK,),
    ),
    "arguments that are no JSON": _ask(
        _HELLO,
        _called(ToolCall("call_1", "look", '{"where": "he'), ToolCall("call_2", "look", "")),
        Message("tool", (ToolResult("call_1", (Text("what?"),)), ToolResult("call_2", ()))),
        tools=(_LOOK,),
    ),
    "arguments over several lines": _ask(
        _HELLO,
        _called(ToolCall("call_1", "look", '{\n  "where": "here"\r\n}')),
        Message("tool", (ToolResult("call_1", (Text("yes"),)),)),
        tools=(_LOOK,),
    ),
    "images": _ask(Message("user", (Text("What is it?"), Image(DataSource(_PIXEL, "image/png"), detail="low")))),
    "documents": _ask(
        Message("user", (Text("Sum up."), Document(DataSource(_PDF, "application/pdf"), filename="a.pdf"))),
        max_output_tokens=99,
    ),
    "a text document": _ask(Message("user", (Document(TextSource("One."), title="A"), Text("Sum up.")))),
    "reasoning asked for by effort": _ask(reasoning=ReasoningConfig(effort="low"), max_output_tokens=9000),
    "reasoning asked for by tokens": _ask(reasoning=ReasoningConfig(enabled=True, budget_tokens=2048), max_output_tokens=9000),
    "reasoning switched off": _ask(reasoning=ReasoningConfig(enabled=False)),
    "reasoning in the history": _ask(
        _HELLO,
        Message(
            "assistant",
            (
                Reasoning("Hm.", signature="c2ln", origin=Origin("anthropic-messages", "anthropic")),
                Reasoning("", encrypted="ZW5j", origin=Origin("openai-responses", "openai")),
                Text("There."),
            ),
        ),
        Message("user", (Text("Sure?"),)),
    ),
    "structured output": _ask(response_format=ResponseFormat(kind="json_schema", schema=_SCHEMA, name="place", strict=True)),
    "JSON": _ask(Message("user", (Text("Answer in JSON."),)), response_format=ResponseFormat(kind="json_object")),
    "citations in the history": _ask(
        _HELLO,
        Message(
            "assistant", (Text("There.", (Citation(url="https://example.com", title="E", start=0, end=5, cited_text="there"),)),)
        ),
        Message("user", (Text("Sure?"),)),
    ),
    "a refusal in the history": _ask(_HELLO, Message("assistant", (Refusal("I won't."),)), Message("user", (Text("Please."),))),
    "who asks": _ask(user="u-1", service_tier="default"),
}

_USAGE = Usage(uncached_input_tokens=7, cache_read_tokens=3, text_output_tokens=4, reasoning_tokens=2)


def _answer(*parts: Part, finish: FinishReason | None = None) -> Completion:
    return Completion(
        id="id-1",
        model="m",
        created=1_790_000_000,
        choices=(Choice(message=Message("assistant", parts), finish=finish or FinishReason("stop")),),
        usage=_USAGE,
        service_tier="standard",
        origin=Origin("acme", "acme"),
    )


COMPLETIONS: dict[str, Completion] = {
    "text": _answer(Text("There.")),
    "several texts": _answer(Text("Here. "), Text("There.")),
    "tools": _answer(Text("I will look."), ToolCall("call_1", "look", '{"where": "here"}'), finish=FinishReason("tool_calls")),
    "parallel tools": _answer(
        ToolCall("call_1", "look", '{"where":"here"}'),
        ToolCall("call_2", "look", '{\n  "where": "there"\r\n}'),
        ToolCall("call_3", "wait", ""),
        finish=FinishReason("tool_calls"),
    ),
    "a call of free text": _answer(ToolCall("call_1", "look", "over there", custom=True), finish=FinishReason("tool_calls")),
    "reasoning": _answer(Reasoning("Hm. "), Text("There.")),
    "structured output": _answer(Text('{"city": "Paris"}')),
    "citations": _answer(
        Text(
            "There, or here.",
            (Citation(url="https://example.com/a"), Citation(url="https://example.com/b", title="B", start=7, end=14)),
        )
    ),
    "a refusal": _answer(Refusal("I won't."), finish=FinishReason("refusal")),
    "a filter": _answer(Text("Th"), finish=FinishReason("content_filter")),
    "cut off by length": _answer(Text("Th"), finish=FinishReason("length")),
    "stopped by a sequence": _answer(Text("There."), finish=FinishReason("stop_sequence", stop_sequence="END")),
    "a call cut off by length": _answer(ToolCall("call_1", "look", '{"where": "he'), finish=FinishReason("length")),
    "no reason to stop": replace(_answer(), choices=(Choice(message=Message("assistant", (Text("Th"),)), finish=None),)),
    "an error": _answer(Text("Th"), finish=FinishReason("error")),
    "a pause": _answer(Text("Th"), finish=FinishReason("pause")),
    "an image": _answer(Text("There: "), Image(DataSource(_PIXEL, "image/png"))),
    "no counts": replace(_answer(Text("There.")), usage=Usage()),
    "two answers": replace(
        _answer(),
        choices=(
            Choice(message=Message("assistant", (Text("There."),)), finish=FinishReason("stop")),
            Choice(message=Message("assistant", (Text("Nowhere."),)), finish=FinishReason("length"), index=1),
        ),
    ),
    "nothing": _answer(),
}


def events_of(completion: Completion) -> Iterator[Event]:
    """``completion`` as a stream would say it, its texts in pieces and every second call whole."""
    yield Started(completion.id, completion.model, completion.created, completion.origin, completion.service_tier)
    said = [tuple(_events_of(choice)) for choice in completion.choices]
    for turn in zip_longest(*said):  # as vendors stream several choices
        yield from (event for event in turn if event is not None)
    yield UsageReported(completion.usage)


def _events_of(choice: Choice) -> Iterator[Event]:
    number = choice.index
    for at, part in enumerate(choice.message.parts):
        match part:
            case Text():
                yield from (TextDelta(piece, at, number) for piece in _pieces(part.text))
                yield from (CitationAdded(citation, at, number) for citation in part.citations)
            case Reasoning():
                yield from (ReasoningDelta(piece, at, number) for piece in _pieces(part.text))
            case Refusal():
                yield from (RefusalDelta(piece, at, number) for piece in _pieces(part.text))
            case ToolCall() if at % 2:
                yield PartAdded(at, part, number)
            case ToolCall():
                begun = replace(part, arguments="") if part.custom else None
                yield PartAdded(at, begun, number) if begun else ToolCallDelta(at, part.id, part.name, choice=number)
                yield from (ToolCallDelta(at, arguments=piece, choice=number) for piece in _pieces(part.arguments))
            case _:
                yield PartAdded(at, part, number)
    if choice.finish is not None:
        yield Finished(choice.finish, number)


def _pieces(text: str) -> Iterator[str]:
    yield from (text[at : at + 5] for at in range(0, len(text), 5))
