"""What an answer says, in words that every vendor's SDK and our own ``Completion`` can be put into, to be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from judges_wires import family
from msgspec import Struct

from turnout.types import Audio, Completion, Part, Refusal, Text, ToolCall, Unified


class Heard(Struct, frozen=True):
    """Of the first choice. ``calls``: names and arguments as values. ``finish``: the vendor's own word."""

    text: str
    calls: tuple[tuple[str, Any], ...]
    finish: str | None
    input_tokens: int | None
    output_tokens: int | None


def heard_of(
    texts: Iterable[str], calls: Iterable[tuple[str, Any]], finish: str | None, read: float | None, written: float | None
) -> Heard:
    counts = [None if count is None else int(count) for count in (read, written)]
    return Heard("".join(texts), tuple(calls), finish, *counts)


def arguments(text: str) -> Any:
    """What the arguments of a call mean; the text itself where a model wrote no JSON."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def complaints(wire: str, completion: Completion, heard: Heard) -> list[str]:
    """How what the SDK of ``wire`` understood departs from ``completion``; nothing: it understood the answer."""
    odd: list[str] = []
    choice = completion.choices[0] if completion.choices else None
    parts = choice.message.parts if choice is not None else ()
    texts = _texts(parts)
    if heard.text not in texts:
        odd.append(f"text: expected {texts[0]!r}, heard {heard.text!r}")
    calls = [part for part in parts if isinstance(part, ToolCall)]
    if len(heard.calls) != len(calls) or not all(map(_is_call, calls, heard.calls)):
        odd.append(f"calls: expected {[(call.name, call.arguments) for call in calls]}, heard {list(heard.calls)}")
    if choice is not None and (meant := choice.finish and choice.finish.unified) not in _meanings(wire, heard.finish):
        odd.append(f"finish: expected {meant}, heard {heard.finish!r}")
    for name in ("input_tokens", "output_tokens"):
        counted, told = getattr(completion.usage, name), getattr(heard, name)
        if (counted or 0) != (told or 0):
            odd.append(f"{name}: expected {counted}, heard {told}")
    return odd


def _texts(parts: Sequence[Part]) -> list[str]:
    """What may be read as the answer's text. First the answer proper; then with what some protocols have no other place for:
    what a model says while still at work, and what was spoken. Texts of nothing but white space may be left out of each."""
    found: list[str] = []
    for besides in (False, True):
        said = [text for part in parts if (text := _said(part, besides)) is not None]
        found += ["".join(said), "".join(text for text in said if text.strip())]
    return found


def _said(part: Part, besides: bool) -> str | None:
    match part:
        case Refusal(text=text):
            return text
        case Text(text=text, phase=phase) if besides or phase != "commentary":
            return text
        case Audio(transcript=transcript) if besides:
            return transcript
    return None


def _is_call(call: ToolCall, heard: tuple[str, Any]) -> bool:
    """Free text reaches a protocol whose arguments are objects as the one member of an object. Arguments that are no JSON, as of
    an answer that was cut off, are read by each SDK as it sees fit."""
    name, value = heard
    if call.name != name:
        return False
    meant = call.arguments if call.custom else arguments(call.arguments)
    if isinstance(meant, str):
        return not call.custom or value == meant or (isinstance(value, Mapping) and meant in value.values())
    return bool(value == meant)


def _meanings(wire: str, word: str | None) -> frozenset[str | None]:
    """What ``word`` may be said for: one that the protocol does not know, for what it has no word for, because an honest word of
    another protocol is better than a wrong one of its own. None: the answer does not say why it ended."""
    words = _FINISHES[family(wire)]
    if word is None:
        return frozenset({None})
    return words[word] if word in words else frozenset(_ALL - frozenset().union(*words.values()))


def has_word(wire: str, completion: Completion) -> bool:
    """The protocol has a word for why the answer ended."""
    finish = completion.choices[0].finish if completion.choices else None
    return finish is not None and finish.unified in frozenset().union(*_FINISHES[family(wire)].values())


_ALL: frozenset[str | None] = frozenset({*get_args(Unified), None})
_STOP = frozenset({"stop", "stop_sequence"})
_CALLS = frozenset({"tool_calls"})
_LENGTH = frozenset({"length"})
_ERROR = frozenset({"error"})
_FILTER = frozenset({"content_filter", "refusal"})

_GEMINI_FILTERS = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "blocked: SAFETY")

# The vendors' words, read in their SDKs' types: what each may be said for.
_FINISHES: Mapping[str, Mapping[str | None, frozenset[str | None]]] = {
    "openai-chat": {
        "stop": _STOP | {"refusal"},  # the refusal itself is in its own field
        "length": _LENGTH | {"pause"},
        "tool_calls": _CALLS,
        "function_call": _CALLS,
        "content_filter": _FILTER,
    },
    "openai-responses": {
        "completed": _STOP | _CALLS | {"refusal"},
        "max_output_tokens": _LENGTH | {"pause"},
        "content_filter": _FILTER,
        "failed": _ERROR,
    },
    "anthropic-messages": {
        "end_turn": frozenset({"stop"}),
        "stop_sequence": frozenset({"stop_sequence"}),
        "max_tokens": _LENGTH,
        "model_context_window_exceeded": _LENGTH,
        "tool_use": _CALLS,
        "pause_turn": frozenset({"pause"}),
        "refusal": _FILTER,
    },
    "gemini": {
        "STOP": _STOP | _CALLS,
        "MAX_TOKENS": _LENGTH,
        **dict.fromkeys(_GEMINI_FILTERS, _FILTER),
        "MALFORMED_FUNCTION_CALL": _ERROR,
        "UNEXPECTED_TOOL_CALL": _ERROR,
        "OTHER": frozenset({"other", "error", "pause", None}),
    },
    "cohere-chat": {
        "COMPLETE": frozenset({"stop"}),
        "STOP_SEQUENCE": _STOP,
        "MAX_TOKENS": _LENGTH | {"pause"},
        "TOOL_CALL": _CALLS,
        "ERROR": _ERROR,
    },
    "ollama": {"stop": _STOP | _CALLS, "length": _LENGTH | {"pause"}},
    "bedrock-converse": {
        "end_turn": frozenset({"stop"}),
        "stop_sequence": frozenset({"stop_sequence"}),
        "max_tokens": _LENGTH,
        "model_context_window_exceeded": _LENGTH,
        "tool_use": _CALLS,
        "guardrail_intervened": _FILTER,
        "content_filtered": _FILTER,
        "malformed_model_output": _ERROR,
        "malformed_tool_use": _ERROR,
    },
}
