"""What an SDK's types have against an answer, for the SDKs that read whatever comes and leave it at that.

Those of OpenAI and Anthropic check what they read when told to (``judges_clients``). The others build their objects from any
bytes, so each member, kind and word is held against the types here, which say what the vendor sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from judges_requests import bedrock_operation, shape_complaints
from judges_strict import Strict

from turnout.testing.frames import FRAMINGS, Frame

Types = Callable[[str | None, Any], list[str]]  # name and data of an event, or None and a whole answer -> what is wrong with it


def misfits(wire: str, mode: str, body: bytes) -> list[str]:
    """Complaints about ``body``, an answer or a stream; nothing: of the SDK's types, or no such check for ``wire``."""
    if wire not in _TYPES:
        return []
    framing, make = _TYPES[wire]
    whole, event = _made(make)
    if mode == "whole":
        return whole(None, json.loads(body))
    frames: list[Frame] = FRAMINGS[framing](body)
    return [complaint for frame in frames if frame.data != "[DONE]" for complaint in event(frame.event, frame.value)]


@cache
def _made(make: Callable[[], tuple[Types, Types]]) -> tuple[Types, Types]:
    return make()


def _said(types: Strict) -> Types:
    return lambda _, value: types.complaints(json.dumps(value).encode())


def _gemini() -> tuple[Types, Types]:
    from google.genai import types

    answer = _said(Strict(types.GenerateContentResponse))
    return answer, answer


def _cohere() -> tuple[Types, Types]:
    from cohere.v2.types import V2ChatResponse, V2ChatStreamResponse

    return _said(Strict(V2ChatResponse)), _said(Strict(V2ChatStreamResponse))


def _ollama() -> tuple[Types, Types]:
    from ollama import ChatResponse

    answer = _said(Strict(ChatResponse))
    return answer, answer


def _bedrock() -> tuple[Types, Types]:
    whole, stream = bedrock_operation("Converse").output_shape, bedrock_operation("ConverseStream").output_shape
    events = stream.members["stream"].members

    def event(name: str | None, value: Any) -> list[str]:
        return shape_complaints(value, events[name]) if name in events else [f"{name}: no event of ConverseStream"]

    return lambda _, value: shape_complaints(value, whole), event


_TYPES: Mapping[str, tuple[str, Callable[[], tuple[Types, Types]]]] = {
    "bedrock-converse": ("aws-events", _bedrock),
    "cohere-chat": ("sse", _cohere),
    "gemini": ("sse", _gemini),
    "ollama": ("ndjson", _ollama),
}
