"""Whole Anthropic Messages answers: literal JSON to parts, and back to the same JSON."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from envelopes import enveloped
from hypothesis import given, strategies as st
from messages_wire import answer, decode, render

from turnout.errors import Error, Overloaded, ServerFault
from turnout.types import (
    Audio,
    Choice,
    Citation,
    Completion,
    DataSource,
    FileSource,
    FinishReason,
    Image,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    UrlSource,
    Usage,
    Video,
)
from turnout.wire.seals import Thought

HERE = Origin("anthropic-messages", "acme")
THERE = Origin("openai-chat", "other")

TEXT = {"type": "text", "text": "Hi"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "ZW5j"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"b": 1, "a": [True, None, 1.5]}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "rivers"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "u"}]}
PAGE = {"type": "page_location", "cited_text": "x", "document_index": 0, "document_title": None, "start_page_number": 1}
CHARS = {"type": "char_location", "cited_text": "x", "document_title": "D", "start_char_index": 3, "end_char_index": 9}
WEB = {"type": "web_search_result_location", "url": "https://a", "title": "A", "cited_text": "x", "encrypted_index": "e"}


@pytest.mark.parametrize(
    "block",
    [
        TEXT,
        THOUGHT,
        REDACTED,
        CALL,
        SEARCH,
        FOUND,
        {"type": "thinking", "thinking": "unsigned"},
        {"type": "thinking", "thinking": "", "signature": "only the signature"},
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": ""},
        {"type": "text", "text": "x", "citations": [PAGE, CHARS, WEB]},
        {"type": "text", "text": "x", "citations": []},
        {"type": "text", "text": "x", "citations": None},
        {"type": "text", "text": "x", "citations": ["not an object"]},
        CALL | {"caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}},
        CALL | {"input": {}},
        CALL | {"input": None},
        CALL | {"input": '{"cut off": '},
        CALL | {"input": '"a string"'},
        {"type": "tool_use", "id": "toolu_1", "name": "look"},
        {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False, "content": [TEXT]},
        {"type": "a_block_of_next_year", "level": 3},
        {"type": "text", "text": 5},
        {"type": ["odd"]},
        {},
    ],
    ids=str,
)
def test_every_block_comes_back_as_it_was(block: dict[str, Any]) -> None:
    body = answer(block, TEXT)
    assert render(decode(body)) == body


def test_blocks_become_parts_of_their_kind_in_their_order() -> None:
    assert decode(answer(THOUGHT, REDACTED, TEXT, CALL, SEARCH)).parts == (
        Reasoning("hm", "c2ln", origin=HERE),
        Reasoning("", encrypted="ZW5j", origin=HERE),
        Text("Hi"),
        ToolCall("toolu_1", "look", '{"b": 1, "a": [true, null, 1.5]}'),
        Opaque(SEARCH, origin=HERE),
    )


def test_several_thinking_blocks_keep_their_own_signatures() -> None:
    thoughts = [p for p in decode(answer(THOUGHT, CALL, THOUGHT | {"signature": "b2R1"})).parts if isinstance(p, Reasoning)]
    assert [thought.signature for thought in thoughts] == ["c2ln", "b2R1"]


def test_tool_arguments_keep_the_text_the_provider_wrote() -> None:
    body = (
        b'{"id":"m","type":"message","role":"assistant","model":"c","stop_reason":"tool_use","content":['
        b'{"type":"text","text":"x"},{"type":"tool_use","id":"t","name":"n","input":{"z" : 1.0,  "a":"\\u00e9"}}]}'
    )
    assert decode(body).tool_calls[0].arguments == '{"z" : 1.0,  "a":"\\u00e9"}'


def test_positions_of_a_citation_count_in_its_source_and_not_in_the_answer() -> None:
    body = answer({"type": "text", "text": "x", "citations": [CHARS, WEB]})
    (part,) = decode(body).parts
    assert isinstance(part, Text)
    chars, web = part.citations
    assert (chars.title, chars.start, chars.extra and chars.extra["start_char_index"]) == ("D", None, 3)
    assert web == Citation(
        url="https://a", title="A", cited_text="x", extra={"type": "web_search_result_location", "encrypted_index": "e"}
    )


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop_sequence"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "length"),
        ("a_reason_of_next_year", "other"),
    ],
)
def test_stop_reasons_are_mapped_and_kept(raw: str, unified: str) -> None:
    body = answer(TEXT, stop_reason=raw)
    completion = decode(body)
    assert completion.finish == FinishReason(unified, raw)  # type: ignore[arg-type]
    assert render(completion) == body


def test_the_stop_sequence_that_was_hit_is_told() -> None:
    body = answer(TEXT, stop_reason="stop_sequence", stop_sequence="END")
    assert decode(body).finish == FinishReason("stop_sequence", "stop_sequence", "END")
    assert render(decode(body)) == body


@pytest.mark.parametrize(
    "fields",
    [
        {"stop_reason": None},
        {"stop_details": None},
        {"stop_details": {"category": "x"}},
        {"container": {"id": "c", "expires_at": "t"}},
        {"context_management": {"applied_edits": []}},
        {"usage": None},
        {"usage": {"input_tokens": "many"}},
        {"id": 7},
        {"role": "model"},
        {"type": "completion"},
        {"stop_sequence": 3},
    ],
    ids=str,
)
def test_fields_that_are_unknown_or_odd_come_back_as_they_were(fields: dict[str, Any]) -> None:
    body = answer(TEXT, **fields)
    assert render(decode(body)) == body


@pytest.mark.parametrize("left_out", ["stop_sequence", "usage", "stop_reason", "id", "model"])
def test_a_field_that_a_server_leaves_out_is_not_invented(left_out: str) -> None:
    body = answer(TEXT)
    del body[left_out]
    assert render(decode(body)) == body


# -- usage -----------------------------------------------------------------------------------------


def test_usage_falls_into_disjoint_buckets() -> None:
    usage = {
        "input_tokens": 3,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 40},
        "service_tier": "priority",
        "server_tool_use": {"web_search_requests": 2},
    }
    completion = decode(answer(TEXT, usage=usage))
    used = completion.usage
    assert (used.uncached_input_tokens, used.cache_read_tokens, used.cache_write_5m_tokens, used.cache_write_1h_tokens) == (
        3,
        100,
        10,
        20,
    )
    assert (used.text_output_tokens, used.reasoning_tokens) == (10, 40)
    assert (used.input_tokens, used.output_tokens) == (133, 50)
    assert completion.service_tier == "priority"
    assert used.raw == usage


def test_cache_writes_without_a_split_are_of_five_minutes() -> None:
    used = decode(answer(TEXT, usage={"input_tokens": 1, "cache_creation_input_tokens": 9, "output_tokens": 1})).usage
    assert (used.cache_write_5m_tokens, used.cache_write_1h_tokens) == (9, None)


def test_counts_that_were_not_reported_stay_unknown() -> None:
    used = decode(answer(TEXT, usage={"output_tokens": 0})).usage
    assert (used.uncached_input_tokens, used.cache_read_tokens, used.cache_write_5m_tokens) == (None, None, None)
    assert (used.text_output_tokens, used.reasoning_tokens) == (0, None)


# -- what is no answer -----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"{}", b'{"completion": "x"}', b'{"content": "x"}', b"[" * 9999])
def test_what_is_not_the_protocol_is_a_fault_of_the_server(body: bytes) -> None:
    with pytest.raises(ServerFault):
        decode(body)


def test_an_error_in_a_200_is_that_error() -> None:
    with pytest.raises(Overloaded, match="Busy"):
        decode({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "input", "id"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = ["text", "thinking", "redacted_thinking", "tool_use", "tool_result", "image", "document", "server_tool_use"]
FIELDS = ["text", "thinking", "signature", "data", "id", "name", "input", "tool_use_id", "content", "source", "citations"]
BLOCKS = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
)


@given(
    st.lists(BLOCKS, max_size=3), st.dictionaries(st.sampled_from([*FIELDS, "usage", "model", "stop_reason"]), JSON, max_size=3)
)
def test_whatever_a_server_answers_nothing_but_our_errors_is_raised(content: list[Any], fields: dict[str, Any]) -> None:
    with suppress(Error):
        render(decode({"content": content} | fields))


@given(st.lists(BLOCKS, max_size=4))
def test_blocks_of_any_form_come_back_as_they_were(content: list[dict[str, Any]]) -> None:
    kept = [block for block in content if block.get("input") != ""]
    assert render(decode(answer(*kept)))["content"] == kept


# -- answers of other protocols --------------------------------------------------------------------


def foreign(*parts: Part, finish: FinishReason | None = None, usage: Usage | None = None) -> Completion:
    message = Message("assistant", parts, origin=THERE)
    choice = Choice(message=message, finish=finish or FinishReason("stop", "stop"))
    return Completion(id="c1", model="gpt", choices=(choice,), usage=usage or Usage(), origin=THERE, extra={"object": "x"})


def test_an_answer_of_another_protocol_has_every_documented_field() -> None:
    assert render(foreign(Text("Hi"), usage=Usage(uncached_input_tokens=2, cache_read_tokens=3, text_output_tokens=4))) == {
        "id": "c1",
        "type": "message",
        "role": "assistant",
        "model": "gpt",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 2, "output_tokens": 4, "cache_read_input_tokens": 3},
    }


def test_text_beside_tool_calls_of_another_protocol_is_kept_before_them() -> None:
    body = render(foreign(Text("Let me look."), ToolCall("call_1", "look", '{"a": 1}'), finish=FinishReason("tool_calls", "x")))
    assert [block["type"] for block in body["content"]] == ["text", "tool_use"]
    assert body["content"][1] == {"type": "tool_use", "id": "call_1", "name": "look", "input": {"a": 1}}


def test_an_answer_that_calls_tools_stopped_in_order_to() -> None:
    assert render(foreign(ToolCall("c", "look", "{}"), finish=FinishReason("stop", "stop")))["stop_reason"] == "tool_use"
    assert render(foreign(ToolCall("c", "look", "{}"), finish=FinishReason("length", "length")))["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("unified", "raw"),
    [("length", "max_tokens"), ("content_filter", "refusal"), ("refusal", "refusal"), ("pause", "pause_turn")],
)
def test_a_truncated_or_refused_answer_is_never_told_as_a_whole_one(unified: Any, raw: str) -> None:
    assert render(foreign(Text("x"), finish=FinishReason(unified, "x")))["stop_reason"] == raw


def test_an_unknown_stop_reason_of_another_protocol_keeps_its_own_word() -> None:
    assert render(foreign(Text("x"), finish=FinishReason("other", "MALFORMED")))["stop_reason"] == "MALFORMED"


def test_invalid_arguments_travel_inside_an_object() -> None:
    (block,) = render(foreign(ToolCall("c", "look", '{"a": ')))["content"]
    assert block["input"] == {"INVALID_JSON": '{"a": '}


def test_an_id_the_protocol_refuses_is_rewritten_the_same_way_each_time() -> None:
    first, second = (render(foreign(ToolCall("call:1", "look", "{}")))["content"][0]["id"] for _ in range(2))
    other = render(foreign(ToolCall("call.1", "look", "{}")))["content"][0]["id"]
    assert first == second != other
    assert first.replace("_", "").isalnum()


def test_calls_without_ids_get_different_ones() -> None:
    one, two = render(foreign(ToolCall("", "look", "{}"), ToolCall("", "look", "{}")))["content"]
    assert one["id"] != two["id"]


def test_what_another_provider_sealed_is_shown_in_an_envelope_and_what_nobody_is_known_to_have_sealed_is_not() -> None:
    (block,) = render(foreign(Reasoning("hm", "their secret", origin=THERE)))["content"]
    signature = enveloped(THERE, "gpt", Thought(shown=2, signature="their secret"))
    assert block == {"type": "thinking", "thinking": "hm", "signature": signature}
    (block,) = render(foreign(Reasoning("", encrypted="their secret", origin=THERE)))["content"]
    data = enveloped(THERE, "gpt", Thought(encrypted="their secret"))
    assert block == {"type": "redacted_thinking", "data": data}
    somebody = Origin("openai-chat")
    (block,) = render(foreign(Reasoning("hm", "a secret", origin=somebody)))["content"]
    assert block == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert render(foreign(Reasoning("", encrypted="a secret", origin=somebody)))["content"] == []


def test_a_refusal_and_spoken_words_become_text() -> None:
    body = render(foreign(Refusal("No."), Audio(DataSource("aGk="), transcript="Hello.")))
    assert [block["text"] for block in body["content"]] == ["No.", "Hello."]


def test_a_cited_page_becomes_a_web_search_result() -> None:
    (block,) = render(foreign(Text("See this page.", (Citation(url="https://a", title="A", start=4, end=8),))))["content"]
    assert block["citations"] == [
        {"type": "web_search_result_location", "url": "https://a", "title": "A", "cited_text": "this", "encrypted_index": ""}
    ]


@pytest.mark.parametrize(
    "part",
    [Opaque({"type": "web"}, origin=THERE), Video(UrlSource("https://a")), Image(FileSource("f")), Audio(DataSource("aGk="))],
)
def test_what_this_protocol_cannot_hold_does_not_cost_the_rest_of_the_answer(part: Part) -> None:
    assert render(foreign(Text("x"), part))["content"] == [{"type": "text", "text": "x"}]
