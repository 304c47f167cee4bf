"""InvokeModelWithResponseStream: events of Anthropic Messages inside events of AWS, both directions.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html (read 2026-11-21)
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from turnout.errors import (
    AuthenticationFailed,
    Error,
    ModelNotFound,
    Overloaded,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
)
from turnout.events import Event
from turnout.types import Target
from turnout.wire import StreamRenderer
from turnout.wire.anthropic_messages.decoder import AnthropicMessagesDecoder
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.aws_events import AwsEvent, AwsEventDecoder, encode_event
from turnout.wire.sse import SseDecoder


class _Chunk(Struct, rename={"event": "bytes"}):
    """One event of the protocol. What stands beside it is padding."""

    event: bytes


class _Said(Struct):
    message: str = ""


_decode_chunk = msgspec.json.Decoder(_Chunk).decode
_decode_said = msgspec.json.Decoder(_Said).decode

_BY_TYPE: dict[str, type[Error]] = {
    "accessdeniedexception": AuthenticationFailed,
    "internalserverexception": ServerFault,
    "modelstreamerrorexception": ServerFault,
    "modeltimeoutexception": TimedOut,
    "resourcenotfoundexception": ModelNotFound,
    "serviceunavailableexception": Overloaded,
    "throttlingexception": RateLimited,
    "validationexception": RequestError,
}
# class -> the exception that this operation has for it; the first that matches
_TOLD: tuple[tuple[type[Error], str], ...] = (
    (RequestError, "validationException"),
    (RateLimited, "throttlingException"),
    (Overloaded, "serviceUnavailableException"),
    (TimedOut, "modelTimeoutException"),
)


class AnthropicBedrockDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._frames = AwsEventDecoder()
        self._inner = AnthropicMessagesDecoder(target)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for frame in self._frames.feed(chunk):
            if frame.headers.get(":event-type") != "chunk" or frame.headers.get(":message-type", "event") != "event":
                raise self._exception(frame)
            try:
                event = _decode_chunk(frame.payload).event
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise ServerFault(
                    f"{self._target}: an event holds no chunk of an answer: {error}", target=self._target
                ) from error
            # JSON has line breaks only between its tokens, where a space does as well
            yield from self._inner.feed(b"data: " + event.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n\n")

    def close(self) -> Iterator[Event]:
        yield from self._inner.close()
        if not self._frames.is_between_events:
            raise TransportFailed(f"{self._target}: the stream ended inside an event", target=self._target)

    def _exception(self, frame: AwsEvent) -> Error:
        kind = frame.text(":exception-type") or frame.text(":error-code") or frame.text(":event-type") or "an unnamed event"
        try:
            said = _decode_said(frame.payload).message
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            said = frame.payload[:300].decode("utf-8", "replace")
        said = said or frame.text(":error-message") or "no message"
        return _BY_TYPE.get(kind.lower(), ServerFault)(
            f"{self._target}: an error inside the stream: {said}",
            type=kind,
            body={"type": "error", "error": {"type": kind, "message": said}},
            wire=WIRE_NAME,
            target=self._target,
        )


class AnthropicBedrockRenderer:
    """``inner``'s events, each in an event of AWS; an error is that operation's own exception."""

    def __init__(self, inner: StreamRenderer) -> None:
        self._inner = inner

    def render(self, event: Event) -> bytes:
        return _framed(self._inner.render(event))

    def finish(self) -> bytes:
        return _framed(self._inner.finish())

    def fail(self, error: Error) -> bytes:
        kind = next((told for cls, told in _TOLD if isinstance(error, cls)), "internalServerException")
        if error.wire == WIRE_NAME and error.type is not None and error.type.lower() in _BY_TYPE:
            kind = error.type
        headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
        body = error.body if isinstance(error.body, dict) and error.wire == WIRE_NAME else {}
        inner = body.get("error")
        said = inner.get("message") if isinstance(inner, dict) else None
        return encode_event(headers, msgspec.json.encode({"message": said if isinstance(said, str) else str(error)}))


_HEADERS = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}


def _framed(events: bytes) -> bytes:
    sse = SseDecoder()
    found = [*sse.feed(events), *sse.close()]
    return b"".join(encode_event(_HEADERS, b'{"bytes":"' + b64encode(data) + b'"}') for _, data in found)
