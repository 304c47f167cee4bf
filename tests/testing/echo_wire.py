"""A protocol of a few lines, spoken rightly, with its reference.

Request: {"model", "say", "stream"?} and any other member. Answer: {"id", "model", "said", "why", "used"?} and any other member,
where used is {"in", "out", "cached"?}. Stream: server-sent events {"id", "model"}, {"piece"}…, {"used"}?, {"why"}, and any
other member. Error: {"wrong": {"text", "kind"}}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import AuthenticationFailed, Error, RequestError, ServerFault, TransportFailed
from turnout.events import Event, ExtraReported, Finished, Started, TextDelta, UsageReported
from turnout.testing import Asked, Frame, Meaning, Reference, Said, Totals
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    HttpRequest,
    HttpResponse,
    Message,
    Origin,
    Target,
    Text,
    Usage,
)
from turnout.wire import Encoded, Wire
from turnout.wire.sse import SseDecoder

ORIGIN = Origin("echo")


def used(raw: dict[str, Any] | None) -> Usage:
    if raw is None:
        return Usage()
    cached = raw.get("cached")
    return Usage(
        uncached_input_tokens=raw["in"] - (cached or 0),
        cache_read_tokens=cached,
        text_output_tokens=raw["out"],
        raw=raw,
        wire="echo",
    )


class Codec:
    """Spoken rightly."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        body = {
            "model": request.model,
            "say": request.messages[0].text,
            **({"stream": True} if stream else {}),
            **(request.extra or {}),
        }
        return Encoded(HttpRequest(method="POST", url=f"{provider.base_url}/echo", body=msgspec.json.encode(body)))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = msgspec.json.decode(response.body)
        if "wrong" in body:
            raise self.decode_error(response, target)
        message = Message("assistant", (Text(body.pop("said")),), origin=ORIGIN)
        return Completion(
            id=body.pop("id"),
            model=body.pop("model"),
            choices=(Choice(message=message, finish=FinishReason("stop", body.pop("why"))),),
            usage=used(body.pop("used", None)),
            extra=body or None,
            origin=ORIGIN,
            headers=dict(response.headers),
        )

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return wrong(msgspec.json.decode(response.body), response)

    def decoder(self, target: Target) -> Decoder:
        return Decoder()


def wrong(body: Any, response: HttpResponse | None = None) -> Error:
    kind = AuthenticationFailed if response is not None and response.status == 401 else RequestError
    wait = response.headers.get("retry-after") if response is not None else None
    return kind(
        f"the echo is wrong: {body['wrong']['text']}",
        status=response.status if response is not None else None,
        type=body["wrong"]["kind"],
        retry_after=float(wait) if wait else None,
        headers=dict(response.headers) if response is not None else None,
        body=body,
        wire="echo",
    )


class Decoder:
    def __init__(self) -> None:
        self._sse = SseDecoder()
        self._ended = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for _, data in self._sse.feed(chunk):
            yield from self.said(data)

    def said(self, data: bytes) -> Iterator[Event]:
        try:
            body = msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise ServerFault(f"not an echo: {data[:40]!r}") from error
        if "wrong" in body:
            raise wrong(body)
        if "id" in body:
            yield Started(body.pop("id"), body.pop("model"), origin=ORIGIN)
        if "piece" in body:
            yield TextDelta(body.pop("piece"))
        if "used" in body:
            yield UsageReported(used(body.pop("used")))
        if "why" in body:
            self._ended = True
            yield Finished(FinishReason("stop", body.pop("why")))
        if body:
            yield ExtraReported(body)

    def close(self) -> Iterable[Event]:
        yield from (event for _, data in self._sse.close() for event in self.said(data))
        if not self._ended:
            raise TransportFailed("the echo stopped in the middle")


class Server:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = msgspec.json.decode(body)
        if "say" not in fields:
            raise RequestError("say something: the member 'say' is missing")
        messages = (Message("user", (Text(fields.pop("say")),)),)
        stream = fields.pop("stream", False)
        return ChatRequest(model=fields.pop("model"), messages=messages, extra=fields or None, origin=ORIGIN), stream

    def render(self, completion: Completion) -> bytes:
        body = {"id": completion.id, "model": completion.model, "said": completion.text}
        if completion.finish is not None:
            body["why"] = completion.finish.raw or ""
        return msgspec.json.encode({**body, "used": completion.usage.raw, **(completion.extra or {})})

    def renderer(self, request: ChatRequest) -> Renderer:
        return Renderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        return error.status or 500, msgspec.json.encode(error.body)


class Renderer:
    def render(self, event: Event) -> bytes:
        match event:
            case Started(id=identity, model=model):
                return sent({"id": identity, "model": model})
            case TextDelta(text=text):
                return sent({"piece": text})
            case UsageReported(usage=usage):
                return sent({"used": usage.raw})
            case Finished(finish=finish):
                return sent({"why": finish.raw})
            case ExtraReported(fields=fields):
                return sent(fields)
        return b""

    def finish(self) -> bytes:
        return b""

    def fail(self, error: Error) -> bytes:
        return sent(error.body)


def sent(body: Any) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


WIRE = Wire(name="echo", chat=Codec(), server=Server())


# -- the reference ------------------------------------------------------------------------------------------------------


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    whole: dict[str, Any] = {"said": ""}
    for frame in frames:
        if isinstance(frame.value, dict):
            whole["said"] += frame.value.get("piece", "")
            whole.update({name: value for name, value in frame.value.items() if name != "piece"})
    return whole


def ended(frames: Sequence[Frame]) -> bool:
    return any(isinstance(frame.value, dict) and "why" in frame.value for frame in frames)


def totals(answer: Any) -> Totals | None:
    raw = answer.get("used")
    if raw is None:
        return None
    reports = frozenset({"cache"} if "cached" in raw else ())
    return Totals(input=frozenset({raw["in"]}), output=frozenset({raw["out"]}), reports=reports, raw=raw)


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    if not (frames and isinstance(frames[0].value, dict) and "id" in frames[0].value):
        yield "an echo begins with its id"


REFERENCE = Reference(
    wire="echo",
    merge=merge,
    ended=ended,
    begins=lambda frame: isinstance(frame.value, dict) and "id" in frame.value,
    error=lambda value, event: value.get("wrong") if isinstance(value, dict) else None,
    said=lambda body: Said(
        message=(body or {}).get("wrong", body or {}).get("text"), type=(body or {}).get("wrong", body or {}).get("kind")
    ),
    totals=totals,
    meaning=lambda answer: [Meaning(text=answer["said"], finish=frozenset({"stop"} if "why" in answer else ()))],
    asked=lambda body: Asked(model=body["model"], text=body["say"]),
    violations=violations,
    implied={},
)
