"""What a policy may know of a request before it is sent. Its size is a guess, from the text that it holds."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Raw, Struct

from turnout.types import ChatRequest, EmbedRequest, RerankRequest
from turnout.wire.relaying import Passing

Request = ChatRequest | EmbedRequest | RerankRequest

USUAL_OUTPUT = 500  # tokens of an answer; what a request allows is a bound, and no forecast, so only a smaller one counts
_CHARACTERS = 4  # of a token, roughly, in English
_ENCODED = re.compile(r"(?:data:[^,]{0,100},)?[A-Za-z0-9+/=_-]{400}").match  # files and signatures, which are no text
_NO_PROMPT = ("model", "origin", "spelled")

# Where requests that are passed on as bytes say how long an answer may be, in the protocols that are.
_BOUNDS: tuple[tuple[str, ...], ...] = (
    ("max_completion_tokens",),
    ("max_output_tokens",),
    ("max_tokens",),
    ("generationConfig", "maxOutputTokens"),
    ("options", "num_predict"),
)


class Asked:
    """``stream``: the answer is wanted as it comes. ``request`` is None where the gateway passes bytes on unread."""

    def __init__(self, request: Request | Passing | None, stream: bool = False) -> None:
        self.request = None if isinstance(request, Passing) else request
        self.stream = stream
        self._passing = request if isinstance(request, Passing) else None

    @cached_property
    def _members(self) -> dict[str, Any]:
        return _read(self._passing.members) if self._passing is not None else {}

    @cached_property
    def input_tokens(self) -> int:
        """How many it has, roughly: a quarter of its characters. Images, audio and files count nothing."""
        return -(-_characters(self._members if self.request is None else self.request) // _CHARACTERS)

    @cached_property
    def output_tokens(self) -> int:
        """How many its answer may come to: ``USUAL_OUTPUT``, or the bound that it sets if that is less; 0 for what is no chat."""
        if isinstance(self.request, ChatRequest):
            bound: Any = self.request.max_output_tokens
        elif self.request is not None:
            return 0
        else:
            bound = next((found for path in _BOUNDS if (found := _at(self._members, path)) is not None), None)
        return min(bound, USUAL_OUTPUT) if type(bound) is int and bound > 0 else USUAL_OUTPUT


def _read(members: dict[str, Raw]) -> dict[str, Any]:
    """What cannot be read counts for nothing; its provider will say what it thinks of it."""
    found: dict[str, Any] = {}
    for name, raw in members.items():
        if name in _NO_PROMPT:
            continue
        try:
            found[name] = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    return found


def _at(members: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        members = members.get(name) if isinstance(members, dict) else None
    return members


def _characters(value: Any) -> int:
    """Of all texts in ``value``, whatever it is made of."""
    total, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            total += 0 if _ENCODED(one) else len(one)
        elif isinstance(one, dict):
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
        elif isinstance(one, Struct):
            left += [getattr(one, name) for name in one.__struct_fields__ if name not in _NO_PROMPT]
    return total
