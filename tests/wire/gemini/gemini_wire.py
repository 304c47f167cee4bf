"""What the tests of this wire share: both directions of it, and streams written down object by object."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.testing.frames import sse_frames
from turnout.testing.reference import reference_for
from turnout.types import ChatRequest, Completion, HttpResponse, ReceiptLine, Target
from turnout.wire.gemini import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
GOOGLE = Provider(id="google", name="Google", wire=WIRE.name, base_url="https://google.test/v1beta")
TARGET = Target("google", "gemini-2.5-flash")

_reference = reference_for(WIRE.name)
assert _reference is not None
REFERENCE = _reference


def parse(body: Any) -> ChatRequest:
    return SERVER.parse(body if isinstance(body, bytes) else json.dumps(body).encode())[0]


def encode(request: ChatRequest, *, provider: Provider = GOOGLE) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(CODEC.encode(request, provider, stream=False).http.body)
    return body


def lines(request: ChatRequest) -> tuple[ReceiptLine, ...]:
    return CODEC.encode(request, GOOGLE, stream=False).lines


def departures(request: ChatRequest) -> dict[str, str]:
    """Field to fate, of what encoding could not carry exactly."""
    return {line.field: line.fate for line in lines(request)}


def there_and_back(body: dict[str, Any]) -> dict[str, Any]:
    """What a provider hears of what a caller said."""
    return encode(parse(body))


def decode(body: Any, target: Target = TARGET) -> Completion:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode(HttpResponse(status=200, body=raw), target)


def render(completion: Completion) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(SERVER.render(completion))
    return body


def candidate(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0} | fields


def answer(*parts: Any, **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    return {
        "candidates": [candidate(*parts)],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r1",
    } | fields


def chunk(*parts: Any, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """One object of a stream."""
    said: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        said["finishReason"] = finish
    return {"candidates": [said | fields], "modelVersion": "gemini-2.5-flash", "responseId": "r1"}


def sse(*objects: Any) -> bytes:
    return b"".join(b"data: %b\r\n\r\n" % json.dumps(item).encode() for item in objects)


def array(*objects: Any) -> bytes:
    return b"[" + b",\r\n".join(json.dumps(item).encode() for item in objects) + b"]"


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def events(*chunks: bytes) -> list[Event]:
    decoder = CODEC.decoder(TARGET)
    return [*(event for piece in chunks for event in decoder.feed(piece)), *decoder.close()]


def until_it_breaks(*chunks: bytes) -> tuple[list[Event], Error | None]:
    decoder = CODEC.decoder(TARGET)
    seen: list[Event] = []
    try:
        for piece in chunks:
            for event in decoder.feed(piece):
                seen.append(event)  # noqa: PERF402 - what came before a failure counts
        seen.extend(decoder.close())
    except Error as error:
        return seen, error
    return seen, None


def rendered(*said: Event) -> list[dict[str, Any]]:
    """The objects that a caller of this protocol gets for ``said``."""
    renderer = SERVER.renderer(ChatRequest(model="", messages=()))
    body = b"".join(renderer.render(event) for event in said) + renderer.finish()
    return [frame.value for frame in sse_frames(body)]
