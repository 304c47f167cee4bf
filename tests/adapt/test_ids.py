"""Ids of calls and names of tools: in words that the target accepts, and back."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from turnout.adapt.identity import IdMap, rename
from turnout.events import Event, PartAdded, TextDelta, ToolCallDelta
from turnout.receipt import mapped
from turnout.rules import ConversationRules
from turnout.rules.conversation import (
    ANTHROPIC_MESSAGES,
    BEDROCK_CONVERSE,
    COHERE_CHAT,
    GEMINI,
    MISTRAL_CHAT,
    OLLAMA,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
)
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    Message,
    Opaque,
    Origin,
    ReceiptLine,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

# What each target takes, written down a second time, as the provider's own words have it.
ACCEPTED = {
    "anthropic": (ANTHROPIC_MESSAGES, r"[a-zA-Z0-9_-]+", r"[a-zA-Z0-9_-]{1,128}"),
    "bedrock": (BEDROCK_CONVERSE, r"[a-zA-Z0-9_-]{1,64}", r"[a-zA-Z0-9_-]{1,64}"),
    "cohere": (COHERE_CHAT, r"[\s\S]+", r"[a-zA-Z_][a-zA-Z0-9_]*"),
    "gemini": (GEMINI, r"[\s\S]*", r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}"),
    "mistral": (MISTRAL_CHAT, r"[a-zA-Z0-9]{9}", r"[a-zA-Z0-9_-]{1,64}"),
    "ollama": (OLLAMA, r"[\s\S]*", r"[\s\S]*"),
    "openai-chat": (OPENAI_CHAT, r"[\s\S]{1,40}", r"[a-zA-Z0-9_-]{1,64}"),
    "openai-responses": (OPENAI_RESPONSES, r"[\s\S]{1,64}", r"[a-zA-Z0-9_-]{1,64}"),
}

ids = st.sampled_from(["", "call_0", "call.1", "functions.look:0", "abcDEF123", "a b", "a_b", "x" * 65, "é", "\ud800"]) | st.text(
    max_size=70
)
names = st.sampled_from(["look", "mcp.server/look", "mcp_server_look", "1st", "look up", "l" * 140]) | st.text(
    min_size=1, max_size=20
)


@st.composite
def conversations(draw: st.DrawFn) -> ChatRequest:
    """Turns of calls, each answered: results of one id in the order of its calls, others in any."""
    messages = [Message("user", (Text("go"),))]
    number = 0
    for _ in range(draw(st.integers(0, 3))):
        calls = []
        for id, name in draw(st.lists(st.tuples(ids, names), min_size=1, max_size=3)):
            calls.append(ToolCall(id, name, str(number)))
            number += 1
        messages.append(Message("assistant", tuple(calls)))
        waiting: dict[str, deque[ToolCall]] = defaultdict(deque)
        for call in calls:
            waiting[call.id].append(call)
        order = draw(st.permutations([call.id for call in calls]))
        answered = [waiting[id].popleft() for id in order]
        messages += [Message("tool", (ToolResult(call.id, (Text(call.arguments),), name=call.name),)) for call in answered]
    tools = tuple(Tool(name=name) for name in dict.fromkeys(draw(st.lists(names, max_size=4))))
    choice = ToolChoice("named", draw(st.sampled_from(tools)).name) if tools else None
    return ChatRequest(model="m", messages=tuple(messages), tools=tools or None, tool_choice=choice)


def parts(request: ChatRequest, kind: type[Any]) -> list[Any]:
    return [part for message in request.messages for part in message.parts if isinstance(part, kind)]


def back(renamed: ChatRequest, ids: IdMap) -> ChatRequest:
    """``renamed`` with every word that the map knows put back."""
    from msgspec.structs import replace

    messages = []
    for message in renamed.messages:
        restored: list[Any] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                part = replace(part, id=ids.calls.get(part.id, part.id), name=ids.names.get(part.name, part.name))
            elif isinstance(part, ToolResult):
                call_id, name = ids.calls.get(part.call_id, part.call_id), ids.names.get(part.name or "", part.name)
                part = replace(part, call_id=call_id, name=name)
            restored.append(part)
        messages.append(replace(message, parts=tuple(restored)))
    tools = tuple(
        replace(tool, name=ids.names.get(tool.name, tool.name)) for tool in renamed.tools or () if isinstance(tool, Tool)
    )
    choice = renamed.tool_choice
    if isinstance(choice, ToolChoice) and choice.name is not None:
        choice = replace(choice, name=ids.names.get(choice.name, choice.name))
    return replace(renamed, messages=tuple(messages), tools=tools or None, tool_choice=choice)


@pytest.mark.parametrize("target", ACCEPTED)
@settings(max_examples=60, deadline=None)
@given(request=conversations())
def test_every_word_is_accepted_and_the_map_brings_all_of_them_back(target: str, request: ChatRequest) -> None:
    rules, id_form, name_form = ACCEPTED[target]
    renamed, ids = rename(request, rules, [])
    calls, results = parts(renamed, ToolCall), parts(renamed, ToolResult)
    assert all(re.fullmatch(id_form, call.id) and re.fullmatch(name_form, call.name) for call in calls)
    assert all(re.fullmatch(id_form, it.call_id) and re.fullmatch(name_form, it.name or "x") for it in results)
    assert all(re.fullmatch(name_form, tool.name) for tool in renamed.tools or () if isinstance(tool, Tool))
    assert back(renamed, ids or IdMap()) == request


@pytest.mark.parametrize("target", ACCEPTED)
@settings(max_examples=60, deadline=None)
@given(request=conversations())
def test_results_stay_with_their_calls_and_words_that_differ_go_on_to_differ(target: str, request: ChatRequest) -> None:
    rules = ACCEPTED[target][0]
    renamed, _ = rename(request, rules, [])
    calls, results = parts(renamed, ToolCall), parts(renamed, ToolResult)
    made = {call.arguments: call for call in calls}
    assert [(it.call_id, it.name) for it in results] == [
        (made[it.parts[0].text].id, made[it.parts[0].text].name) for it in results
    ]
    if rules.unique_ids:
        assert len({call.id for call in calls}) == len(calls)
    ours = {
        name: theirs
        for call, was in zip(calls, parts(request, ToolCall), strict=True)
        for name, theirs in [(was.name, call.name)]
    }
    assert len(set(ours.values())) == len(ours)
    meaning: dict[str, str] = {}
    for call, was in zip(calls, parts(request, ToolCall), strict=True):
        assert meaning.setdefault(call.id, was.id) == was.id


@pytest.mark.parametrize("target", ACCEPTED)
@settings(max_examples=40, deadline=None)
@given(request=conversations())
def test_the_same_conversation_gives_the_same_words_and_they_are_not_renamed_again(target: str, request: ChatRequest) -> None:
    rules, id_form, _ = ACCEPTED[target]
    renamed, ids = rename(request, rules, [])
    assert rename(request, rules, []) == (renamed, ids)
    assert rename(renamed, rules, [])[1] is None
    seen: set[str] = set()
    for call, was in zip(parts(renamed, ToolCall), parts(request, ToolCall), strict=True):
        if re.fullmatch(id_form, was.id) and was.id not in seen:
            assert call.id == was.id
        seen.add(was.id)


@pytest.mark.parametrize("target", ACCEPTED)
@settings(max_examples=40, deadline=None)
@given(request=conversations(), more=conversations())
def test_what_is_said_later_leaves_the_ids_before_it_as_they_were(target: str, request: ChatRequest, more: ChatRequest) -> None:
    """A prompt cache holds a prefix: it must be the same bytes in the next turn."""
    from msgspec.structs import replace

    rules = ACCEPTED[target][0]
    longer = replace(request, messages=(*request.messages, *more.messages))
    before, after = rename(request, rules, [])[0], rename(longer, rules, [])[0]
    kept = [call.id for call in parts(after, ToolCall)][: len(parts(before, ToolCall))]
    assert kept == [call.id for call in parts(before, ToolCall)]


def said(*calls: ToolCall, origin: Origin | None = None) -> tuple[Message, ...]:
    answers = tuple(Message("tool", (ToolResult(call.id, (Text("ok"),)),)) for call in calls)
    return (Message("user", (Text("go"),)), Message("assistant", calls, origin=origin), *answers)


def renamed_ids(request: ChatRequest, rules: ConversationRules, **target: str) -> list[str]:
    return [call.id for call in parts(rename(request, rules, [], **target)[0], ToolCall)]


def test_what_needs_no_other_word_is_the_very_same_request_and_leaves_no_line() -> None:
    request = ChatRequest(model="m", messages=said(ToolCall("toolu_1", "look", "{}")), tools=(Tool(name="look"),))
    lines: list[ReceiptLine] = []
    assert rename(request, ANTHROPIC_MESSAGES, lines) == (request, None)
    assert rename(request, ANTHROPIC_MESSAGES, lines)[0] is request
    assert not lines


def test_every_word_that_changes_leaves_a_line() -> None:
    lines: list[ReceiptLine] = []
    request = ChatRequest(model="m", messages=said(ToolCall("a.b", "c.d", "{}")), tools=(Tool(name="c.d"),))
    rename(request, ANTHROPIC_MESSAGES, lines)
    assert [(line.field, line.fate) for line in lines] == [
        ("messages[1].parts[0].id", "mapped"),
        ("messages[1].parts[0].name", "mapped"),
        ("messages[2].parts[0].call_id", "mapped"),
        ("tools[0].name", "mapped"),
    ]
    name = "'c.d' is not accepted as the name of a tool here: 'c_d' is sent, and given back in the answer"
    assert mapped("request", "tools[0].name", name) in lines


def test_mistral_gets_nine_letters_and_digits() -> None:
    (first,) = renamed_ids(ChatRequest(model="m", messages=said(ToolCall("call_abc", "t", "{}"))), MISTRAL_CHAT)
    assert re.fullmatch("[a-zA-Z0-9]{9}", first)
    assert renamed_ids(ChatRequest(model="m", messages=said(ToolCall("D681PevKs", "t", "{}"))), MISTRAL_CHAT) == ["D681PevKs"]


def test_an_id_that_is_used_again_in_a_later_turn_is_told_apart_and_its_result_with_it() -> None:
    once = said(ToolCall("call_0", "a", "{}"))
    twice = ChatRequest(model="m", messages=(*once, *said(ToolCall("call_0", "b", "{}"))))
    renamed, ids = rename(twice, ANTHROPIC_MESSAGES, [])
    first, second = (call.id for call in parts(renamed, ToolCall))
    assert first == "call_0"
    assert second != first
    assert [result.call_id for result in parts(renamed, ToolResult)] == [first, second]
    assert ids is not None
    assert ids.calls == {second: "call_0"}
    assert rename(twice, OPENAI_CHAT, [])[0] is twice  # where nobody minds it stays


def test_calls_of_one_turn_that_share_an_id_are_answered_in_their_order() -> None:
    request = ChatRequest(model="m", messages=said(ToolCall("", "a", "{}"), ToolCall("", "b", "{}")))
    renamed, _ = rename(request, OPENAI_CHAT, [])
    first, second = (call.id for call in parts(renamed, ToolCall))
    assert first
    assert second
    assert first != second
    assert [result.call_id for result in parts(renamed, ToolResult)] == [first, second]


def test_where_a_name_binds_a_result_calls_without_ids_give_theirs_to_their_results() -> None:
    request = ChatRequest(model="m", messages=said(ToolCall("", "a", "{}"), ToolCall("", "b", "{}")))
    renamed, ids = rename(request, GEMINI, [])
    assert [(result.call_id, result.name) for result in parts(renamed, ToolResult)] == [("", "a"), ("", "b")]
    assert ids == IdMap()


def test_a_result_whose_call_is_elsewhere_keeps_an_id_of_its_own() -> None:
    request = ChatRequest(model="m", messages=(Message("tool", (ToolResult("a.b", (Text("ok"),)),)),))
    renamed, ids = rename(request, ANTHROPIC_MESSAGES, [])
    (result,) = parts(renamed, ToolResult)
    assert ids is not None
    assert ids.calls == {result.call_id: "a.b"}


def test_an_id_that_the_target_gave_itself_goes_back_as_it_came() -> None:
    """Some models look at their ids: https://huggingface.co/moonshotai/Kimi-K2-Instruct."""
    call = ToolCall("functions.look:0", "look", "{}")
    home = {"wire": "anthropic-messages", "provider": "moonshot"}
    request = ChatRequest(model="m", messages=said(call, origin=Origin("anthropic-messages", "moonshot")))
    assert renamed_ids(request, ANTHROPIC_MESSAGES, **home) == ["functions.look:0"]
    assert renamed_ids(request, ANTHROPIC_MESSAGES, wire="anthropic-messages", provider="anthropic") != ["functions.look:0"]


def test_a_name_is_only_marked_where_it_would_not_be_alone() -> None:
    def sent(*names: str) -> list[str]:
        request = ChatRequest(model="m", messages=(), tools=tuple(Tool(name=name) for name in names))
        return [tool.name for tool in rename(request, OPENAI_CHAT, [])[0].tools or () if isinstance(tool, Tool)]

    assert sent("files.read", "look") == ["files_read", "look"]
    plain, taken = sent("files.read", "files_read")
    assert taken == "files_read"
    assert re.fullmatch("files_read_[0-9a-f]{8}", plain)
    assert sent("files.read", "files/read") == sent("files/read", "files.read")[::-1]
    assert len(set(sent("files.read", "files/read", "files read"))) == 3


def test_a_name_that_a_provider_run_tool_has_is_taken() -> None:
    hosted = Opaque({"type": "custom", "name": "a_b"}, slot="tools")
    renamed, _ = rename(ChatRequest(model="m", messages=(), tools=(hosted, Tool(name="a.b"))), OPENAI_CHAT, [])
    assert renamed.tools is not None
    assert isinstance(tool := renamed.tools[1], Tool)
    assert tool.name != "a_b"


def test_the_choice_among_tools_follows_their_names() -> None:
    tools = (Tool(name="a.b"), Tool(name="c"))
    named, _ = rename(ChatRequest(model="m", messages=(), tools=tools, tool_choice=ToolChoice("named", "a.b")), OPENAI_CHAT, [])
    some = ToolChoice("auto", allowed=("a.b", "c"))
    allowed, _ = rename(ChatRequest(model="m", messages=(), tools=tools, tool_choice=some), OPENAI_CHAT, [])
    assert named.tool_choice == ToolChoice("named", "a_b")
    assert allowed.tool_choice == ToolChoice("auto", allowed=("a_b", "c"))


MAP = IdMap(calls={"abcDEF123": "call_1"}, names={"files_read": "files.read"})


def test_an_answer_calls_tools_by_the_callers_names() -> None:
    def answer(*calls: ToolCall) -> Completion:
        message = Message("assistant", (Text("Let me look"), *calls))
        return Completion(id="1", model="m", choices=(Choice(message=message, finish=FinishReason("tool_calls")),))

    foreign, own = ToolCall("new", "files_read", "{}"), ToolCall("new", "look", "{}")
    assert MAP.restore_completion(answer(foreign)).tool_calls == (ToolCall("new", "files.read", "{}"),)
    untouched = answer(own)
    assert MAP.restore_completion(untouched) is untouched


@pytest.mark.parametrize(
    ("event", "restored"),
    [
        (ToolCallDelta(0, "new", "files_read", "{"), ToolCallDelta(0, "new", "files.read", "{")),
        (ToolCallDelta(0, "abcDEF123", "look"), ToolCallDelta(0, "call_1", "look")),
        (PartAdded(0, ToolCall("new", "files_read", "")), PartAdded(0, ToolCall("new", "files.read", ""))),
    ],
)
def test_a_stream_calls_tools_by_the_callers_names(event: Event, restored: Event) -> None:
    assert MAP.restore_event(event) == restored


@pytest.mark.parametrize("event", [ToolCallDelta(0, arguments="{}"), TextDelta("hi"), PartAdded(0, Text("hi"))])
def test_an_event_without_a_name_of_the_targets_passes_as_it_is(event: Event) -> None:
    assert MAP.restore_event(event) is event
