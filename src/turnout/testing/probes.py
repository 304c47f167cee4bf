"""One request for each thing a request can say, and one answer for each thing an answer can say: what a wire carries is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from turnout.rules.answers import Feature
from turnout.types import (
    Audio,
    CacheControl,
    ChatRequest,
    Choice,
    Citation,
    Completion,
    DataSource,
    Document,
    FinishReason,
    Image,
    Message,
    Opaque,
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
    UrlSource,
    Usage,
    Video,
)

FOREIGN = Origin("another-protocol", "another-provider")  # of no wire: what a caller of any other protocol would send

_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOL = Tool(name="weather", description="Tells the weather", parameters=_SCHEMA)
_CALL = ToolCall(id="call_1", name="weather", arguments='{"city":"Paris"}')
_PNG = DataSource("aVZCT1J3MEtHZ289", "image/png")
_STOP = FinishReason("stop")
_ASK = Message("user", (Text("Hello"),))


def requests() -> dict[str, ChatRequest]:
    """What is probed -> a request that says that and no more than it needs."""
    return {name: replace(request, origin=FOREIGN) for name, request in _requests().items()}


def _requests() -> dict[str, ChatRequest]:
    plain = ChatRequest(model="m", messages=(_ASK,))
    tools = replace(plain, tools=(_TOOL,))

    def user(*parts: Part) -> ChatRequest:
        return replace(plain, messages=(Message("user", (*parts, Text("What is it?"))),))

    def history(*said: Part, result: ToolResult | None = None) -> ChatRequest:
        last = Message("tool", (result,)) if result is not None else Message("user", (Text("Go on"),))
        return replace(tools, messages=(_ASK, Message("assistant", said, origin=FOREIGN), last))

    return {
        "messages: user text": plain,
        "messages: system at the head": replace(plain, messages=(Message("system", (Text("Be brief"),)), _ASK)),
        "messages: system in the middle": replace(plain, messages=(_ASK, Message("system", (Text("Be brief"),)), _ASK)),
        "messages: developer": replace(plain, messages=(Message("developer", (Text("Be brief"),)), _ASK)),
        "messages: name": replace(plain, messages=(Message("user", (Text("Hello"),), name="ann"),)),
        "parts: cache_control": replace(plain, messages=(Message("user", (Text("Hello", cache_control=CacheControl()),)),)),
        "parts: image as data": user(Image(_PNG)),
        "parts: image by URL": user(Image(UrlSource("https://example.com/a.png", "image/png"))),
        "parts: image detail": user(Image(_PNG, detail="high")),
        "parts: audio": user(Audio(DataSource("UklGRg==", "audio/wav"), format="wav")),
        "parts: video": user(Video(DataSource("AAAA", "video/mp4"))),
        "parts: PDF as data": user(Document(DataSource("JVBERi0=", "application/pdf"), filename="a.pdf")),
        "parts: document as text": user(Document(TextSource("A letter"), title="Letter")),
        "parts: document with citations": user(Document(TextSource("A letter"), title="Letter", citations=True)),
        "history: tool call and result": history(_CALL, result=ToolResult(call_id="call_1", parts=(Text("sunny"),))),
        "history: text beside a tool call": history(
            Text("I will look"), _CALL, result=ToolResult(call_id="call_1", parts=(Text("sunny"),))
        ),
        "history: a result that failed": history(
            _CALL, result=ToolResult(call_id="call_1", parts=(Text("no such city"),), is_error=True)
        ),
        "history: a result with an image": history(_CALL, result=ToolResult(call_id="call_1", parts=(Image(_PNG),))),
        "history: reasoning of another provider": history(
            Reasoning("Let me think", signature="c2ln", origin=FOREIGN), Text("Yes", origin=FOREIGN)
        ),
        "history: refusal": history(Refusal("I cannot")),
        "history: citations": history(Text("It is so", citations=(Citation(url="https://example.com", title="A"),))),
        "history: commentary": history(Text("First I look", phase="commentary"), Text("Yes")),
        "history: a block of another protocol": history(Opaque({"type": "thing"}, origin=FOREIGN), Text("Yes")),
        "tools": tools,
        "tools: strict": replace(plain, tools=(replace(_TOOL, strict=True),)),
        "tools: cache_control": replace(plain, tools=(replace(_TOOL, cache_control=CacheControl()),)),
        "tools: one of another provider": replace(plain, tools=(_TOOL, Opaque({"type": "search"}, origin=FOREIGN))),
        "tool_choice: auto": replace(tools, tool_choice=ToolChoice("auto")),
        "tool_choice: none": replace(tools, tool_choice=ToolChoice("none")),
        "tool_choice: required": replace(tools, tool_choice=ToolChoice("required")),
        "tool_choice: named": replace(tools, tool_choice=ToolChoice("named", "weather")),
        "parallel_tool_calls: false": replace(tools, parallel_tool_calls=False),
        "max_output_tokens": replace(plain, max_output_tokens=2000),
        "temperature": replace(plain, temperature=0.5),
        "top_p": replace(plain, top_p=0.9),
        "top_k": replace(plain, top_k=20),
        "stop": replace(plain, stop=("END", "STOP")),
        "seed": replace(plain, seed=7),
        "frequency_penalty": replace(plain, frequency_penalty=0.5),
        "presence_penalty": replace(plain, presence_penalty=0.5),
        "n: 2": replace(plain, n=2),
        "response_format: json_object": replace(plain, response_format=ResponseFormat(kind="json_object")),
        "response_format: json_schema": replace(
            plain, response_format=ResponseFormat(kind="json_schema", name="place", schema=_SCHEMA)
        ),
        "reasoning: effort": replace(plain, reasoning=ReasoningConfig(effort="high")),
        "reasoning: budget_tokens": replace(plain, reasoning=ReasoningConfig(budget_tokens=1024), max_output_tokens=4000),
        "reasoning: off": replace(plain, reasoning=ReasoningConfig(enabled=False)),
        "logprobs": replace(plain, logprobs=True, top_logprobs=2),
        "user": replace(plain, user="ann"),
        "service_tier": replace(plain, service_tier="flex"),
        "extra: a field of another protocol": replace(plain, extra={"another_field": 1}),
    }


def answers() -> dict[Feature, Completion]:
    """What is probed -> an answer of another protocol that holds it."""
    return dict(_answers())


def _answers() -> Iterator[tuple[Feature, Completion]]:
    text = Text("Yes", origin=FOREIGN)
    yield "id", _answer(text, id="answer-1")
    yield "created", _answer(text, created=1_700_000_000)
    yield "service_tier", _answer(text, service_tier="priority")
    second = Choice(message=Message("assistant", (Text("No", origin=FOREIGN),)), finish=FinishReason("stop"), index=1)
    yield "choices", replace(_answer(text), choices=(*_answer(text).choices, second))
    yield "logprobs", replace(_answer(text), choices=(replace(_answer(text).choices[0], logprobs={"another": []}),))
    yield "stop_sequence", _answer(text, finish=FinishReason("stop_sequence", "stopped", "END"))
    finishes: Mapping[Feature, FinishReason] = {
        "finish.content_filter": FinishReason("content_filter"),
        "finish.refusal": FinishReason("refusal"),
        "finish.pause": FinishReason("pause"),
        "finish.error": FinishReason("error"),
    }
    for feature, finish in finishes.items():
        yield feature, _answer(text, finish=finish)
    yield "refusal", _answer(Refusal("I cannot", origin=FOREIGN))
    yield "reasoning", _answer(Reasoning("Let me think", origin=FOREIGN), text)
    yield "signature", _answer(Reasoning("Let me think", signature="c2ln", origin=FOREIGN), text)
    yield "encrypted", _answer(Reasoning("", encrypted="ZW5j", origin=FOREIGN), text)
    custom = ToolCall(id="call_1", name="shell", arguments="ls -l", custom=True, origin=FOREIGN)
    yield "custom_call", _answer(custom, finish=FinishReason("tool_calls"))
    yield "order", _answer(replace(_CALL, origin=FOREIGN), text, finish=FinishReason("tool_calls"))
    yield "image", _answer(Image(_PNG, origin=FOREIGN))
    yield "audio", _answer(Audio(DataSource("UklGRg==", "audio/wav"), origin=FOREIGN))
    yield (
        "transcribed_audio",
        _answer(Audio(DataSource("UklGRg==", "audio/wav"), format="wav", transcript="Yes", origin=FOREIGN)),
    )
    cited = Citation(url="https://example.com", title="A page", cited_text="It is so", start=0, end=3)
    yield "citations", _answer(Text("Yes", citations=(cited,), origin=FOREIGN))
    yield "commentary", _answer(Text("First I look", phase="commentary", origin=FOREIGN), text)
    yield "opaque", _answer(Opaque({"type": "thing"}, origin=FOREIGN), text)
    yield "extra", _answer(text, extra={"another_field": 1})
    yield "cache_read_tokens", _answer(text, usage=Usage(uncached_input_tokens=5, cache_read_tokens=7, text_output_tokens=3))
    yield "cache_write_tokens", _answer(text, usage=Usage(uncached_input_tokens=5, cache_write_5m_tokens=7, text_output_tokens=3))
    yield "reasoning_tokens", _answer(text, usage=Usage(uncached_input_tokens=5, text_output_tokens=3, reasoning_tokens=4))
    yield "audio_tokens", _answer(text, usage=Usage(uncached_input_tokens=5, audio_input_tokens=7, text_output_tokens=3))


def _answer(*parts: Part, finish: FinishReason = _STOP, usage: Usage | None = None, id: str = "", **fields: Any) -> Completion:
    choice = Choice(message=Message("assistant", parts, origin=FOREIGN), finish=finish)
    counted = usage or Usage(uncached_input_tokens=5, text_output_tokens=3)
    return Completion(id=id, model="m", choices=(choice,), usage=counted, origin=FOREIGN, **fields)
