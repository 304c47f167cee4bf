"""Callers of OpenAI Chat and Anthropic Messages behind Bedrock, and callers of Converse before those two."""

from __future__ import annotations

import json
from typing import Any

import pytest
from converse_wire import (
    BEDROCK,
    CLAUDE,
    CODEC,
    SERVER,
    START,
    answer,
    ask,
    assistant,
    decode,
    delta,
    end,
    events,
    merged,
    rendered,
    stop,
    stream,
    text,
    tool_use,
    user,
)
from envelopes import enveloped
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.types import ChatRequest, HttpResponse, Origin, Target
from turnout.wire import ChatCodec, ChatServer
from turnout.wire.anthropic_messages import WIRE as MESSAGES
from turnout.wire.openai_chat import WIRE as CHAT
from turnout.wire.seals import Thought

assert MESSAGES.chat is not None and MESSAGES.server is not None  # noqa: PT018
assert CHAT.chat is not None and CHAT.server is not None  # noqa: PT018
ELSEWHERE = Target("elsewhere", "m")


def heard(server: ChatServer, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What Bedrock hears of a caller's request, and the fate of what did not go exactly."""
    request, stream = server.parse(json.dumps(body).encode())
    encoded = CODEC.encode(replace(request, model=CLAUDE), BEDROCK, stream=stream)
    return json.loads(encoded.http.body), {line.field: line.fate for line in encoded.lines}


def said_to(codec: ChatCodec, wire: str, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What another provider hears of a request of a caller of Converse."""
    request, stream = SERVER.parse(json.dumps(body).encode())
    provider = Provider(id="elsewhere", name="Elsewhere", wire=wire, base_url="https://elsewhere.test/v1")
    encoded = codec.encode(replace(request, model="m"), provider, stream=stream)
    return json.loads(encoded.http.body), {line.field: line.fate for line in encoded.lines}


# -- requests to Bedrock ---------------------------------------------------------------------------


def test_an_openai_conversation_with_tools_is_one_that_bedrock_accepts() -> None:
    call = {"id": "call_1|x", "type": "function", "function": {"name": "look", "arguments": '{"x": 1}'}}
    body, fates = heard(
        CHAT.server,
        {
            "model": "gpt",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "What?"}, _image("data:image/png;base64,aGk=")]},
                {"role": "assistant", "content": "I look.", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1|x", "content": "seen"},
            ],
            "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "strict": True}}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
            "max_tokens": 9,
            "stop": "END",
            "response_format": {"type": "json_schema", "json_schema": {"name": "N", "schema": {"type": "object"}}},
            "seed": 5,
            "stream": True,
        },
    )
    id = body["messages"][1]["content"][1]["toolUse"]["toolUseId"]
    assert body == {
        "system": [{"text": "Be brief."}],
        "messages": [
            user({"text": "What?"}, {"image": {"format": "png", "source": {"bytes": "aGk="}}}),
            assistant({"text": "I look."}, {"toolUse": {"toolUseId": id, "name": "look", "input": {"x": 1}}}),
            user({"toolResult": {"toolUseId": id, "content": [{"text": "seen"}]}}),
        ],
        "inferenceConfig": {"maxTokens": 9, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}, "strict": True}}],
            "toolChoice": {"tool": {"name": "look"}},
        },
        "outputConfig": {
            "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": '{"type":"object"}', "name": "N"}}}
        },
    }
    assert fates == {"messages[0]": "mapped", "seed": "dropped"}


def _image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_an_anthropic_conversation_keeps_its_marks_documents_and_results() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    point = {"cachePoint": {"type": "default", "ttl": "1h"}}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    body, fates = heard(
        MESSAGES.server,
        {
            "model": "claude",
            "max_tokens": 9,
            "system": [{"type": "text", "text": "Be brief."} | mark],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "document", "source": pdf, "title": "Q1: a_b", "citations": {"enabled": True}},
                        {"type": "text", "text": "What?"} | mark,
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "of Anthropic's own"},
                        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, "content": "gone"}],
                },
            ],
            "tools": [{"name": "look", "input_schema": {"type": "object"}} | mark],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
    )
    document = {"format": "pdf", "name": "Q1- a-b", "source": {"bytes": "aGk="}, "citations": {"enabled": True}}
    assert body == {
        "system": [{"text": "Be brief."}, point],
        "messages": [
            user({"document": document}, {"text": "What?"}, point),
            assistant({"toolUse": {"toolUseId": "toolu_1", "name": "look", "input": {}}}),
            user({"toolResult": {"toolUseId": "toolu_1", "content": [{"text": "gone"}], "status": "error"}}),
        ],
        "inferenceConfig": {"maxTokens": 9},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}, point],
            "toolChoice": {"any": {}},
        },
    }
    assert fates == {
        "messages[0]": "mapped",
        "messages[1].parts[0].title": "mapped",
        "messages[2].parts[0]": "dropped",
        "parallel_tool_calls": "dropped",
    }


# -- requests of callers of Converse ---------------------------------------------------------------

CONVERSATION = {
    "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
    "messages": [
        user({"text": "What?"}, {"image": {"format": "png", "source": {"bytes": "aGk="}}}),
        assistant(
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "of Bedrock's own"}}},
            {"text": "I look."},
            {"toolUse": {"toolUseId": "t.1:2", "name": "look", "input": {"x": 1}}},
        ),
        user({"toolResult": {"toolUseId": "t.1:2", "content": [{"json": {"seen": True}}], "status": "error"}}, {"text": "Well?"}),
    ],
    "inferenceConfig": {"maxTokens": 9, "stopSequences": ["END"]},
    "toolConfig": {
        "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}],
        "toolChoice": {"any": {}},
    },
    "guardrailConfig": {"guardrailIdentifier": "g"},
}


def test_a_converse_conversation_goes_to_openai() -> None:
    body, fates = said_to(CHAT.chat, CHAT.name, CONVERSATION)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert body["messages"][1]["content"][1] == _image("data:image/png;base64,aGk=")
    (call,) = body["messages"][2]["tool_calls"]
    assert call["function"] == {"name": "look", "arguments": '{"x": 1}'}
    assert body["messages"][3]["tool_call_id"] == call["id"]
    assert json.loads(body["messages"][3]["content"]) == {"seen": True}
    assert body["tool_choice"] == "required"
    assert b"Bedrock's own" not in json.dumps(body).encode()
    assert fates["extra.guardrailConfig"] == "dropped"
    assert "dropped" in {fate for field, fate in fates.items() if field.startswith("messages[2].parts[0]")}


def test_a_converse_conversation_goes_to_anthropic() -> None:
    body, fates = said_to(MESSAGES.chat, MESSAGES.name, CONVERSATION)
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    _, turn, results = body["messages"]
    assert [block["type"] for block in turn["content"]] == ["text", "tool_use"]
    assert results["content"][0] == {
        "type": "tool_result",
        "tool_use_id": turn["content"][1]["id"],
        "content": '{"seen":true}',
        "is_error": True,
    }
    assert ":" not in turn["content"][1]["id"]
    assert (body["max_tokens"], body["stop_sequences"], body["tool_choice"]) == (9, ["END"], {"type": "any"})
    assert "Bedrock's own" not in json.dumps(body)
    assert fates["messages[2].parts[0]"] == fates["extra.guardrailConfig"] == "dropped"


def test_a_document_and_its_cache_point_go_to_anthropic() -> None:
    document = {"document": {"format": "pdf", "name": "n", "source": {"bytes": "aGk="}, "citations": {"enabled": True}}}
    body, _ = said_to(
        MESSAGES.chat, MESSAGES.name, ask(document, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "?"})
    )
    assert body["messages"][0]["content"][0] == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
        "title": "n",
        "citations": {"enabled": True},
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }


# -- answers of Bedrock ----------------------------------------------------------------------------

ANSWER = answer(
    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "of Bedrock's own"}}},
    {"text": "I look."},
    {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"x": 1}}},
    stopReason="tool_use",
    usage={"inputTokens": 3, "outputTokens": 5, "cacheReadInputTokens": 7, "cacheWriteInputTokens": 11, "totalTokens": 26},
)
STREAM = stream(
    *(START, delta(0, reasoningContent={"text": "hm"}), delta(0, reasoningContent={"signature": "of Bedrock's own"}), stop(0)),
    *text(1, "I ", "look."),
    *tool_use(2, "t1", '{"x":', " 1}"),
    *end("tool_use", usage=ANSWER["usage"]),
)


def test_an_openai_caller_hears_bedrocks_answer() -> None:
    body = json.loads(CHAT.server.render(decode(ANSWER)))
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "I look."
    assert choice["message"]["reasoning_content"] == "hm"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"x": 1}'}
    assert (body["model"], body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]) == (CLAUDE, 21, 5)
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 7
    assert "Bedrock's own" not in json.dumps(body)


def test_an_anthropic_caller_hears_bedrocks_answer() -> None:
    body = json.loads(MESSAGES.server.render(decode(ANSWER)))
    assert [block["type"] for block in body["content"]] == ["thinking", "text", "tool_use"]
    assert (body["stop_reason"], body["model"]) == ("tool_use", CLAUDE)
    assert body["usage"] == {
        "input_tokens": 3,
        "output_tokens": 5,
        "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 11,
    }
    assert "Bedrock's own" not in json.dumps(body)


@pytest.mark.parametrize("wire", [CHAT, MESSAGES], ids=lambda wire: wire.name)
def test_a_stream_of_bedrock_means_the_same_to_other_callers_as_its_whole_answer(wire: Any) -> None:
    renderer = wire.server.renderer(ChatRequest(model="m", messages=(), stream_usage=True))
    data = b"".join(renderer.render(event) for event in events(STREAM)) + renderer.finish()
    assert b"Bedrock's own" not in data
    decoder = wire.chat.decoder(ELSEWHERE)
    from turnout.events import fold

    streamed = fold([*decoder.feed(data), *decoder.close()])
    whole = wire.chat.decode(HttpResponse(status=200, body=wire.server.render(decode(ANSWER))), ELSEWHERE)
    assert (streamed.text, streamed.reasoning) == (whole.text, whole.reasoning) == ("I look.", "hm")
    assert [(call.id, call.name, json.loads(call.arguments)) for call in streamed.tool_calls] == [("t1", "look", {"x": 1})]
    assert streamed.finish == whole.finish
    assert (streamed.usage.input_tokens, streamed.usage.output_tokens) == (21, 5)


# -- answers to callers of Converse ----------------------------------------------------------------


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    """An event of OpenAI's stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


OPENAI_STREAM = (
    chunk(role="assistant", content="I look."),
    chunk(tool_calls=[{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]),
    chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"x": 1}'}}]),
    chunk("tool_calls"),
    b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\n',
    b"data: [DONE]\n\n",
)


def test_a_converse_caller_hears_an_openai_stream() -> None:
    assert CHAT.chat is not None
    decoder = CHAT.chat.decoder(ELSEWHERE)
    said = [*decoder.feed(b"".join(OPENAI_STREAM)), *decoder.close()]
    assert merged(rendered(said)) == {
        "output": {
            "message": {
                "role": "assistant",
                "content": [{"text": "I look."}, {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}}],
            }
        },
        "stopReason": "tool_use",
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
    }


def test_a_converse_caller_hears_an_anthropic_answer_with_its_seals_in_envelopes() -> None:
    assert MESSAGES.chat is not None
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "of Anthropic's own"},
            {"type": "redacted_thinking", "data": "of Anthropic's own"},
            {"type": "text", "text": "Hi", "citations": [{"type": "char_location", "cited_text": "q", "document_title": "t"}]},
        ],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3},
    }
    completion = MESSAGES.chat.decode(HttpResponse(status=200, body=json.dumps(body).encode()), ELSEWHERE)
    heard = json.loads(SERVER.render(completion))
    there = Origin("anthropic-messages", "elsewhere")
    signature = enveloped(there, "claude", Thought(shown=2, signature="of Anthropic's own"))
    redacted = enveloped(there, "claude", Thought(encrypted="of Anthropic's own"))
    assert heard == {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": signature}}},
                    {"reasoningContent": {"redactedContent": redacted}},
                    {
                        "citationsContent": {
                            "content": [{"text": "Hi"}],
                            "citations": [{"title": "t", "sourceContent": [{"text": "q"}]}],
                        }
                    },
                ],
            }
        },
        "stopReason": "max_tokens",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 6, "cacheReadInputTokens": 3},
    }
