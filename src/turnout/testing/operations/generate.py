"""A prompt instead of messages, as Ollama's older endpoint takes it: served as a chat, so judged by the chat that it becomes.

https://docs.ollama.com/api/generate (read 2026-11-21). The request is what /api/chat is asked for the same; its answer, said as
/api/chat says it, is rendered as the recorded one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, Error
from turnout.registry import Registry
from turnout.testing.difference import Difference, compared
from turnout.testing.exchange import Exchange
from turnout.testing.frames import Frame, ndjson_frames
from turnout.testing.reference.ollama import REFERENCE
from turnout.testing.routes import Route
from turnout.types import HttpResponse, Target
from turnout.wire import ChatCodec, ChatServer, Wire

_OF_THE_PROMPT = ("raw", "template", "suffix", "context")  # what a chat does not take


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    chat = Registry(environ={}).wires.get(wire.protocol).chat
    if wire.server is None or chat is None:
        raise ConfigError(f"the conformance kit needs a server of wire {wire.name!r} and the chat that it becomes")
    yield from _requested(exchange, wire.server, chat)
    try:
        yield from _answered(exchange, wire.server, chat)
    except Error as error:
        yield Difference("decodes", "", "an answer", error)


def _requested(exchange: Exchange, server: ChatServer, chat: ChatCodec) -> Iterator[Difference]:
    body = msgspec.json.decode(exchange.request.body)
    provider = Provider(id=exchange.provider, name=exchange.provider, wire="ollama", base_url="http://localhost:11434")
    try:
        request, stream = server.parse(exchange.request.body)
        encoded = chat.encode(request, provider, stream=stream)
    except Error as error:
        yield Difference("requests", "", "a request that is understood", error)
        return
    if stream is not (body.get("stream") is not False):
        yield Difference("requests", "stream, as parsed", body.get("stream"), stream)
    yield from compared("requests", _asked_as_chat(body), msgspec.json.decode(encoded.http.body))
    told = {line.field for line in encoded.lines if line.fate == "dropped"}
    lost = [name for name in _OF_THE_PROMPT if body.get(name) and f"extra.{name}" not in told]
    yield from (Difference("receipt", name, "a line that it is left out", "none") for name in lost)


def _asked_as_chat(body: dict[str, Any]) -> dict[str, Any]:
    asked = {"role": "user", "content": body.get("prompt") or ""}
    if body.get("images"):
        asked["images"] = body["images"]
    system = [{"role": "system", "content": body["system"]}] if body.get("system") else []
    rest = {name: value for name, value in body.items() if name not in ("prompt", "system", "images", *_OF_THE_PROMPT)}
    return rest | {"messages": [*system, asked]}


def _answered(exchange: Exchange, server: ChatServer, chat: ChatCodec) -> Iterator[Difference]:
    response, target = exchange.response, Target(exchange.provider, "conformance")
    if not exchange.succeeded:
        status, body = server.render_error(chat.decode_error(response, target))
        yield from compared("renders", response.status, status, "status")
        yield from compared("renders", msgspec.json.decode(response.body), msgspec.json.decode(body))
    elif exchange.framing == "json":
        recorded = msgspec.json.decode(response.body)
        completion = chat.decode(HttpResponse(status=200, body=msgspec.json.encode(_as_chat(recorded))), target)
        yield from compared("renders", recorded, msgspec.json.decode(server.render(completion)))
    else:
        lines = [frame.value for frame in ndjson_frames(response.body)]
        decoder = chat.decoder(target)
        events = list(decoder.feed(b"".join(msgspec.json.encode(_as_chat(line)) + b"\n" for line in lines)))
        events += decoder.close()
        renderer = server.renderer(server.parse(exchange.request.body)[0])
        rendered = ndjson_frames(b"".join([*map(renderer.render, events), renderer.finish()]))
        yield from compared("renders", _merged(lines), _merged([frame.value for frame in rendered]))
        yield from (
            Difference("renders", "order of events", "lines with a response", frame.data)
            for frame in rendered
            if "response" not in frame.value or "message" in frame.value
        )


def _as_chat(answer: dict[str, Any]) -> dict[str, Any]:
    """What /api/chat says where this endpoint says ``answer``: the same, without the tokens of the prompt."""
    message = {"role": "assistant", "content": answer.get("response", "")}
    if "thinking" in answer:
        message["thinking"] = answer["thinking"]
    rest = {name: value for name, value in answer.items() if name not in ("response", "thinking", "context")}
    return rest | {"message": message}


def _merged(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer, with what no chat has."""
    context = next((line["context"] for line in reversed(lines) if "context" in line), None)
    chat = REFERENCE.merge([Frame(None, "", _as_chat(line), 0) for line in lines])
    return chat | ({"context": context} if context is not None else {})
