"""The protocol's words and ours: finish reasons, data URLs, and which extras may travel."""

from __future__ import annotations

from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.data_urls import source as source, url as url
from turnout.wire.json_body import deep_merge as deep_merge
from turnout.wire.seals import FORMAT

WIRE_NAME = "openai-chat"

# OpenAI's own words, then those of dialects: Mistral (model_length, error), DeepSeek (insufficient_system_resource),
# Zhipu (sensitive, network_error), TGI and Together (eos, eos_token).
_UNIFIED: dict[str, Unified] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "model_length": "length",
    "max_tokens": "length",
    "error": "error",
    "insufficient_system_resource": "error",
    "network_error": "error",
    "sensitive": "content_filter",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop_sequence",
}

# A caller must never read a truncated or refused answer as a whole one: what has no word here keeps its own.
_RAW: dict[Unified, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "length",
}


# https://platform.openai.com/docs/api-reference/chat/create, service_tier (read 2026-11-21); the last is Anthropic's word
_TIERS = {"auto": "auto", "default": "default", "flex": "flex", "scale": "scale", "priority": "priority", "standard": "default"}


def service_tier(tier: str | None, origin: Origin | None) -> str | None:
    """``tier`` in this protocol's words: as it came from its own, another's only if there is a word for it."""
    return tier if tier is None or is_own(origin) else _TIERS.get(tier)


# our field -> (the wire's field, what its value must be); values of another kind stay verbatim in extra
PLAIN_FIELDS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "temperature": ("temperature", (int, float)),
    "top_p": ("top_p", (int, float)),
    "top_k": ("top_k", int),
    "seed": ("seed", int),
    "frequency_penalty": ("frequency_penalty", (int, float)),
    "presence_penalty": ("presence_penalty", (int, float)),
    "n": ("n", int),
    "logprobs": ("logprobs", bool),
    "top_logprobs": ("top_logprobs", int),
    "user": ("user", str),
    "service_tier": ("service_tier", str),
    "parallel_tool_calls": ("parallel_tool_calls", bool),
}


def finish_reason(raw: str, *, called_tools: bool) -> FinishReason:
    """Several providers say "stop" beside tool calls; an answer that calls tools finished in order to."""
    unified = _UNIFIED.get(raw, "other")
    if called_tools and unified == "stop":
        unified = "tool_calls"
    return FinishReason(unified, raw)


def raw_finish(finish: FinishReason, origin: Origin | None) -> str:
    if finish.raw is not None and is_own(origin):
        return finish.raw
    return _RAW.get(finish.unified) or finish.raw or finish.unified


def sealed_detail(envelope: str, number: int) -> dict[str, Any]:
    """An entry of ``reasoning_details``, numbered as the official SDK wants lists in a stream to be.

    https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21): what is encrypted, and for clients to send back.
    """
    return {"type": "reasoning.encrypted", "data": envelope, "format": FORMAT, "index": number}


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


def bare(content: list[Any]) -> Any:
    """The plain string that one unadorned text part stands for; several parts, or an adorned one, stay a list."""
    if len(content) == 1 and isinstance(content[0], dict) and content[0].keys() == {"type", "text"}:
        return content[0]["text"]
    return content
