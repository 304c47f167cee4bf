"""generateContent answers as documented: https://ai.google.dev/api/generate-content (read 2026-11-21).

A stream is a series of whole response objects, each with the next parts of the candidates; its counts are running totals, and
nothing follows the last one. A candidate is whole once it says why it finished; a prompt that was blocked has no candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals

_GROWING = ("groundingMetadata", "citationMetadata", "urlContextMetadata")  # sources found so far


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for chunk in (frame.value for frame in frames if isinstance(frame.value, dict)):
        rest = dict(chunk)
        for place, candidate in enumerate(rest.pop("candidates", None) or ()):
            _grow(candidates.setdefault(candidate.get("index", place), {}), candidate)
        if isinstance(rest.get("usageMetadata"), dict):
            answer["usageMetadata"] = rest.pop("usageMetadata")
        for name, value in rest.items():
            answer[name] = _later(answer.get(name), value)
    if candidates:
        answer["candidates"] = [_whole(candidates[index]) for index in sorted(candidates)]
    return answer


def _grow(seen: dict[str, Any], candidate: Mapping[str, Any]) -> None:
    for name, value in candidate.items():
        if name == "content" and isinstance(value, dict):
            content = seen.setdefault("content", {})
            content.update({key: member for key, member in value.items() if key != "parts"})
            if isinstance(value.get("parts"), list):
                content.setdefault("parts", [])
            for part in value.get("parts") or ():
                _append(content.setdefault("parts", []), part)
        elif name == "logprobsResult" and isinstance(value, dict):
            before = seen.setdefault(name, {})
            for key, member in value.items():
                before[key] = [*before.get(key, ()), *member] if isinstance(member, list) else member
        else:
            seen[name] = _later(seen.get(name), value, grow=name in _GROWING)


def _later(old: Any, new: Any, *, grow: bool = False) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _later(old.get(name), new.get(name), grow=grow) for name in {**old, **new}}
    if grow and isinstance(old, list) and isinstance(new, list):
        return new if new[: len(old)] == old else [*old, *(item for item in new if item not in old)]
    return old if new is None else new


def _append(parts: list[Any], part: Mapping[str, Any]) -> None:
    """Pieces of the same text join; a part that holds a signature, or anything else, stands alone.

    https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)
    """
    last = parts[-1] if parts else None
    call = part.get("functionCall")
    if last is not None and _is_plain(last) and _is_plain(part) and last.get("thought") == part.get("thought"):
        parts[-1] = {**last, "text": last["text"] + part["text"]}
    elif isinstance(call, dict) and last is not None and "_open" in last and "name" not in call:
        _continue_call(last, call)
    elif isinstance(call, dict) and (call.get("willContinue") or "partialArgs" in call):
        inner = {name: value for name, value in call.items() if name not in ("partialArgs", "willContinue")}
        begun = {**part, "functionCall": {**inner, "args": dict(inner.get("args") or {})}, "_open": {}}
        parts.append(begun)
        _continue_call(begun, call)
    else:
        parts.append(dict(part))


def _is_plain(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("text"), str) and part.keys() <= {"text", "thought"}


_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


def _continue_call(part: dict[str, Any], call: Mapping[str, Any]) -> None:
    """https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc (read 2026-11-21)."""
    unfinished = part["_open"]
    for piece in call.get("partialArgs") or ():
        path = piece.get("jsonPath", "$")
        value = next((piece[name] for name in ("stringValue", "numberValue", "boolValue") if name in piece), None)
        if isinstance(value, str) and path in unfinished:
            value = unfinished[path] + value
        unfinished.pop(path, None)
        if piece.get("willContinue"):
            unfinished[path] = value
        _put(
            part["functionCall"], [name or quoted or double or int(at) for name, at, quoted, double in _STEP.findall(path)], value
        )
    if not call.get("willContinue"):
        del part["_open"]


def _put(call: dict[str, Any], steps: list[str | int], value: Any) -> None:
    if not steps:
        call["args"] = value
        return
    holder, key = call, "args"
    target: Any = None
    for step in steps:
        empty: Any = [] if isinstance(step, int) else {}
        target = holder[key] if isinstance(holder, list) or key in holder else None
        if not isinstance(target, type(empty)):
            holder[key] = target = empty
        if isinstance(step, int):
            target += [None] * (step + 1 - len(target))
        holder, key = target, step  # type: ignore[assignment]
    target[key] = value


def _whole(candidate: dict[str, Any]) -> dict[str, Any]:
    for part in candidate.get("content", {}).get("parts") or ():
        part.pop("_open", None)
    return candidate


def ended(frames: Sequence[Frame]) -> bool:
    finished: dict[int, bool] = {}
    for chunk in (frame.value for frame in frames if isinstance(frame.value, dict)):
        if (chunk.get("promptFeedback") or {}).get("blockReason"):
            return True
        for place, candidate in enumerate(chunk.get("candidates") or ()):
            index = candidate.get("index", place)
            finished[index] = finished.get(index, False) or bool(candidate.get("finishReason"))
    return bool(finished) and all(finished.values())


def error(value: Any, event: str | None = None) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and value.get("error") is not None and not value.get("candidates"):
        return value["error"]
    return None


def said(body: Any) -> Said:
    """https://cloud.google.com/apis/design/errors (read 2026-11-21): code, message, status, and details by type."""
    inner = error(body) or body
    if not isinstance(inner, dict):
        return Said(message=inner if isinstance(inner, str) else None)
    details = [detail for detail in inner.get("details") or () if isinstance(detail, dict)]
    delay = next((str(detail["retryDelay"]) for detail in details if "retryDelay" in detail), "")
    return Said(
        message=inner.get("message"),
        type=inner.get("status"),
        code=next((detail["reason"] for detail in details if "reason" in detail), None),
        retry_after=float(delay.removesuffix("s")) if delay else None,
    )


def totals(answer: Mapping[str, Any]) -> Totals | None:
    """Cached tokens are among the prompt's; thoughts, and prompts of the provider's own tools, stand beside."""
    usage = answer.get("usageMetadata")
    if not isinstance(usage, dict):
        return None
    reports: set[str] = set()
    details = [*(usage.get("promptTokensDetails") or ()), *(usage.get("candidatesTokensDetails") or ())]
    if any(detail.get("modality") in ("AUDIO", 4) for detail in details):
        reports.add("audio")
    for name, count in (("cache", "cachedContentTokenCount"), ("reasoning", "thoughtsTokenCount")):
        if usage.get(count) is not None:
            reports.add(name)
    return Totals(
        raw=usage,
        input=frozenset({_sum(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount"))}),
        output=frozenset({_sum(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount"))}),
        reports=frozenset(reports),
    )


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


_FINISH = {
    "MAX_TOKENS": frozenset({"length"}),
    **dict.fromkeys(("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"), frozenset({"content_filter"})),
    **dict.fromkeys(("IMAGE_SAFETY", "LANGUAGE"), frozenset({"content_filter", "other"})),
    **dict.fromkeys(("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"), frozenset({"error"})),
}
_NUMBERS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}  # $alt=json;enum-encoding=int
_UNDOCUMENTED = frozenset({"length", "content_filter", "refusal", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    candidates = answer.get("candidates") or []
    if not candidates and (answer.get("promptFeedback") or {}).get("blockReason"):
        return [Meaning(finish=frozenset({"content_filter"}))]
    return [_meaning(candidate) for candidate in candidates]


def _meaning(candidate: Mapping[str, Any]) -> Meaning:
    parts = (candidate.get("content") or {}).get("parts") or []
    calls = [part["functionCall"] for part in parts if (part.get("functionCall") or {}).get("name")]
    reason = _NUMBERS.get(candidate.get("finishReason") or 0, candidate.get("finishReason"))
    finish: frozenset[str] = frozenset()
    if reason == "STOP":
        finish = frozenset({"tool_calls" if calls else "stop"})
    elif reason:
        finish = _FINISH.get(reason, _UNDOCUMENTED)
    return Meaning(
        text="".join(part.get("text", "") for part in parts if not part.get("thought")),
        reasoning="".join(part.get("text", "") for part in parts if part.get("thought")),
        calls=tuple((call.get("id"), call["name"], msgspec.json.encode(call.get("args") or {}).decode()) for call in calls),
        finish=finish,
    )


def asked(body: Mapping[str, Any]) -> Asked:
    config = _either(body, "generationConfig") or {}
    system = _either(body, "systemInstruction") or {}
    declared = [tool for group in body.get("tools") or () for tool in _either(group, "functionDeclarations") or ()]
    return Asked(
        model=(body.get("model") or "").removeprefix("models/"),
        text=_texts(system) + "".join(_texts(content) for content in body.get("contents") or ()),
        tools=tuple(tool["name"] for tool in declared),
        max_output_tokens=_either(config, "maxOutputTokens"),
        temperature=config.get("temperature"),
    )


def _either(fields: Mapping[str, Any], name: str) -> Any:
    """JSON names are camelCase; the snake_case of the definition is accepted too (https://protobuf.dev/programming-guides/json)."""
    return fields.get(name, fields.get(re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)))


def _texts(content: Mapping[str, Any]) -> str:
    parts = content.get("parts") or ()
    return "".join(part.get("text", "") for part in ([parts] if isinstance(parts, dict) else parts) if not part.get("thought"))


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    for frame in frames:
        if frame.event is not None:
            yield f"events of this protocol have no name, but one came as {frame.event!r}"
        if not isinstance(frame.value, dict):
            yield f"every event is an object, not {frame.data[:40]!r}"
    if not ended(frames):
        yield "a stream ends with why each candidate finished"


REFERENCE = Reference(
    wire="gemini",
    merge=merge,
    ended=ended,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    assembled=frozenset(
        {
            "candidates[].content.parts[].functionCall.willContinue",
            *(
                f"candidates[].content.parts[].functionCall.partialArgs[].{name}"
                for name in ("jsonPath", "stringValue", "numberValue", "boolValue", "nullValue", "willContinue")
            ),
        }
    ),
    implied={"role": frozenset({"model"}), "thought": frozenset({True})},
)
