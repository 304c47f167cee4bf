"""What an answer loses when it is rendered for a caller of another protocol."""

from __future__ import annotations

from collections.abc import Iterator

from turnout.rules.answers import BOUND, Feature
from turnout.types import (
    Audio,
    Completion,
    Image,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire import Wire
from turnout.wire.bookkeeping import said_in
from turnout.wire.seals import fits, sealed_in, sealed_of_message

_FINISHES: dict[str, Feature] = {
    "content_filter": "finish.content_filter",
    "refusal": "finish.refusal",
    "pause": "finish.pause",
    "error": "finish.error",
}


def departures(completion: Completion, wire: Wire) -> tuple[ReceiptLine, ...]:
    """The receipt lines of rendering ``completion`` in ``wire``; none when it came in that very protocol."""
    if completion.origin is not None and completion.origin.wire == wire.protocol:
        return ()
    rules = wire.answers.departures
    lines: dict[str, ReceiptLine] = {}
    for feature, path in _features(completion):
        departed = rules.get(feature) or BOUND.get(feature)
        if departed is not None:
            lines.setdefault(path, ReceiptLine("response", path, *departed))
    return tuple(lines.values())


def _features(completion: Completion) -> Iterator[tuple[Feature, str]]:
    if completion.id:
        yield "id", "id"
    if completion.created is not None:
        yield "created", "created"
    if completion.service_tier is not None:
        yield "service_tier", "service_tier"
    if completion.extra:
        yield "extra", "extra"
    if len(completion.choices) > 1:
        yield "choices", "choices[1:]"
    for choice in completion.choices:
        path = f"choices[{choice.index}]"
        if choice.logprobs is not None:
            yield "logprobs", f"{path}.logprobs"
        if choice.extra:
            yield "extra", f"{path}.extra"
        if choice.finish is not None:
            if choice.finish.unified in _FINISHES:
                yield _FINISHES[choice.finish.unified], f"{path}.finish"
            if choice.finish.stop_sequence is not None:
                yield "stop_sequence", f"{path}.finish.stop_sequence"
        if choice.message.extra:
            yield _kind_of_message(choice.message, completion.origin), f"{path}.message.extra"
        called = False
        for at, part in enumerate(choice.message.parts):
            if type(part) is Text and not called and part == Text(part.text):
                continue  # what most answers are
            where = f"{path}.parts[{at}]"
            if part.extra:
                yield _kind_of(part, choice.message.origin or completion.origin), f"{where}.extra"
            match part:
                case Text():
                    if called:
                        yield "order", where
                    if part.citations:
                        yield "citations", f"{where}.citations"
                    if part.phase == "commentary":
                        yield "commentary", f"{where}.phase"
                case Refusal():
                    yield "refusal", where
                case Reasoning():
                    if part.text:
                        yield "reasoning", where
                    if part.signature is not None:
                        yield "signature" if fits(part) else "long_seal", f"{where}.signature"
                    if part.encrypted is not None:
                        yield "encrypted" if fits(part) else "long_seal", f"{where}.encrypted"
                case ToolCall():
                    called = True
                    if part.custom:
                        yield "custom_call", where
                case Image():
                    yield "image", where
                case Audio():
                    yield ("audio" if part.transcript is None else "transcribed_audio"), where
                case Opaque():
                    yield "opaque", where
                case _:
                    yield "opaque", where
    yield from _counts(completion.usage)


def _kind_of(part: Part, origin: Origin | None) -> Feature:
    """ "signature" for extras that are nothing but what the provider sealed of a text or a call."""
    origin = part.origin or origin
    sealed = sealed_in(part.extra, origin.wire) if origin is not None and isinstance(part, (Text, ToolCall)) else None
    rest = {name: value for name, value in (part.extra or {}).items() if sealed is None or name not in sealed}
    return "signature" if sealed is not None and not said_in(rest) else "extra"


def _kind_of_message(message: Message, origin: Origin | None) -> Feature:
    """The same of a message's."""
    origin = message.origin or origin
    sealed = sealed_of_message(message.extra, origin.wire) if origin is not None else None
    rest = {name: value for name, value in (message.extra or {}).items() if sealed is None or name not in sealed}
    return "signature" if sealed is not None and not said_in(rest) else "extra"


def _counts(usage: Usage) -> Iterator[tuple[Feature, str]]:
    if usage.cache_read_tokens:
        yield "cache_read_tokens", "usage.cache_read_tokens"
    if usage.cache_write_tokens:
        yield "cache_write_tokens", "usage.cache_write_tokens"
    if usage.reasoning_tokens:
        yield "reasoning_tokens", "usage.reasoning_tokens"
    if usage.audio_input_tokens or usage.audio_output_tokens:
        yield "audio_tokens", "usage.audio_tokens"
