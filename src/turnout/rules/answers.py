"""What a protocol cannot say of an answer that another one gave."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from turnout.types import Fate

# What an answer may hold. "order" is text after a tool call; "commentary" what a model says while still at work;
# "audio" sound without a transcript; "extra" the fields that only the answer's own protocol knows.
Feature = Literal[
    "id",
    "created",
    "service_tier",
    "choices",
    "logprobs",
    "stop_sequence",
    "finish.content_filter",
    "finish.refusal",
    "finish.pause",
    "finish.error",
    "refusal",
    "reasoning",
    "signature",
    "encrypted",
    "custom_call",
    "order",
    "image",
    "audio",
    "transcribed_audio",
    "citations",
    "commentary",
    "opaque",
    "extra",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "audio_tokens",
]

Departures = dict[Feature, tuple[Fate, str]]

# Of every protocol, whatever its rules say: what is bound to the one who said it.
BOUND: Departures = {
    "signature": ("dropped", "a signature means something only to the provider that wrote it"),
    "encrypted": ("dropped", "encrypted reasoning can be read only by the provider that wrote it"),
    "opaque": ("dropped", "a block that only its own protocol knows"),
    "extra": ("dropped", "fields that only the answer's own protocol knows"),
}


class AnswerRules(Struct, frozen=True, kw_only=True):
    """``departures``: what is not said exactly, with its fate and why. What is not named is said exactly."""

    departures: Departures = {}
