"""Bytes from outside are read only so deep as anything sensible is nested, whoever sends them and whatever they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from turnout.adapt.schemas.checks import Check, restore, verify
from turnout.errors import Error, RequestError
from turnout.events import fold
from turnout.registry import WIRES as TABLE, Registry
from turnout.types import (
    Choice,
    Completion,
    EmbedRequest,
    FinishReason,
    HttpResponse,
    Message,
    RerankRequest,
    Target,
    Text,
)
from turnout.wire import Wire
from turnout.wire.aws_events import encode_event
from turnout.wire.json_text import MAX_DEPTH
from turnout.wire.relaying import read_passing, write_passing

DEEP = '{"a":' * (MAX_DEPTH + 400) + "1" + "}" * (MAX_DEPTH + 400)
TARGET = Target(provider="acme", model="m")
WIRES = sorted(TABLE)
SPOKEN = {name: Registry(environ={}).wires.get(name) for name in WIRES}


def readers(wire: Wire, body: bytes) -> Iterator[tuple[str, Callable[[], object]]]:
    """All of a wire that reads bytes from outside. What a stream decoder is given is an event of each framing."""
    provider = Registry(environ={}).provider("openai")
    answer = HttpResponse(status=200, body=body)
    refusal = HttpResponse(status=400, body=body)
    embed, rerank = EmbedRequest(model="m", input=("a",)), RerankRequest(model="m", query="a", documents=("b",))
    if wire.chat is not None:
        chat = wire.chat
        yield "chat.decode", lambda: chat.decode(answer, TARGET)
        yield "chat.decode_error", lambda: chat.decode_error(refusal, TARGET)
        frames = {":event-type": "contentBlockDelta", ":message-type": "event", ":content-type": "application/json"}
        for kind, event in (
            ("sse", b"data: " + body + b"\n\n"),
            ("ndjson", body + b"\n"),
            ("array", b"[" + body + b"]"),
            ("aws", encode_event(frames, body)),
            ("aws chunk", encode_event(frames | {":event-type": "chunk"}, body)),
        ):
            yield f"decoder.{kind}", lambda event=event: fold([*chat.decoder(TARGET).feed(event)])  # type: ignore[misc]
    for name, server in (
        ("server", wire.server),
        ("embed_server", wire.embed_server),
        ("rerank_server", wire.rerank_server),
        ("count_server", wire.count_server),
    ):
        if server is not None:
            yield f"{name}.parse", lambda server=server: server.parse(body)  # type: ignore[misc]
    if wire.embed is not None:
        vectors = wire.embed
        yield "embed.decode", lambda: vectors.decode(answer, embed, TARGET)
        yield "embed.decode_error", lambda: vectors.decode_error(refusal, TARGET)
    if wire.rerank is not None:
        ranking = wire.rerank
        yield "rerank.decode", lambda: ranking.decode(answer, rerank, TARGET)
        yield "rerank.decode_error", lambda: ranking.decode_error(refusal, TARGET)
    if wire.models is not None:
        models = wire.models
        yield "models.decode", lambda: models.decode(answer, provider)
        yield "models.decode_one", lambda: models.decode_one(answer, provider, "m")
        yield "models.decode_error", lambda: models.decode_error(refusal, provider)
    if wire.count is not None:
        counts = wire.count
        yield "count.decode", lambda: counts.decode(answer, TARGET)
        yield "count.decode_error", lambda: counts.decode_error(refusal, TARGET)
    if wire.relay is not None and wire.relay.skim is not None:
        skim = wire.relay.skim
        yield "relay.skim", lambda: skim(answer, TARGET)


# Where a body of each protocol has room for anything, and what surrounds it there
ROOM = {
    "the whole body": "%s",
    "a field": '{"x":%s}',
    "an array": "[%s]",
    "usage of OpenAI": '{"id":"a","model":"m","created":1,"choices":[{"index":0,"message":{"content":"b"}}],"usage":%s}',
    "usage of Gemini": '{"candidates":[{"content":{"role":"model","parts":[{"text":"b"}]}}],"usageMetadata":%s}',
    "log probabilities of Responses": (
        '{"type":"response.output_text.delta","delta":"a","output_index":0,"content_index":0,"logprobs":[%s]}'
    ),
    "input of a tool of Claude": (
        '{"id":"a","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","usage":{},'
        '"content":[{"type":"tool_use","id":"t","name":"n","input":%s}]}'
    ),
    "an error": '{"error":%s,"message":"no"}',
    "vectors": '{"data":[{"index":0,"embedding":[1.0]}],"embeddings":[[1.0]],"results":%s}',
}


@pytest.mark.parametrize("room", ROOM.values(), ids=list(ROOM))
@pytest.mark.parametrize("name", WIRES)
def test_what_is_nested_without_end_is_refused_by_everything_that_reads(name: str, room: str) -> None:
    read = []
    for what, reader in readers(SPOKEN[name], (room % DEEP).encode()):
        try:
            result = reader()
        except Error:
            result = None
        if what.endswith("decode_error"):
            assert isinstance(result, Error), what
        elif result is not None:
            assert depth_of(result) <= MAX_DEPTH, what
        read.append(what)
    assert read


def depth_of(value: object) -> int:
    """How deep the JSON of a result is; objects of ours count too, and are few."""
    import msgspec

    text = msgspec.json.encode(value, enc_hook=str).decode()
    deepest = now = 0
    for bracket in text:
        now += (bracket in "[{") - (bracket in "]}")
        deepest = max(deepest, now)
    return deepest


def test_options_of_a_stream_that_are_nested_without_end_are_refused_before_they_are_passed_on() -> None:
    rules = SPOKEN["openai-chat"].relay
    assert rules is not None
    options = '{"model":"m","stream":true,"stream_options":%s}'
    with pytest.raises(RequestError, match="nested deeper than"):
        read_passing((options % DEEP).encode(), rules)
    passed = json.loads(write_passing(read_passing((options % '{"x":[[1]]}').encode(), rules), rules, "other"))
    assert passed == {"model": "other", "stream": True, "stream_options": {"x": [[1]], "include_usage": True}}


def test_an_answer_nested_without_end_is_not_checked_and_its_receipt_says_so() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    checks = (Check(schema=schema, relaxed=True, nulls=True),)
    deep = DEEP.replace("1", "null")
    said = Message("assistant", (Text(deep),))
    completion = Completion(id="1", model="m", choices=(Choice(message=said, finish=FinishReason("stop")),))
    assert restore(completion, checks) == completion
    (line,) = verify(completion, checks)
    assert line.reason.startswith("not checked against its schema: it is nested deeper than")
