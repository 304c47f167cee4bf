"""Whatever bytes or values come, nothing but the error tree leaves the wire, and what it accepts survives."""

from __future__ import annotations

import json
import re
from typing import Any

from converse_wire import BEDROCK, CODEC, SERVER, TARGET, events, frame, rendered
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from turnout.errors import Error
from turnout.events import Event, fold
from turnout.types import HttpResponse
from turnout.wire.bedrock_converse.media import DocumentNames
from turnout.wire.bedrock_converse.texts import join_texts, split_text
from turnout.wire.bedrock_converse.words import tool_id

LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=4), st.sampled_from(["default", "enabled", "s3://b/a"])
)
NAMES = st.sampled_from(
    [
        *("text", "toolUse", "toolUseId", "name", "input", "toolResult", "content", "status", "json", "image", "document"),
        *("source", "bytes", "format", "s3Location", "uri", "reasoningContent", "reasoningText", "signature", "citation"),
        *("redactedContent", "citationsContent", "citations", "sourceContent", "location", "web", "url", "title", "newer"),
        *("guardContent", "searchResult", "cachePoint", "type", "ttl", "enabled", "context", "video", "audio", "thinking"),
        *("tools", "toolSpec", "schema"),
    ]
)
VALUE = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)), max_leaves=8
)
SAID = VALUE.filter(lambda value: value is not None)  # a null says nothing
CONTENT = st.lists(SAID, max_size=3)
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": CONTENT})
FIELDS = st.sampled_from(["thinking", "top_k", "reasoning_config", "reasoningConfig", "output_config", "inferenceConfig"])
BODY = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(st.one_of(MESSAGE, MESSAGE, VALUE), max_size=3),
        "system": st.one_of(st.lists(st.dictionaries(NAMES, VALUE, max_size=2), max_size=2), VALUE),
        "inferenceConfig": st.dictionaries(st.sampled_from(["maxTokens", "temperature", "topP", "stopSequences", "x"]), VALUE),
        "toolConfig": st.fixed_dictionaries({}, optional={"tools": st.lists(VALUE, max_size=2), "toolChoice": VALUE, "x": VALUE}),
        "outputConfig": VALUE,
        "serviceTier": VALUE,
        "additionalModelRequestFields": st.dictionaries(FIELDS, VALUE),
        "x": VALUE,
    },
)


@given(BODY)
@settings(max_examples=300)
def test_a_request_that_is_understood_goes_on_as_it_came(body: dict[str, Any]) -> None:
    try:
        request, _ = SERVER.parse(json.dumps(body).encode())
    except Error:
        return
    encoded = CODEC.encode(replace(request, model="m"), BEDROCK, stream=False)
    assert json.loads(encoded.http.body) == body
    assert encoded.lines == ()


@given(
    st.fixed_dictionaries(
        {"output": st.fixed_dictionaries({"message": st.fixed_dictionaries({"content": CONTENT})})},
        optional={"stopReason": VALUE, "usage": VALUE, "trace": VALUE, "serviceTier": VALUE, "x": VALUE},
    )
)
@settings(max_examples=300)
def test_an_answer_that_is_understood_comes_out_as_it_came_in(body: dict[str, Any]) -> None:
    completion = CODEC.decode(HttpResponse(status=200, body=json.dumps(body).encode()), TARGET)
    expected = {**body, "output": {"message": {"role": "assistant", **body["output"]["message"]}}}
    assert json.loads(SERVER.render(completion)) == expected


@given(st.binary(max_size=80), st.integers(100, 599))
def test_whatever_bytes_come_only_errors_of_the_tree_leave(body: bytes, status: int) -> None:
    assert isinstance(CODEC.decode_error(HttpResponse(status=status, body=body), TARGET), Error)
    for read in (lambda: CODEC.decode(HttpResponse(status=200, body=body), TARGET), lambda: SERVER.parse(body)):
        try:
            read()
        except Error:
            continue


KINDS = st.sampled_from(
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "newer"]
)
EVENT = st.tuples(
    KINDS,
    st.one_of(
        VALUE,
        st.fixed_dictionaries(
            {"contentBlockIndex": st.integers(0, 2)},
            optional={"start": VALUE, "delta": VALUE, "p": VALUE, "usage": VALUE, "stopReason": VALUE, "x": VALUE},
        ),
    ),
)


@given(st.lists(EVENT, max_size=6), st.integers(1, 200))
@settings(max_examples=300)
def test_whatever_events_come_only_errors_of_the_tree_leave_at_any_cutting(said: list[tuple[str, Any]], size: int) -> None:
    data = b"".join(frame(name, json.dumps(payload).encode()) for name, payload in said)
    outcomes: list[tuple[list[Event], str]] = []
    for step in (len(data) or 1, size):
        seen: list[Event] = []
        failure = ""
        decoder = CODEC.decoder(TARGET)
        try:
            for at in range(0, len(data), step):
                seen.extend(decoder.feed(data[at : at + step]))
            seen.extend(decoder.close())
        except Error as error:
            failure = repr(error)
        outcomes.append((seen, failure))
    assert outcomes[0] == outcomes[1]
    fold(outcomes[0][0])
    again = events(rendered(outcomes[0][0]))
    assert fold(again).text == fold(outcomes[0][0]).text


@given(st.lists(st.text(max_size=5), max_size=5), st.sampled_from(["", "\n\n"]))
def test_texts_that_were_joined_come_apart_as_they_were(texts: list[str], separator: str) -> None:
    items = [{"text": text} for text in texts]
    joined = join_texts(items, separator)
    assert joined is not None
    assert split_text(*joined, separator) == items


@given(st.lists(st.text(max_size=80), unique=True, max_size=20))
def test_ids_that_differ_stay_apart_and_are_accepted(ids: list[str]) -> None:
    written = [tool_id(id) for id in ids]
    assert len(set(written)) == len(ids)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", id) for id in written)
    assert [tool_id(id) for id in written] == written


@given(st.lists(st.text(max_size=250), max_size=20))
def test_names_of_documents_are_accepted_and_differ(wanted: list[str]) -> None:
    names = DocumentNames()
    given = [names.name(name) for name in wanted]
    assert len(set(given)) == len(given)
    for name in given:
        assert 0 < len(name) <= 200
        assert "  " not in name
        assert all(character.isascii() and (character.isalnum() or character in " -()[]") for character in name)
