"""Events of this protocol's streams as bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.wire.aws_events import encode_headers, frame
from turnout.wire.bedrock_converse.blocks import Block

_encode = msgspec.json.Encoder().encode


def _headers(kind: str) -> bytes:
    return encode_headers({":event-type": kind, ":content-type": "application/json", ":message-type": "event"})


_DELTA = _headers("contentBlockDelta")
_STOP = _headers("contentBlockStop")


def event(kind: str, payload: dict[str, Any]) -> bytes:
    return frame(_headers(kind), _encode(payload))


def block_delta(index: int, delta: Block) -> bytes:
    return frame(_DELTA, _encode({"contentBlockIndex": index, "delta": delta}))


def text_delta(index: int, text: str) -> bytes:
    return frame(_DELTA, b'{"contentBlockIndex":%d,"delta":{"text":%b}}' % (index, _encode(text)))


def block_stop(index: int) -> bytes:
    return frame(_STOP, b'{"contentBlockIndex":%d}' % index)


def exception(kind: str, payload: Any) -> bytes:
    said = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(encode_headers(said), _encode(payload))


def announced(block: Block) -> Block:
    """The start of a block that is no text, reasoning or call of the caller's: without what deltas say."""
    match block:
        case {"toolUse": dict(inner)}:
            return {"toolUse": {name: value for name, value in inner.items() if name != "input"}}
        case {"toolResult": dict(inner)}:
            return {"toolResult": {name: value for name, value in inner.items() if name != "content"}}
        case {"image": dict(inner)}:
            return {"image": {name: value for name, value in inner.items() if name != "source"}}
    return block


def unannounced(block: Any) -> Block | None:
    """The delta that says the rest of such a block; None if there is none."""
    match block:
        case {"toolUse": {"input": msgspec.Raw() as input}}:
            return {"toolUse": {"input": bytes(input).decode()}}
        case {"toolUse": {"input": input}}:
            return {"toolUse": {"input": input if isinstance(input, str) else _encode(input).decode()}}
        case {"toolResult": {"content": list(content)}} if content:
            return {"toolResult": content}
        case {"image": {"source": source}}:
            return {"image": {"source": source}}
    return None
