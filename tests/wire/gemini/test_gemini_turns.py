"""A turn that a caller cut into contents, as Google's SDK keeps the pieces of a stream: one message, and cut again for Google."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gemini_wire import SERVER, encode, parse, there_and_back
from hypothesis import given, strategies as st
from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.catalog.schema import Provider
from turnout.events import Finished, Started, TextDelta
from turnout.registry import Registry
from turnout.types import ChatRequest, FinishReason, Origin, Text, ToolCall


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def text(said: str) -> dict[str, Any]:
    return {"text": said}


CALL = {"functionCall": {"id": "c1", "name": "look", "args": {}}}
OTHER = {"functionCall": {"id": "c2", "name": "look", "args": {"at": "sky"}}, "thoughtSignature": "c2ln"}
RESULTS = {
    "role": "user",
    "parts": [{"functionResponse": {"id": id, "name": "look", "response": {"output": "18"}}} for id in ("c1", "c2")],
}
ASKED = {"role": "user", "parts": [text("Hi")]}
PIECES = [ASKED, model(text("I ")), model(text("look.")), model(CALL), model(OTHER), model(text("")), RESULTS]


def test_the_pieces_of_a_turn_are_one_message_with_its_text_in_one_piece() -> None:
    _, turn, _ = parse({"contents": PIECES}).messages
    assert turn.parts[0] == Text("I look.")
    assert [type(part) for part in turn.parts] == [Text, ToolCall, ToolCall, Text]


def test_google_hears_the_contents_as_they_were_cut() -> None:
    assert there_and_back({"contents": PIECES})["contents"] == PIECES


@pytest.mark.parametrize(
    "wire", ["openai-chat", "mistral-chat", "cohere-chat", "anthropic-messages", "openai-responses", "ollama"]
)
def test_calls_that_came_in_pieces_are_answered_together_wherever_the_conversation_goes(wire: str) -> None:
    """Results of two calls after a turn that makes one are refused."""
    speaking = Registry(environ={}).wires.get(wire)
    assert speaking.chat is not None
    acme = Provider(id="acme", name="Acme", wire=wire, base_url="https://acme.test")
    request = replace(parse({"contents": PIECES}), model="m")
    prepared = prepare(request, speaking, acme, None)
    body = json.loads(speaking.chat.encode(prepared.request, acme, stream=False).http.body)
    said = json.dumps([body.get("messages"), body.get("input")])
    assert "I look." in said
    assert '"text": ""' not in said
    if wire == "openai-chat":
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "tool", "tool"]


PARTS = st.sampled_from([text(""), text("a"), text("bc"), CALL, OTHER, {"text": "hm", "thought": True}])
CONTENTS = st.lists(st.builds(lambda parts: model(*parts), st.lists(PARTS, max_size=4)), min_size=1, max_size=6)


@given(CONTENTS)
def test_any_cutting_of_a_turn_is_kept(contents: list[dict[str, Any]]) -> None:
    assert encode(parse({"contents": [ASKED, *contents]}))["contents"] == [ASKED, *contents]


def test_a_turn_whose_parts_are_no_longer_those_that_were_cut_is_said_in_one_content() -> None:
    request = parse({"contents": PIECES})
    turn = replace(request.messages[1], parts=(Text("Something else."), *request.messages[1].parts[1:]))
    changed = replace(request, messages=(request.messages[0], turn, request.messages[2]))
    assert encode(changed)["contents"][1] == model(text("Something else."), CALL, OTHER, text(""))


def test_a_stream_ends_with_a_content_that_the_sdk_does_not_take_for_an_invalid_turn() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    events = (Started("1", "m", origin=Origin("openai-chat", "a")), TextDelta("Hi", 0), Finished(FinishReason("stop")))
    last = json.loads([*map(renderer.render, events), renderer.finish()][-1].removeprefix(b"data: "))
    assert last["candidates"][0]["content"] == {"role": "model", "parts": [{"text": ""}]}
