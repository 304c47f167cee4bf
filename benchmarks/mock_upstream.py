"""A mock of an OpenAI-compatible server. It answers from bytes rendered beforehand, so that what is measured is the client.

    python benchmarks/mock_upstream.py [CHUNKS] [PACE_SECONDS]

Prints its port, and serves on loopback until its standard input closes. The first segment of the path says how to answer:
/whole/… in one piece, /paced/… chunk by chunk with a pause before each, /burst/… all chunks in one write.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

CHUNKS = 200  # events of a stream: the role, the text, the finish, the usage
PACE_SECONDS = 0.0005  # in which most clients have read a chunk before the next is sent

TEXT = "Paris is the capital of France. It lies on the Seine, in the north of the country."
_USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 19,
    "total_tokens": 43,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
_COMMON = {"id": "chatcmpl-b3nchm4rk", "created": 1760000000, "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_b3nch"}
HEADERS = {  # as many as such a server sends
    "date": "Fri, 21 Nov 2025 10:00:00 GMT",
    "server": "mock",
    "openai-organization": "benchmark",
    "openai-processing-ms": "412",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "1999975",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "0s",
    "x-request-id": "req_b3nchm4rk",
    "strict-transport-security": "max-age=31536000",
    "vary": "accept-encoding",
}
_RECEIVE_BYTES = 256 * 1024


def whole_body() -> bytes:
    """An answer in one piece, which says TEXT."""
    message: dict[str, Any] = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _json({"object": "chat.completion", **_COMMON, "choices": [choice], "usage": _USAGE})


def stream_text(chunks: int) -> str:
    """What a stream of that many chunks says."""
    return "".join(_words(chunks))


def stream_events(chunks: int) -> list[bytes]:
    """The server-sent events of a stream of that many chunks; the end marker comes with the last."""
    return [
        _event({"role": "assistant", "content": "", "refusal": None}),
        *(_event({"content": word}) for word in _words(chunks)),
        _event({}, finish="stop"),
        b"data: " + _json(_chunk([], _USAGE)) + b"\n\ndata: [DONE]\n\n",
    ]


def _words(chunks: int) -> Iterator[str]:
    if chunks < 4:
        raise ValueError("a stream has at least 4 chunks: the role, a word, the finish, the usage")
    return (f" word{number}" for number in range(chunks - 3))


def _event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + _json(_chunk([choice], None)) + b"\n\n"


def _chunk(choices: list[dict[str, Any]], usage: dict[str, Any] | None) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", **_COMMON, "choices": choices, "usage": usage}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def replies(chunks: int) -> dict[bytes, list[bytes]]:
    """What is written for each kind of answer, one write each."""
    body = whole_body()
    head = "".join(("HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in HEADERS.items()))).encode()
    whole = head + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    stream_head = head + b"content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
    pieces = [b"%x\r\n%s\r\n" % (len(event), event) for event in stream_events(chunks)]
    pieces[-1] += b"0\r\n\r\n"
    return {b"whole": [whole], b"paced": [stream_head, *pieces], b"burst": [stream_head + b"".join(pieces)]}


def _serve(connection: socket.socket, written: dict[bytes, list[bytes]], pace: float) -> None:
    """One connection: requests one after another, none before the answer to the last."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    with connection:
        while data := connection.recv(_RECEIVE_BYTES):
            received += data
            head, blank, body = received.partition(b"\r\n\r\n")
            if not blank or len(body) < _content_length(head):
                continue
            received = b""
            pieces = written[head.split(b"/", 2)[1]]
            connection.sendall(pieces[0])
            for piece in pieces[1:]:
                time.sleep(pace)
                connection.sendall(piece)


def _content_length(head: bytes) -> int:
    return int(head.lower().rpartition(b"content-length:")[2].partition(b"\r\n")[0])


def _serve_until_disconnected(*arguments: Any) -> None:
    with suppress(ConnectionError):  # a client may leave whenever it likes
        _serve(*arguments)


def main(arguments: Sequence[str]) -> None:
    chunks = int(arguments[0]) if arguments else CHUNKS
    pace = float(arguments[1]) if len(arguments) > 1 else PACE_SECONDS
    written = replies(chunks)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            Thread(target=_serve_until_disconnected, args=(connection, written, pace), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
