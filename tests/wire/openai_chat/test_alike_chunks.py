"""Chunks that differ in their text alone are read by what they share: it must not change what any stream says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, strategies as st

from turnout.events import Event, RefusalDelta, TextDelta, UsageReported
from turnout.types import Origin, Target, Usage
from turnout.wire.openai_chat import WIRE
from turnout.wire.relay_session import RelaySession

TARGET = Target("acme", "m")
BEFORE = b'data: {"id":"c1","model":"m-1","choices":[{"index":0,"delta":{"content":'
AFTER = b'},"finish_reason":null}],"usage":null}\n\n'
DONE = b"data: [DONE]\n\n"


def events(data: bytes) -> list[Event]:
    assert WIRE.chat is not None
    decoder = WIRE.chat.decoder(TARGET)
    return [*decoder.feed(data), *decoder.close()]


def stream(*contents: bytes) -> bytes:
    return b"".join(BEFORE + content + AFTER for content in contents) + DONE


def texts(data: bytes) -> list[str]:
    return [event.text for event in events(data) if isinstance(event, TextDelta)]


_words = st.text(max_size=8)
_deltas = st.one_of(
    _words.map(lambda text: {"content": text}),
    _words.map(lambda text: {"content": f'"content":"{text}"'}),
    _words.map(lambda text: {"reasoning_content": text}),
    st.tuples(_words, _words).map(lambda both: {"content": both[0], "reasoning_content": both[1]}),
    _words.map(lambda text: {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": text}}]}),
    _words.map(lambda text: {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}),
    _words.map(lambda text: {"refusal": text}),
)
_chunks = st.builds(
    lambda model, index, delta, more: {
        "id": "c1",
        "model": model,
        "choices": [{"index": index, "delta": delta, "finish_reason": None}],
        **more,
    },
    st.sampled_from(["m-1", "m-1", "m-1", "m-2"]),
    st.sampled_from([0, 0, 0, 1]),
    _deltas,
    st.sampled_from([{}, {}, {"obfuscation": "abc"}, {"service_tier": "default"}, {"usage": None}]),
)


@given(st.lists(_chunks, max_size=14), st.booleans())
def test_a_stream_says_the_same_with_and_without_white_space(chunks: list[dict[str, Any]], ascii: bool) -> None:
    # white space inside the chunks keeps them from being read by what they share
    dense = [json.dumps(chunk, separators=(",", ":"), ensure_ascii=ascii).encode() for chunk in chunks]
    loose = [json.dumps(chunk, separators=(" , ", " : "), ensure_ascii=ascii).encode() for chunk in chunks]
    said = [b"".join(b"data: " + chunk + b"\n\n" for chunk in written) + DONE for written in (dense, loose)]
    assert events(said[0]) == events(said[1])


def test_texts_of_alike_chunks_are_read_with_their_escapes() -> None:
    data = stream(b'"a"', b'"b"', b'"\\u00e4\\n"', b'"\xc3\xbc"', b'"say \\"content\\":"', b'""', b'"c"')
    assert texts(data) == ["a", "b", "ä\n", "ü", 'say "content":', "c"]


def test_a_chunk_that_begins_and_ends_alike_but_says_more_is_read_in_full() -> None:
    said = events(stream(b'"a"', b'"b"', b'"c"', b'"d","refusal":"no"', b'"e"'))
    assert [event.text for event in said if isinstance(event, (TextDelta, RefusalDelta))] == ["a", "b", "c", "d", "no", "e"]


def test_of_a_name_that_comes_twice_the_last_holds_in_every_chunk() -> None:
    assert texts(stream(b'"a","content":"a"', b'"b","content":"b"', b'"x","content":"c"', b'"d","content":"c"')) == list("abcc")


def passed_on(*events: bytes) -> RelaySession:
    assert WIRE.chat is not None
    assert WIRE.relay is not None
    session = RelaySession(WIRE.chat.decoder(TARGET), WIRE.relay, hide_usage=False)
    assert b"".join(session.feed(b"".join(events))) == b"".join(events)
    session.end()
    return session


def test_usage_that_stands_before_the_choices_is_counted_when_a_stream_is_passed_on() -> None:
    usage = b'{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}'
    last = b'data: {"id":"c1","model":"m-1","usage":' + usage + b',"choices":[{"index":0,"delta":{},"finish_reason":null}]}\n\n'
    data = (BEFORE + b'"a"' + AFTER, BEFORE + b'"b"' + AFTER, last, DONE)
    counted = [event.usage for event in events(b"".join(data)) if isinstance(event, UsageReported)][-1]
    assert (counted.input_tokens, counted.output_tokens) == (3, 2)
    assert passed_on(*data).completion().usage == counted


def test_what_is_known_of_a_stream_that_was_passed_on_is_what_its_events_say() -> None:
    end = b'data: {"id":"c1","model":"m-1","created":7,"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\n'
    completion = passed_on(BEFORE + b'"a"' + AFTER, end, DONE).completion()
    assert (completion.id, completion.model, completion.created, completion.text) == ("c1", "m-1", 7, "")
    assert completion.finish is not None
    assert completion.finish.unified == "length"
    assert completion.origin == Origin("openai-chat", "acme")
    assert completion.usage == Usage()


def test_a_stream_without_a_word_of_its_end_has_no_choice() -> None:
    assert passed_on(BEFORE + b'"a"' + AFTER, DONE).completion().choices == ()
