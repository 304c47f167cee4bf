"""What a message is made of: ordered parts, each of which may remember where it came from."""

from __future__ import annotations

from typing import Any, Union

from msgspec import Struct


class Origin(Struct, frozen=True, omit_defaults=True):
    """Who said it, and in which protocol.

    ``provider`` is None for what a caller handed us: the wire is then known, the provider is not.
    """

    wire: str
    provider: str | None = None

    def returns_to(self, wire: str, provider: str | None = None) -> bool:
        """True if what came from here may be said verbatim there: the same wire, and no other provider as far as known.

        The one rule of custody: signatures, opaque blocks and extras travel by it and by nothing else.
        """
        return self.wire == wire and (provider is None or self.provider is None or self.provider == provider)


class CacheControl(Struct, frozen=True, omit_defaults=True):
    """A mark: the prompt up to here is worth caching. ``ttl`` as the vendor writes it ("5m", "1h"); None is its default."""

    ttl: str | None = None
    extra: dict[str, Any] | None = None


class UrlSource(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="url"):
    url: str
    media_type: str | None = None


class DataSource(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="data"):
    """``data`` is base64, as every JSON protocol carries it."""

    data: str
    media_type: str | None = None


class FileSource(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="file"):
    """A file the provider already holds; the id means nothing to any other. ``provider``: who holds it; None: the origin says."""

    id: str
    media_type: str | None = None
    provider: str | None = None


class TextSource(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="text"):
    text: str
    media_type: str = "text/plain"


Source = Union[UrlSource, DataSource, FileSource, TextSource]


class _Part(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """``extra``: fields of the origin's wire that the vocabulary has no word for, verbatim. ``spelled``: see ``Message``."""

    cache_control: CacheControl | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


class Citation(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A source for a span of text. ``start``/``end`` count characters of the text; ``extra`` holds the wire's other fields."""

    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    end: int | None = None
    extra: dict[str, Any] | None = None


class Text(_Part, frozen=True, omit_defaults=True, tag="text"):
    """``phase`` is "commentary" for what a model says while still at work, "final_answer" for its answer; None: not said."""

    text: str
    citations: tuple[Citation, ...] = ()
    phase: str | None = None


class Refusal(_Part, frozen=True, omit_defaults=True, tag="refusal"):
    text: str


class Reasoning(_Part, frozen=True, omit_defaults=True, tag="reasoning"):
    """What the model thought. ``signature`` and ``encrypted`` are opaque: byte-identical to their provider, never to another."""

    text: str
    signature: str | None = None
    encrypted: str | None = None


class ToolCall(_Part, frozen=True, omit_defaults=True, tag="tool_call"):
    """``arguments`` is the text exactly as the model wrote it.

    JSON for a function (perhaps invalid), free text for a ``custom`` tool.
    """

    id: str
    name: str
    arguments: str
    custom: bool = False


class Image(_Part, frozen=True, omit_defaults=True, tag="image"):
    source: Source
    detail: str | None = None


class Audio(_Part, frozen=True, omit_defaults=True, tag="audio"):
    source: Source
    format: str | None = None
    transcript: str | None = None


class Video(_Part, frozen=True, omit_defaults=True, tag="video"):
    source: Source


class Document(_Part, frozen=True, omit_defaults=True, tag="document"):
    """``filename`` or ``title`` as given; ``citations`` asks the model to cite it."""

    source: Source
    filename: str | None = None
    title: str | None = None
    context: str | None = None
    citations: bool | None = None


class Opaque(_Part, frozen=True, omit_defaults=True, tag="opaque"):
    """A block of one wire that has no neutral form, kept whole. Goes back to its own wire as it came, and to no other.

    ``slot`` names the list it stood in, where a message of the wire has several.
    """

    value: Any
    slot: str | None = None


class ToolResult(_Part, frozen=True, omit_defaults=True, tag="tool_result"):
    """The answer to the call ``call_id``."""

    call_id: str
    parts: tuple[ResultPart, ...]
    is_error: bool | None = None
    name: str | None = None


ResultPart = Union[Text, Image, Audio, Video, Document, Opaque]
Part = Union[Text, Refusal, Reasoning, ToolCall, ToolResult, Image, Audio, Video, Document, Opaque]
