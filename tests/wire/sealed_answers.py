"""Answers that think and call, by the wire that their provider speaks, and what clients of every protocol make of them."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.testing.frames import FRAMINGS
from turnout.testing.reference import reference_for
from turnout.types import ChatRequest, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Wire
from turnout.wire.bedrock_converse.stream_events import event as aws

REGISTRY = Registry(environ={})
SIGNED, REDACTED, SEALED, CALL = "EqQBCg+/aA==", "EmwKAhg=", "gAAAAABo_enc-rypted==", "Y2Fs+/A="
ARGUMENTS = {"city": "Paris"}

# Upstream: an answer that thinks and calls, whole and as events, by wire.
ANSWERS: dict[str, dict[str, Any]] = {
    "anthropic-messages": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "up",
        "content": [
            {"type": "thinking", "thinking": "The tool knows.", "signature": SIGNED},
            {"type": "redacted_thinking", "data": REDACTED},
            {"type": "thinking", "thinking": "Ask it.", "signature": SIGNED},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": ARGUMENTS},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 20},
    },
    "openai-responses": {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "up",
        "output": [
            {
                "id": "rs_1",
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "The tool"}, {"type": "summary_text", "text": "knows."}],
                "encrypted_content": SEALED,
            },
            {
                "id": "fc_1",
                "type": "function_call",
                "status": "completed",
                "call_id": "call_1",
                "name": "weather",
                "arguments": '{"city":"Paris"}',
            },
        ],
    },
    "gemini": {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "The tool knows.", "thought": True},
                        {
                            "functionCall": {"id": "call_1", "name": "weather", "args": ARGUMENTS},
                            "thoughtSignature": CALL,
                        },
                        {"functionCall": {"id": "call_2", "name": "weather", "args": {"city": "Rome"}}},
                    ],
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "modelVersion": "up",
        "responseId": "r1",
    },
    "bedrock-converse": {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "The tool knows.", "signature": SIGNED}}},
                    {"reasoningContent": {"redactedContent": REDACTED}},
                    {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": ARGUMENTS}},
                ],
            }
        },
        "stopReason": "tool_use",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
    },
}


def written(value: Any) -> bytes:
    """As providers write it, without spaces: what a call's arguments are is their text."""
    return json.dumps(value, separators=(",", ":")).encode()


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (str(event.get("type", "message")).encode(), json.dumps(event).encode()) for event in events
    )


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    begun = {"type": "content_block_start", "index": index, "content_block": start}
    return [begun, *grown, {"type": "content_block_stop", "index": index}]


def thinking(index: int, *texts: str) -> list[dict[str, Any]]:
    deltas = [{"type": "thinking_delta", "thinking": text} for text in texts]
    pieces = [{"type": "signature_delta", "signature": piece} for piece in (SIGNED[:5], SIGNED[5:])]
    return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas, *pieces)


CONTENT = ANSWERS["anthropic-messages"]["content"]
ITEMS = ANSWERS["openai-responses"]["output"]
GEMINI_PARTS = ANSWERS["gemini"]["candidates"][0]["content"]["parts"]
STREAMS: dict[str, bytes] = {
    "anthropic-messages": sse(
        {"type": "message_start", "message": ANSWERS["anthropic-messages"] | {"content": [], "stop_reason": None}},
        *thinking(0, "The tool ", "knows."),
        *block(1, {"type": "redacted_thinking", "data": REDACTED}),
        *thinking(2, "Ask it."),
        *block(3, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I look."}),
        *block(
            4,
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"city":"Paris"}'},
        ),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ),
    "openai-responses": sse(
        {"type": "response.created", "response": ANSWERS["openai-responses"] | {"output": [], "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": ITEMS[0] | {"summary": []}},
        *(
            {
                "type": "response.reasoning_summary_text.delta",
                "item_id": "rs_1",
                "output_index": 0,
                "summary_index": at,
                "delta": text,
            }
            for at, text in enumerate(("The tool", "knows."))
        ),
        {"type": "response.output_item.done", "output_index": 0, "item": ITEMS[0]},
        {"type": "response.output_item.added", "output_index": 1, "item": ITEMS[1] | {"arguments": ""}},
        {"type": "response.output_item.done", "output_index": 1, "item": ITEMS[1]},
        {"type": "response.completed", "response": ANSWERS["openai-responses"]},
    ),
    "gemini": b"".join(
        b"data: "
        + json.dumps(
            {
                "candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0} | end],
                "modelVersion": "up",
                "responseId": "r1",
            }
        ).encode()
        + b"\r\n\r\n"
        for part, end in zip(GEMINI_PARTS, ({}, {}, {"finishReason": "STOP"}), strict=True)
    ),
    "bedrock-converse": b"".join(
        aws(kind, body)
        for kind, body in (
            ("messageStart", {"role": "assistant"}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "The tool knows."}}}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": SIGNED}}}),
            ("contentBlockStop", {"contentBlockIndex": 0}),
            ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"reasoningContent": {"redactedContent": REDACTED}}}),
            ("contentBlockStop", {"contentBlockIndex": 1}),
            (
                "contentBlockStart",
                {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "call_1", "name": "weather"}}},
            ),
            ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"city":"Paris"}'}}}),
            ("contentBlockStop", {"contentBlockIndex": 2}),
            ("messageStop", {"stopReason": "tool_use"}),
        )
    ),
}

# What the provider must hear again of its own turn.
AGAIN: dict[str, Any] = {
    "anthropic-messages": CONTENT,
    "openai-responses": [
        ITEMS[0],
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Paris"}'},
    ],
    "gemini": GEMINI_PARTS,
    "bedrock-converse": ANSWERS["bedrock-converse"]["output"]["message"]["content"],
}

UPSTREAM = tuple(ANSWERS)
CALLERS = ("anthropic-messages", "openai-responses", "gemini", "bedrock-converse", "openai-chat")
PAIRS = [(upstream, caller) for upstream in UPSTREAM for caller in CALLERS if upstream != caller]
RESULTS = {"call_1": "18 degrees", "call_2": "22 degrees"}


def wire(name: str) -> Wire:
    return REGISTRY.wires.get(name)


def rendered(upstream: str, caller: str, *, stream: bool) -> bytes:
    """What a client of ``caller``'s protocol is sent of an answer of the provider "origin"."""
    codec, server = wire(upstream).chat, wire(caller).server
    assert codec is not None
    assert server is not None
    target = Target("origin", "up")
    if not stream:
        return server.render(codec.decode(HttpResponse(status=200, body=written(ANSWERS[upstream])), target))
    decoder, renderer = codec.decoder(target), server.renderer(ChatRequest(model="m", messages=()))
    return b"".join([*map(renderer.render, [*decoder.feed(STREAMS[upstream]), *decoder.close()]), renderer.finish()])


def shown(upstream: str, caller: str, *, stream: bool) -> dict[str, Any]:
    """The answer as that client has it in the end."""
    data = rendered(upstream, caller, stream=stream)
    if not stream:
        body: dict[str, Any] = json.loads(data)
        return body
    reference = reference_for(caller)
    assert reference is not None
    frames = FRAMINGS[reference.framing](data)
    assert list(reference.violations(frames)) == []
    return reference.merge(frames)


def next_turn(caller: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The request that such a client makes of it: what it was given, as it was given, and what its tool found."""
    match caller:
        case "anthropic-messages":
            ids = [it["id"] for it in answer["content"] if it["type"] == "tool_use"]
            results = [{"type": "tool_result", "tool_use_id": id, "content": RESULTS[id]} for id in ids]
            turns = [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": results}]
            return {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "Paris?"}, *turns]}
        case "openai-responses":
            made = [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]
            outputs = [{"type": "function_call_output", "call_id": id, "output": RESULTS[id]} for id in made]
            return {"model": "m", "input": [{"role": "user", "content": "Paris?"}, *answer["output"], *outputs]}
        case "gemini":
            content = answer["candidates"][0]["content"]
            called = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
            given = [
                {"functionResponse": {"id": it["id"], "name": it["name"], "response": {"output": RESULTS[it["id"]]}}}
                for it in called
            ]
            asked = {"role": "user", "parts": [{"text": "Paris?"}]}
            return {"contents": [asked, content, {"role": "user", "parts": given}]}
        case "bedrock-converse":
            message = answer["output"]["message"]
            uses = [it["toolUse"]["toolUseId"] for it in message["content"] if "toolUse" in it]
            told = [{"toolResult": {"toolUseId": id, "content": [{"text": RESULTS[id]}]}} for id in uses]
            return {"messages": [{"role": "user", "content": [{"text": "Paris?"}]}, message, {"role": "user", "content": told}]}
        case _:
            message = answer["choices"][0]["message"]
            tools = [{"role": "tool", "tool_call_id": it["id"], "content": RESULTS[it["id"]]} for it in message["tool_calls"]]
            return {"model": "m", "messages": [{"role": "user", "content": "Paris?"}, message, *tools]}


def encoded(caller: str, body: Any, target: str, provider: str = "origin") -> tuple[HttpRequest, tuple[ReceiptLine, ...]]:
    """``caller``'s request as ``provider``, which speaks ``target``, is sent it."""
    server, speaking = wire(caller).server, wire(target)
    assert server is not None
    assert speaking.chat is not None
    row = Provider(id=provider, name=provider, wire=target, base_url="https://origin.test/v1")
    request = replace(server.parse(written(body))[0], model="up")
    prepared = prepare(request, speaking, row, None)
    said = speaking.chat.encode(prepared.request, row, stream=False)
    return said.http, (*prepared.lines, *said.lines)


def sent(caller: str, body: Any, target: str, provider: str = "origin") -> tuple[dict[str, Any], tuple[ReceiptLine, ...]]:
    """The same, as JSON."""
    http, lines = encoded(caller, body, target, provider)
    return json.loads(http.body), lines


def turn(target: str, body: dict[str, Any]) -> Any:
    """What the model said, in the body that its provider hears."""
    match target:
        case "anthropic-messages" | "bedrock-converse":
            return body["messages"][1]["content"]
        case "openai-responses":
            return [item for item in body["input"] if item.get("type") in ("reasoning", "function_call")]
        case _:
            return body["contents"][1]["parts"]
