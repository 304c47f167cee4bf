"""Results of tools towards the wire: each a message of its own, and of text alone.

https://platform.openai.com/docs/api-reference/chat/create, "Tool message" (read 2026-11-21). All results of a turn stand
together, so what else they hold waits for the last of them.
"""

from __future__ import annotations

from typing import Any

from turnout.receipt import approximated
from turnout.types import Message, ReceiptLine, ToolResult
from turnout.wire.openai_chat.parts import write_part
from turnout.wire.openai_chat.words import bare


def write_result(
    message: Message, result: ToolResult, own: bool, path: str, lines: list[ReceiptLine], held: list[dict[str, Any]]
) -> dict[str, Any]:
    """``result`` of ``message``, as a message of its own. Of another protocol's, media are added to ``held``."""
    legacy = own and (message.spelled or {}).get("role") == "function"
    fields: dict[str, Any] = {"role": "function" if legacy else "tool"}
    if result.call_id or not own:
        fields["tool_call_id"] = result.call_id
    if result.name is not None and own:  # the call has it too: the protocol binds results by the call's id alone
        fields["name"] = result.name
    content = [item for part in result.parts if (item := write_part(part, own, lines, path)) is not None]
    if not own and any(item.get("type") != "text" for item in content):
        held.append({"type": "text", "text": f"What the call {result.call_id} gave:"})
        held += (item for item in content if item.get("type") != "text")
        content = [item for item in content if item.get("type") == "text"]
        why = "results are text here: what else they hold is said in a user's message after them, which names the call"
        lines.append(approximated("request", path, why))
    listed = own and (result.spelled or {}).get("content") == "list"
    if content or listed:
        fields["content"] = content if listed else bare(content)
    elif not own:
        fields["content"] = ""
    if result.is_error:
        lines.append(approximated("request", f"{path}.is_error", "OpenAI Chat cannot mark a tool result as an error"))
    if own and message.role == "tool":
        fields.update(message.extra or {})
    return fields


def media_messages(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The message that says what is ``held``, none where nothing is; it is held no more."""
    if not held:
        return []
    content = list(held)
    held.clear()
    return [{"role": "user", "content": content}]
