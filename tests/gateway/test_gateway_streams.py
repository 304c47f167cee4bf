"""Streams through the gateway that tell the truth: while they wait, when they break, and to callers who read slowly or leave."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from raw_http import connect, exchange, parsed, post, until
from running_gateway import running

from turnout.gateway import Limits, Settings
from turnout.testing.transport import Script, ScriptedStream

HEAD = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
STREAM = (
    HEAD + b'"delta":{"role":"assistant","content":"The "},"finish_reason":null}]}\n\n',
    HEAD + b'"delta":{"content":"Loire"},"finish_reason":null}]}\n\n',
    HEAD + b'"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
)
MODEL = "groq/llama-3.3-70b-versatile"
TURN = [{"role": "user", "content": "Name a river"}]
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "Name a river"}]}]}
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": (CHAT, {"model": MODEL, "messages": TURN, "stream": True}),
    "mistral": (f"/mistral{CHAT}", {"model": MODEL, "messages": TURN, "stream": True}),
    "responses": ("/v1/responses", {"model": MODEL, "input": "Name a river", "stream": True}),
    "anthropic": (MESSAGES, {"model": MODEL, "messages": TURN, "stream": True, "max_tokens": 9}),
    "gemini": (f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse", CONTENTS),
    "gemini array": (f"/v1beta/models/{MODEL}:streamGenerateContent", CONTENTS),
    "cohere": ("/v2/chat", {"model": MODEL, "messages": TURN, "stream": True}),
    "ollama": ("/api/chat", {"model": MODEL, "messages": TURN}),
    "ollama generate": ("/api/generate", {"model": MODEL, "prompt": "Name a river"}),
    "bedrock": (
        f"/model/{MODEL.replace('/', '%2F')}/converse-stream",
        {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    ),
}


def asking(client: str) -> bytes:
    path, body = BODIES[client]
    return post(path, json.dumps(body).encode())


def unchunked(body: bytes) -> bytes:
    pieces = []
    while body:
        size, _, body = body.partition(b"\r\n")
        pieces.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return b"".join(pieces)


def events(client: str, body: bytes) -> list[Any]:
    """What a client of that protocol reads: objects, by the framing of the protocol. "[DONE]" is the text."""
    if client == "gemini array":
        read: list[Any] = json.loads(body)
        return read
    if client.startswith("ollama"):
        return [json.loads(line) for line in body.splitlines()]
    if client == "bedrock":
        buffer = EventStreamBuffer()
        buffer.add_data(body)
        return [
            {message.headers.get(":event-type") or message.headers[":exception-type"]: json.loads(message.payload)}
            for message in buffer
        ]
    data = [line[6:] for line in body.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(one) if one != "[DONE]" else one for one in data]


def how_it_ended(client: str, last: Any) -> str:
    """ "whole", or what the error says; anything else is no end of this protocol."""
    match client, last:
        case "openai" | "mistral", "[DONE]":
            return "whole"
        case "responses", {"type": "response.completed"}:
            return "whole"
        case "responses", {"type": "response.failed", "response": {"error": {"message": str(told)}, "status": "failed"}}:
            return told
        case "anthropic", {"type": "message_stop"}:
            return "whole"
        case "gemini" | "gemini array", {"candidates": [{"finishReason": "STOP"}], "usageMetadata": _}:
            return "whole"
        case "cohere", "[DONE]":
            return "whole"
        case "cohere", {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": str(told)}}:
            return told
        case "ollama" | "ollama generate", {"done": True, "done_reason": "stop"}:
            return "whole"
        case "ollama" | "ollama generate", {"error": str(told)}:
            return told
        case "bedrock", {"metadata": _}:
            return "whole"
        case "bedrock", {"serviceUnavailableException": {"message": str(told)}}:
            return told
        case "openai" | "mistral" | "anthropic" | "gemini" | "gemini array", {"error": {"message": str(told)}}:
            return told
    raise AssertionError(f"this is no end of a stream of {client}: {last}")


WITH_USAGE = (
    *STREAM[:2],
    HEAD + b'"delta":{},"finish_reason":"stop"}],' + b'"usage":{"prompt_tokens":3,"completion_tokens":2,'
    b'"total_tokens":5}}\n\ndata: [DONE]\n\n',
)


@pytest.fixture(params=["fast", "full"])
def lane(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("client", BODIES)
def test_a_stream_ends_as_its_protocol_ends_one(client: str, lane: Any) -> None:
    with running(Script(ScriptedStream(chunks=WITH_USAGE)), Settings(lane=lane)) as (url, gateway):
        status, headers, body = exchange(url, asking(client))
    assert status == 200
    assert how_it_ended(client, events(client, unchunked(body))[-1]) == "whole"
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert (record.outcome, record.stream) == ("ok", True)
    assert record.usage is not None
    assert record.usage.output_tokens == 2


@pytest.mark.parametrize("client", BODIES)
def test_a_stream_whose_provider_breaks_off_ends_with_its_protocols_error_and_never_cleanly(client: str, lane: Any) -> None:
    with running(Script(ScriptedStream(chunks=STREAM[:2])), Settings(lane=lane)) as (url, gateway):
        status, headers, body = exchange(url, asking(client))
    read = events(client, unchunked(body))
    assert status == 200
    assert "Loire" in json.dumps(read)
    assert "ended before the provider said that it finished" in how_it_ended(client, read[-1])
    assert all(how != "whole" for how in (_or_not(client, one) for one in read))
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert record.outcome == "StreamInterrupted"
    assert record.attempts[-1].error == "TransportFailed"


def _or_not(client: str, event: Any) -> str:
    try:
        return how_it_ended(client, event)
    except AssertionError:
        return "goes on"


class Provider:
    """Answers one request with ``steps``: bytes to send, an event to wait for. ``left`` is set when the gateway breaks off."""

    def __init__(self, listening: socket.socket, steps: Sequence[bytes | threading.Event]) -> None:
        self._listening = listening
        self._steps = steps
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        self.sent = 0
        self.left = threading.Event()
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.settimeout(20)
            while connection.recv(65536)[-1:] != b"}":  # the end of a body of JSON
                pass
            try:
                for step in self._steps:
                    if isinstance(step, threading.Event):
                        assert step.wait(20)
                    else:
                        connection.sendall(step)
                        self.sent += len(step)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except ConnectionError:
                self.left.set()


@contextmanager
def provider(*steps: bytes | threading.Event) -> Iterator[Provider]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = Provider(listening, steps)
        serving.thread.start()
        try:
            yield serving
        finally:
            serving.thread.join(20)


STARTED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
COMMENT = b": keep-alive\n\n"
WAITING = {"keep_alive_seconds": 0.05}


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_caller_who_waits_for_the_first_event_is_told_that_the_call_lives(path: str, lane: Any) -> None:
    go_on = threading.Event()
    asked = asking("openai" if path == CHAT else "anthropic")
    with provider(go_on, STARTED, *STREAM) as behind:
        with running(None, Settings(lane=lane, **WAITING), GROQ_BASE_URL=behind.url) as (url, _), connect(url) as caller:
            caller.sendall(asked)
            begun = until(caller, COMMENT + b"\r\n")
            go_on.set()
            rest = b""
            while piece := caller.recv(65536):
                rest += piece
    status, headers, body = parsed(begun + rest)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert unchunked(body).startswith(COMMENT)
    assert b"Loire" in rest
    assert rest.rstrip(b"\r\n0").endswith(b"[DONE]" if path == CHAT else b'{"type":"message_stop"}')


def test_a_caller_who_waits_in_the_middle_is_told_too(lane: Any) -> None:
    go_on = threading.Event()
    with provider(STARTED + STREAM[0], go_on, *STREAM[1:]) as behind:
        with running(None, Settings(lane=lane, **WAITING), GROQ_BASE_URL=behind.url) as (url, _), connect(url) as caller:
            caller.sendall(asking("openai"))
            begun = until(caller, COMMENT + b"\r\n")
            go_on.set()
            rest = until(caller, b"0\r\n\r\n")
    assert begun.index(b"The ") < begun.index(COMMENT)
    assert b"[DONE]" in rest


def test_a_provider_that_refuses_after_the_wait_is_told_in_the_stream(lane: Any) -> None:
    go_on = threading.Event()
    told = b'{"error":{"message":"it will not do"}}'
    refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told)
    with provider(go_on, refusal) as behind:
        with running(None, Settings(lane=lane, **WAITING), GROQ_BASE_URL=behind.url) as (url, gateway), connect(url) as caller:
            caller.sendall(asking("openai"))
            begun = until(caller, COMMENT + b"\r\n")
            go_on.set()
            rest = until(caller, b"0\r\n\r\n")
    assert begun.startswith(b"HTTP/1.1 200 ")
    assert b'data: {"error":{' in rest
    assert b"it will not do" in rest
    assert b"[DONE]" not in rest
    (record,) = gateway.records._latest.values()
    assert (record.outcome, record.status) == ("RequestError", 200)


def test_a_caller_who_leaves_in_the_middle_of_a_stream_breaks_off_the_call_to_the_provider(lane: Any) -> None:
    """The provider would send for ever: it notices by what it sends."""
    endless = (STREAM[1] * 100,) * 100_000
    with provider(STARTED + STREAM[0], *endless) as behind:
        with running(None, Settings(lane=lane), GROQ_BASE_URL=behind.url) as (url, gateway):
            with connect(url) as caller:
                caller.sendall(asking("openai"))
                until(caller, b"\n")
            assert behind.left.wait(20), "the provider still works for nobody"
    (record,) = gateway.records._latest.values()
    assert record.outcome == "cancelled"


@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_who_reads_nothing_of_a_stream_makes_the_provider_wait_and_is_let_go_of(client: str, lane: Any) -> None:
    """A gateway that read on would take a gigabyte: what it takes is what sockets on the way hold, and a little."""
    piece = STREAM[1] * 100
    endless = (piece,) * (2**30 // len(piece))
    limits = Limits(write_seconds=0.5)
    with provider(STARTED + STREAM[0], *endless) as behind:
        with running(None, Settings(lane=lane, limits=limits), GROQ_BASE_URL=behind.url) as (url, _), connect(url) as stuck:
            stuck.sendall(asking(client))
            assert behind.left.wait(20), "nobody let go"
            assert behind.sent < 64 * 2**20
            assert not rest_of(stuck).endswith(b"0\r\n\r\n"), "a clean end that was none"


def rest_of(connection: socket.socket) -> bytes:
    """The last bytes that come before it is closed or reset."""
    last = b""
    try:
        while piece := connection.recv(2**20):
            last = piece[-100:]
    except ConnectionError:
        pass
    return last
