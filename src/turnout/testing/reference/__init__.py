"""What protocols' documentation says about their answers, written a second time: small, obvious, and apart from any wire.

The kit judges a wire by its protocol's ``Reference``, so that a wire and its check cannot share a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from turnout.testing.frames import Frame


class Said(Struct, frozen=True, kw_only=True):
    """What an error body says of itself. None: it does not say. ``retry_after``: the seconds it asks to wait."""

    message: str | None = None
    code: str | None = None
    type: str | None = None
    retry_after: float | None = None


class Totals(Struct, frozen=True, kw_only=True):
    """The token totals that a usage object can be read to mean, more than one where its own numbers contradict each other.

    ``raw`` is the object itself; ``reports`` names the kinds of tokens it counts apart: "cache", "reasoning", "audio".
    """

    raw: Mapping[str, Any]
    input: frozenset[int | None]
    output: frozenset[int | None]
    reports: frozenset[str]


class Meaning(Struct, frozen=True, kw_only=True):
    """What one choice of an answer says to its reader. ``calls`` are (id, name, arguments), the arguments as JSON or free text.

    The id of a call is None where the protocol lets the provider leave it out: the wire then makes one up.

    ``finish`` holds the unified reasons that are right for why it ended; empty: it does not say.
    """

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[tuple[str | None, str, str], ...] = ()
    finish: frozenset[str] = frozenset()


class Asked(Struct, frozen=True, kw_only=True):
    """What a request asks for, in part: enough that a wire cannot carry it past the neutral form. ``text``: of all messages."""

    model: str = ""
    text: str = ""
    tools: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None


class Reference(Struct, frozen=True, kw_only=True):
    """One protocol, as its documentation describes it.

    ``merge`` adds the events of a stream up to the whole answer they stand for, and gives the same for any regrouping of
    the same deltas. ``ended`` says whether a stream that stops after these events is whole. ``begins`` recognises an
    event that begins an answer of its own, for recordings that hold several. ``violations`` are sentences about a stream
    that breaks the documented order of events.

    ``error`` is the error object in an event or in a whole body, None where there is none; ``said`` reads one. ``totals``
    reads an answer's usage, None where there is none; ``meaning`` its choices; ``asked`` reads a request.

    ``implied`` holds the members, by name and value, that the protocol repeats and that a neutral type already expresses;
    ``assembled`` the members of events, by path, that say how pieces go together or mean something only once ``merge`` has put
    them together. ``framing`` tells the events of a stream apart for its callers, a key of FRAMINGS; ``streams`` says whether a
    request that does not say gets a stream.
    """

    wire: str
    merge: Callable[[Sequence[Frame]], dict[str, Any]]
    ended: Callable[[Sequence[Frame]], bool]
    error: Callable[[Any, str | None], Any]
    said: Callable[[Any], Said]
    totals: Callable[[Mapping[str, Any]], Totals | None]
    meaning: Callable[[Mapping[str, Any]], list[Meaning]]
    asked: Callable[[Mapping[str, Any]], Asked]
    violations: Callable[[Sequence[Frame]], Iterable[str]]
    implied: Mapping[str, frozenset[Any]]
    assembled: frozenset[str] = frozenset()
    begins: Callable[[Frame], bool] = lambda frame: False
    framing: str = "sse"
    streams: bool = False


def reference_for(wire: str) -> Reference | None:
    """The reference of a built-in protocol: REFERENCE in the module here that is named as its wire, with underscores."""
    from importlib import import_module

    name = f"{__name__}.{wire.replace('-', '_')}"
    try:
        reference: Reference = import_module(name).REFERENCE
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    return reference
