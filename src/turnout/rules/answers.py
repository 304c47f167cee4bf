"""What a protocol cannot say of an answer that another one gave."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from turnout.types import Fate

# What an answer may hold. "order" is text after a tool call; "commentary" what a model says while still at work;
# "audio" sound without a transcript; "long_seal" a seal that no envelope holds; "extra" the fields that only the answer's own
# protocol knows.
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
    "long_seal",
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

# Of every protocol whose rules do not say otherwise: what is bound to the one who said it.
BOUND: Departures = {
    "signature": ("dropped", "a signature means something only to the provider that wrote it"),
    "encrypted": ("dropped", "encrypted reasoning can be read only by the provider that wrote it"),
    "long_seal": ("dropped", "what its provider sealed is too long to be carried by a caller of another protocol"),
    "opaque": ("dropped", "a block that only its own protocol knows"),
    "extra": ("dropped", "fields that only the answer's own protocol knows"),
}

# Of protocols with a place whose content their clients send back as it is.
ENVELOPED: Departures = {
    "signature": ("mapped", "in an envelope, to be sent back with the conversation: it goes to the provider that wrote it alone"),
    "encrypted": ("mapped", "in an envelope, to be sent back with the conversation: it goes to the provider that wrote it alone"),
}


class AnswerRules(Struct, frozen=True, kw_only=True):
    """``departures``: what is not said exactly, with its fate and why. What is not named is said exactly."""

    departures: Departures = {}
