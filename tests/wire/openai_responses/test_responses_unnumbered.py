"""Servers that name the items of a stream and do not number them, as llama.cpp does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.events import Event, PartAdded, TextDelta, ToolCallDelta, fold
from turnout.types import Target
from turnout.wire.openai_responses import WIRE

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": ""}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
WHOLE = [
    {**MESSAGE, "status": "completed", "content": [{"type": "output_text", "text": "Let me look", "annotations": []}]},
    {**CALL, "arguments": '{"at":1}', "status": "completed"},
]
STREAM: list[dict[str, Any]] = [
    {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
    {"type": "response.output_item.added", "item": MESSAGE},
    {"type": "response.content_part.added", "item_id": "msg_1", "part": {"type": "output_text", "text": ""}},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Let me"},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": " look"},
    {"type": "response.output_text.done", "item_id": "msg_1", "text": "Let me look"},
    {"type": "response.output_item.added", "item": CALL},
    {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": '{"at":'},
    {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": "1}"},
    {"type": "response.output_item.done", "item": WHOLE[0]},
    {"type": "response.output_item.done", "item": WHOLE[1]},
    {
        "type": "response.completed",
        "response": {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": WHOLE},
    },
]
BYTES = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in STREAM)


def events(data: bytes, size: int) -> list[Event]:
    assert WIRE.chat is not None
    decoder = WIRE.chat.decoder(Target(provider="llama", model="m"))
    found = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return [*found, *decoder.close()]


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_their_text_and_calls_come_piece_by_piece_and_once(size: int) -> None:
    seen = events(BYTES, size)
    assert [event.text for event in seen if isinstance(event, TextDelta)] == ["Let me", " look"]
    assert [event.arguments for event in seen if isinstance(event, ToolCallDelta)] == ['{"at":', "1}"]
    assert len([event for event in seen if isinstance(event, PartAdded)]) == 2
    done = fold(seen)
    assert done.text == "Let me look"
    assert [(call.id, call.name, call.arguments) for call in done.tool_calls] == [("call_1", "look", '{"at":1}')]


def test_an_event_that_neither_names_nor_numbers_its_item_says_nothing() -> None:
    stray = b'data: {"type":"response.output_text.delta","delta":"lost?"}\n\n'
    assert fold(events(stray + BYTES, 64)).text == "Let me look"
