"""Ollama's chat answers as documented: https://docs.ollama.com/api/chat and /api/streaming (read 2026-11-21).

A stream is a series of answers, one a line, each with the next piece of the message; the one with ``done`` is the last and
has the counts and durations. A tool call comes whole. An error is a line of its own, which ends the stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals

_FIRST = frozenset({"model", "created_at"})  # of the answer; each line has the time of its own
_LISTS = frozenset({"tool_calls", "images"})


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {"content": ""}
    for line in (frame.value for frame in frames if isinstance(frame.value, dict)):
        for name, value in line.items():
            if name == "message":
                _grow(message, value or {})
            elif name in _FIRST:
                answer[name] = answer.get(name) or value
            elif name == "logprobs":
                answer[name] = [*(answer.get(name) or ()), *(value or ())] or None
            elif value is not None:
                answer[name] = value
    return {**answer, "message": message}


def _grow(message: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for name, value in piece.items():
        old = message.get(name)
        if name in _LISTS:
            message[name] = [*(old or ()), *(value or ())] or None
        elif name == "role" or not isinstance(value, str):
            message[name] = old if value is None else value
        elif value or name == "content":
            message[name] = (old or "") + value


def ended(frames: Sequence[Frame]) -> bool:
    return any(isinstance(frame.value, dict) and frame.value.get("done") is True for frame in frames)


def error(value: Any, event: str | None = None) -> Any:
    return value if isinstance(value, dict) and value.get("error") else None


def said(body: Any) -> Said:
    told = body.get("error") if isinstance(body, dict) else None
    return Said(message=told if isinstance(told, str) else None)


def totals(answer: Mapping[str, Any]) -> Totals | None:
    """A count that is left out is not known: servers leave out zeros, and count no prompt that was cached."""
    counts = {name: answer[name] for name in ("prompt_eval_count", "eval_count") if answer.get(name) is not None}
    if not counts:
        return None
    prompt, said_tokens = counts.get("prompt_eval_count"), counts.get("eval_count")
    return Totals(raw=counts, input=frozenset({prompt}), output=frozenset({said_tokens}), reports=frozenset())


_FINISH = {"stop": frozenset({"stop"}), "length": frozenset({"length"})}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    message = answer.get("message") or {}
    calls = tuple(_call(call) for call in message.get("tool_calls") or ())
    reason = answer.get("done_reason")
    finish = _FINISH.get(reason, _UNDOCUMENTED) if reason else frozenset()
    if reason == "stop" and calls:  # the protocol has one word for both
        finish = frozenset({"tool_calls"})
    return [
        Meaning(text=message.get("content") or "", reasoning=message.get("thinking") or "", calls=calls, finish=finish),
    ]


def _call(call: Mapping[str, Any]) -> tuple[str | None, str, str]:
    function = call["function"]
    return call.get("id") or None, function["name"], msgspec.json.encode(function.get("arguments") or {}).decode()


def asked(body: Mapping[str, Any]) -> Asked:
    options = body.get("options") or {}
    limit = options.get("num_predict")
    spoken = [message for message in body.get("messages") or () if message.get("role") != "tool"]
    return Asked(
        model=body.get("model") or "",
        text="".join(message.get("content") or "" for message in spoken),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools") or () if "function" in tool),
        max_output_tokens=None if limit is None or limit < 0 else limit,  # below zero: no bound of its own
        temperature=options.get("temperature"),
    )


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    for at, frame in enumerate(frames, 1):
        line = frame.value
        if not isinstance(line, dict):
            yield f"every line is an answer, not {frame.data[:60]!r}"
            continue
        if missing := [name for name in ("model", "message", "done") if line.get(name) is None]:
            yield f"every line has a model, a message and done, but {', '.join(missing)} is missing"
        if line.get("done") is not (at == len(frames)):
            yield f"the last line is done and no other, but line {at} of {len(frames)} says {line.get('done')}"
        for call in (line.get("message") or {}).get("tool_calls") or ():
            if not isinstance((call.get("function") or {}).get("arguments"), dict):
                yield "the arguments of a tool call are an object"


REFERENCE = Reference(
    wire="ollama",
    merge=merge,
    ended=ended,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    implied={"role": frozenset({"assistant"}), "type": frozenset({"function"}), "done": frozenset({True, False})},
    framing="ndjson",
    streams=True,
)
