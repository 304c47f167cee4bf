"""What Mistral's callers say in words that the other providers of this protocol do not know, said in theirs.

https://docs.mistral.ai/api/ and https://platform.openai.com/docs/api-reference/chat/create (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.receipt import dropped, mapped
from turnout.types import ChatRequest, ReceiptLine

DIALECT = "mistral"  # as ``spelled["dialect"]`` of a request
_RENAMED = {"random_seed": "seed"}
_OWN = ("guardrails", "prompt_mode", "safe_prompt")


def is_mistrals(request: ChatRequest) -> bool:
    return request.spelled is not None and request.spelled.get("dialect") == DIALECT


def say_plainly(body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """``body``, a request in Mistral's words, in OpenAI's; changed in place."""
    for name, theirs in _RENAMED.items():
        if name in body:
            body[theirs] = body.pop(name)
            lines.append(mapped("request", name, f"said as {theirs}"))
    if body.get("tool_choice") == "any":
        body["tool_choice"] = "required"
        lines.append(mapped("request", "tool_choice", 'said as "required"'))
    own = [name for name in _OWN if body.pop(name, None) is not None]
    lines.extend(dropped("request", name, "a field of Mistral's") for name in own)
    for at, message in enumerate(body["messages"]):
        _message(message, f"messages[{at}]", lines)


def _message(message: dict[str, Any], path: str, lines: list[ReceiptLine]) -> None:
    if message.pop("prefix", None):
        lines.append(dropped("request", f"{path}.prefix", "a field of Mistral's"))
    if message.get("role") == "tool" and message.pop("name", None) is not None:
        lines.append(dropped("request", f"{path}.name", "a result is bound to its call by the id"))
    content = message.get("content")
    if not isinstance(content, list):
        return
    parts = [said for part in content if (said := _part(part, path, lines)) is not None]
    message["content"] = parts if parts or message.get("role") != "assistant" else None


def _part(part: Any, path: str, lines: list[ReceiptLine]) -> Any:
    match part:
        case {"type": "image_url", "image_url": str(address)}:
            return part | {"image_url": {"url": address}}
        case {"type": "document_url", "document_url": str(address)}:
            name = part.get("document_name")
            lines.append(mapped("request", path, "a document's address is said as a file"))
            return {"type": "file", "file": ({"filename": name} if name else {}) | {"file_data": address}}
        case {"type": "thinking"}:
            lines.append(dropped("request", path, "this provider takes no reasoning back"))
            return None
    return part
