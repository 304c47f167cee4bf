"""Chat Completions as documented: when a stream is whole, and what answers, requests, errors and usage say.

https://platform.openai.com/docs/api-reference/chat (read 2026-11-21), with the departures of compatible servers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals
from turnout.testing.reference.openai_chat_merge import as_parts, merge


def ended(frames: Sequence[Frame]) -> bool:
    """``[DONE]`` ends a stream; some servers send none, so that it ends when every choice has a finish reason."""
    finished: dict[int, bool] = {}
    for frame in frames:
        if frame.data == "[DONE]":
            return True
        if isinstance(frame.value, dict):
            for choice in frame.value.get("choices") or ():
                index = choice.get("index", 0)
                finished[index] = bool(choice.get("finish_reason")) or finished.get(index, False)
    return bool(finished) and all(finished.values())


def error(value: Any, event: str | None = None) -> Any:
    """The error object itself: what stands under ``error``, or a whole body that an answer it is not."""
    if isinstance(value, dict) and value.get("error") is not None:
        return value["error"]
    return value if event == "error" else None


def said(body: Any) -> Said:
    """``{"error": {"message", "type", "code", "param"}}``; compatible servers leave out parts, or the wrapping."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, str):
        return Said(message=inner)
    if not isinstance(inner, dict):
        return Said()
    return Said(
        message=next((inner[name] for name in ("message", "detail") if isinstance(inner.get(name), str)), None),
        code=None if inner.get("code") is None else str(inner["code"]),
        type=inner.get("type"),
    )


def totals(answer: Mapping[str, Any]) -> Totals | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion, total = (usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    inputs, outputs = {prompt}, {completion}
    if total is not None and prompt is not None and completion is not None:
        # Where the sum is not the total, some tokens were counted beside the two: reasoning by xAI
        # (https://docs.x.ai/docs/guides/reasoning), audio by Mistral, hidden thinking by Gemini (read 2026-11-21).
        beside = total - prompt - completion
        if beside == (usage.get("completion_tokens_details") or {}).get("reasoning_tokens"):
            outputs = {completion + beside}
        elif beside == (usage.get("prompt_tokens_details") or {}).get("audio_tokens"):
            inputs = {prompt + beside}
        elif beside > 0:
            outputs.add(completion + beside)
    return Totals(raw=usage, input=frozenset(inputs), output=frozenset(outputs), reports=_reports(usage))


def _reports(usage: Mapping[str, Any]) -> frozenset[str]:
    names = " ".join(name for name, _ in _members(usage))
    return frozenset(kind for kind in ("cache", "reasoning", "audio") if kind in names)


def _members(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, member in value.items():
        if isinstance(member, Mapping):
            yield from _members(member)
        elif member is not None:
            yield name, member


_FINISH = {
    "stop": frozenset({"stop", "stop_sequence"}),
    "length": frozenset({"length"}),
    "tool_calls": frozenset({"tool_calls"}),
    "function_call": frozenset({"tool_calls"}),
    "content_filter": frozenset({"content_filter", "refusal"}),
    # the end-of-sequence token, by Together (github.com/togethercomputer/together-python, src/together/types/common.py) and
    # Text Generation Inference (https://huggingface.co/docs/text-generation-inference), read 2026-11-21
    "eos": frozenset({"stop"}),
    "eos_token": frozenset({"stop"}),
}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    return [_meaning(choice, choice.get("message") or {}) for choice in answer.get("choices") or ()]


def _meaning(choice: Mapping[str, Any], message: Mapping[str, Any]) -> Meaning:
    parts = as_parts(message.get("content"))
    thinking = [inner for part in parts for inner in _thoughts(part)]
    said = [(call.get("id"), call.get("function") or call.get("custom") or {}) for call in message.get("tool_calls") or ()]
    legacy = message.get("function_call") or {}  # before tools: https://platform.openai.com/docs/api-reference/chat/object
    calls = tuple(_call(identity, call) for identity, call in [*said, ("", legacy)] if call.get("name"))
    reason = choice.get("finish_reason")
    finish = _FINISH.get(reason, _UNDOCUMENTED) if reason else frozenset()
    if reason == "stop" and calls:  # several servers say stop where the documentation says tool_calls
        finish |= {"tool_calls"}
    return Meaning(
        text=_texts(parts),
        reasoning=message.get("reasoning_content") or message.get("reasoning") or _texts(thinking),
        refusal=message.get("refusal") or "",
        calls=calls,
        finish=finish,
    )


def _thoughts(part: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    thoughts = part.get("thinking") if part.get("type") == "thinking" else None
    return thoughts if isinstance(thoughts, list) else ()


def _texts(parts: Sequence[Mapping[str, Any]]) -> str:
    return "".join(part.get("text") or "" for part in parts if part.get("type") == "text")


def _call(identity: str | None, call: Mapping[str, Any]) -> tuple[str, str, str]:
    arguments = call.get("arguments", call.get("input")) or ""
    if not isinstance(arguments, str):  # some servers send the object itself
        arguments = msgspec.json.encode(arguments).decode()
    return identity or "", call["name"], arguments


def asked(body: Mapping[str, Any]) -> Asked:
    spoken = [message for message in body.get("messages") or () if message.get("role") not in ("tool", "function")]
    limits = [body.get(name) for name in ("max_completion_tokens", "max_tokens")]
    functions = [tool.get("function") or {} for tool in body.get("tools") or () if tool.get("type") == "function"]
    names = [function.get("name") for function in (*functions, *(body.get("functions") or ()))]
    return Asked(
        model=body.get("model") or "",
        text="".join(_texts(as_parts(message.get("content"))) for message in spoken),
        tools=tuple(name for name in names if name),
        max_output_tokens=next((limit for limit in limits if limit is not None), None),
        temperature=body.get("temperature"),
    )


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    if not frames or frames[-1].data != "[DONE]":
        yield "a stream ends with data: [DONE]"
    calls: dict[tuple[int, int], bool] = {}
    for frame in frames[:-1]:
        if not isinstance(frame.value, dict) or frame.value.get("object") != "chat.completion.chunk":
            yield f'every event is an object "chat.completion.chunk", not {frame.data[:60]!r}'
            continue
        if missing := [name for name in ("id", "created", "model", "choices") if frame.value.get(name) is None]:
            yield f"every chunk has an id, created, model and choices, but {', '.join(missing)} is missing"
            continue
        for choice in frame.value["choices"]:
            for call in choice.get("delta", {}).get("tool_calls") or ():
                if call.get("index") is None:
                    yield "every piece of a tool call says by its index which call it continues"
                    continue
                key = (choice["index"], call["index"])
                if key not in calls and key[1] != sum(1 for index, _ in calls if index == key[0]):
                    yield f"tool calls are numbered from 0 without gaps, but choice {key[0]} begins number {key[1]}"
                calls[key] = True


REFERENCE = Reference(
    wire="openai-chat",
    merge=merge,
    ended=ended,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    implied={
        # Perplexity calls its last chunk done: https://docs.perplexity.ai/docs/grounded-llm/chat-completions/pro-search/stream-mode
        "object": frozenset({"chat.completion", "chat.completion.chunk", "chat.completion.done"}),
        "role": frozenset({"assistant"}),
        "type": frozenset({"function", "custom", "text", "thinking", "url_citation", "image_url"}),
    },
)
