"""Answers in the form in which each provider gives them: one that calls two tools, and one that cites.

``turn`` makes the ids of providers that give new ones; some providers here use the same again in every turn, or give none.
"""

from __future__ import annotations

from typing import Any

# What is a provider's own: opaque text that it must get back as it was, and that nobody else may see.
BLOBS = {
    "anthropic-messages": ("blob/anthropic+signature==", "blob/anthropic+redacted=="),
    "bedrock-converse": ("blob/bedrock+signature==", "YmxvYi1iZWRyb2Nr"),
    "gemini": ("Z2VtaW5pLWNhbGw=", "Z2VtaW5pLXRleHQ="),
    "openai-responses": ("blob/responses+encrypted==",),
    "openai-chat": ("blob/openrouter+data==",),
    "cohere-chat": (),
    "ollama": (),
}
DIALECT_FIELDS = ("reasoning", "reasoning_details", "annotations", "index")  # of openai-chat's answers here: not OpenAI's own
THOUGHTS = {wire: f"thought of {wire}" for wire in BLOBS}

A, B = {"city": "Paris"}, {"city": "Oslo", "days": 2}


def calls(wire: str, turn: int, look: str, plan: str) -> dict[str, Any]:
    """``look`` and ``plan``: the tools' names as the provider heard them."""
    thought, blobs = THOUGHTS[wire], BLOBS[wire]
    match wire:
        case "anthropic-messages":
            content = [
                {"type": "thinking", "thinking": thought, "signature": blobs[0]},
                {"type": "redacted_thinking", "data": blobs[1]},
                {"type": "text", "text": "I shall look."},
                {"type": "tool_use", "id": f"toolu_{turn}A", "name": look, "input": A, "caller": {"type": "direct"}},
                {"type": "tool_use", "id": f"toolu_{turn}B", "name": plan, "input": B, "caller": {"type": "direct"}},
            ]
            return _anthropic(turn, content, "tool_use")
        case "bedrock-converse":
            content = [
                {"reasoningContent": {"reasoningText": {"text": thought, "signature": blobs[0]}}},
                {"reasoningContent": {"redactedContent": blobs[1]}},
                {"text": "I shall look."},
                {"toolUse": {"toolUseId": f"tooluse_{turn}-A", "name": look, "input": A}},
                {"toolUse": {"toolUseId": f"tooluse_{turn}-B", "name": plan, "input": B}},
            ]
            return _converse(content, "tool_use")
        case "gemini":
            parts = [
                {"text": thought, "thought": True},
                {"text": "I shall look.", "thoughtSignature": blobs[1]},
                {"functionCall": {"name": look, "args": A}, "thoughtSignature": blobs[0]},
                {"functionCall": {"name": plan, "args": B}},
            ]
            return _gemini(turn, parts)
        case "openai-responses":
            return _responses(
                turn,
                [
                    {"type": "reasoning", "id": f"rs_{turn}", "summary": [_summary(thought)], "encrypted_content": blobs[0]},
                    _said(turn, "I shall look.", "commentary"),
                    _function_call(turn, "A", look, '{"city":"Paris"}'),
                    _function_call(turn, "B", plan, '{"city": "Oslo", "days": 2}'),
                ],
            )
        case "openai-chat":
            message = {
                "role": "assistant",
                "content": "I shall look.",
                "refusal": None,
                "annotations": [],
                "reasoning": thought,
                "reasoning_details": [{"type": "reasoning.encrypted", "data": blobs[0]}],
                "tool_calls": [  # the same ids in every turn
                    {"index": 0, "id": "call.0", "type": "function", "function": {"name": look, "arguments": '{"city":"Paris"}'}},
                    {"index": 1, "id": "call.1", "type": "function", "function": {"name": plan, "arguments": '{"city":"Oslo"}'}},
                ],
            }
            return _completion(turn, message, "tool_calls")
        case "cohere-chat":
            message = {
                "role": "assistant",
                "tool_plan": "I shall look.",
                "content": [{"type": "thinking", "thinking": thought}],
                "tool_calls": [
                    {"id": f"{look}_q{turn}é", "type": "function", "function": {"name": look, "arguments": '{"city":"Paris"}'}},
                    {"id": f"{plan}_q{turn}é", "type": "function", "function": {"name": plan, "arguments": "{}"}},
                ],
            }
            return {"id": f"c{turn}", "message": message, "finish_reason": "TOOL_CALL", "usage": {}}
        case "ollama":
            message = {
                "role": "assistant",
                "content": "I shall look.",
                "thinking": thought,
                "tool_calls": [{"function": {"name": look, "arguments": A}}, {"function": {"name": plan, "arguments": B}}],
            }
            return _ollama(message)
    raise AssertionError(wire)


def cites(wire: str, turn: int) -> dict[str, Any]:
    text, url = "It rains in Paris.", "https://weather.test/paris"
    match wire:
        case "anthropic-messages":
            source = {
                "type": "web_search_result_location",
                "url": url,
                "title": "Paris",
                "cited_text": "rain",
                "encrypted_index": "i",
            }
            return _anthropic(turn, [{"type": "text", "text": text, "citations": [source]}], "end_turn")
        case "bedrock-converse":
            source = {"title": "Paris", "source": url, "sourceContent": [{"text": "rain"}], "location": {"web": {"url": url}}}
            return _converse([{"citationsContent": {"content": [{"text": text}], "citations": [source]}}], "end_turn")
        case "gemini":
            grounding = {
                "groundingChunks": [{"web": {"uri": url, "title": "Paris"}}],
                "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 18, "text": text}, "groundingChunkIndices": [0]}],
            }
            return _gemini(turn, [{"text": text}], groundingMetadata=grounding)
        case "openai-responses":
            source = {"type": "url_citation", "url": url, "title": "Paris", "start_index": 0, "end_index": 18}
            return _responses(turn, [_said(turn, "Let me say it.", "commentary"), _said(turn, text, "final_answer", source)])
        case "openai-chat":
            source = {"type": "url_citation", "url_citation": {"url": url, "title": "Paris", "start_index": 0, "end_index": 18}}
            return _completion(turn, {"role": "assistant", "content": text, "annotations": [source]}, "stop")
        case "cohere-chat":
            source = {"start": 0, "end": 2, "text": "It", "sources": [{"type": "tool", "id": "t:0", "tool_output": {"x": "y"}}]}
            message = {"role": "assistant", "content": [{"type": "text", "text": text}], "citations": [source]}
            return {"id": f"c{turn}", "message": message, "finish_reason": "COMPLETE", "usage": {}}
        case "ollama":
            return _ollama({"role": "assistant", "content": text})
    raise AssertionError(wire)


def _anthropic(turn: int, content: list[Any], stop_reason: str) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    envelope = {"id": f"msg_{turn}", "type": "message", "role": "assistant", "model": "claude", "stop_sequence": None}
    return envelope | {"content": content, "stop_reason": stop_reason, "usage": usage}


def _converse(content: list[Any], stop_reason: str) -> dict[str, Any]:
    usage = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop_reason, "usage": usage}


def _gemini(turn: int, parts: list[Any], **more: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0, **more}
    return {"candidates": [candidate], "responseId": f"g{turn}", "modelVersion": "gemini-3-pro"}


def _responses(turn: int, output: list[Any]) -> dict[str, Any]:
    return {
        "id": f"resp_{turn}",
        "object": "response",
        "status": "completed",
        "model": "gpt-5",
        "output": output,
        "created_at": 1,
    }


def _summary(text: str) -> dict[str, str]:
    return {"type": "summary_text", "text": text}


def _said(turn: int, text: str, phase: str, *annotations: Any) -> dict[str, Any]:
    content = {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": []}
    item = {"type": "message", "id": f"msg_{phase}_{turn}", "status": "completed", "role": "assistant"}
    return item | {"content": [content], "phase": phase}


def _function_call(turn: int, letter: str, name: str, arguments: str) -> dict[str, Any]:
    ids = {"id": f"fc_{turn}{letter}", "call_id": f"call_{turn}{letter}", "status": "completed"}
    return {"type": "function_call", "name": name, "arguments": arguments} | ids


def _completion(turn: int, message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return {"id": f"chatcmpl-{turn}", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def _ollama(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": "qwen3", "created_at": "2026-11-21T10:00:00Z", "message": message, "done": True, "done_reason": "stop"}
