"""Texts and media as vectors: what is asked for, and what came back."""

from __future__ import annotations

from typing import Any, Literal, Union

from msgspec import Struct

from turnout.types.chat import Attempt, Target
from turnout.types.parts import Origin, Part
from turnout.types.receipts import Receipt
from turnout.types.usage import Cost, Usage

InputType = Literal[
    "query",
    "document",
    "classification",
    "clustering",
    "similarity",
    "question_answering",
    "fact_verification",
    "code_query",
    "image",
]


class Content(Struct, frozen=True, omit_defaults=True):
    """One input of several parts, or of other parts than text. ``extra``: what its own wire says beside them, verbatim."""

    parts: tuple[Part, ...]
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


EmbedInput = Union[str, tuple[int, ...], Content]  # a text, its token ids, or parts


class EmbedRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What to turn into vectors, one for each input. A field left None is not sent.

    ``input_type`` says what the vectors are for, in our words; each wire has its own. ``embedding_types`` are kinds of numbers:
    "float", "int8", "uint8", "binary", "ubinary" (the last two hold eight dimensions in a number). ``encoding_format`` is how
    they are written: "float" for a list, "base64". ``truncate`` says which end of an input that is too long may be cut off.
    ``extra`` and ``spelled``: see ``ChatRequest``.
    """

    model: str
    input: tuple[EmbedInput, ...]
    dimensions: int | None = None
    encoding_format: str | None = None
    embedding_types: tuple[str, ...] | None = None
    input_type: InputType | None = None
    truncate: Literal["none", "start", "end"] | None = None
    user: str | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


Vector = Union[list[float], str]  # the numbers as they were sent, or their base64 text

_FORMATS = {"float": "f", "base64": "f", "int8": "b", "binary": "b", "uint8": "B", "ubinary": "B"}  # of struct and array


class Embedding(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The vectors of one input. ``forms`` maps each kind of number that was asked for to its vector, exactly as it came.

    The kind "base64" is the text of 32-bit floats where the protocol names that form so.
    """

    index: int
    forms: dict[str, Vector]
    extra: dict[str, Any] | None = None

    @property
    def vector(self) -> list[float]:
        """The first form as numbers."""
        kind, vector = next(iter(self.forms.items()))
        return unpacked(vector, kind) if isinstance(vector, str) else vector

    @property
    def numbers(self) -> Vector:
        """The floats, or else the first form, as numbers; a text that cannot be read as numbers stays as it came."""
        kind = "float" if "float" in self.forms else next(iter(self.forms))
        vector = self.forms[kind]
        try:
            return unpacked(vector, kind) if isinstance(vector, str) else vector
        except ValueError:
            return vector


class Embeddings(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to an EmbedRequest, with what it used, what it cost, and what translation did to it.

    ``data`` is in the provider's order. ``parts`` holds the single answers where the inputs were too many for one exchange:
    ``usage`` is then their sum, and ``id`` that of the first.
    """

    data: tuple[Embedding, ...]
    model: str = ""
    id: str = ""
    created: int | None = None  # seconds since 1970
    usage: Usage = Usage()
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None
    parts: tuple[Embeddings, ...] = ()
    target: Target | None = None
    attempts: tuple[Attempt, ...] = ()
    cost: Cost | None = None
    receipt: Receipt | None = None
    headers: dict[str, str] | None = None

    @property
    def vectors(self) -> list[list[float]]:
        """A vector for each input, in the order of the inputs."""
        return [item.vector for item in sorted(self.data, key=_index)]


def _index(item: Embedding) -> int:
    return item.index


def unpacked(text: str, kind: str = "float") -> list[float]:
    """The numbers in a base64 text: 32-bit floats in little-endian order, or integers of eight bits. Exact.

    Raises ValueError for a text that is not base64, does not hold whole numbers, or is of a kind that nobody knows.
    """
    from base64 import b64decode
    from struct import unpack

    if kind not in _FORMATS:
        raise ValueError(f"a vector of kind {kind!r} cannot be read as numbers; known are {', '.join(_FORMATS)}")
    data, format = b64decode(text, validate=True), _FORMATS[kind]
    size = 4 if format == "f" else 1
    if len(data) % size:
        raise ValueError(f"{len(data)} bytes are no whole number of 32-bit floats")
    return list(unpack(f"<{len(data) // size}{format}", data))


def packed(vector: list[float], kind: str = "float") -> str:
    """``vector`` as base64; the inverse of ``unpacked``. A number that has more digits than 32 bits hold is rounded.

    Raises ValueError for a number that does not fit its kind.
    """
    from base64 import b64encode
    from struct import error, pack

    format = _FORMATS.get(kind, "f")
    try:
        numbers = vector if format == "f" else [int(number) for number in vector]
        return b64encode(pack(f"<{len(numbers)}{format}", *numbers)).decode()
    except (error, OverflowError, ValueError, TypeError) as reason:
        raise ValueError(f"a vector of kind {kind!r} holds a number that does not fit it: {reason}") from reason
