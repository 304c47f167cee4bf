"""Passing a request on as it came: its members are read no further than routing needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from turnout.errors import RequestError
from turnout.types import Completion, HttpResponse, Target
from turnout.wire.json_text import read_json

_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


class RelayRules(Struct, frozen=True, kw_only=True):
    """How one protocol is passed on.

    ``plain`` is true of an event's bytes only if it continues what an earlier one began and says nothing else; when in
    doubt it is false, which only costs time. ``endings``: what ends so is plain, unless its block says "error" anywhere; it
    saves looking into each event. ``skim`` reads a whole answer's id, model, usage and tier, and raises what ``decode``
    would for an error inside it. ``in_body``: the body names the model and whether to stream, as the members
    "model" and "stream". ``usage_option``: a stream tells its usage only if "stream_options" asks for it. ``says``: a field of
    ChatRequest -> the members of a body that may say it, so that a body which says nothing that its model refuses goes as it is.
    """

    framing: Literal["sse", "ndjson"] = "sse"
    plain: Callable[[bytes], bool]
    endings: tuple[bytes, ...] = ()
    skim: Callable[[HttpResponse, Target], Completion] | None = None
    in_body: bool = True
    usage_option: bool = False
    streams_by_default: bool = False  # when the body does not say
    says: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def members_that_say(self, field: str) -> tuple[str, ...] | None:
        """The members of a body that may say ``field``, a field of ChatRequest or "extra.NAME"; None: any may."""
        return (field[6:],) if field[:6] == "extra." else self.says.get(field)


class Passing(Struct, frozen=True):
    """A request's body by its members, each as its bytes are. ``model`` as the caller named it; "" if the body does not."""

    members: dict[str, Raw]
    model: str
    stream: bool
    usage_wanted: bool = True  # the caller asked for, or always gets, the usage of a stream


def read_passing(body: bytes, rules: RelayRules) -> Passing:
    """Raises RequestError for what is no JSON object; what else is wrong with it is for the provider to say."""
    try:
        members = _decode_members(body)
        if not rules.in_body:
            return Passing(members, "", False)
        model = _decode_text(members["model"]) if "model" in members else ""
        said = bytes(members["stream"]) if "stream" in members else b"null"
        stream = said == b"true" or (said == b"null" and rules.streams_by_default)
        wanted = not rules.usage_option or (stream and "stream_options" in members and _asks_usage(members["stream_options"]))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RequestError(f"the body is not a JSON object of this protocol: {error}") from error
    return Passing(members, model, stream, wanted)


def _asks_usage(options: Raw) -> bool:
    said = read_json(bytes(options))
    return isinstance(said, dict) and said.get("include_usage") is True


def write_passing(passing: Passing, rules: RelayRules, model: str) -> bytes:
    """The body for a target that calls the model ``model``: nothing else in it changes, but that usage is asked for."""
    if not rules.in_body:
        return _encode(passing.members)
    members: dict[str, Any] = {**passing.members, "model": model}
    if passing.stream and not passing.usage_wanted:
        options = passing.members.get("stream_options")
        said = read_json(bytes(options)) if options is not None else None
        members["stream_options"] = {**(said if isinstance(said, dict) else {}), "include_usage": True}
    return _encode(members)
