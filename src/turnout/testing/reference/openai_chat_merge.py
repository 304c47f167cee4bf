"""Chat Completions: what the chunks of a stream add up to.

https://platform.openai.com/docs/api-reference/chat-streaming (read 2026-11-21), with the departures of compatible servers. A
chunk is an answer in which each choice has a ``delta`` in place of its ``message``; deltas continue one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from turnout.testing.frames import Frame

_FIRST = frozenset({"id", "created", "model"})  # the same on every chunk, or empty until known
_OF_CHUNKS = frozenset({"object", "obfuscation"})  # what only a chunk has: its kind, its padding
_TEXT = frozenset({"content", "refusal", "reasoning", "reasoning_content"})
_LABELS = frozenset({"role", "channel"})  # said again with every piece; channel: gpt-oss, by Groq


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    whole: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in _chunks(frames):
        for name, value in chunk.items():
            if name == "choices":
                for choice in value or ():
                    _grow_choice(choices.setdefault(choice.get("index", 0), {}), choice)
            elif name in _FIRST:
                whole[name] = whole.get(name) or value
            elif name == "usage":
                whole[name] = value or whole.get(name)  # a running total: the last one counts
            elif name not in _OF_CHUNKS:
                whole[name] = _later(whole.get(name), value)
    whole["choices"] = [_whole_choice(index, choices[index]) for index in sorted(choices)]
    return whole


def _chunks(frames: Sequence[Frame]) -> Iterator[dict[str, Any]]:
    return (frame.value for frame in frames if isinstance(frame.value, dict))


def _grow_choice(choice: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if name == "delta":
            _grow_message(choice.setdefault("delta", {}), value or {})
        elif name == "logprobs":
            choice[name] = _longer(choice.get(name), value)
        elif name != "index":
            choice[name] = _later(choice.get(name), value)


def _grow_message(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        old = message.get(name)
        if name == "content" and (isinstance(value, list) or isinstance(old, list)):
            message[name] = _parts(as_parts(old) + as_parts(value))
        elif name in _TEXT:
            message[name] = (old or "") + (value or "") or None  # an empty piece adds nothing
        elif name == "tool_calls":
            message[name] = _calls(old or [], value or []) or None
        elif name == "function_call":
            message[name] = _call(old or {}, value) if value else old
        elif name == "audio":
            message[name] = _audio(old or {}, value) if value else old
        elif name == "reasoning_details":
            message[name] = _details((old or []) + (value or [])) or None
        elif isinstance(value, str) and isinstance(old, str) and name not in _LABELS:
            message[name] = old + value  # what nobody documented is a delta like the others
        elif isinstance(value, list):
            message[name] = [*(old or ()), *(item for item in value if item not in (old or ()))] or None
        else:
            message[name] = _later(old, value)


def _whole_choice(index: int, choice: dict[str, Any]) -> dict[str, Any]:
    """The deltas are the message. Some servers also send ``message``, the message so far, beside them: it adds what they lack."""
    said = {name: value for name, value in choice.pop("delta", {}).items() if value is not None}
    message = {**(choice.get("message") or {}), **said}
    message["role"] = message.get("role") or "assistant"
    for call in message.get("tool_calls") or ():
        call.pop("index", None)  # a whole answer says it by order
    return {**choice, "index": index, "message": message}


def _later(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _later(old.get(name), new.get(name)) for name in {**old, **new}}
    return old if new is None else new


def _longer(old: Any, new: Any) -> Any:
    """Logprobs: the lists of tokens continue."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _longer(old.get(name), new.get(name)) for name in {**old, **new}}
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    return old if new is None else new


def _calls(calls: list[dict[str, Any]], deltas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``index`` says which call a delta continues; a delta without one is a call of its own.

    So is one with another id: some servers give all calls the index 0.
    """
    for delta in deltas:
        index = delta.get("index")
        same = [call for call in calls if index is not None and call["index"] == index]
        call = same[-1] if same else None
        if call is None or (delta.get("id") and call.get("id") not in (None, "", delta["id"])):
            call = {"index": index}
            calls.append(call)
        _call(call, {name: value for name, value in delta.items() if name != "index"})
    return calls


def _call(call: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """``arguments`` and a custom tool's ``input`` come in pieces; names and ids come once."""
    for name, value in delta.items():
        if name in ("function", "custom"):
            call[name] = _call(call.get(name) or {}, value or {})
        elif name in ("arguments", "input"):
            call[name] = (call.get(name) or "") + (value or "")
        elif isinstance(value, dict):
            call[name] = _later(call.get(name), value)
        else:
            call[name] = call.get(name) or value
    return call


def _audio(audio: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    for name, value in delta.items():
        audio[name] = (audio.get(name) or "") + (value or "") if name in ("data", "transcript") else value
    return audio


def as_parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _parts(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mistral streams content as strings and as typed parts (https://docs.mistral.ai/capabilities/reasoning, read 2026-11-21)."""
    merged: list[dict[str, Any]] = []
    for part in parts:
        last = merged[-1] if merged else {}
        if part.get("type") != last.get("type"):
            merged.append(dict(part))
        elif part.get("type") == "text":
            last["text"] = (last.get("text") or "") + (part.get("text") or "")
        elif part.get("type") == "thinking" and isinstance(part.get("thinking"), list):
            last.update({**part, "thinking": _parts([*(last.get("thinking") or ()), *part["thinking"]])})
        else:
            merged.append(dict(part))
    return merged


def _details(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of the same ``index`` and ``type`` continue one another (https://openrouter.ai/docs/use-cases/reasoning-tokens,
    read 2026-11-21): their texts in pieces, the rest as it last was."""
    merged: list[dict[str, Any]] = []
    for detail in details:
        last = next((m for m in merged if (m.get("index"), m.get("type")) == (detail.get("index"), detail.get("type"))), None)
        if last is None or detail.get("index") is None:
            merged.append(dict(detail))
            continue
        for name, value in detail.items():
            if name in ("text", "summary", "data"):
                last[name] = (last.get(name) or "") + (value or "")
            else:
                last[name] = _later(last.get(name), value)
    return merged
