"""Messages: this protocol's objects to ours. The same text serves requests and answers.

Ours has the content first, then the tool plan, then the calls. A plan is text that a model says while still at work.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from turnout.errors import RequestError
from turnout.types import Document, Message, Origin, Part, ResultPart, Text, ToolResult
from turnout.wire.cohere_chat.citations import PLAN, put_citations
from turnout.wire.cohere_chat.parts import read_document, read_part, read_tool_call
from turnout.wire.cohere_chat.words import WIRE_NAME, take

ORIGIN = Origin(WIRE_NAME)
_ROLES = ("system", "user", "assistant", "tool")


def read_messages(raw: Any) -> tuple[Message, ...]:
    if not isinstance(raw, list):
        raise RequestError("messages: expected a list of messages", param="messages")
    return tuple(_read_message(message, f"messages[{at}]") for at, message in enumerate(raw))


def _read_message(raw: Any, path: str) -> Message:
    if not isinstance(raw, dict):
        raise RequestError(f"{path}: expected an object with role and content", param=path)
    role, content = raw.get("role"), raw.get("content")
    if role not in _ROLES:
        raise RequestError(f"{path}.role: expected one of {', '.join(_ROLES)}, got {role!r}", param=f"{path}.role")
    if content is not None and not isinstance(content, (str, list)):
        raise RequestError(f"{path}.content: expected a string or a list of parts", param=f"{path}.content")
    fields = {name: value for name, value in raw.items() if name != "role"}
    if role == "tool":
        parts, spelled = _read_content(fields, ORIGIN)
        call_id = take(fields, "tool_call_id")
        if call_id is None:
            spelled["call_id"] = "absent"
        result = ToolResult(call_id or "", cast("tuple[ResultPart, ...]", tuple(parts)), spelled=spelled or None)
        return Message("tool", (result,), extra=fields or None, origin=ORIGIN)
    said = read_said(fields, ORIGIN)
    return replace(said, role=role)


def read_said(fields: dict[str, Any], origin: Origin) -> Message:
    """The message that ``fields`` (without the role) say, as an assistant's; what has no neutral form stays in its extra."""
    parts, spelled = _read_content(fields, origin)
    if isinstance(fields.get("tool_plan"), str) and fields["tool_plan"]:
        parts.append(plan(fields.pop("tool_plan")))
    if (cited := put_citations(parts, fields.get("citations"))) is not None:
        del fields["citations"]
        parts = cited
    if isinstance(fields.get("tool_calls"), list) and fields["tool_calls"]:
        parts += [read_tool_call(call, origin) for call in fields.pop("tool_calls")]
    return Message("assistant", tuple(parts), extra=fields or None, origin=origin, spelled=spelled or None)


def plan(text: str) -> Text:
    return Text(text, phase="commentary", spelled=PLAN)


def _read_content(fields: dict[str, Any], origin: Origin) -> tuple[list[Part], dict[str, str]]:
    """The parts of ``content``, taken out of ``fields``. A null stays there."""
    content = fields.get("content")
    if isinstance(content, str):
        del fields["content"]
        return [Text(content)], {"content": "string"}
    if isinstance(content, list):
        del fields["content"]
        return [read_part(part, origin) for part in content], {"content": "list"}
    return [], {}


def read_documents(fields: dict[str, Any], messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """``documents``, which belong to the whole request, as the first parts of what the user said last.

    Where no user speaks, or one is no text, they stay in ``fields``.
    """
    raw = fields.get("documents")
    asked = max((at for at, message in enumerate(messages) if message.role == "user"), default=None)
    if not isinstance(raw, list) or not raw or asked is None:
        return messages
    documents = [document for item in raw if (document := read_document(item)) is not None]
    if len(documents) < len(raw):
        return messages
    del fields["documents"]
    message = messages[asked]
    moved = tuple(_at_request(document) for document in documents)
    return (*messages[:asked], replace(message, parts=(*moved, *message.parts)), *messages[asked + 1 :])


def _at_request(document: Document) -> Document:
    origin = ORIGIN if document.extra else None
    return replace(document, origin=origin, spelled={**(document.spelled or {}), "at": "documents"})
