"""Every provider that the documents name, on the loopback interface: each at a path of its own, in its own protocol."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# provider -> (what stands behind its name in the path, variable of its key)
PROVIDERS = {
    "openai": ("/v1", "OPENAI_API_KEY"),
    "anthropic": ("/v1", "ANTHROPIC_API_KEY"),
    "google": ("/v1beta", "GEMINI_API_KEY"),
    "groq": ("/openai/v1", "GROQ_API_KEY"),
    "cohere": ("/v2", "COHERE_API_KEY"),
    "voyage": ("/v1", "VOYAGE_API_KEY"),
    "jina": ("/v1", "JINA_API_KEY"),
    "ollama": ("", ""),
    "kimi": ("/v1", "KIMI_API_KEY"),
    "acme": ("/v1", "ACME_API_KEY"),
    "custom": ("/v1", "CUSTOM_API_KEY"),
}
LISTED = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-5", "groq": "openai/gpt-oss-20b", "kimi": "kimi-latest"}


class AnyProvider:
    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(listed(urlsplit(self.path).path.split("/")[1]))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                path = urlsplit(self.path).path
                events = streamed(path, body)
                if events is None:
                    self._send(answer(path, body))
                else:
                    self._send(events, "text/event-stream")

            def _send(self, said: Any, kind: str = "application/json") -> None:
                data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Not on the test's stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def base_url(self, provider: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{provider}{PROVIDERS[provider][0]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def listed(provider: str) -> Any:
    name = LISTED.get(provider, "large-1")
    if provider == "google":
        return {"models": [{"name": "models/gemini-2.5-flash", "supportedGenerationMethods": ["generateContent"]}]}
    if provider == "cohere":
        return {"models": [{"name": "command-a-03-2025", "endpoints": ["chat"]}]}
    if provider == "ollama":
        return {"models": [{"name": "nomic-embed-text", "model": "nomic-embed-text"}]}
    if provider == "anthropic":
        one = {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        return {"data": [one], "has_more": False, "first_id": name, "last_id": name}
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": provider}]}


def text(body: Any) -> str:
    """What was asked for, as far as the documents ask for anything: a pong, JSON, or a river."""
    said = json.dumps(body)
    if "schema" in said:
        return '{"name": "Ada Lovelace", "born": 1815, "total": 12.5}'
    return "pong" if "'ping'" in said else "The Rhine."


def answer(path: str, body: Any) -> Any:
    provider, end = path.split("/")[1], path.rpartition("/")[2]
    documents = body.get("documents", [])
    match end:
        case "completions":
            message = {"role": "assistant", "content": text(body)}
            return {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1764000000,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
            }
        case "embeddings":
            data = [{"object": "embedding", "index": at, "embedding": [0.5, 1.0]} for at, _ in enumerate(body["input"])]
            return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 4, "total_tokens": 4}}
        case "embed" if provider == "cohere":
            return {"id": "e", "embeddings": {"float": [[0.5, 1.0]]}, "meta": {"billed_units": {"input_tokens": 4}}}
        case "embed":
            return {"model": body["model"], "embeddings": [[0.5, 1.0] for _ in body["input"]], "prompt_eval_count": 4}
        case "rerank" if provider == "voyage":
            data = [{"index": at, "relevance_score": 0.5} for at, _ in enumerate(documents)]
            return {"object": "list", "data": data, "model": body["model"], "usage": {"total_tokens": 4}}
        case "rerank":
            results = [{"index": at, "relevance_score": 0.5} for at, _ in enumerate(documents)]
            return {"id": "r", "model": body["model"], "results": results, "usage": {"total_tokens": 4}}
        case "count_tokens" | "input_tokens":
            return {"input_tokens": 11}
        case _ if end.endswith(":countTokens"):
            return {"totalTokens": 11}
    raise AssertionError(f"nobody answers {path}")


def streamed(path: str, body: Any) -> str | None:
    """The events of a streamed answer; None where none was asked for."""
    end = path.rpartition("/")[2]
    if end == "completions" and body.get("stream"):
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": body["model"]}
        usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
        chunks = [
            {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text(body)}, "finish_reason": None}]},
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**chunk, "choices": [], "usage": usage},
        ]
        return "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
    if end == "messages" and body.get("stream"):
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        events = [
            {"type": "message_start", "message": {**message, "usage": {"input_tokens": 7, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text(body)}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            {"type": "message_stop"},
        ]
        return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
    return None
