"""Messages towards the wire: ours to this protocol's objects, for a provider or for a caller."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped, mapped
from turnout.types import (
    Audio,
    DataSource,
    Document,
    Image,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Text,
    TextSource,
    ToolCall,
    ToolResult,
    UrlSource,
)
from turnout.wire import asides
from turnout.wire.json_text import is_json
from turnout.wire.ollama.words import deep_merge, is_own, said_in

_MARKS = "this protocol caches prefixes without marks"


class ConversationWriter:
    """The messages of one request, in order. ``provider`` is None when a caller is written to.

    A conversation remembers its calls: a result names the tool it comes from, and calls that had no id get none.
    """

    def __init__(self, provider: str | None, lines: list[ReceiptLine]) -> None:
        self._provider = provider
        self._lines = lines
        self._names: dict[str, str] = {}  # of tools, by call id
        self._unnamed: set[str] = set()  # ids that were made up for calls of this protocol

    def write(self, message: Message, path: str) -> list[dict[str, Any]]:
        """One object, or several where each tool result gets its own; none if nothing is left to say."""
        own = is_own(message.origin, self._provider)
        asides.report(message, path, self._lines)
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        written = [self._result(message, result, own, path) for result in results]
        spoken = [part for part in message.parts if not isinstance(part, ToolResult)]
        if message.role == "tool" or (results and not spoken):
            return written
        said = self.said(message, path)
        if own or not message.parts or said.keys() > {"content"} or said.get("content"):
            role = "system" if message.role == "developer" else message.role
            if role != message.role:
                self._lines.append(mapped("request", f"{path}.role", "the developer speaks as system here"))
            written.append({"role": role} | said)
        return written

    def said(self, message: Message, path: str) -> dict[str, Any]:
        """Everything of a message's object but its role."""
        own = is_own(message.origin, self._provider)
        said = _Said(self._provider, self._lines, message.origin)
        for at, part in enumerate(message.parts):
            if not isinstance(part, ToolResult):
                said.add(asides.set_aside(part) if self._provider is None and not own else part, f"{path}.parts[{at}]")
        for part in message.parts:
            if isinstance(part, ToolCall):
                self._names[part.id] = part.name
                if is_own(part.origin, self._provider) and (part.spelled or {}).get("id") == "absent":
                    self._unnamed.add(part.id)
        absent = own and (message.spelled or {}).get("content") == "absent"
        fields = said.fields("" if message.role == "assistant" else "\n\n", absent, path)
        self._rest(fields, message, own, path)
        return fields

    def _result(self, message: Message, result: ToolResult, own: bool, path: str) -> dict[str, Any]:
        spelled = (result.spelled or {}) if own else {}
        said = _Said(self._provider, self._lines, message.origin)
        for at, part in enumerate(result.parts):
            said.add(part, f"{path}.parts[{at}]")
        fields: dict[str, Any] = {"role": "tool"}
        fields |= said.fields("\n\n", spelled.get("content") == "absent", path)
        name = result.name if own or result.name is not None else self._names.get(result.call_id)
        if name is not None:
            fields["tool_name"] = name
        if result.call_id and spelled.get("call_id") != "absent" and result.call_id not in self._unnamed:
            fields["tool_call_id"] = result.call_id
        if result.is_error:
            self._lines.append(approximated("request", f"{path}.is_error", "this protocol cannot mark a tool result as an error"))
        if message.role == "tool":
            self._rest(fields, message, own, path)
        return fields

    def _rest(self, fields: dict[str, Any], message: Message, own: bool, path: str) -> None:
        if message.name is not None:
            self._lines.append(dropped("request", f"{path}.name", "this protocol does not name who speaks"))
        if own or message.origin is None:
            deep_merge(fields, message.extra)
        elif names := said_in(message.extra):
            self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))


class _Said:
    """Parts gathered into the fields of one object. Raises Unsupported for media that a provider would not see."""

    def __init__(self, provider: str | None, lines: list[ReceiptLine], origin: Origin | None) -> None:
        self._provider = provider
        self._lines = lines
        self._origin = origin
        self._texts: list[str] = []
        self._thinking: list[str] = []
        self._images: list[str] = []
        self._calls: list[Any] = []
        self._kinds: list[type] = []  # texts and images as they alternate

    def add(self, part: Part, path: str) -> None:
        origin = part.origin or self._origin
        own = is_own(origin, self._provider)
        match part:
            case Text():
                self._text(part.text)
                if part.citations and not own and self._provider is not None:
                    self._lose(f"{path}.citations", "citations of another protocol cannot be sent back")
            case Refusal():
                self._text(part.text)
                self._lines.append(approximated("request", path, "a refusal is said as text"))
            case Reasoning():
                if own or origin is None or self._provider is None:
                    self._thinking.append(part.text)
                else:
                    self._lose(path, "reasoning of another provider is not sent")
            case ToolCall():
                self._calls.append(self._call(part, own, path))
            case Opaque():
                if own and part.slot == "tool_calls":
                    self._calls.append(part.value)
                else:
                    self._lose(path, "a block that means something only to the provider it came from")
            case Document(source=TextSource(text=text)):
                self._text(text)
                self._lines.append(mapped("request", path, "a document of plain text is said as text"))
            case Audio(transcript=str(text)) if text:
                self._text(text)
                self._lines.append(approximated("request", path, "sound is said by its transcript"))
            case Image():
                self._image(part, path)
            case _:
                self._refuse(f"{path}: Ollama takes no {type(part).__name__.lower()}, only text and images")
        if part.cache_control is not None:
            self._lose(f"{path}.cache_control", _MARKS)
        if part.extra and not own and not isinstance(part, (Opaque, Reasoning)) and (names := said_in(part.extra)):
            self._lose(f"{path}.extra", f"fields of another protocol: {names}")

    def fields(self, between: str, absent: bool, path: str) -> dict[str, Any]:
        """``between`` stands between several texts; ``absent``: a content that says nothing is left out."""
        fields: dict[str, Any] = {}
        if self._texts or not absent:
            fields["content"] = between.join(self._texts)
        if len(self._texts) > 1 and between:
            self._lines.append(mapped("request", path, "several texts are said as one, with a blank line between them"))
        if len(self._kinds) > 2:
            self._lines.append(approximated("request", path, "images stand before the text, wherever they stood in it"))
        if any(self._thinking):
            fields["thinking"] = "".join(self._thinking)
        if self._images:
            fields["images"] = self._images
        if self._calls:
            fields["tool_calls"] = self._calls
        return fields

    def _text(self, text: str) -> None:
        if text:
            self._texts.append(text)
            self._seen(Text)

    def _seen(self, kind: type) -> None:
        if not self._kinds or self._kinds[-1] is not kind:
            self._kinds.append(kind)

    def _image(self, part: Image, path: str) -> None:
        data: str | None = None
        match part.source:
            case DataSource():
                data = part.source.data
            case UrlSource(url=url) if url.startswith("data:"):
                data = url.partition(";base64,")[2] or None
        if data is None:
            self._refuse(f"{path}: Ollama takes images only as base64 data; send this one's bytes")
            return
        self._images.append(data)
        self._seen(Image)
        if part.detail is not None:
            self._lose(f"{path}.detail", "this protocol does not choose an image's resolution")

    def _call(self, part: ToolCall, own: bool, path: str) -> dict[str, Any]:
        spelled = (part.spelled or {}) if own else {}
        function: dict[str, Any] = {"name": part.name}
        if spelled.get("arguments") != "absent" or part.arguments:
            as_string = spelled.get("arguments") == "string"
            function["arguments"] = part.arguments if as_string else self._arguments(part, own, path)
        written: dict[str, Any] = {"id": part.id} if part.id and spelled.get("id") != "absent" else {}
        written["function"] = function
        return deep_merge(written, part.extra) if own else written

    def _arguments(self, part: ToolCall, own: bool, path: str) -> Any:
        """The object the protocol wants, as it was written; what is none travels inside one."""
        text = part.arguments
        if part.custom:
            self._lines.append(approximated("request", f"{path}.arguments", 'free text travels as the object {"input": text}'))
            return {"input": text}
        if not text.strip():
            return {}
        if is_json(text) and (own or text.lstrip().startswith("{")):
            # a line break in valid JSON stands between values, and would end the line that a stream gives each event
            return msgspec.Raw(text.replace("\r", " ").replace("\n", " ").encode())
        why = 'they are no JSON object, so they travel inside one: {"INVALID_JSON": text}'
        self._lines.append(approximated("request", f"{path}.arguments", why))
        return {"INVALID_JSON": text}

    def _refuse(self, why: str) -> None:
        if self._provider is not None:  # an answer is not refused for one part that its caller's protocol cannot hold
            raise Unsupported(why)

    def _lose(self, path: str, reason: str) -> None:
        self._lines.append(dropped("request", path, reason))
