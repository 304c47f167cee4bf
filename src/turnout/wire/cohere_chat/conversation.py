"""Messages towards the wire: ours to this protocol's objects, for a provider or for a caller."""

from __future__ import annotations

from typing import Any

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped, mapped
from turnout.types import (
    Audio,
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
)
from turnout.wire import asides
from turnout.wire.cohere_chat.citations import is_plan, write_citation
from turnout.wire.cohere_chat.parts import write_document, write_part, write_tool_call
from turnout.wire.cohere_chat.words import deep_merge, is_object, is_own, said_in

_DETAILS = ("auto", "low", "high")


class ConversationWriter:
    """The messages of one request, in order, and the ``documents`` that users put among them."""

    def __init__(self, provider: str, lines: list[ReceiptLine]) -> None:
        self._provider = provider
        self._lines = lines
        self.documents: list[Any] = []

    def write(self, message: Message, path: str) -> list[dict[str, Any]]:
        """One object, or several where each tool result gets its own; none if nothing is left to say."""
        own = is_own(message.origin, self._provider)
        if not any(isinstance(part, ToolCall) for part in message.parts):  # beside calls it is the plan that this protocol has
            asides.report(message, path, self._lines)
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        written = [self._result(message, result, own, path) for result in results]
        spoken: list[Part] = [part for part in message.parts if not isinstance(part, ToolResult)]
        if message.role == "tool" or (results and not spoken):
            return written
        spoken = self._without_documents(message, spoken, path)
        said = Saying(message.origin, self._provider, self._lines)
        fields = said.write(spoken, message, path)
        self._rest(fields, message, own, path)
        if not own and not message.parts:
            fields.setdefault("content", "")
        if own or fields:
            role = "system" if message.role == "developer" else message.role
            if role != message.role:
                self._lines.append(mapped("request", f"{path}.role", "the developer speaks as system here"))
            written.append({"role": role} | fields)
        return written

    def _without_documents(self, message: Message, spoken: list[Part], path: str) -> list[Part]:
        """A document of text that a user gives goes to the request's own list, where the model cites from."""
        if message.role != "user":
            return spoken
        kept: list[Part] = []
        for part in spoken:
            own = is_own(part.origin or message.origin, self._provider)
            beside = (part.spelled or {}).get("at") == "documents"
            if not isinstance(part, Document) or not isinstance(part.source, TextSource) or (own and not beside):
                kept.append(part)
                continue
            self.documents.append(write_document(part, own))
            if not own:
                self._lines.append(mapped("request", f"{path}.document", "a document of plain text goes to `documents`"))
        return kept

    def _result(self, message: Message, result: ToolResult, own: bool, path: str) -> dict[str, Any]:
        spelled = (result.spelled or {}) if own else {}
        fields: dict[str, Any] = {"role": "tool"}
        if spelled.get("call_id") != "absent":
            fields["tool_call_id"] = result.call_id
        content = [item for part in result.parts for item in self._result_part(part, message.origin, path)]
        if spelled.get("content") == "list" or (content and not _is_bare(content)):
            fields["content"] = content
        elif content or not own:
            fields["content"] = content[0]["text"] if content else ""
        if result.is_error:
            self._lines.append(approximated("request", f"{path}.is_error", "this protocol cannot mark a tool result as an error"))
        if message.role == "tool":
            self._rest(fields, message, own, path)
        return fields

    def _result_part(self, part: Part, origin: Origin | None, path: str) -> list[Any]:
        """A tool result holds texts and documents of text, nothing else."""
        own = is_own(part.origin or origin, self._provider)
        if not own and not isinstance(part, (Text, Document, Opaque)):
            raise Unsupported(f"{path}: Cohere takes no {type(part).__name__.lower()} in a tool result, only text and documents")
        return Saying(origin, self._provider, self._lines).content(part, path)

    def _rest(self, fields: dict[str, Any], message: Message, own: bool, path: str) -> None:
        if message.name is not None:
            self._lines.append(dropped("request", f"{path}.name", "this protocol does not name who speaks"))
        if own or message.origin is None:
            deep_merge(fields, message.extra)
        elif names := said_in(message.extra):
            self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))


class Saying:
    """Parts to the fields of one message. ``provider`` is None when a caller is written to.

    Raises Unsupported for media that a provider would not see.
    """

    def __init__(self, origin: Origin | None, provider: str | None, lines: list[ReceiptLine]) -> None:
        self._origin = origin
        self._provider = provider
        self._lines = lines
        self._content: list[Any] = []
        self._plan: list[str] = []
        self._calls: list[Any] = []
        self._citations: list[Any] = []
        self._answers = False  # an assistant speaks: in text and thinking only

    def write(self, parts: list[Part], message: Message, path: str) -> dict[str, Any]:
        own = is_own(message.origin, self._provider)
        calls = any(isinstance(part, ToolCall) for part in parts)
        self._answers = message.role == "assistant"
        for at, part in enumerate(parts):
            self._add(part, f"{path}.parts[{at}]", calls)
        fields: dict[str, Any] = {}
        if self._calls:
            fields["tool_calls"] = self._calls
        if self._plan:
            fields["tool_plan"] = "".join(self._plan)
        spelled = (message.spelled or {}).get("content") if own else None
        listed = spelled == "list" or (spelled is None and self._provider is None)
        if (self._content and (listed or not _is_bare(self._content))) or spelled == "list":
            fields["content"] = self._content
        elif self._content:
            fields["content"] = self._content[0]["text"]
        if self._citations:
            fields["citations"] = self._citations
        return fields

    def _add(self, part: Part, path: str, calls: bool) -> None:
        own = is_own(part.origin or self._origin, self._provider)
        match part:
            case ToolCall():
                self._calls.append(write_tool_call(part, own, self._arguments(part, own, path)))
                self._leave(part, own, path)
            case Opaque(slot="tool_calls") if own:
                self._calls.append(part.value)
            case Text() if is_plan(part) or (not own and self._is_plan_here(part, calls, path)):
                self._plan.append(part.text)
                self._cite(part, own, None, path)
                self._leave(part, own, path)
            case _:
                self._content += self.content(part, path)
                if isinstance(part, Text):
                    self._cite(part, own, len(self._content) - 1, path)

    def content(self, part: Part, path: str) -> list[Any]:
        """``part`` as one content part, or none with a line for why it is left out."""
        origin = part.origin or self._origin
        own = is_own(origin, self._provider)
        if isinstance(part, Refusal):
            self._lines.append(approximated("request", path, "a refusal is said as text"))
            part = Text(part.text)
        elif isinstance(part, Audio) and part.transcript:
            self._lines.append(approximated("request", path, "sound is said by its transcript"))
            part = Text(part.transcript)
        if isinstance(part, Reasoning) and not own and origin is not None and self._provider is not None:
            self._lose(path, "reasoning of another provider is not sent")
            return []
        if isinstance(part, (Reasoning, Text)) and not part.text and not own and self._provider is None:
            return []
        if isinstance(part, Opaque):
            if own:
                return [part.value]
            self._lose(path, "a block that means something only to the provider it came from")
            return []
        silent = not own and self._answers and isinstance(part, (Image, Document))
        written = None if silent else write_part(part, own)
        if written is None and self._provider is not None:
            what = "images by URL or as data" if isinstance(part, Image) else "text and images"
            who = ", and from an assistant only text" if self._answers else ""
            raise Unsupported(f"{path}: Cohere takes no such {type(part).__name__.lower()}, only {what}{who}")
        if written is None:
            return []  # an answer is not refused for one part that its caller's protocol cannot hold
        if isinstance(part, Image) and not own and part.detail not in (None, *_DETAILS):
            del written["image_url"]["detail"]
            self._lose(f"{path}.detail", f"this protocol knows {', '.join(_DETAILS)}, not {part.detail!r}")
        self._leave(part, own, path)
        return [written]

    def _is_plan_here(self, part: Text, calls: bool, path: str) -> bool:
        """A provider hears text beside calls as the plan it is; a caller hears what was said, unless that is commentary."""
        if self._provider is None:
            return part.phase == "commentary"
        if not calls:
            return False
        if part.text:
            self._lines.append(mapped("request", path, "text beside tool calls is said as `tool_plan`"))
        return True

    def _arguments(self, part: ToolCall, own: bool, path: str) -> str:
        """The text of an object, as the protocol wants it; what is none travels inside one."""
        from msgspec.json import encode

        text = part.arguments
        if own or self._provider is None:
            return text if own or text else "{}"
        if part.custom:
            self._lines.append(approximated("request", f"{path}.arguments", 'free text travels as the object {"input": text}'))
            return encode({"input": text}).decode()
        if not text.strip():
            return "{}"
        if is_object(text):
            return text
        why = 'they are no JSON object, so they travel inside one: {"INVALID_JSON": text}'
        self._lines.append(approximated("request", f"{path}.arguments", why))
        return encode({"INVALID_JSON": text}).decode()

    def _cite(self, part: Text, own: bool, content_index: int | None, path: str) -> None:
        if own or self._provider is None:
            self._citations += [write_citation(citation, own, part.text, content_index) for citation in part.citations]
        elif part.citations:
            self._lose(f"{path}.citations", "citations of another protocol cannot be sent back")

    def _leave(self, part: Part, own: bool, path: str) -> None:
        if part.cache_control is not None:
            self._lose(f"{path}.cache_control", "this protocol caches prefixes without marks")
        if part.extra and not own and not isinstance(part, Reasoning) and (names := said_in(part.extra)):
            self._lose(f"{path}.extra", f"fields of another protocol: {names}")

    def _lose(self, path: str, reason: str) -> None:
        self._lines.append(dropped("request", path, reason))


def _is_bare(content: list[Any]) -> bool:
    """True if the plain string of one unadorned text part could stand for all of ``content``."""
    return len(content) == 1 and isinstance(content[0], dict) and content[0].keys() == {"type", "text"}
