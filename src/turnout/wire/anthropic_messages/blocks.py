"""Content blocks: this protocol's objects to our parts, and back.

Reading is total: a block that is unknown, or not formed as documented, is kept whole as Opaque.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped
from turnout.types import (
    CacheControl,
    Document,
    Image,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    ResultPart,
    Text,
    ToolCall,
    ToolResult,
)
from turnout.wire.anthropic_messages.citations import read_citations, write_citations
from turnout.wire.anthropic_messages.sources import read_source, write_source
from turnout.wire.anthropic_messages.words import WIRE_NAME, is_own, said_in, tool_id
from turnout.wire.claude_turns import call_input
from turnout.wire.json_text import is_json as is_json

Block = dict[str, Any]


def read_block(raw: Any, origin: Origin, input_text: str | None = None) -> Part:
    """``input_text``: a tool call's input as it was written, where the caller still has the text."""
    part: Part | None = None
    if isinstance(raw, dict):
        if len(raw) == 2 and raw.get("type") == "text" and isinstance(text := raw.get("text"), str):
            return Text(text)  # what most messages are
        fields = {name: value for name, value in raw.items() if name != "type"}
        match raw.get("type"):
            case "text" if isinstance(fields.get("text"), str):
                text, citations = fields.pop("text"), read_citations(fields)
                part = Text(text, citations, cache_control=read_mark(fields), extra=fields or None)
            case "thinking" if isinstance(fields.get("thinking"), str):
                text, signature = fields.pop("thinking"), _take(fields, "signature")
                part = Reasoning(text, signature, cache_control=read_mark(fields), extra=fields or None, origin=origin)
            case "redacted_thinking" if isinstance(fields.get("data"), str):
                data = fields.pop("data")
                part = Reasoning("", encrypted=data, cache_control=read_mark(fields), extra=fields or None, origin=origin)
            case "tool_use" if isinstance(fields.get("id"), str) and isinstance(fields.get("name"), str):
                part = _read_tool_use(fields, origin, input_text)
            case "tool_result" if isinstance(fields.get("tool_use_id"), str):
                part = _read_tool_result(fields, origin)
            case "image" | "document" as kind if (source := read_source(fields.get("source"))) is not None:
                del fields["source"]
                part = _read_media(kind, source, fields)
    return Opaque(raw, origin=origin) if part is None else part


def _read_tool_use(fields: Block, origin: Origin, input_text: str | None) -> ToolCall:
    id, name = fields.pop("id"), fields.pop("name")
    spelled = None if "input" in fields else {"input": "absent"}
    arguments = _arguments(fields.pop("input"), input_text) if spelled is None else ""
    mark = read_mark(fields)
    return ToolCall(
        id, name, arguments, cache_control=mark, extra=fields or None, origin=origin if fields else None, spelled=spelled
    )


def _arguments(value: Any, text: str | None) -> str:
    """The text of ``value``. A string that is no JSON itself is what a call cut off in the middle leaves: it is the text."""
    if isinstance(value, str) and not is_json(value):
        return value
    return msgspec.json.encode(value).decode() if text is None else text


def _read_tool_result(fields: Block, origin: Origin) -> ToolResult:
    call_id, is_error = fields.pop("tool_use_id"), None
    if isinstance(fields.get("is_error"), bool):
        is_error = fields.pop("is_error")
    parts: tuple[ResultPart, ...] = ()
    spelled: dict[str, str] | None = None
    content = fields.get("content")
    if isinstance(content, str):
        del fields["content"]
        parts, spelled = (Text(content),), {"content": "string"}
    elif isinstance(content, list):
        del fields["content"]
        parts = tuple(_read_result_block(block, origin) for block in content)
    elif "content" not in fields:
        spelled = {"content": "absent"}
    mark = read_mark(fields)
    return ToolResult(call_id, parts, is_error, cache_control=mark, extra=fields or None, spelled=spelled)


def _read_result_block(raw: Any, origin: Origin) -> ResultPart:
    part = read_block(raw, origin)
    return part if isinstance(part, (Text, Image, Document)) else Opaque(raw, origin=origin)


def _read_media(kind: str, source: Any, fields: Block) -> Image | Document:
    mark = read_mark(fields)
    if kind == "image":
        return Image(source, cache_control=mark, extra=fields or None)
    title, context = _take(fields, "title"), _take(fields, "context")
    citations = None
    match fields.get("citations"):
        case {"enabled": bool(enabled), **rest} if not rest:
            citations = enabled
            del fields["citations"]
    return Document(source, title=title, context=context, citations=citations, cache_control=mark, extra=fields or None)


def read_mark(fields: Block) -> CacheControl | None:
    """``cache_control``, taken out of ``fields`` if it is a mark.

    https://docs.claude.com/en/docs/build-with-claude/prompt-caching (read 2026-11-21)
    """
    mark = fields.get("cache_control")
    if not isinstance(mark, dict) or mark.get("type") != "ephemeral":
        return None
    rest = {name: value for name, value in fields.pop("cache_control").items() if name != "type"}
    ttl = _take(rest, "ttl")
    return CacheControl(ttl, rest or None)


def write_mark(mark: CacheControl) -> Block:
    return {"type": "ephemeral"} | ({"ttl": mark.ttl} if mark.ttl is not None else {}) | (mark.extra or {})


def _take(fields: Block, name: str) -> str | None:
    """``fields[name]`` taken out if it is a string; anything else stays where it is, to be kept verbatim."""
    return fields.pop(name) if isinstance(fields.get(name), str) else None


# -- towards the wire ------------------------------------------------------------------------------


class BlockWriter:
    """Writes the parts of one message for ``provider``, or for a caller if that is None, with a line for what is lost.

    ``origin`` is that of the message: it holds for parts that have none of their own.
    """

    def __init__(self, origin: Origin | None, provider: str | None, lines: list[ReceiptLine]) -> None:
        self._origin = origin
        self._provider = provider
        self._lines = lines

    def write(self, part: Part, path: str) -> Any:
        """A block, or None when the protocol or this provider has no place for ``part``.

        Raises Unsupported for what a person said with it and a model would miss: sound, video, a file held elsewhere.
        """
        origin = part.origin or self._origin
        own, theirs = is_own(origin), is_own(origin, self._provider)
        try:
            block = self._block(part, path, own, theirs)
        except Unsupported:
            if self._provider is not None:
                raise
            return None  # an answer is not refused for one part that its caller's protocol cannot hold
        if block is None or isinstance(part, Opaque):
            return block
        if part.cache_control is not None:
            block["cache_control"] = write_mark(part.cache_control)
        if part.extra:
            if theirs or origin is None:
                block.update(part.extra)
            elif names := said_in(part.extra):
                self._lose(f"{path}.extra", f"fields of another {'provider' if own else 'protocol'}: {names}")
        return block

    def _block(self, part: Part, path: str, own: bool, theirs: bool) -> Any:
        match part:
            case Text():
                return self._text(part, path, theirs)
            case Refusal():
                self._bend(path, "a refusal is said as text")
                return {"type": "text", "text": part.text}
            case ToolCall():
                id = part.id if own else tool_id(part.id)
                block = {"type": "tool_use", "id": id, "name": part.name}
                return block if _absent(part, own) else block | {"input": self._input(part, path, own)}
            case ToolResult():
                return self._tool_result(part, path, own)
            case Reasoning():
                return self._reasoning(part, path, theirs, unsigned=own and part.signature == "" and not self._said_it(part))
            case Opaque():
                if not theirs:
                    self._lose(path, "a block that means something only to the provider it came from")
                    return None
                return part.value
            case Image() | Document():
                return self._media(part, path, own, theirs)
        raise Unsupported(f"{path}: Anthropic Messages takes no {type(part).__name__.lower()}; choose a provider that does")

    def _text(self, part: Text, path: str, theirs: bool) -> Block:
        block: Block = {"type": "text", "text": part.text}
        if part.citations:
            if theirs or self._provider is None:
                block["citations"] = write_citations(part, theirs)
            else:
                self._lose(f"{path}.citations", "citations of another protocol cannot be sent back")
        return block

    def _said_it(self, part: Part) -> bool:
        """True if the very provider that is written to said ``part``."""
        origin = part.origin or self._origin
        return origin is not None and origin.provider is not None and origin.returns_to(WIRE_NAME, self._provider)

    def _reasoning(self, part: Reasoning, path: str, theirs: bool, *, unsigned: bool) -> Block | None:
        if self._provider is None and not theirs:
            # The format asks for a signature; another provider's would be taken for this one's when it comes back.
            return {"type": "thinking", "thinking": part.text, "signature": ""} if part.text else None
        if not theirs:
            self._lose(path, "reasoning of another provider is not sent: this one would refuse its signature")
            return None
        if unsigned and self._provider is not None:  # what a caller was told of another provider's reasoning, as written above
            self._lose(path, "reasoning that another provider did not sign is not sent: this one would refuse it")
            return None
        if part.encrypted is not None:
            return {"type": "redacted_thinking", "data": part.encrypted}
        signed = {"signature": part.signature} if part.signature is not None else {}
        return {"type": "thinking", "thinking": part.text} | signed

    def _input(self, part: ToolCall, path: str, own: bool) -> Any:
        verbatim = own and (self._provider is None or (part.origin or cast(Origin, self._origin)).provider is None)
        return call_input(part, path, verbatim, self._lines)

    def _tool_result(self, part: ToolResult, path: str, own: bool) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": part.call_id if own else tool_id(part.call_id)}
        spelled = (part.spelled or {}).get("content") if own else None
        written = [self.write(item, f"{path}.parts[{at}]") for at, item in enumerate(part.parts)]
        content = [item for item in written if item is not None and (own or not is_empty(item))]
        if spelled == "string" and is_bare(content):
            block["content"] = content[0]["text"]
        elif (content or own) and spelled != "absent" and "content" not in (part.extra or {}):
            block["content"] = content if own or not is_bare(content) else content[0]["text"]
        if part.is_error is not None:
            block["is_error"] = part.is_error
        return block

    def _media(self, part: Image | Document, path: str, own: bool, theirs: bool) -> Block:
        block: Block = {"type": "image" if isinstance(part, Image) else "document"}
        block["source"] = write_source(part, path, own=own and theirs)
        if isinstance(part, Document):
            named = {"title": part.title if part.title is not None else part.filename, "context": part.context}
            block |= {name: value for name, value in named.items() if value is not None}
            if part.citations is not None:
                block["citations"] = {"enabled": part.citations}
        elif part.detail is not None:
            self._lose(f"{path}.detail", "this protocol does not choose an image's resolution")
        return block

    def _lose(self, path: str, reason: str) -> None:
        self._lines.append(dropped("request", path, reason))

    def _bend(self, path: str, reason: str) -> None:
        self._lines.append(approximated("request", path, reason))


def _absent(part: ToolCall, own: bool) -> bool:
    return own and not part.arguments and (part.spelled or {}).get("input") == "absent"


def is_bare(content: list[Any]) -> bool:
    """True if the plain string of one unadorned text block could stand for all of ``content``."""
    return len(content) == 1 and isinstance(content[0], dict) and content[0].keys() == {"type", "text"}


def is_empty(block: Any) -> bool:
    """True for a text block that the protocol would refuse because it says nothing."""
    return isinstance(block, dict) and block.get("type") == "text" and not block["text"].strip()
