"""Envelopes: what one provider sealed, for a caller who speaks another protocol to keep and to send back.

A signature or encrypted reasoning means something to the provider that wrote it and to no other, and a conversation that calls
tools needs it again. So an answer carries it in an envelope that says whose it is, at a place whose content clients of the
caller's protocol send back as it is. What comes back is the part that it was, with its origin, and goes where custody lets it go.

An envelope is base64 in the usual alphabet, since some of those places hold bytes; it is neither secret nor signed: what it holds
is what the caller would have been given in the provider's own protocol.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import msgspec
from msgspec import Struct

from turnout.types import Origin, Reasoning
from turnout.wire.json_text import read_json

_HEAD = b"turnout.v1. "  # a multiple of three bytes, so that every envelope begins with the same characters
MARK = "dHVybm91dC52"  # base64 of "turnout.v": so begin envelopes of every version
_MARK = MARK.encode()
MOST = 4 << 20  # characters of an envelope: a seal is a few thousand, and texts of thoughts come to a hundred times that

# Nobody's: the origin of a seal that cannot be read, so that no codec takes it for its provider's own.
LOST = Origin("turnout")

# What providers seal in parts that are no reasoning, by wire: fields of a part's ``extra``.
# https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21), which also has the place in Google's answers in
# the words of Chat Completions: ``extra_content.google.thought_signature`` of a tool call.
_IN_EXTRA = {"gemini": ("thoughtSignature", "thought_signature"), "openai-chat": ("extra_content",)}

DETAILS = "reasoning_details"  # of a message, in the words of OpenRouter and others for Chat Completions
FORMAT = "turnout.v1"  # of such a detail that is an envelope

_URLSAFE = bytes.maketrans(b"-_", b"+/")  # Google's SDK writes bytes so, whatever it read
_encode = msgspec.json.Encoder().encode


class Thought(Struct, frozen=True, omit_defaults=True):
    """A part of reasoning. ``shown``: its text, so many characters long, stands beside the envelope and not in it."""

    text: str = ""
    shown: int | None = None
    signature: str | None = None
    encrypted: str | None = None
    extra: dict[str, Any] | None = None
    spelled: dict[str, str] | None = None


class Envelope(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``extra`` belongs to the tool call ``call``; without one to the text that follows, or, if ``alone``, to an empty one.

    ``call`` without ``extra`` tells before which call the thoughts stood. ``message`` belongs to all that was said. ``model`` is
    for people.
    """

    wire: str
    provider: str
    model: str = ""
    thoughts: tuple[Thought, ...] = ()
    call: str = ""
    extra: dict[str, Any] | None = None
    alone: bool = False
    message: dict[str, Any] | None = None

    @property
    def origin(self) -> Origin:
        return Origin(self.wire, self.provider)


def seal(envelope: Envelope) -> str | None:
    """The text of ``envelope``; None if it would be longer than an envelope may be."""
    text = b64encode(_HEAD + _encode(envelope)).decode()
    return text if len(text) <= MOST else None


def unseal(text: str) -> Envelope | None:
    """The envelope that ``text``, which begins with ``MARK``, is; None for one cut off, changed, or of another version."""
    if len(text) > MOST:
        return None
    try:
        data = text.rstrip("=").encode("ascii").translate(_URLSAFE)
        raw = b64decode(data + b"=" * (-len(data) % 4), validate=True)
        if not raw.startswith(_HEAD):
            return None
        envelope = msgspec.convert(read_json(raw[len(_HEAD) :]), Envelope)
    except (ValueError, RecursionError):  # what base64, UTF-8, JSON and its form raise
        return None
    known = sealed_in(envelope.extra, envelope.wire), sealed_of_message(envelope.message, envelope.wire)
    return envelope if known == (envelope.extra, envelope.message) and envelope.wire and envelope.provider else None


def fits(*parts: Reasoning) -> bool:
    """True if an envelope can hold what ``parts`` say, texts included."""
    return sum(len(part.text) + len(part.signature or "") + len(part.encrypted or "") for part in parts) <= MOST // 2


def holds_envelopes(body: bytes) -> bool:
    """True if ``body`` may hold one: its bytes are not to be passed on as they are."""
    return _MARK in body


def is_envelope(text: Any) -> bool:
    return type(text) is str and text.startswith(MARK)


def sealed_in(extra: dict[str, Any] | None, wire: str) -> dict[str, Any] | None:
    """The fields of a part's ``extra`` that a provider of ``wire`` sealed; None if there are none."""
    if not extra:
        return None
    return {name: extra[name] for name in _IN_EXTRA.get(wire, ()) if name in extra} or None


def sealed_of_message(extra: dict[str, Any] | None, wire: str) -> dict[str, Any] | None:
    """The same of a message: details of what was thought, if any of them is signed or encrypted.

    https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21)
    """
    details = extra.get(DETAILS) if extra and wire == "openai-chat" else None
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        return None
    return {DETAILS: details} if any(detail.get("signature") or detail.get("data") for detail in details) else None
