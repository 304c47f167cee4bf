"""The chunk that most of a stream consists of, typed: anything it does not know takes the general way."""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Function(Struct, forbid_unknown_fields=True):
    arguments: str
    name: None = None


class Call(Struct, forbid_unknown_fields=True):
    index: int
    function: Function
    id: None = None
    type: str | None = None


class Delta(Struct, forbid_unknown_fields=True):
    content: str | None = None
    tool_calls: list[Call] | None = None
    reasoning_content: str | None = None
    role: str | None = None
    refusal: None = None


class CommonChoice(Struct, forbid_unknown_fields=True):
    delta: Delta
    index: int = 0
    finish_reason: None = None
    logprobs: None = None


class CommonChunk(Struct, forbid_unknown_fields=True):
    """The next piece of something begun."""

    choices: list[CommonChoice]
    id: str = ""
    object: str | None = None
    created: int | None = None
    model: str = ""
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None  # padding that hides token lengths; says nothing
    usage: None = None


decode_common = msgspec.json.Decoder(CommonChunk).decode
