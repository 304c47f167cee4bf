"""What a stream says, as a closed union of small events."""

from __future__ import annotations

from typing import Any, Literal, Union

from msgspec import Struct

from turnout.types import (
    Citation,
    FinishReason,
    Origin,
    Part,
    Usage,
)

# Every event about a part names it by ``index``: parts fold in ascending order of index, gaps allowed, and deltas with
# the same index and choice continue the same part, which the first of them creates.


class Started(Struct, frozen=True, tag_field="event", tag="started", omit_defaults=True):
    """The answer began: who gives it, under which id. Comes once, or again when more of this becomes known."""

    id: str
    model: str
    created: int | None = None
    origin: Origin | None = None
    service_tier: str | None = None


class PartAdded(Struct, frozen=True, tag_field="event", tag="part_added", omit_defaults=True):
    """A part that came whole, or the beginning of one whose first bytes already say more than a delta can."""

    index: int
    part: Part
    choice: int = 0


class TextDelta(Struct, frozen=True, tag_field="event", tag="text_delta", omit_defaults=True):
    """The next piece of the answer's text."""

    text: str
    index: int = 0
    choice: int = 0


class ReasoningDelta(Struct, frozen=True, tag_field="event", tag="reasoning_delta", omit_defaults=True):
    """The next piece of what the model thinks."""

    text: str
    index: int = 0
    choice: int = 0


class SignatureDelta(Struct, frozen=True, tag_field="event", tag="signature_delta", omit_defaults=True):
    """Opaque proof for the reasoning part ``index``."""

    signature: str
    index: int = 0
    choice: int = 0


class RefusalDelta(Struct, frozen=True, tag_field="event", tag="refusal_delta", omit_defaults=True):
    """The next piece of the model's refusal."""

    text: str
    index: int = 0
    choice: int = 0


class ToolCallDelta(Struct, frozen=True, tag_field="event", tag="tool_call_delta", omit_defaults=True):
    """``id`` and ``name`` come with the first delta of a call and are empty after it; ``arguments`` is the next piece of text."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    choice: int = 0


class CitationAdded(Struct, frozen=True, tag_field="event", tag="citation_added", omit_defaults=True):
    """A source for the text part ``index``."""

    citation: Citation
    index: int = 0
    choice: int = 0


class AudioDelta(Struct, frozen=True, tag_field="event", tag="audio_delta", omit_defaults=True):
    """``data`` is base64 of the next bytes of sound, decodable on its own; ``extra`` holds ids and expiry."""

    index: int
    data: str = ""
    transcript: str = ""
    choice: int = 0
    extra: dict[str, Any] | None = None


class LogprobsDelta(Struct, frozen=True, tag_field="event", tag="logprobs_delta", omit_defaults=True):
    """In the provider's own form: an object whose lists are continued by the next delta."""

    logprobs: Any
    choice: int = 0


class Finished(Struct, frozen=True, tag_field="event", tag="finished", omit_defaults=True):
    """One choice has ended. A stream in which some choice never finishes was cut off."""

    finish: FinishReason
    choice: int = 0


class UsageReported(Struct, frozen=True, tag_field="event", tag="usage_reported", omit_defaults=True):
    """The usage so far: replaces what was reported before, never adds to it."""

    usage: Usage


class ExtraReported(Struct, frozen=True, tag_field="event", tag="extra_reported", omit_defaults=True):
    """Fields the vocabulary has no word for, of the whole completion, of one choice, of its message, or of one part."""

    fields: dict[str, Any]
    scope: Literal["completion", "choice", "message", "part"] = "completion"
    choice: int = 0
    index: int = 0


Event = Union[
    Started,
    PartAdded,
    TextDelta,
    ReasoningDelta,
    SignatureDelta,
    RefusalDelta,
    ToolCallDelta,
    CitationAdded,
    AudioDelta,
    LogprobsDelta,
    Finished,
    UsageReported,
    ExtraReported,
]
