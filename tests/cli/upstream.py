"""A provider on the loopback interface that speaks OpenAI Chat and answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "openai/gpt-4o-mini"  # a name that reaches it
KEY = "sk-proj-4vJ8Qm2ZtXc9RbNw"  # looks real, and is none
HOLD = object()  # in a script: wait here until the caller goes away or the test ends


class Upstream:
    """Each call takes the next answer of ``script``: a list of text pieces, or (status, body) for a refusal.

    Among the pieces HOLD breaks the stream off when the test ends, and a ``threading.Event`` is waited for.
    """

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []  # of what was asked for without a body
        self.headers: list[dict[str, str]] = []
        self.finish = "stop"
        self.released = threading.Event()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                upstream.requests.append(body)
                upstream.headers.append({name.lower(): value for name, value in self.headers.items()})
                answer = upstream.script.pop(0) if upstream.script else ["Rhine"]
                try:
                    upstream.answer(self, body, answer)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_GET(self) -> None:
                upstream.paths.append(self.path)
                answer = upstream.script.pop(0)
                send(self, answer[0], json.dumps(answer[1]).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Not on the test's stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any], answer: Any) -> None:
        if isinstance(answer, tuple):
            send(handler, answer[0], json.dumps(answer[1]).encode())
        elif body.get("stream"):
            self._stream(handler, body, answer)
        else:
            message = {"role": "assistant", "content": "".join(answer)}
            whole = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1764000000,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
                "usage": {"prompt_tokens": 7, "completion_tokens": len(answer), "total_tokens": 7 + len(answer)},
            }
            send(handler, 200, json.dumps(whole).encode())

    def _stream(self, handler: BaseHTTPRequestHandler, body: dict[str, Any], pieces: Sequence[Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": body["model"]}
        for piece in pieces:
            if piece is HOLD:
                self.released.wait(60)
                return
            if isinstance(piece, threading.Event):
                piece.wait(60)
                continue
            delta = piece if isinstance(piece, dict) else {"content": piece}
            event(handler, {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        event(handler, {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]})
        usage = {"prompt_tokens": 7, "completion_tokens": len(pieces), "total_tokens": 7 + len(pieces)}
        event(handler, {**chunk, "choices": [], "usage": usage})
        handler.wfile.write(b"data: [DONE]\n\n")

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def event(handler: BaseHTTPRequestHandler, data: dict[str, Any]) -> None:
    handler.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")
    handler.wfile.flush()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
