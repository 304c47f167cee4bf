"""Messages: this protocol's objects to ours, and back. The same text serves requests and answers."""

from __future__ import annotations

from typing import Any, cast

from turnout.errors import RequestError
from turnout.receipt import dropped
from turnout.types import (
    Audio,
    DataSource,
    FileSource,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from turnout.wire import asides
from turnout.wire.openai_chat.parts import (
    read_annotations,
    read_part,
    read_tool_call,
    write_annotation,
    write_part,
    write_tool_call,
)
from turnout.wire.openai_chat.results import media_messages, write_result
from turnout.wire.openai_chat.words import bare, is_own, said_in

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_REASONING_FIELDS = ("reasoning_content", "reasoning")


def read_message(raw: Any, path: str, origin: Origin | None = None) -> Message:
    """A message of a request. Raises RequestError that names ``path`` when its structure is not the protocol's."""
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with role and content, got {_kind(raw)}", param=path)
    role = raw.get("role")
    if role not in _ROLES:
        raise RequestError(f"{path}.role: expected one of {', '.join(_ROLES)}, got {role!r}", param=f"{path}.role")
    content = raw.get("content")
    if content is not None and not isinstance(content, (str, list)):
        what = f"{path}.content: expected a string or a list of parts, got {_kind(content)}"
        raise RequestError(what, param=f"{path}.content")
    for at, part in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(part, dict):
            where = f"{path}.content[{at}]"
            raise RequestError(f"{where}: expected an object with a type, got {_kind(part)}", param=where)
    fields = dict(raw)
    del fields["role"]
    name = fields.pop("name") if isinstance(fields.get("name"), str) else None
    if role in ("tool", "function"):
        return _read_tool_message(fields, role, name, origin)
    message = read_said(fields, origin)
    return Message(cast(Role, role), message.parts, name, message.extra, origin, message.spelled)


def _read_tool_message(fields: dict[str, Any], role: str, name: str | None, origin: Origin | None) -> Message:
    parts, spelled = _read_content(fields, origin)
    call_id = fields.pop("tool_call_id") if isinstance(fields.get("tool_call_id"), str) else ""
    result = ToolResult(call_id, cast(Any, tuple(parts)), name=name, spelled=spelled)
    return Message(
        "tool", (result,), extra=fields or None, origin=origin, spelled={"role": "function"} if role == "function" else None
    )


def read_said(fields: dict[str, Any], origin: Origin | None) -> Message:
    """The message that ``fields`` (without the role) say, as an assistant's; what has no neutral form stays in its extra."""
    text = fields.get("content")
    if isinstance(text, str) and fields.get("refusal") is None:  # most answers: a text, and nothing said in the other fields
        del fields["content"]
        if not any(fields.values()):
            return Message("assistant", (Text(text),), extra=fields or None, origin=origin)
        fields["content"] = text
    parts: list[Part] = []
    for name in _REASONING_FIELDS:
        if has_text(fields, name):
            parts.append(Reasoning(fields.pop(name), origin=origin, spelled={"reasoning": name}))
            break
    content, spelled = _read_content(fields, origin)
    parts += _cited(content, fields)
    if isinstance(fields.get("refusal"), str):
        parts.append(Refusal(fields.pop("refusal"), spelled={"refusal": "field"}))
    if isinstance(fields.get("audio"), dict) and (audio := _read_audio(fields["audio"])) is not None:
        parts.append(audio)
        del fields["audio"]
    if isinstance(fields.get("tool_calls"), list) and fields["tool_calls"]:
        parts += [read_tool_call(call, origin) for call in fields.pop("tool_calls")]
    legacy = fields.get("function_call")
    if isinstance(legacy, dict) and has_text(legacy, "name") and is_legacy_call(legacy):
        del fields["function_call"]
        parts.append(
            ToolCall("", legacy["name"], legacy.get("arguments") or "", spelled={"type": "function_call"}, origin=origin)
        )
    return Message("assistant", tuple(parts), extra=fields or None, origin=origin, spelled=spelled)


def has_text(fields: dict[str, Any], name: str) -> bool:
    """Some servers say nothing with an empty string or an empty object where others say null."""
    return isinstance(fields.get(name), str) and bool(fields[name])


def is_legacy_call(raw: dict[str, Any]) -> bool:
    """Texts and nothing else: what is of another kind is not understood and stays as it is."""
    return raw.keys() <= {"name", "arguments"} and all(value is None or isinstance(value, str) for value in raw.values())


def _read_content(fields: dict[str, Any], origin: Origin | None) -> tuple[list[Part], dict[str, str] | None]:
    """The parts of ``content``, taken out of ``fields``. A null, or a form nobody knows, stays there."""
    content = fields.get("content")
    if isinstance(content, str):
        del fields["content"]
        return [Text(content)], None
    if isinstance(content, list):
        del fields["content"]
        return [read_part(part, origin) for part in content], {"content": "list"}
    return [], None


def _cited(content: list[Part], fields: dict[str, Any]) -> list[Part]:
    """``annotations`` count characters of the one text there is; beside several texts they stay verbatim."""
    if len(content) == 1 and isinstance(text := content[0], Text) and text.extra is None:
        citations = read_annotations(fields.get("annotations"))
        if citations is not None:
            del fields["annotations"]
            return [Text(text.text, citations, cache_control=text.cache_control)]
    return content


def _read_audio(raw: dict[str, Any]) -> Audio | None:
    fields = dict(raw)
    transcript = fields.pop("transcript") if isinstance(fields.get("transcript"), str) else None
    spelled = {"audio": "field"}
    if has_text(fields, "data"):
        return Audio(DataSource(fields.pop("data")), transcript=transcript, extra=fields or None, spelled=spelled)
    if has_text(fields, "id"):
        return Audio(FileSource(fields.pop("id")), transcript=transcript, extra=fields or None, spelled=spelled)
    return None


# -- towards the wire ------------------------------------------------------------------------------


def write_messages(
    message: Message, path: str, provider: str | None, lines: list[ReceiptLine], held: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """``message`` for a request: one object, or several where this protocol gives each tool result its own.

    ``held``: what results hold besides text, which goes into a message after the last of them.
    """
    match message:  # what most of a conversation consists of: one plain text
        case Message(role, (Text(text, (), None, cache_control=None, extra=None),), name=None, extra=None, spelled=None):
            if role != "tool":
                return [{"role": role, "content": text}]
    own = is_own(message.origin, provider)
    if provider is not None:
        asides.report(message, path, lines)
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    written = [write_result(message, result, own, path, lines, held) for result in results]
    if message.role != "tool" and (len(results) < len(message.parts) or not results):
        written += media_messages(held)
        spoken = tuple(part for part in message.parts if not isinstance(part, ToolResult))
        said = _Writer(own, provider, lines, path).write(spoken, message)
        if spoken and not said and not own:
            return written
        fields: dict[str, Any] = {"role": message.role} | said
        if message.name is not None:
            fields["name"] = message.name
        written.append(fields)
    return written


def write_said(message: Message, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``message`` as the answer's own: content is one string (or null), as callers of this protocol expect."""
    own = is_own(message.origin)
    said = _Writer(own, None, lines, "message").write(message.parts, message)
    content = said.get("content")
    if not own and isinstance(content, list):
        said["content"] = "".join(item.get("text", "") for item in content)
    return {"role": "assistant", "content": None} | said


class _Writer:
    """Sorts a message's parts into the fields of this protocol."""

    def __init__(self, own: bool, provider: str | None, lines: list[ReceiptLine], path: str) -> None:
        self._own = own
        self._provider = provider
        self._lines = lines
        self._path = path
        self._content: list[Any] = []
        self._fields: dict[str, Any] = {}
        self._calls: list[Any] = []
        self._annotations: list[dict[str, Any]] = []
        self._length = 0

    def write(self, parts: tuple[Part, ...], message: Message) -> dict[str, Any]:
        calls_tools = any(isinstance(part, ToolCall) for part in parts)
        for number, part in enumerate(parts):
            self._put(part, f"{self._path}.parts[{number}]", calls_tools)
        fields = self._fields
        listed = self._own and (message.spelled or {}).get("content") == "list"
        if self._content or listed:
            fields["content"] = self._content if listed else bare(self._content)
        elif not self._own and message.role == "assistant" and self._calls:
            fields["content"] = None
        if self._calls:
            fields["tool_calls"] = self._calls
        if self._annotations:
            fields["annotations"] = self._annotations
        if message.extra:
            if self._own:
                fields.update(message.extra)
            elif names := said_in(message.extra):
                self._lines.append(dropped("request", f"{self._path}.extra", f"fields of another protocol: {names}"))
        return fields

    def _put(self, part: Part, path: str, calls_tools: bool) -> None:
        own = self._own if part.origin is None else is_own(part.origin, self._provider)
        spelled = (part.spelled or {}) if own else {}
        match part:
            case ToolCall() if spelled.get("type") == "function_call":
                self._fields["function_call"] = {"name": part.name, "arguments": part.arguments}
            case ToolCall():
                self._calls.append(write_tool_call(part, own))
                if not own and (names := said_in(part.extra)):
                    self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
            case Opaque(slot="tool_calls") if own:
                self._calls.append(part.value)
            case Refusal() if spelled.get("refusal") == "field" or not own:
                self._fields["refusal"] = part.text
            case Audio() if spelled.get("audio") == "field":
                self._fields["audio"] = _write_audio(part)
            case Audio(source=DataSource(data=data)) if not self._own and self._provider is None:  # an answer's
                # without an id to speak of it by: one that has expired already
                self._fields["audio"] = {"id": "", "data": data, "expires_at": 0, "transcript": part.transcript or ""}
            case Text(phase="commentary") if not self._own and self._provider is None:  # not the answer: it must not read as it
                self._fields["reasoning_content"] = self._fields.get("reasoning_content", "") + part.text
            case Reasoning() if spelled.get("reasoning") != "thinking":
                self._reason(part, path, calls_tools, own)
            case _:
                written = write_part(part, own, self._lines, path)
                if written is not None:
                    self._content.append(written)
                    self._cite(part, path)

    def _cite(self, part: Part, path: str) -> None:
        if isinstance(part, Text) and part.citations and not self._own and self._provider is not None:
            why = "a request of this protocol has no place for what an answer cited"
            self._lines.append(dropped("request", f"{path}.citations", why))
        elif isinstance(part, Text):
            for citation in part.citations:
                if citation.url is None and not self._own:
                    continue  # a place in a document: this protocol cites pages of the web only
                if citation.start is None:
                    written = write_annotation(citation, self._own)
                    written["url_citation"] |= {"start_index": self._length, "end_index": self._length + len(part.text)}
                else:
                    written = write_annotation(citation, self._own, self._length)
                self._annotations.append(written)
            self._length += len(part.text)

    def _reason(self, part: Reasoning, path: str, calls_tools: bool, own: bool) -> None:
        """Reasoning goes back where it came from: always when a caller put it there, else only beside its tool calls.

        DeepSeek wants it back within a tool loop and refuses or ignores it elsewhere
        (https://api-docs.deepseek.com/guides/thinking_mode, read 2026-11-21).
        """
        to_caller = self._provider is None
        returned = own and (part.origin is None or part.origin.provider is None or calls_tools)
        if to_caller or returned:
            name = (part.spelled or {}).get("reasoning", "reasoning_content") if own else "reasoning_content"
            if part.text:
                self._fields[name] = self._fields.get(name, "") + part.text
        else:
            why = "of a finished turn is not sent again" if own else "of another provider is not sent"
            self._lines.append(dropped("request", path, f"reasoning {why}"))


def _write_audio(part: Audio) -> dict[str, Any]:
    match part.source:
        case DataSource(data=data):
            fields: dict[str, Any] = {"data": data}
        case FileSource(id=id):
            fields = {"id": id}
        case _:
            fields = {}
    if part.transcript is not None:
        fields["transcript"] = part.transcript
    return fields | (part.extra or {})


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}.get(
        type(value), "null"
    )
