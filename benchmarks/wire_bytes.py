"""What each protocol's provider says, written by hand: one whole answer (a text, a call, usage) and one stream of text.

Every answer says TEXT and calls the same tool; every stream has as many events as asked, in one piece of bytes each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mock_upstream import TEXT, stream_events, stream_text

ARGUMENTS = '{"city":"Paris","days":3}'
CALL = "call_b3nchm4rk"
_ID, _CREATED = "b3nchm4rk", 1760000000
_INPUT, _CACHED, _OUTPUT, _REASONING = 512, 128, 96, 32  # tokens

Body = bytes
Pieces = list[bytes]


def openai_chat_answer() -> Body:
    call = {"id": CALL, "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}
    message = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": [], "tool_calls": [call]}
    usage = {
        "prompt_tokens": _INPUT,
        "completion_tokens": _OUTPUT,
        "total_tokens": _INPUT + _OUTPUT,
        "prompt_tokens_details": {"cached_tokens": _CACHED, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": _REASONING, "audio_tokens": 0},
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
    common = {"id": _ID, "object": "chat.completion", "created": _CREATED, "model": "m", "service_tier": "default"}
    return _json({**common, "choices": [choice], "usage": usage, "system_fingerprint": "fp_1"})


def mistral_answer() -> Body:
    call = {"id": "a1b2c3d4e", "function": {"name": "weather", "arguments": ARGUMENTS}, "index": 0}
    message = {"role": "assistant", "content": TEXT, "tool_calls": [call]}
    usage = {"prompt_tokens": _INPUT, "completion_tokens": _OUTPUT, "total_tokens": _INPUT + _OUTPUT}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return _json({"id": _ID, "object": "chat.completion", "created": _CREATED, "model": "m", "choices": [choice], "usage": usage})


def mistral_stream(chunks: int) -> Pieces:
    common = {"id": _ID, "object": "chat.completion.chunk", "created": _CREATED, "model": "m"}

    def event(delta: dict[str, Any], **more: Any) -> bytes:
        finish = more.pop("finish_reason", None)
        return _data({**common, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    words = _words(chunks, 2)
    usage = {"prompt_tokens": _INPUT, "completion_tokens": chunks, "total_tokens": _INPUT + chunks}
    return [
        event({"role": "assistant", "content": ""}),
        *(event({"content": word}) for word in words),
        event({"content": ""}, finish_reason="stop", usage=usage) + b"data: [DONE]\n\n",
    ]


_RESPONSE: dict[str, Any] = {
    "id": "resp_" + _ID,
    "object": "response",
    "created_at": _CREATED,
    "model": "m",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}
_RESPONSE_USAGE = {
    "input_tokens": _INPUT,
    "input_tokens_details": {"cached_tokens": _CACHED, "cache_write_tokens": 0},
    "output_tokens": _OUTPUT,
    "output_tokens_details": {"reasoning_tokens": _REASONING},
    "total_tokens": _INPUT + _OUTPUT,
}


def _response_message(text: str, status: str = "completed") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}] if text else []
    return {"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}


def responses_answer() -> Body:
    call = {"type": "function_call", "id": "fc_1", "call_id": CALL, "name": "weather", "arguments": ARGUMENTS}
    output = [_response_message(TEXT), {**call, "status": "completed"}]
    return _json({**_RESPONSE, "status": "completed", "output": output, "usage": _RESPONSE_USAGE})


def responses_stream(chunks: int) -> Pieces:
    words = list(_words(chunks, 8))
    text = "".join(words)
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    begun = {**_RESPONSE, "status": "in_progress", "output": [], "usage": None}
    ended = {**_RESPONSE, "status": "completed", "output": [_response_message(text)], "usage": _RESPONSE_USAGE}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": _response_message("", "in_progress")},
        {"type": "response.content_part.added", **at, "part": empty},
        *({"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in words),
        {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": {**empty, "text": text}},
        {"type": "response.output_item.done", "output_index": 0, "item": _response_message(text)},
        {"type": "response.completed", "response": ended},
    ]
    return [_named({**event, "sequence_number": number}) for number, event in enumerate(events)]


_CLAUDE_USAGE = {
    "input_tokens": _INPUT - _CACHED,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": _CACHED,
    "output_tokens": _OUTPUT,
    "service_tier": "standard",
}
_CLAUDE = {"id": "msg_" + _ID, "type": "message", "role": "assistant", "model": "m"}


def anthropic_answer() -> Body:
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": json.loads(ARGUMENTS)}
    ending = {"stop_reason": "tool_use", "stop_sequence": None, "usage": _CLAUDE_USAGE}
    return _json({**_CLAUDE, "content": [{"type": "text", "text": TEXT}, call], **ending})


def anthropic_stream(chunks: int) -> Pieces:
    begun = {**_CLAUDE, "content": [], "stop_reason": None, "stop_sequence": None, "usage": {**_CLAUDE_USAGE, "output_tokens": 1}}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    events = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            for word in _words(chunks, 5)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": chunks}},
        {"type": "message_stop"},
    ]
    return [_named(event) for event in events]


_GEMINI_USAGE = {
    "promptTokenCount": _INPUT,
    "candidatesTokenCount": _OUTPUT - _REASONING,
    "totalTokenCount": _INPUT + _OUTPUT,
    "cachedContentTokenCount": _CACHED,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": _INPUT}],
    "thoughtsTokenCount": _REASONING,
}


def _gemini(parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0, **more}
    return {"candidates": [candidate], "usageMetadata": _GEMINI_USAGE, "modelVersion": "m", "responseId": _ID}


def gemini_answer() -> Body:
    call = {"functionCall": {"id": CALL, "name": "weather", "args": json.loads(ARGUMENTS)}}
    return _json(_gemini([{"text": TEXT}, call], finishReason="STOP"))


def gemini_stream(chunks: int) -> Pieces:
    *most, last = _words(chunks, 0)
    return [*(_data(_gemini([{"text": word}])) for word in most), _data(_gemini([{"text": last}], finishReason="STOP"))]


_COHERE_USAGE = {
    "billed_units": {"input_tokens": _INPUT, "output_tokens": _OUTPUT},
    "tokens": {"input_tokens": _INPUT, "output_tokens": _OUTPUT},
    "cached_tokens": _CACHED,
}


def cohere_answer() -> Body:
    call = {"id": CALL, "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}
    message = {"role": "assistant", "content": [{"type": "text", "text": TEXT}], "tool_calls": [call]}
    return _json({"id": _ID, "message": message, "finish_reason": "TOOL_CALL", "usage": _COHERE_USAGE})


def cohere_stream(chunks: int) -> Pieces:
    empty = {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}
    events = [
        {"id": _ID, "type": "message-start", "delta": empty},
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        *({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": word}}}} for word in _words(chunks, 4)),
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": _COHERE_USAGE}},
    ]
    return [_named(event) for event in events]


_OLLAMA: dict[str, Any] = {"model": "m", "created_at": "2025-11-21T10:00:00.123456Z"}
_OLLAMA_END = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 900_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_count": _INPUT,
    "prompt_eval_duration": 100_000_000,
    "eval_count": _OUTPUT,
    "eval_duration": 700_000_000,
}


def ollama_answer() -> Body:
    call = {"function": {"name": "weather", "arguments": json.loads(ARGUMENTS)}}
    return _json({**_OLLAMA, "message": {"role": "assistant", "content": TEXT, "tool_calls": [call]}, **_OLLAMA_END})


def ollama_stream(chunks: int) -> Pieces:
    def line(word: str, end: dict[str, Any]) -> bytes:
        return _json({**_OLLAMA, "message": {"role": "assistant", "content": word}, **end}) + b"\n"

    return [*(line(word, {"done": False}) for word in _words(chunks, 1)), line("", _OLLAMA_END)]


_CONVERSE_USAGE = {
    "inputTokens": _INPUT - _CACHED,
    "outputTokens": _OUTPUT,
    "totalTokens": _INPUT + _OUTPUT,
    "cacheReadInputTokens": _CACHED,
    "cacheWriteInputTokens": 0,
}


def bedrock_answer() -> Body:
    call = {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": json.loads(ARGUMENTS)}}
    message = {"role": "assistant", "content": [{"text": TEXT}, call]}
    ending = {"stopReason": "tool_use", "usage": _CONVERSE_USAGE, "metrics": {"latencyMs": 900}}
    return _json({"output": {"message": message}, **ending})


def bedrock_stream(chunks: int) -> Pieces:
    from turnout.wire.aws_events import encode_event

    def event(kind: str, **said: Any) -> bytes:
        headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
        return encode_event(headers, _json({**said, "p": "abcdefghij"}))

    return [
        event("messageStart", role="assistant"),
        *(event("contentBlockDelta", contentBlockIndex=0, delta={"text": word}) for word in _words(chunks, 4)),
        event("contentBlockStop", contentBlockIndex=0),
        event("messageStop", stopReason="end_turn"),
        event("metadata", usage=_CONVERSE_USAGE, metrics={"latencyMs": 900}),
    ]


ANSWERS: Mapping[str, tuple[Callable[[], Body], Callable[[int], Pieces]]] = {
    "openai-chat": (openai_chat_answer, stream_events),
    "openai-responses": (responses_answer, responses_stream),
    "anthropic-messages": (anthropic_answer, anthropic_stream),
    "gemini": (gemini_answer, gemini_stream),
    "cohere-chat": (cohere_answer, cohere_stream),
    "mistral-chat": (mistral_answer, mistral_stream),
    "ollama": (ollama_answer, ollama_stream),
    "bedrock-converse": (bedrock_answer, bedrock_stream),
}
_FRAMES = {  # events of a stream that say no text
    "openai-chat": 3,
    "openai-responses": 8,
    "anthropic-messages": 5,
    "gemini": 0,
    "cohere-chat": 4,
    "mistral-chat": 2,
    "ollama": 1,
    "bedrock-converse": 4,
}


def said(wire: str, chunks: int) -> str:
    """The text of that wire's stream of that many events."""
    return stream_text(chunks - _FRAMES[wire] + 3)


def _words(chunks: int, frames: int) -> Iterator[str]:
    if chunks <= frames:
        raise ValueError(f"a stream of this protocol has at least {frames + 1} events")
    return (f" word{number}" for number in range(chunks - frames))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _data(event: dict[str, Any]) -> bytes:
    return b"data: " + _json(event) + b"\n\n"


def _named(event: dict[str, Any]) -> bytes:
    return b"event: " + event["type"].encode() + b"\n" + _data(event)
