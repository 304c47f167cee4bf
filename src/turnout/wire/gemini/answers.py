"""Whole answers: this protocol's response object to a Completion, and back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, Message, Origin, Usage
from turnout.wire.gemini.candidates import read_candidate, write_candidate
from turnout.wire.gemini.usage import read_usage, service_tier, write_usage
from turnout.wire.gemini.words import WIRE_NAME, blocked, is_own

_SAID_BY_ALL = ("candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId")
_FRACTION = re.compile(r"\.\d+")


def read_completion(raw: dict[str, Any], provider: str | None, headers: dict[str, str] | None = None) -> Completion:
    """Raises ServerFault for an object that is no answer. A blocked prompt gives one empty choice that says so."""
    origin = Origin(WIRE_NAME, provider)
    fields = dict(raw)
    if not any(name in fields for name in _SAID_BY_ALL):
        raise ServerFault("the answer has no candidates: the endpoint does not speak Gemini generateContent", body=raw)
    id, model = take_name(fields, "responseId"), take_name(fields, "modelVersion")
    choices: tuple[Choice, ...] = ()
    candidates = fields.get("candidates")
    if isinstance(candidates, list) and candidates:
        if not all(isinstance(candidate, dict) for candidate in candidates):
            raise ServerFault("a candidate is no object: the endpoint does not speak Gemini generateContent", body=raw)
        del fields["candidates"]
        choices = tuple(read_candidate(candidate, at, origin, id) for at, candidate in enumerate(candidates))
    elif (reason := block_reason(fields)) is not None:
        choices = (Choice(message=Message("assistant", (), origin=origin), finish=blocked(reason)),)
    usage, tier = Usage(), None
    if isinstance(fields.get("usageMetadata"), dict):
        tier, usage = service_tier(fields["usageMetadata"]), read_usage(fields.pop("usageMetadata"))
    return Completion(
        id=id,
        model=model,
        created=seconds(fields.get("createTime")),
        service_tier=tier,
        choices=choices,
        usage=usage,
        extra=fields or None,
        origin=origin,
        headers=headers,
    )


def take_name(fields: dict[str, Any], name: str) -> str:
    """A text that says something, taken out of ``fields``; anything else stays there and gives the empty one."""
    return fields.pop(name) if isinstance(fields.get(name), str) and fields[name] else ""


def block_reason(fields: dict[str, Any]) -> str | None:
    """Why the prompt was not answered; None if it was."""
    feedback = fields.get("promptFeedback")
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    return str(reason) if isinstance(reason, (str, int)) and reason else None


def seconds(time: Any) -> int | None:
    """``createTime`` as seconds since 1970. The text itself, which says more, stays an extra."""
    if not isinstance(time, str):
        return None
    try:
        return int(datetime.fromisoformat(_FRACTION.sub("", time)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it."""
    own = is_own(completion.origin)
    body: dict[str, Any] = {}
    extra = (completion.extra or {}) if own else {}
    reason = block_reason(extra)
    choices = completion.choices
    if reason is not None and len(choices) == 1 and not choices[0].message.parts and choices[0].finish == blocked(reason):
        choices = ()
    if choices or not own:
        body["candidates"] = [write_candidate(choice, completion.origin, completion.model) for choice in choices]
    usage = write_usage(completion.usage)
    if usage is not None:
        body["usageMetadata"] = usage
    if completion.model or not own:
        body["modelVersion"] = completion.model
    if completion.id or not own:
        body["responseId"] = completion.id
    return body | extra
