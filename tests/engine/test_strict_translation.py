"""``translation="strict"``: what would be lost is refused before anything is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from turnout import AsyncClient, Client
from turnout.errors import ConfigError, Unsupported
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import ChatRequest, HttpResponse, Message, Origin, Text

ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"a","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}',
)
HELLO = (Message("user", (Text("hi"),)),)
LOSES_TOP_K = ChatRequest(model="cohere/command-a-03-2025", messages=HELLO, n=2)
LOSES_EXTRA = ChatRequest(
    model="groq/llama-3.3-70b-versatile", messages=HELLO, extra={"container": "abc"}, origin=Origin("anthropic-messages")
)


def registry() -> Registry:
    keys = {"GROQ_API_KEY": "gsk-real-looking-1234", "COHERE_API_KEY": "co-real-looking-1234"}
    return Registry(environ={**keys, "OPENAI_API_KEY": "sk-real-looking-1234"})


@pytest.mark.parametrize("request_", [LOSES_TOP_K, LOSES_EXTRA], ids=["a field", "an extra"])
def test_a_request_that_would_lose_something_is_not_sent(request_: ChatRequest) -> None:
    script = Script()
    with Client(registry(), script, translation="strict") as client, pytest.raises(Unsupported, match="would be dropped"):
        client.chat(request_)
    assert script.sent == []


def test_the_asynchronous_client_refuses_alike() -> None:
    script = Script()

    async def streamed() -> None:
        async with AsyncClient(registry(), script.asynchronous, translation="strict") as client:
            async with client.stream(LOSES_EXTRA):
                pass

    with pytest.raises(Unsupported, match=r"extra.container would be dropped"):
        asyncio.run(streamed())
    assert script.sent == []


def test_one_call_may_be_strict_where_its_client_is_not() -> None:
    script = Script(ANSWER)
    with Client(registry(), script) as client:
        assert client.chat(LOSES_EXTRA).text == "ok"
        with pytest.raises(Unsupported):
            client.chat(LOSES_EXTRA, translation="strict")


def test_a_target_that_can_take_it_all_is_tried_next() -> None:
    script = Script(ANSWER)
    with Client(registry(), script, translation="strict") as client:
        done = client.chat("hi", n=2, model=["cohere/command-a-03-2025", "openai/gpt-4o-mini"])
    assert done.target is not None
    assert done.target.provider == "openai"
    assert [json.loads(sent.body)["n"] for sent in script.sent] == [2]


def test_what_is_only_said_otherwise_is_no_loss() -> None:
    script = Script(ANSWER)
    system = ChatRequest(model="groq/llama-3.3-70b-versatile", messages=(Message("system", (Text("Be brief"),)), *HELLO))
    with Client(registry(), script, translation="strict") as client:
        assert client.chat(system).text == "ok"


def test_a_way_to_translate_that_nobody_knows_is_refused() -> None:
    wrong: Any = "careful"
    with Client(registry(), Script()) as client, pytest.raises(ConfigError, match=r"translation 'careful'.*lenient.*strict"):
        client.chat("hi", model="groq/llama-3.3-70b-versatile", translation=wrong)
