"""Our messages as this protocol's, for requests and for answers."""

from __future__ import annotations

from typing import Any

from turnout.receipt import dropped
from turnout.types import (
    Audio,
    DataSource,
    FileSource,
    Message,
    Opaque,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from turnout.wire import asides
from turnout.wire.openai_chat.parts import write_annotation, write_part, write_tool_call
from turnout.wire.openai_chat.results import media_messages, write_result
from turnout.wire.openai_chat.words import bare, is_own, said_in, sealed_detail
from turnout.wire.seals import DETAILS


def write_messages(
    message: Message, path: str, provider: str | None, lines: list[ReceiptLine], held: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """``message`` for a request: one object, or several where this protocol gives each tool result its own.

    ``held``: what results hold besides text, which goes into a message after the last of them.
    """
    match message:  # what most of a conversation consists of: one plain text
        case Message(role, (Text(text, (), None, cache_control=None, extra=None),), name=None, extra=None, spelled=spelled):
            if role != "tool" and (spelled is None or not is_own(message.origin, provider)):
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
    match message.parts:  # what most answers are: one plain text
        case (Text(text, (), None, cache_control=None, extra=None, spelled=None),) if message.spelled is None and (
            own or not message.extra
        ):
            return {"role": "assistant", "content": text, **(message.extra or {})}
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
        # a text of another protocol that says nothing stands beside what the model said, where this one refuses it
        speaks = not self._own and message.role == "assistant" and any(not isinstance(part, Text) or part.text for part in parts)
        for number, part in enumerate(parts):
            if speaks and isinstance(part, Text) and not part.text:
                continue
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
            case Opaque(slot=slot) if own and slot == DETAILS:
                self._fields[DETAILS] = part.value
            case Refusal() if spelled.get("refusal") == "field" or not own:
                self._fields["refusal"] = part.text
            case Audio() if spelled.get("audio") == "field":
                self._fields["audio"] = _write_audio(part)
            case Audio(source=DataSource(data=data)) if not self._own and self._provider is None:  # an answer's
                # without an id to speak of it by: one that has expired already
                self._fields["audio"] = {"id": "", "data": data, "expires_at": 0, "transcript": part.transcript or ""}
            case Text(phase="commentary") if not self._own and self._provider is None:  # not the answer: it must not read as it
                self._fields["reasoning_content"] = self._fields.get("reasoning_content", "") + part.text
            case Reasoning(encrypted=str(envelope)) if self._provider is None:
                details = self._fields.setdefault(DETAILS, [])
                details.append(sealed_detail(envelope, len(details)))
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
