"""Callers of /api/generate: a prompt becomes a chat of one turn, and an answer becomes a response."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ollama_wire import ACME, WIRES

from turnout.errors import RateLimited, RequestError
from turnout.events import Finished, ReasoningDelta, Started, TextDelta, UsageReported
from turnout.types import ChatRequest, Choice, Completion, FinishReason, Image, Message, Reasoning, ReceiptLine, Text, Usage

WIRE = WIRES.get("ollama-generate")
SERVER: Any = WIRE.server
BEFORE = {"raw": True, "template": "{{ .Prompt }}", "suffix": "end", "context": [1, 2, 3]}


def parse(**fields: Any) -> tuple[ChatRequest, bool]:
    request: tuple[ChatRequest, bool] = SERVER.parse(json.dumps({"model": "gemma3", **fields}).encode())
    return request


def sent(request: ChatRequest, wire: str) -> tuple[dict[str, Any], tuple[ReceiptLine, ...]]:
    codec = WIRES.get(wire).chat
    assert codec is not None
    encoded = codec.encode(request, ACME, stream=False)
    return json.loads(encoded.http.body), encoded.lines


def test_a_prompt_is_one_turn_and_system_stands_before_it() -> None:
    request, stream = parse(prompt="Name a river", system="Be brief", images=["iVBORw0KGgo="], stream=False)
    assert stream is False
    assert [message.role for message in request.messages] == ["system", "user"]
    image, text = request.messages[1].parts
    assert (isinstance(image, Image), text) == (True, Text("Name a river"))


def test_it_streams_unless_told_otherwise() -> None:
    assert parse(prompt="Name a river")[1] is True


def test_what_steers_the_model_arrives_at_a_server_of_the_same_protocol() -> None:
    request, _ = parse(
        prompt="Name a river",
        format="json",
        think=True,
        keep_alive="5m",
        logprobs=True,
        options={"temperature": 0.5, "num_ctx": 8192, "num_predict": 9},
    )
    body, lines = sent(request, "ollama")
    assert body == {
        "model": "gemma3",
        "messages": [{"role": "user", "content": "Name a river"}],
        "format": "json",
        "think": True,
        "keep_alive": "5m",
        "logprobs": True,
        "options": {"temperature": 0.5, "num_ctx": 8192, "num_predict": 9},
        "stream": False,
    }
    assert lines == ()


@pytest.mark.parametrize("wire", ["ollama", "openai-chat", "anthropic-messages", "gemini", "cohere-chat", "bedrock-converse"])
def test_what_a_chat_cannot_say_leaves_a_receipt_line_and_goes_nowhere(wire: str) -> None:
    request, _ = parse(prompt="Name a river", **BEFORE)
    body, lines = sent(request, wire)
    assert {line.field for line in lines if line.fate == "dropped"} >= {f"extra.{name}" for name in BEFORE}
    assert not BEFORE.keys() & body.keys()


def test_what_asks_for_nothing_leaves_no_line() -> None:
    request, _ = parse(prompt="Name a river", raw=False, template="", suffix="", context=[])
    assert sent(request, "ollama")[1] == ()


def test_no_prompt_asks_to_load_the_model() -> None:
    request, _ = parse(keep_alive=0)
    assert request.messages == ()
    assert sent(request, "ollama")[0] == {"model": "gemma3", "keep_alive": 0, "stream": False}


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": 7},
        {"system": []},
        {"images": "x"},
        {"images": [1]},
        {"prompt": "x", "messages": []},
        {"prompt": "x", "stream": "yes"},
    ],
)
def test_wrong_types_say_where(fields: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as raised:
        parse(**fields)
    assert raised.value.param in fields


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_object_are_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        SERVER.parse(body)


def test_a_whole_answer_stands_in_response() -> None:
    message = Message("assistant", (Reasoning("Hm"), Text("The Loire")))
    choice = Choice(message=message, finish=FinishReason("length", "max_tokens"))
    usage = Usage(uncached_input_tokens=3, text_output_tokens=2)
    said = json.loads(SERVER.render(Completion(id="", model="gemma3", choices=(choice,), usage=usage)))
    assert said == {
        "model": "gemma3",
        "response": "The Loire",
        "thinking": "Hm",
        "done": True,
        "done_reason": "length",
        "prompt_eval_count": 3,
        "eval_count": 2,
    }


def test_a_streamed_answer_comes_in_responses_and_ends_with_done() -> None:
    renderer = SERVER.renderer(ChatRequest(model="gemma3", messages=()))
    events = [
        Started(id="1", model="gemma3"),
        ReasoningDelta(index=0, text="Hm"),
        TextDelta(index=1, text="The "),
        TextDelta(index=1, text="Loire"),
        Finished(finish=FinishReason("stop", "stop")),
        UsageReported(usage=Usage(uncached_input_tokens=3, text_output_tokens=2)),
    ]
    lines = [json.loads(line) for line in (b"".join(map(renderer.render, events)) + renderer.finish()).splitlines()]
    assert [(line["response"], line.get("thinking"), line["done"]) for line in lines] == [
        ("", "Hm", False),
        ("The ", None, False),
        ("Loire", None, False),
        ("", None, True),
    ]
    assert (lines[-1]["done_reason"], lines[-1]["eval_count"]) == ("stop", 2)
    assert not any("message" in line for line in lines)


def test_errors_are_the_protocols_own_whole_and_in_a_stream() -> None:
    error = RateLimited("slow down")
    assert SERVER.render_error(error) == (429, b'{"error":"slow down"}')
    assert SERVER.renderer(ChatRequest(model="gemma3", messages=())).fail(error) == b'{"error":"slow down"}\n'


def test_the_protocol_is_for_callers_only() -> None:
    assert (WIRE.chat, WIRE.relay, WIRE.protocol) == (None, None, "ollama")
