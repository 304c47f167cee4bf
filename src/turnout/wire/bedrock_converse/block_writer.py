"""Content blocks: our parts to this protocol's objects, with a receipt line for what is lost."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped, mapped
from turnout.types import (
    Audio,
    CacheControl,
    Document,
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
from turnout.wire.bedrock_converse.blocks import Block
from turnout.wire.bedrock_converse.citations import write_citation
from turnout.wire.bedrock_converse.media import DocumentNames, kind_of, write_media
from turnout.wire.bedrock_converse.texts import ABSENT, split_text
from turnout.wire.bedrock_converse.words import deep_merge, is_own, said_in, tool_id
from turnout.wire.claude_turns import call_input
from turnout.wire.json_text import is_json

NO_OUTPUT = "(no output)"  # a tool result must say something: models refuse empty and blank ones


class BlockWriter:
    """Writes the parts of one message for ``provider``, or for a caller if that is None, with a line for what is lost.

    ``origin`` is that of the message: it holds for parts that have none of their own. ``names``: of all the request's documents.
    ``signed``: the model refuses reasoning without its signature.
    """

    def __init__(
        self,
        origin: Origin | None,
        provider: str | None,
        lines: list[ReceiptLine],
        names: DocumentNames | None = None,
        *,
        signed: bool = False,
    ) -> None:
        self._origin = origin
        self._provider = provider
        self._lines = lines
        self._names = names or DocumentNames()
        self._signed = signed

    def write(self, part: Part, path: str) -> Any:
        """A block, or None when the protocol or this provider has no place for ``part``. Its cache mark: see ``write_mark``.

        Raises Unsupported for what a person said with it and a model would miss: a file held elsewhere, an address to fetch.
        """
        origin = part.origin or self._origin
        own = is_own(origin)
        try:
            block = self._block(part, path, own, theirs=is_own(origin, self._provider))
        except Unsupported:
            if self._provider is not None:
                raise
            return None  # an answer is not refused for one part that its caller's protocol cannot hold
        if block is None or isinstance(part, Opaque):
            return block
        if part.extra:
            if is_own(origin, self._provider) or origin is None:
                deep_merge(block, part.extra)
            elif names := said_in(part.extra):
                self._lose(f"{path}.extra", f"fields of another {'provider' if own else 'protocol'}: {names}")
        return block

    def write_mark(self, part: Part, path: str) -> Block | None:
        """The cache point that says where ``part``'s mark stood, or the first mark of what a tool returned."""
        mark = part.cache_control
        if mark is None and isinstance(part, ToolResult):
            mark = next((item.cache_control for item in part.parts if item.cache_control is not None), None)
            if mark is not None:
                why = "a tool result holds no cache point here: it stands behind the result"
                self._lines.append(mapped("request", f"{path}.parts.cache_control", why))
        if mark is None:
            return None
        return cache_point(mark, part.origin or self._origin, f"{path}.cache_control", self._lines)

    def _block(self, part: Part, path: str, own: bool, theirs: bool) -> Any:
        match part:
            case Text():
                return self._text(part, path, own)
            case Refusal():
                self._bend(path, "a refusal is said as text")
                return {"text": part.text}
            case ToolCall():
                use = {"toolUseId": part.id if own else tool_id(part.id), "name": part.name}
                absent = own and not part.arguments and (part.spelled or {}).get("input") == ABSENT
                return {"toolUse": use if absent else use | {"input": self._input(part, path, own)}}
            case ToolResult():
                return {"toolResult": self._tool_result(part, path, own)}
            case Reasoning():
                return self._reasoning(part, path, theirs)
            case Opaque():
                if not theirs:
                    self._lose(path, "a block that means something only to the provider it came from")
                    return None
                return part.value
            case Image() | Document() | Video() | Audio():
                return self._media(part, path, own)

    def _text(self, part: Text, path: str, own: bool) -> Block:
        spelled = (part.spelled or {}) if own else {}
        match spelled.get("block"):
            case "guardContent":
                return {"guardContent": {"text": {"text": part.text}}}
            case "json" if is_json(part.text):
                return {"json": msgspec.Raw(part.text.encode())}
        if part.citations and not own and self._provider is not None:
            self._lose(f"{path}.citations", "citations of another protocol cannot be sent back")
        elif part.citations or spelled.get("block") == "citationsContent":
            cited: Block = {}
            cuts = spelled.get("content")
            if part.text or (cuts is not None and cuts != ABSENT):
                cited["content"] = split_text(part.text, cuts if cuts != ABSENT else None)
            if part.citations:
                cited["citations"] = [write_citation(citation, own=own) for citation in part.citations]
            return {"citationsContent": cited}
        return {"text": part.text}

    def _reasoning(self, part: Reasoning, path: str, theirs: bool) -> Block | None:
        if self._provider is None and not theirs:
            return {"reasoningContent": {"reasoningText": {"text": part.text}}} if part.text else None
        if not theirs:
            self._lose(path, "reasoning of another provider is not sent: this one would refuse its signature")
            return None
        if self._signed and not part.signature and part.encrypted is None and self._provider is not None:
            self._lose(path, "reasoning without a signature is not sent: this model would refuse it")
            return None
        if part.encrypted is not None:
            return {"reasoningContent": {"redactedContent": part.encrypted}}
        signed = {"signature": part.signature} if part.signature is not None else {}
        return {"reasoningContent": {"reasoningText": {"text": part.text} | signed}}

    def _input(self, part: ToolCall, path: str, own: bool) -> Any:
        verbatim = own and (self._provider is None or (part.origin or cast(Origin, self._origin)).provider is None)
        return call_input(part, path, verbatim, self._lines)

    def _tool_result(self, part: ToolResult, path: str, own: bool) -> Block:
        result: Block = {"toolUseId": part.call_id if own else tool_id(part.call_id)}
        content = [block for at, item in enumerate(part.parts) if (block := self.write(item, f"{path}.parts[{at}]")) is not None]
        if not own:
            content = [block for block in content if not is_blank(block)]
            if not content:
                content = [{"text": NO_OUTPUT}]
                self._bend(f"{path}.parts", f"an empty tool result is refused, so it says {NO_OUTPUT!r}")
        if content or (part.spelled or {}).get("content") != ABSENT:
            result["content"] = content
        if part.is_error is not None:
            result["status"] = "error" if part.is_error else "success"
        return result

    def _media(self, part: Image | Document | Video | Audio, path: str, own: bool) -> Block:
        name: str | None = None
        if isinstance(part, Document):
            name = part.title if own else self._name(part, path)
            if own and name is not None:
                self._names.keep(name)
        elif isinstance(part, Image) and part.detail is not None and not own:
            self._lose(f"{path}.detail", "this protocol does not choose an image's resolution")
        kind = kind_of(part)
        written = write_media(part, path, own=own, name=name)
        block = (part.spelled or {}).get("block") if own else None
        if block == "guardContent":
            return {"guardContent": {kind: written}}
        return {block or kind: written}

    def _name(self, part: Document, path: str) -> str:
        wanted = part.title if part.title is not None else part.filename
        name = self._names.name(wanted or "document")
        if wanted is not None and name != wanted:
            why = f"names of documents hold letters, digits, spaces, hyphens and brackets, and differ: it is called {name!r}"
            self._lines.append(mapped("request", f"{path}.title", why))
        return name

    def _lose(self, path: str, reason: str) -> None:
        self._lines.append(dropped("request", path, reason))

    def _bend(self, path: str, reason: str) -> None:
        self._lines.append(approximated("request", path, reason))


def cache_point(mark: CacheControl, origin: Origin | None, path: str, lines: list[ReceiptLine]) -> Block:
    point: Block = {"type": "default"} | ({"ttl": mark.ttl} if mark.ttl is not None else {})
    if origin is None or is_own(origin):
        point |= mark.extra or {}
    elif names := said_in(mark.extra):
        lines.append(dropped("request", path, f"fields of another protocol: {names}"))
    return {"cachePoint": point}


def is_blank(block: Any) -> bool:
    """True for a text block that the protocol would refuse because it says nothing."""
    return isinstance(block, dict) and isinstance(block.get("text"), str) and not block["text"].strip()
