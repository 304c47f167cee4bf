"""Parts of a content, towards the wire: what may travel, and in which form."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped
from turnout.types import (
    Audio,
    Document,
    FileSource,
    Image,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from turnout.wire.gemini.media import write_media
from turnout.wire.gemini.words import Spelled, deep_merge, is_own, said_in
from turnout.wire.json_text import read_json

_SIGNATURES = ("thoughtSignature", "thought_signature")
# Documented for calls that another model made: https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)
UNSIGNED = "skip_thought_signature_validator"


class PartWriter:
    """Writes parts for ``provider``, or for a caller if that is None, with a line for what is lost.

    ``calls`` are the names of the functions called so far, by id, and ``unnamed`` the ids that we made up: a result needs
    both, and a person who writes one gives only the id.
    """

    def __init__(self, provider: str | None, lines: list[ReceiptLine]) -> None:
        self._provider = provider
        self._lines = lines
        self.calls: dict[str, str] = {}
        self.unnamed: set[str] = set()

    def write(self, part: Part, path: str, message_origin: Origin | None = None) -> Any:
        """The part, or None when the protocol or this provider has no place for it.

        Raises Unsupported for what a person said with it and a model would miss: a file held elsewhere.
        """
        origin = part.origin or message_origin
        own, theirs = is_own(origin), is_own(origin, self._provider)
        if isinstance(part, Opaque):
            if theirs:
                return part.value
            return self._lose(path, "a block that means something only to the provider it came from")
        try:
            written = self._written(part, path, origin)
        except Unsupported:
            if self._provider is not None:
                raise
            return None  # an answer is not refused for one part that its caller's protocol cannot hold
        if written is None:
            return None
        if part.cache_control is not None:
            self._lose(f"{path}.cache_control", "this protocol caches prefixes without marks")
        if not part.extra:
            return written
        if theirs or origin is None:
            return deep_merge(written, part.extra)
        if own and any(name in part.extra for name in _SIGNATURES):
            self._lose(f"{path}.extra.thoughtSignature", "another provider's signature is not sent: this one would refuse it")
        elif names := said_in(part.extra):
            self._lose(f"{path}.extra", f"fields of another {'provider' if own else 'protocol'}: {names}")
        return written

    def _written(self, part: Part, path: str, origin: Origin | None) -> dict[str, Any] | None:
        own, theirs = is_own(origin), origin is None or is_own(origin, self._provider)
        spelled = (part.spelled or {}) if own else {}
        match part:
            case Text():
                if part.citations and not own and self._provider is not None:
                    self._lose(f"{path}.citations", "citations of another protocol cannot be sent back")
                return {"text": part.text}
            case Refusal():
                self._bend(path, "a refusal is said as text")
                return {"text": part.text}
            case Reasoning():
                return self._reasoning(part, path, theirs and own, spelled)
            case ToolCall():
                return self._call(part, path, spelled)
            case ToolResult():
                return self._result(part, path, spelled, origin)
            case Audio(source=FileSource(), transcript=str(transcript)) if not theirs:
                self._bend(path, "sound that another provider holds is said by its transcript")
                return {"text": transcript}
            case Image() | Audio() | Video() | Document():
                return write_media(part, path, own=own, theirs=theirs, spelled=spelled, lines=self._lines)
        raise Unsupported(f"{path}: Gemini takes no {type(part).__name__.lower()}; choose a provider that does")

    def _reasoning(self, part: Reasoning, path: str, theirs: bool, spelled: Spelled) -> dict[str, Any] | None:
        if theirs:
            signed = {} if part.signature is None else {spelled.get("thoughtSignature", "thoughtSignature"): part.signature}
            return {"text": part.text, "thought": True} | signed
        if self._provider is None:
            return {"text": part.text, "thought": True} if part.text else None
        self._lose(path, "reasoning of another provider is not sent")
        return None

    def _call(self, part: ToolCall, path: str, spelled: Spelled) -> dict[str, Any]:
        self.calls[part.id] = part.name
        call: dict[str, Any] = {}
        if spelled.get("id") == "absent" or not part.id:
            self.unnamed.add(part.id)
        else:
            call["id"] = part.id
        call["name"] = part.name
        if spelled.get("args") != "absent" or part.arguments.strip() not in ("", "{}"):
            call["args"] = self._arguments(part, path)
        return {spelled.get("functionCall", "functionCall"): call}

    def _arguments(self, part: ToolCall, path: str) -> Any:
        """``arguments`` as the object the protocol wants; what is no object travels inside one."""
        if not part.custom:
            if not part.arguments.strip():
                return {}
            try:
                value = read_json(part.arguments)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                value = None
            if isinstance(value, dict):
                return value
        self._bend(f"{path}.arguments", 'text that is no JSON object travels as the object {"input": text}')
        return {"input": part.arguments}

    def _result(self, part: ToolResult, path: str, spelled: Spelled, origin: Origin | None) -> dict[str, Any]:
        response: dict[str, Any] = {}
        if spelled.get("id") != "absent" and part.call_id not in self.unnamed and part.call_id:
            response["id"] = part.call_id
        name = part.name or self.calls.get(part.call_id)
        if name is None:
            name = "unknown_function"
            self._bend(f"{path}.name", f"the protocol asks for the function's name, and no call {part.call_id!r} was made")
        response["name"] = name
        text = "".join(item.text for item in part.parts if isinstance(item, Text))
        said = any(isinstance(item, Text) for item in part.parts)
        if (content := _response(text, said, part.is_error, spelled.get("response", ""))) is not None:
            response["response"] = content
        media = [
            written
            for at, item in enumerate(part.parts)
            if not isinstance(item, Text) and (written := self.write(item, f"{path}.parts[{at}]", origin)) is not None
        ]
        if media:
            response["parts"] = media
        return {spelled.get("functionResponse", "functionResponse"): response}

    def _lose(self, path: str, reason: str) -> None:
        self._lines.append(dropped("request", path, reason))

    def _bend(self, path: str, reason: str) -> None:
        self._lines.append(approximated("request", path, reason))


def _response(text: str, said: bool, is_error: bool | None, form: str) -> dict[str, Any] | None:
    """The object that a function's result must be: in the form it had, else under the names that the API knows.

    https://ai.google.dev/api/caching#FunctionResponse (read 2026-11-21): "output" and "error".
    """
    kind, _, key = form.partition(":")
    if kind == "text" and said and (key == "error") is bool(is_error):
        return {key: text}
    if kind == "json" and said:
        try:
            value = read_json(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
    if kind in ("absent", "empty") and not said:
        return {} if kind == "empty" else None
    return {"error" if is_error else "output": text}
