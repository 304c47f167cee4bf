"""``fetch_urls``: off unless asked for, only for targets that open no addresses, and never what is not public."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest

import turnout
from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.effects import Fetch, Send
from turnout.engine.call import Call
from turnout.engine.plan import Retry
from turnout.errors import RequestError, Unsupported
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import ChatRequest, HttpResponse, Image, Message, Text, UrlSource

PNG = b"\x89PNG\r\n\x1a\nnot really"
AT = "https://pictures.example/cat.png"
SAID = HttpResponse(
    status=200,
    body=b'{"model":"llava","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":"A cat"},'
    b'"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}',
)
BUSY = HttpResponse(status=503, body=b'{"error":"server busy"}')


def look(kind: str, script: Script, url: str, *, stream: bool = False, **settings: Any) -> None:
    """Asks Ollama, which opens no address, about the picture at ``url``."""
    prompt = [Image(UrlSource(url)), Text("What is this?")]
    options: dict[str, Any] = {"model": "ollama/llava", **settings}
    if kind == "sync":
        with Client(Registry(environ={}), script, **options) as client:
            if not stream:
                client.chat(prompt)
                return
            with client.stream(prompt) as events:
                list(events)
        return

    async def run() -> None:
        async with AsyncClient(Registry(environ={}), script.asynchronous, **options) as client:
            if not stream:
                await client.chat(prompt)
                return
            async with client.stream(prompt) as events:
                [event async for event in events]

    asyncio.run(run())


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_address_is_not_fetched_unless_it_was_asked_for(kind: str, stream: bool) -> None:
    script = Script()
    with pytest.raises(Unsupported, match=r"opens no image by its https: address.*Client\(fetch_urls=True\)"):
        look(kind, script, AT, stream=stream)
    assert script.sent == []


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a.png", "http://10.0.0.7/a.png", "http://169.254.169.254/latest", "http://[::1]/a"]
)
def test_what_is_not_on_the_public_internet_is_refused_by_its_place_and_nothing_is_sent(
    kind: str, stream: bool, url: str
) -> None:
    script = Script()
    with pytest.raises(RequestError, match=r"^messages\[0\]\.parts\[0\]: .*not on the public internet"):
        look(kind, script, url, stream=stream, fetch_urls=True)
    assert script.sent == []


def test_the_bytes_of_an_address_are_fetched_once_and_sent_at_every_attempt() -> None:
    plan = Registry(environ={}).plan("ollama/llava", retry=Retry(backoff=0.0))
    request = ChatRequest(model="ollama/llava", messages=(Message("user", (Image(UrlSource(AT)), Text("?"))),))
    steps = Call(request, plan, fetch_urls=True).complete()
    replies = iter((BUSY, SAID))
    fetched: list[str] = []
    sent: list[Any] = []
    answer: HttpResponse | None = None
    while True:
        try:
            effect = steps.send(answer)
        except StopIteration as done:
            completion = done.value
            break
        answer = None  # to a wait before the second attempt, and to the record
        match effect:
            case Fetch(url=url):
                fetched.append(url)
                answer = HttpResponse(status=200, headers={"content-type": "image/png"}, body=PNG)
            case Send(request=http):
                sent.append(json.loads(http.body)["messages"])
                answer = next(replies)
    assert completion.text == "A cat"
    assert fetched == [AT]
    assert sent == [[{"role": "user", "content": "?", "images": [b64encode(PNG).decode()]}]] * 2


def test_a_target_that_opens_addresses_is_given_the_address() -> None:
    body = (
        b'{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"A cat"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}'
    )
    script = Script(HttpResponse(status=200, body=body))
    registry = Registry(environ={"ANTHROPIC_API_KEY": "sk-ant-real-looking-1234"})
    with Client(registry, script, model="anthropic/claude-haiku-4-5", fetch_urls=True) as client:
        assert client.chat([Image(UrlSource(AT)), Text("?")]).text == "A cat"
    (sent,) = script.sent
    assert json.loads(sent.body)["messages"][0]["content"][0]["source"] == {"type": "url", "url": AT}


def test_a_client_bound_to_a_provider_fetches_when_it_is_told_to() -> None:
    with turnout.from_provider("ollama/llava", registry=Registry(environ={}), fetch_urls=True) as client:
        with pytest.raises(RequestError, match="not on the public internet"):
            client.chat([Image(UrlSource("http://127.0.0.1:1/a.png"))])
