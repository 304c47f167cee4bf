"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
import struct
from typing import Any
from zlib import crc32

from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.testing.frames import aws_frames
from turnout.testing.reference import reference_for
from turnout.types import ChatRequest, Completion, HttpResponse, ReceiptLine, Target
from turnout.wire.bedrock_converse import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
BEDROCK = Provider(id="bedrock", name="Bedrock", wire=WIRE.name, base_url="https://bedrock-runtime.eu-west-1.amazonaws.com")
CLAUDE = "eu.anthropic.claude-sonnet-4-6"
TARGET = Target("bedrock", CLAUDE)

_reference = reference_for(WIRE.name)
assert _reference is not None
REFERENCE = _reference


def parse(body: Any) -> ChatRequest:
    return SERVER.parse(body if isinstance(body, bytes) else json.dumps(body).encode())[0]


def encode(request: ChatRequest) -> dict[str, Any]:
    request = request if request.model else replace(request, model=CLAUDE)
    body: dict[str, Any] = json.loads(CODEC.encode(request, BEDROCK, stream=False).http.body)
    return body


def lines(request: ChatRequest) -> tuple[ReceiptLine, ...]:
    return CODEC.encode(request if request.model else replace(request, model=CLAUDE), BEDROCK, stream=False).lines


def departures(request: ChatRequest) -> dict[str, str]:
    """Field to fate, of what encoding could not carry exactly."""
    return {line.field: line.fate for line in lines(request)}


def there_and_back(body: dict[str, Any]) -> dict[str, Any]:
    """What a provider hears of what a caller said."""
    return encode(parse(body))


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def ask(*content: Any, **fields: Any) -> dict[str, Any]:
    """A request, as the protocol's documentation shows one."""
    return {"messages": [user(*(content or ({"text": "Hello"},)))]} | fields


def answer(*content: Any, **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
        "metrics": {"latencyMs": 120},
    } | fields


def decode(body: Any, **headers: str) -> Completion:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode(HttpResponse(status=200, headers=headers, body=raw), TARGET)


def render(completion: Completion) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(SERVER.render(completion))
    return body


# -- streams ---------------------------------------------------------------------------------------


def frame(name: str, payload: bytes) -> bytes:
    """One event."""
    return message({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, payload)


def message(said: dict[str, str], payload: bytes = b"") -> bytes:
    """One message of the event stream, put together by hand."""
    headers = b"".join(
        bytes((len(name),)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in said.items()
    )
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return body + struct.pack(">I", crc32(body))


Said = tuple[str, dict[str, Any]]


def stream(*events: Said) -> bytes:
    return b"".join(frame(name, json.dumps(payload).encode()) for name, payload in events)


def exception(name: str, **payload: Any) -> bytes:
    said = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return message(said, json.dumps(payload).encode())


START: Said = ("messageStart", {"role": "assistant"})


def begin(index: int, **start: Any) -> Said:
    return "contentBlockStart", {"start": start, "contentBlockIndex": index}


def delta(index: int, **delta: Any) -> Said:
    return "contentBlockDelta", {"delta": delta, "contentBlockIndex": index}


def stop(index: int) -> Said:
    return "contentBlockStop", {"contentBlockIndex": index}


def text(index: int, *pieces: str) -> tuple[Said, ...]:
    return *(delta(index, text=piece) for piece in pieces), stop(index)


def tool_use(index: int, id: str, *pieces: str, **fields: Any) -> tuple[Said, ...]:
    start = begin(index, toolUse={"toolUseId": id, "name": "look"} | fields)
    return start, *(delta(index, toolUse={"input": piece}) for piece in pieces), stop(index)


def end(reason: str = "end_turn", **metadata: Any) -> tuple[Said, ...]:
    """messageStop and metadata."""
    usage = {"usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, "metrics": {"latencyMs": 9}}
    return ("messageStop", {"stopReason": reason}), ("metadata", usage | metadata)


def events(data: bytes, size: int | None = None) -> list[Event]:
    """What the decoder makes of ``data``, in pieces of ``size`` bytes."""
    decoder = CODEC.decoder(TARGET)
    pieces = [data] if size is None else [data[at : at + size] for at in range(0, len(data), size)]
    out = [event for piece in pieces for event in decoder.feed(piece)]
    return [*out, *decoder.close()]


def events_until_failure(data: bytes) -> tuple[list[Event], Error]:
    decoder = CODEC.decoder(TARGET)
    seen: list[Event] = []
    try:
        seen.extend(decoder.feed(data))
        seen.extend(decoder.close())
    except Error as error:
        return seen, error
    raise AssertionError("the stream was to fail")


def rendered(said: list[Event]) -> bytes:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    return b"".join(renderer.render(event) for event in said) + renderer.finish()


def merged(data: bytes) -> dict[str, Any]:
    """The whole answer that a stream stands for, by the documentation."""
    frames = aws_frames(data)
    assert list(REFERENCE.violations(frames)) == []
    return REFERENCE.merge(frames)
