"""Reading recorded exchanges: the file format, their framing, and which wire speaks them."""

from __future__ import annotations

import base64

import pytest

from turnout.errors import ConfigError
from turnout.testing.exchange import read_exchanges
from turnout.testing.frames import NOT_JSON, aws_frames, chunks, ndjson_frames, sse_frames
from turnout.testing.routes import route_of
from turnout.wire.aws_events import encode_event

LINE = (
    '{{"id":"acme.chat.completions.0123456789ab","source":"here#0",'
    '"request":{{"method":"POST","url":"{url}","headers":{{"Accept":"*/*"}},{asked}}},'
    '"response":{{"status":200,"headers":{{"Retry-After":"3"}},{answered}}},"tags":[{tags}]}}\n'
)


def recorded(
    tmp_path,
    *,
    url="https://acme.example/v1/chat/completions?key=1",
    asked='"json":{"a":1.0}',
    answered='"json":{}',
    tags="",
    name="",
):
    path = tmp_path / (name or "acme__chat.completions.jsonl")
    path.write_text(LINE.format(url=url, asked=asked, answered=answered, tags=tags))
    (exchange,) = read_exchanges(path)
    return exchange


def test_a_json_body_keeps_its_bytes_as_they_were_recorded(tmp_path):
    exchange = recorded(tmp_path, answered='"json":{"x": 1e-05, "y": "\\u00e9"}')

    assert exchange.response.body == b'{"x": 1e-05, "y": "\\u00e9"}'
    assert exchange.request.body == b'{"a":1.0}'
    assert exchange.framing == "json"


def test_header_names_are_read_in_lower_case(tmp_path):
    exchange = recorded(tmp_path)

    assert exchange.response.headers == {"retry-after": "3"}
    assert exchange.request.headers == {"accept": "*/*"}


@pytest.mark.parametrize(
    ("answered", "framing", "body"),
    [
        ('"sse":"data: {}\\r\\n\\r\\n"', "sse", b"data: {}\r\n\r\n"),
        ('"ndjson":"{}\\n"', "ndjson", b"{}\n"),
        (f'"base64":"{base64.b64encode(bytes(range(256))).decode()}"', "base64", bytes(range(256))),
        ('"text":""', "text", b""),
    ],
)
def test_every_framing_is_read_into_bytes(tmp_path, answered, framing, body):
    exchange = recorded(tmp_path, answered=answered)

    assert (exchange.framing, exchange.response.body) == (framing, body)


@pytest.mark.parametrize("asked", ['"json":null', '"x":0'])
def test_a_request_that_was_not_recorded_is_empty(tmp_path, asked):
    assert recorded(tmp_path, asked=asked).request.body == b""


def test_a_file_that_names_no_endpoint_leaves_it_to_the_ids(tmp_path):
    exchange = recorded(tmp_path, name="mine.jsonl")

    assert (exchange.provider, exchange.endpoint) == ("acme", "chat.completions")


@pytest.mark.parametrize("line", ["{", '{"id":1}', LINE.format(url="u", asked='"x":0', answered='"y":0', tags="")])
def test_a_line_that_is_no_exchange_is_named_with_its_file_and_line(tmp_path, line):
    path = tmp_path / "acme__chat.jsonl"
    path.write_text("\n" + line)

    with pytest.raises(ConfigError, match=r"acme__chat\.jsonl:2 is not a recorded exchange: "):
        list(read_exchanges(path))


def test_sse_events_are_found_with_their_ends_whatever_ends_a_line():
    body = b': hello\r\n\r\nevent: a\ndata: {"x":\ndata: 1}\n\ndata:[DONE]\r\r\ndata: no\r\n\r\ndata: {}'

    frames = sse_frames(body)

    assert [(frame.event, frame.data) for frame in frames] == [("a", '{"x":\n1}'), (None, "[DONE]"), (None, "no"), (None, "{}")]
    assert [frame.value for frame in frames] == [{"x": 1}, NOT_JSON, NOT_JSON, {}]
    assert [body[: frame.end].rpartition(b"data:")[2].strip() for frame in frames] == [b"1}", b"[DONE]", b"no", b"{}"]
    assert frames[-1].end == len(body)


def test_messages_of_an_aws_event_stream_are_found_by_their_names_and_lengths():
    first = encode_event({":message-type": "event", ":event-type": "metadata", "n": 5}, b'{"x":1}')
    second = encode_event({":exception-type": "throttlingException", ":event-type": "not this"}, b"slow")

    frames = aws_frames(first + second + b"\0\0\0\x30")

    assert [(frame.event, frame.value, frame.end) for frame in frames] == [
        ("metadata", {"x": 1}, len(first)),
        ("throttlingException", NOT_JSON, len(first + second)),
    ]


def test_lines_of_json_are_events_too():
    assert [(frame.value, frame.end) for frame in ndjson_frames(b'{"a":1}\n\n{"b":2}')] == [({"a": 1}, 8), ({"b": 2}, 16)]


def test_chunks_are_the_whole_in_the_sizes_asked_for():
    assert list(chunks(b"abcdef", iter([1, 3, 9]))) == [b"a", b"bcd", b"ef"]


@pytest.mark.parametrize(
    ("url", "tags", "wire"),
    [
        ("https://api.openai.com/v1/chat/completions", "", "openai-chat"),
        ("https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1", "", "openai-chat"),
        ("https://x.snowflakecomputing.com/api/v2/cortex/v1/chat/completions", "", "openai-chat"),
        ("https://api.writer.com/v1/chat", "", "openai-chat"),
        ("https://api.cohere.com/v1/chat", "", None),
        ("https://api.anthropic.com/v1/messages", "", "anthropic-messages"),
        ("https://api.openai.com/v1/threads/thread_1/messages", "", None),
        ("https://api.anthropic.com/v1/messages/batches", '"wire:anthropic-messages"', None),
        ("https://api.anthropic.com/v1/messages/count_tokens", '"wire:anthropic-messages"', "anthropic-messages"),
        ("https://g.example/v1/models", '"wire:openai-chat"', None),
        ("https://e.example/v1/projects/p/publishers/anthropic/models/claude@1:rawPredict", "", "anthropic-vertex"),
        ("https://e.example/v1/projects/p/publishers/google/models/gemini:rawPredict", "", None),
    ],
)
def test_the_address_says_which_wire_an_exchange_is_in(tmp_path, url, tags, wire):
    route = route_of(recorded(tmp_path, url=url, tags=tags))

    assert (route.wire if route else None) == wire


INVOKE = "https://b.example/model/anthropic.claude/invoke"
MESSAGES = '"json":{"anthropic_version":"bedrock-2023-05-31"}'


def test_where_one_address_serves_several_protocols_the_request_says_which(tmp_path):
    assert route_of(recorded(tmp_path, url=INVOKE, asked=MESSAGES)).wire == "anthropic-bedrock"
    assert route_of(recorded(tmp_path, url=INVOKE, asked='"json":{"prompt":"Human:"}')) is None


def test_a_framing_that_no_wire_reads_yet_is_not_covered(tmp_path):
    assert route_of(recorded(tmp_path, url=INVOKE, asked=MESSAGES, answered='"base64":"AAAA"')) is None
