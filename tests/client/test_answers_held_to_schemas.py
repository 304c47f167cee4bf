"""An answer fits the schema that was asked for, whole or at the end of a stream, or its receipt says where it does not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import Completion, HttpResponse, ResponseFormat

KEYS = {"OPENAI_API_KEY": "sk-real-looking-1234", "OPENAI_BASE_URL": ""}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 4}, "nick": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
FORM = ResponseFormat(kind="json_schema", name="person", schema=PERSON, strict=True)


def asked(text: str, kind: str, *, stream: bool) -> tuple[Completion, Any]:
    """What a client gets when OpenAI answers ``text``, and the schema that OpenAI was sent."""
    whole = {"id": "1", "model": "m", "choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}
    chunk = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    event = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n"
    script = Script(ScriptedStream(chunks=[event]) if stream else HttpResponse(status=200, body=json.dumps(whole).encode()))
    bound: Any = {"registry": Registry(environ=KEYS), "model": "openai/gpt-4o-mini"}

    async def on_a_loop() -> Completion:
        async with AsyncClient(transport=script.asynchronous, **bound) as client:
            if not stream:
                return await client.chat("Who?", response_format=FORM)
            async with client.stream("Who?", response_format=FORM) as events:
                [event async for event in events]
                return events.completion()

    def blocking() -> Completion:
        with Client(transport=script, **bound) as client:
            if not stream:
                return client.chat("Who?", response_format=FORM)
            with client.stream("Who?", response_format=FORM) as events:
                list(events)
                return events.completion()

    done = asyncio.run(on_a_loop()) if kind == "async" else blocking()
    return done, json.loads(script.sent[0].body)["response_format"]["json_schema"]["schema"]


def responses(done: Completion) -> list[tuple[str, str]]:
    return [(line.field, line.reason) for line in done.receipt.lines if line.side == "response" and line.fate == "approximated"]


both = pytest.mark.parametrize("kind", ["sync", "async"])
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@both
@ways
def test_a_property_that_was_left_out_is_left_out_though_the_target_had_to_say_null(kind: str, stream: bool) -> None:
    done, sent = asked('{"name":"Ada","nick":null}', kind, stream=stream)
    assert sent["required"] == ["name", "nick"]
    assert json.loads(done.text) == {"name": "Ada"}
    assert responses(done) == []


@both
@ways
def test_a_bound_that_the_target_was_not_told_is_checked_after_the_answer(kind: str, stream: bool) -> None:
    done, sent = asked('{"name":"Augusta","nick":null}', kind, stream=stream)
    assert "maxLength" not in sent["properties"]["name"]
    ((field, reason),) = responses(done)
    assert field == "choices[0].parts[0].text.name"
    assert "maxLength" in reason
    assert "Augusta" not in reason
    assert json.loads(done.text) == {"name": "Augusta"}
