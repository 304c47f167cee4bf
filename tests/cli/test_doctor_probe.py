"""``turnout doctor probe`` against providers on loopback that lack things, and what later calls do with what it found."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from upstream import KEY, event, send

from turnout.cli import main
from turnout.client.sync import Client
from turnout.errors import Unsupported
from turnout.events import TextDelta
from turnout.registry import Registry
from turnout.types import ResponseFormat, Tool

PRICED = "openai/gpt-4o-mini"
UNPRICED = "openai/a-model-of-ours"
TOOL = Tool(name="look", description="", parameters={"type": "object", "properties": {}})


class Picky:
    """Speaks OpenAI Chat. ``refuses``: a member of a body -> the message with which a request that has it is refused (400)."""

    def __init__(self) -> None:
        self.refuses: dict[str, str] = {}
        self.ignores: set[str] = set()
        self.in_pieces = True
        self.status = 200
        self.server_name = "picky/1"
        self.bodies: list[dict[str, Any]] = []
        picky = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def version_string(self) -> str:
                return picky.server_name

            def do_GET(self) -> None:
                listed = [{"id": "gpt-4o-mini", "object": "model", "owned_by": "picky", "context_window": 8192}]
                send(self, 200, json.dumps({"object": "list", "data": listed}).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                picky.bodies.append(body)
                refusal = picky.refusal(body)
                if refusal is not None:
                    send(self, *refusal)
                elif body.get("stream"):
                    picky.stream(self, body)
                else:
                    send(self, 200, json.dumps(picky.whole(body)).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Not on the test's stderr."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def refusal(self, body: dict[str, Any]) -> tuple[int, bytes] | None:
        if self.status != 200:
            return self.status, b'{"error":{"message":"no","type":"t","code":"c"}}'
        if body["model"] == "turnout-probe-no-such-model":
            return 404, b'{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}'
        for name, message in self.refuses.items():
            if name in body or (name == "image" and "image_url" in json.dumps(body["messages"])):
                return 400, json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
        if (body.get("max_tokens") or body.get("max_completion_tokens") or 0) > 4096:
            said = "max_tokens is too large: 100000000. This model supports at most 4096 completion tokens."
            return 400, json.dumps({"error": {"message": said, "type": "invalid_request_error", "param": "max_tokens"}}).encode()
        return None

    def text(self, body: dict[str, Any]) -> str:
        if body["messages"][0]["role"] in ("system", "developer"):
            return "heron" if "system" not in self.ignores else "hello"
        if "image_url" in json.dumps(body["messages"]):
            return "Red."
        if "response_format" in body and "response_format" not in self.ignores:
            return '{"river":"Rhine","kilometres":1230}'
        if "stop" in body:
            return "1 2 3 " if "stop" not in self.ignores else "1 2 3 4 5 6 7 8 9"
        return "Rhine"

    def whole(self, body: dict[str, Any]) -> dict[str, Any]:
        room = body.get("max_tokens") or body.get("max_completion_tokens")
        choice: dict[str, Any] = {
            "index": 0,
            "message": {"role": "assistant", "content": self.text(body)},
            "finish_reason": "length" if room == 16 else "stop",
        }
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": "Rhine", "logprob": -0.1, "bytes": None, "top_logprobs": []}]}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1764000000,
            "model": body["model"],
            "choices": [choice],
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        }

    def stream(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": body["model"]}
        if "tools" in body:
            functions = [{"name": "weather", "arguments": f'{{"city":"{city}"}}'} for city in ("Oslo", "Lima")]
            calls = [{"index": at, "id": f"call_{at}", "type": "function", "function": one} for at, one in enumerate(functions)]
            deltas: list[dict[str, Any]] = [{"tool_calls": [call]} for call in calls]
        else:
            deltas = [{"content": f"{number} "} for number in range(1, 9)] if self.in_pieces else [{"content": "1 2 3 4 5 6 7 8"}]
        for delta in deltas:
            event(handler, {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        event(
            handler,
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if "tools" in body else "stop"}]},
        )
        if body.get("stream_options"):
            usage = {"prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28}
            event(handler, {**chunk, "choices": [], "usage": usage})
        handler.wfile.write(b"data: [DONE]\n\n")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def picky(environment, monkeypatch) -> Iterator[Picky]:
    server = Picky()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    yield server
    server.close()


def probed(capsys, *arguments: str, target: str = PRICED) -> dict[str, Any]:
    assert main(["doctor", "probe", target, "--json", *arguments]) == 0
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err
    return json.loads(shown.out)


def test_one_that_can_do_everything_is_told_so_and_nothing_is_left_out(picky, capsys):
    shown = probed(capsys)
    assert shown["measured"]["found"] == {
        "plain": "yes",
        "stop reason at the end": "stop (stop)",
        "stop reason at the limit": "length (length)",
        "stream": "piece by piece",
        "usage in a stream": "yes",
        "tools": "yes",
        "tool call ids": "yes",
        "parallel tool calls": "yes",
        "strict JSON schema": "yes",
        "system role": "yes",
        "image": "yes",
        "stop sequences": "yes",
        "logprobs": "yes",
        "temperature": "yes",
        "limit of an answer": "4096 tokens",
        "unknown model": "refused",
        "error shape": "404 invalid_request_error model_not_found",
        "listed": "yes",
        "context tokens, as listed": "8192",
    }
    assert shown["measured"]["limits"].keys() == {"max_output_tokens"}
    assert not shown["measured"]["lacks"]


def test_the_backend_is_known_by_its_server_its_list_and_what_it_calls_the_model(picky, capsys):
    fingerprint = probed(capsys)["measured"]["fingerprint"]
    assert fingerprint == {"model": "gpt-4o-mini", "id": "chatcmpl", "server": "picky/1", "owned by": "picky"}


def test_what_is_refused_is_found_left_out_of_later_calls_and_receipted(picky, capsys):
    picky.refuses = {
        "logprobs": "logprobs are switched off on this server",
        "stop": "no stop here",
        "temperature": "'temperature' does not support 0.3 with this model. Only the default (1) value is supported.",
        "stream_options": "stream_options: Extra inputs are not permitted",
    }
    shown = probed(capsys)
    found = shown["measured"]["found"]
    assert {name: found[name] for name in ("logprobs", "stop sequences", "temperature", "stream")} == {
        "logprobs": "refused",
        "stop sequences": "refused",
        "temperature": "refused",
        "stream": "refused",
    }
    picky.bodies.clear()
    with Client(Registry()) as client:
        answer = client.chat("hello", model=PRICED, temperature=0.3, stop=("4",), logprobs=True, max_output_tokens=99999)
        with client.stream("hello", model=PRICED) as stream:
            list(stream)
    whole, streamed = picky.bodies
    assert not whole.keys() & {"temperature", "stop", "logprobs"}
    assert (whole.get("max_tokens") or whole.get("max_completion_tokens")) == 4096
    assert "stream_options" not in streamed
    assert len(answer.attempts) == 1
    fates = {line.field: line.fate for line in answer.receipt.lines}
    assert (fates["stop"], fates["temperature"], fates["max_output_tokens"]) == ("dropped", "approximated", "approximated")


def test_tools_and_pictures_that_are_refused_are_refused_before_they_are_sent(picky, capsys):
    picky.refuses = {"tools": "tools need --enable-auto-tool-choice", "image": "this model takes no images"}
    shown = probed(capsys)
    assert set(shown["measured"]["lacks"]) == {"tools", "attachments", "image-in"}
    picky.bodies.clear()
    with Client(Registry()) as client, pytest.raises(Unsupported, match="has no tools"):
        client.chat("hello", model=PRICED, tools=(TOOL,))
    assert picky.bodies == []


def test_a_json_schema_that_is_refused_is_asked_for_as_a_tools_arguments_and_told_so(picky, capsys):
    picky.refuses = {"response_format": "no schemas on this server"}
    assert main(["doctor", "probe", PRICED]) == 0
    assert "a JSON schema is asked for as the arguments of a tool, and the answer is checked" in capsys.readouterr().out
    picky.bodies.clear()
    shape = ResponseFormat(kind="json_schema", name="weather", schema={"type": "object", "properties": {}}, strict=True)
    with Client(Registry()) as client, client.stream("hello", model=PRICED, response_format=shape) as stream:
        events = list(stream)
    (body,) = picky.bodies
    assert ("response_format" in body, body["tools"][0]["function"]["name"]) == (False, "weather")
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == '{"city":"Oslo"}{"city":"Lima"}'


def test_what_is_ignored_is_told_and_still_sent(picky, capsys):
    picky.ignores = {"stop", "system", "response_format"}
    picky.in_pieces = False
    shown = probed(capsys)
    found = shown["measured"]["found"]
    names = ("stop sequences", "system role", "strict JSON schema", "stream")
    assert [found[name] for name in names] == ["ignored", "ignored", "ignored", "at once"]
    assert shown["measured"]["limits"].keys() == {"max_output_tokens"}


def test_a_field_that_no_question_is_about_is_left_out_and_the_question_asked_again(picky, capsys, monkeypatch):
    monkeypatch.setenv("CUSTOM_API_URL", f"http://127.0.0.1:{picky.server.server_port}/v1")
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    picky.refuses = {"max_tokens": said}
    shown = probed(capsys, "--yes", target="custom/m")
    assert shown["measured"]["rename"] == {"max_tokens": "max_completion_tokens"}
    assert shown["measured"]["found"]["plain"] == "yes"
    assert shown["measured"]["found"]["tools"] == "yes"


def test_what_changed_since_the_last_probe_is_told(picky, capsys):
    assert probed(capsys)["drift"] == []
    picky.refuses = {"logprobs": "not any more"}
    picky.server_name = "other/2"
    drift = probed(capsys)["drift"]
    assert drift == ["logprobs was yes, and is refused", "backend: server was picky/1, and is other/2"]
    assert main(["doctor", "probe", PRICED]) == 0
    assert "otherwise than" not in capsys.readouterr().out


def test_the_cost_is_said_first_and_nothing_is_asked_beyond_the_cap(picky, capsys):
    assert main(["doctor", "probe", PRICED, "--max-cost", "0", "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("turnout: 11 questions to openai/gpt-4o-mini cost at most $0.00")
    found = json.loads(shown.out)["measured"]["found"]
    assert found["plain"] == "unknown: not asked, for the cap on cost"
    assert [body["model"] for body in picky.bodies] == ["turnout-probe-no-such-model"]


def test_what_it_cost_is_told(picky, capsys):
    assert 0 < float(probed(capsys)["spent"]) < 0.01


def test_without_a_known_price_nothing_is_asked_unless_that_is_agreed_to(picky, capsys):
    assert main(["doctor", "probe", UNPRICED]) == 1
    assert "no price is known for it" in capsys.readouterr().err
    assert picky.bodies == []
    assert probed(capsys, "--yes", target=UNPRICED)["spent"] is None


def test_a_provider_without_a_model_is_asked_for_its_cheapest(picky, capsys):
    registry = Registry()
    target = probed(capsys, target="openai")["target"]
    cheapest = registry.model(registry.resolve(target)).price
    ours = registry.model(registry.resolve(PRICED)).price
    assert cheapest.input + cheapest.output <= ours.input + ours.output


def test_one_that_answers_nothing_is_not_measured_and_nothing_is_kept(picky, capsys, tmp_path):
    picky.status = 401
    assert main(["doctor", "probe", PRICED]) == 1
    assert "401" in capsys.readouterr().err
    assert not list((tmp_path / "home").rglob("measured.json"))


def test_what_was_found_is_kept_for_nobody_else_to_read_or_not_at_all(picky, capsys):
    from pathlib import Path

    assert probed(capsys, "--no-save")["kept_in"] is None
    path = Path(probed(capsys)["kept_in"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY not in path.read_text()


def test_what_cannot_be_kept_is_shown_all_the_same_and_told(picky, capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(tmp_path / "file"))
    assert main(["doctor", "probe", PRICED, "--json"]) == 1
    shown = capsys.readouterr()
    assert (json.loads(shown.out)["measured"]["found"]["plain"], json.loads(shown.out)["kept_in"]) == ("yes", None)
    assert "what was found could not be kept in" in shown.err


def test_ask_keeps_what_a_refusal_taught(picky, capsys):
    picky.refuses = {"temperature": "`temperature` is deprecated for this model."}
    assert main(["ask", "-m", PRICED, "--temperature", "0.2", "Name one river"]) == 0
    for thread in threading.enumerate():
        if thread.name == "turnout-measured":
            thread.join(10)
    picky.bodies.clear()
    assert main(["ask", "-m", PRICED, "--temperature", "0.2", "Name one river"]) == 0
    assert ["temperature" in body for body in picky.bodies] == [False]
