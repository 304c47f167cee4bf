"""Reasoning that a model wants back within a tool loop, from callers whose protocol says it elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.catalog.schema import Model
from turnout.receipt import mapped
from turnout.types import ChatRequest, Message, Origin, Reasoning, ReasoningConfig, ReceiptLine, ToolCall

_FIELDS = ("reasoning_content", "reasoning")  # those of a chat message that hold text


def give_back(request: ChatRequest, protocol: str, model: Model | None, lines: list[ReceiptLine]) -> ChatRequest:
    """``request`` with what was thought beside each tool call in the field where ``model`` wants it back.

    DeepSeek and others of its dialect refuse a call without it: "Missing `reasoning_content` field in the assistant message"
    (https://api-docs.deepseek.com/guides/thinking_mode, read 2026-11-21). The text alone: a seal is its own provider's. What is
    known to come from another provider stays behind, as everywhere.
    """
    field = model.reasoning_field if model is not None else None
    if field not in _FIELDS or protocol != "openai-chat" or request.origin is None:
        return request
    if request.origin.wire == protocol and "dialect" not in (request.spelled or {}):
        return request
    messages = list(request.messages)
    changed = False
    for at, message in enumerate(messages):
        if message.role == "assistant" and any(isinstance(part, ToolCall) for part in message.parts):
            told = _told(message, protocol, field)
            if told is not message:
                messages[at], changed = told, True
                why = f"sent as {field} beside its tool calls, where this model wants it back"
                lines.append(mapped("request", f"messages[{at}].reasoning", why))
    return replace(request, messages=tuple(messages)) if changed else request


def ask_for_seals(request: ChatRequest, protocol: str, model: Model | None) -> ChatRequest:
    """``request`` saying that ``model`` will think, where its protocol seals thoughts only when asked, which the codec then does.

    Callers of other protocols never ask: https://platform.openai.com/docs/guides/reasoning (read 2026-11-21).
    """
    thinking = model.limits.thinking if model is not None and model.limits is not None else None
    if protocol != "openai-responses" or thinking is None or not thinking.unasked or request.reasoning is not None:
        return request
    if request.origin is None or request.origin.wire == protocol:
        return request
    return replace(request, reasoning=ReasoningConfig(enabled=True))


def _told(message: Message, protocol: str, field: str) -> Message:
    parts = tuple(
        Reasoning(part.text, origin=Origin(protocol), spelled={"reasoning": field})
        if isinstance(part, Reasoning) and part.text and _is_callers(part.origin or message.origin)
        else part
        for part in message.parts
    )
    return replace(message, parts=parts) if parts != message.parts else message


def _is_callers(origin: Origin | None) -> bool:
    return origin is None or origin.provider is None
