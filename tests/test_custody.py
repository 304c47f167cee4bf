"""Who may hear again what came from where, over every wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.catalog.schema import Provider
from turnout.events import Event, Finished, PartAdded, Started, TextDelta, fold
from turnout.registry import Registry
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    HttpResponse,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Target,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from turnout.wire import ChatCodec, ChatServer, bookkeeping

WIRES = ("anthropic-messages", "bedrock-converse", "cohere-chat", "gemini", "ollama", "openai-chat", "openai-responses")
DIALECTS = ("anthropic-bedrock", "anthropic-vertex", "mistral-chat")  # another wire's words
GO = Message("user", (Text("go"),))


@pytest.mark.parametrize(
    ("origin", "wire", "provider", "returns"),
    [
        (Origin("w", "a"), "w", "a", True),
        (Origin("w", "a"), "w", "b", False),
        (Origin("w", "a"), "v", "a", False),
        (Origin("w", "a"), "w", None, True),  # towards the caller
        (Origin("w"), "w", "b", True),  # a caller said it
        (Origin("w"), "v", "b", False),
    ],
)
def test_what_is_a_providers_own_returns_to_it_and_to_no_other(
    origin: Origin, wire: str, provider: str | None, returns: bool
) -> None:
    assert origin.returns_to(wire, provider) is returns


def codec(wire: str) -> ChatCodec:
    chat = Registry().wires.get(wire).chat
    assert chat is not None
    return chat


def server(wire: str) -> ChatServer:
    found = Registry().wires.get(wire).server
    assert found is not None
    return found


def sent(wire: str, *messages: Message, model: str = "m", **fields: Any) -> tuple[dict[str, Any], tuple[ReceiptLine, ...]]:
    """What the provider "acme" of ``wire`` hears, and the lines about it."""
    acme = Provider(id="acme", name="Acme", wire=wire, base_url="https://acme.test/v1")
    encoded = codec(wire).encode(ChatRequest(model=model, messages=messages, **fields), acme, stream=False)
    return json.loads(encoded.http.body), encoded.lines


def fates(lines: tuple[ReceiptLine, ...]) -> dict[str, str]:
    return {line.field: line.fate for line in lines}


# -- what is opaque --------------------------------------------------------------------------------

SEALED = (
    Reasoning("a thought", signature="seal-1", encrypted=None),
    Reasoning("", encrypted="seal-2"),
    Opaque({"type": "server_thing", "data": "seal-3"}),
    Text("hm", extra={"thoughtSignature": "seal-4", "vendor_field": "seal-5"}),
    ToolCall("call_1", "look", "{}", extra={"extra_content": "seal-6"}),
)


@pytest.mark.parametrize("wire", [*WIRES, *DIALECTS])
@pytest.mark.parametrize("origin", [Origin("elsewhere", "other"), Origin("elsewhere"), "same protocol, other provider"])
@pytest.mark.parametrize("of_the_message", [True, False])
def test_no_seal_of_another_provider_is_ever_sent(wire: str, origin: Origin | str, of_the_message: bool) -> None:
    """Whether the message says where it came from, or each part of a message that a person put together."""
    from msgspec.structs import replace

    whose = Origin(Registry().wires.get(wire).protocol, "other") if isinstance(origin, str) else origin
    parts = SEALED if of_the_message else tuple(replace(part, origin=whose) for part in SEALED)
    extra = {"seal_field": "seal-7"} if of_the_message else None
    answer = Message("assistant", parts, extra=extra, origin=whose if of_the_message else None)
    body, lines = sent(wire, GO, answer, Message("tool", (ToolResult("call_1", (Text("ok"),)),)), tools=(Tool(name="look"),))
    assert "seal" not in json.dumps(body)
    assert "a thought" not in json.dumps(body)
    assert "look" in json.dumps(body)
    fields = fates(lines)
    assert {f"messages[1].parts[{at}]" for at in (0, 1, 2)} <= fields.keys()
    assert any(field.startswith("messages[1].parts[3].extra") for field in fields)
    assert any(field.startswith("messages[1].parts[4].extra") for field in fields)
    assert not of_the_message or "messages[1].extra" in fields


def test_reasoning_that_nobody_signed_is_shown_to_a_caller_and_not_sent_on_to_a_provider_that_would_refuse_it() -> None:
    """Anthropic's format asks for a signature, so a caller is given an empty one, which comes back with the next turn."""
    answer = Message("assistant", (Reasoning("a thought"), Text("Hi")), origin=Origin("openai-chat", "other"))
    shown = json.loads(server("anthropic-messages").render(completion(answer)))
    assert shown["content"][0] == {"type": "thinking", "thinking": "a thought", "signature": ""}
    turns = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": shown["content"]},
        {"role": "user", "content": "on"},
    ]
    request, _ = server("anthropic-messages").parse(json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode())
    body, lines = sent("anthropic-messages", *request.messages)
    assert body["messages"][1] == {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}
    assert fates(lines)["messages[1].parts[0]"] == "dropped"


def test_a_turn_of_which_only_unsigned_reasoning_is_left_is_not_said() -> None:
    thinking = Message("assistant", (Reasoning("a thought", signature=""),), origin=Origin("anthropic-messages"))
    body, _ = sent("anthropic-messages", GO, thinking, GO)
    assert [turn["role"] for turn in body["messages"]] == ["user"]


@pytest.mark.parametrize("signature", ["", None])
def test_a_provider_that_does_not_sign_gets_its_reasoning_back(signature: str | None) -> None:
    own = Message("assistant", (Reasoning("a thought", signature), Text("Hi")), origin=Origin("anthropic-messages", "acme"))
    body, _ = sent("anthropic-messages", GO, own, GO)
    assert body["messages"][1]["content"][0]["thinking"] == "a thought"


@pytest.mark.parametrize(("model", "kept"), [("anthropic.claude-sonnet-4-5", False), ("us.deepseek.r1-v1:0", True)])
def test_on_bedrock_only_models_that_sign_refuse_unsigned_reasoning(model: str, kept: bool) -> None:
    own = Message("assistant", (Reasoning("a thought"), Text("Hi")), origin=Origin("bedrock-converse"))
    body, lines = sent("bedrock-converse", GO, own, GO, model=model)
    assert ("reasoningContent" in body["messages"][1]["content"][0]) is kept
    assert ("messages[1].parts[0]" in fates(lines)) is not kept


LOOP = (
    GO,
    Message("assistant", (Reasoning("a thought"), ToolCall("call_1", "look", "{}")), origin=Origin("openai-chat", "other")),
    Message("tool", (ToolResult("call_1", (Text("ok"),)),)),
)


@pytest.mark.parametrize(
    ("wire", "model"), [("anthropic-messages", "claude-sonnet-4-5"), ("bedrock-converse", "anthropic.claude-sonnet-4-5")]
)
def test_a_budget_for_thinking_waits_until_calls_made_without_it_are_answered(wire: str, model: str) -> None:
    """With a budget the turn that calls must begin with thinking, which another provider's cannot."""
    from turnout.types import ReasoningConfig

    budget, effort = ReasoningConfig(budget_tokens=2000), ReasoningConfig(effort="high")
    body, lines = sent(wire, *LOOP, model=model, tools=(Tool(name="look"),), reasoning=budget, max_output_tokens=4000)
    assert '"enabled"' not in json.dumps(body)
    assert fates(lines)["reasoning"] == "dropped"
    assert '"adaptive"' in json.dumps(sent(wire, *LOOP, model=model, tools=(Tool(name="look"),), reasoning=effort)[0])
    later = (*LOOP, Message("assistant", (Text("Hi"),)), GO)
    assert '"enabled"' in json.dumps(sent(wire, *later, model=model, tools=(Tool(name="look"),), reasoning=budget)[0])


def test_a_call_of_an_older_gemini_is_marked_for_one_that_asks_for_signatures_while_the_turn_lasts() -> None:
    call = Message("assistant", (ToolCall("call_1", "look", "{}"),), origin=Origin("gemini"))
    result = Message("tool", (ToolResult("call_1", (Text("ok"),)),), origin=Origin("gemini"))

    def marked(model: str, *messages: Message) -> bool:
        return "skip_thought_signature_validator" in json.dumps(sent("gemini", *messages, model=model)[0])

    assert marked("gemini-3-pro", GO, call, result)
    assert not marked("gemini-2.5-pro", GO, call, result)
    assert not marked("gemini-3-pro", GO, call, result, Message("assistant", (Text("Hi"),)), GO)


# -- what only names an item -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "missed"),
    [
        ({"id": "fc_1", "status": "completed"}, ""),
        ({"item": {"id": "msg_1", "status": "completed"}, "annotations": [], "logprobs": []}, ""),
        ({"function": {"index": 0}}, ""),
        ({"index": 0}, ""),
        ({"toolUse": {"type": "tool_use"}}, ""),
        ({"refusal": None, "audio": {}}, ""),
        ({"caller": {"type": "direct"}}, ""),
        ({"caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}, "caller"),
        ({"document": {"id": "doc_1"}}, "document"),  # what citations refer to
        ({"thoughtSignature": "seal", "id": "x"}, "thoughtSignature"),
        ({"namespace": "tools", "prefix": True, "prefill": False}, "namespace, prefix, prefill"),
    ],
)
def test_a_receipt_names_what_would_be_missed_and_nothing_else(extra: dict[str, Any], missed: str) -> None:
    assert bookkeeping.said_in(extra) == missed


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire != "openai-responses"])
def test_an_answer_of_responses_loses_nothing_by_its_item_ids(wire: str) -> None:
    output = [
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [output_text("I look.")]},
        {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "call_1", "name": "look", "arguments": "{}"},
    ]
    raw = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": output}
    answer = codec("openai-responses").decode(HttpResponse(status=200, body=json.dumps(raw).encode()), Target("openai", "m"))
    result = Message("tool", (ToolResult("call_1", (Text("ok"),)),))
    _, lines = sent(wire, GO, answer.message, result, tools=(Tool(name="look"),))
    assert [line for line in lines if line.fate in ("dropped", "approximated")] == []


def output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


# -- what a model says on its way to the answer --------------------------------------------------------


def completion(message: Message) -> Completion:
    choice = Choice(message=message, finish=FinishReason("stop"))
    return Completion(id="1", model="m", choices=(choice,), origin=message.origin)


COMMENTARY: list[Event] = [
    Started("1", "m", origin=Origin("openai-responses", "openai")),
    PartAdded(0, Text("", phase="commentary")),
    TextDelta("I shall ", 0),
    TextDelta("look.", 0),
    PartAdded(1, Text("", phase="final_answer")),
    TextDelta("It is 18.", 1),
    Finished(FinishReason("stop")),
]


@pytest.mark.parametrize("wire", WIRES)
def test_commentary_never_reads_as_the_answer_whole_or_in_a_stream(wire: str) -> None:
    whole = server(wire).render(fold(COMMENTARY))
    renderer = server(wire).renderer(ChatRequest(model="m", messages=()))
    stream = b"".join([*map(renderer.render, COMMENTARY), renderer.finish()])
    decoder = codec(wire).decoder(Target("acme", "m"))
    heard = (
        codec(wire).decode(HttpResponse(status=200, body=whole), Target("acme", "m")),
        fold([*decoder.feed(stream), *decoder.close()]),
    )
    for answer in heard:
        assert answer.text == "It is 18."
        aside = [part.text for part in answer.parts if isinstance(part, (Reasoning, Text)) and "look" in part.text]
        assert aside == ["I shall look."]


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire != "openai-responses"])
def test_a_provider_hears_commentary_as_text_and_the_receipt_says_so(wire: str) -> None:
    origin = Origin("openai-responses", "openai")
    alone = Message(
        "assistant", (Text("I shall look.", phase="commentary"), Text("It is 18.", phase="final_answer")), origin=origin
    )
    body, lines = sent(wire, GO, alone, GO)
    assert "I shall look." in json.dumps(body)
    assert fates(lines)["messages[1].parts[0].phase"] == "approximated"
    assert "messages[1].parts[1].phase" not in fates(lines)
    call = Message("assistant", (Text("I shall look.", phase="commentary"), ToolCall("call_1", "look", "{}")), origin=origin)
    result = Message("tool", (ToolResult("call_1", (Text("ok"),)),))
    body, lines = sent(wire, GO, call, result, tools=(Tool(name="look"),))
    assert "I shall look." in json.dumps(body)
    assert {line.fate for line in lines if line.field.startswith("messages[1]")} == {"mapped"}


# -- the choice among tools --------------------------------------------------------------------------

SOME = ToolChoice("required", allowed=("a", "b"))
TOOLS = tuple(Tool(name=name) for name in "abc")
SPOKEN: dict[str, tuple[str, Any]] = {
    "openai-chat": (
        "tool_choice",
        {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": name}} for name in "ab"]},
        },
    ),
    "openai-responses": (
        "tool_choice",
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": name} for name in "ab"]},
    ),
    "gemini": ("toolConfig", {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["a", "b"]}}),
}


@pytest.mark.parametrize("wire", SPOKEN)
def test_protocols_that_can_say_which_tools_may_be_called_understand_each_other(wire: str) -> None:
    field, said = SPOKEN[wire]
    asked = {"contents": [], "model": "m"} if wire == "gemini" else {"model": "m", "messages": [], "input": "go"}
    request, _ = server(wire).parse(json.dumps(asked | {field: said}).encode())
    assert request.tool_choice == SOME
    body, lines = sent(wire, GO, tools=TOOLS, tool_choice=SOME)
    assert body[field] == said
    assert "tool_choice" not in fates(lines)


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire not in SPOKEN])
def test_a_protocol_that_cannot_is_offered_only_those_and_the_receipt_says_so(wire: str) -> None:
    body, lines = sent(wire, GO, tools=TOOLS, tool_choice=SOME)
    told = json.dumps(body.get("toolConfig", body.get("tools")))
    assert ['"name": "a"' in told, '"name": "b"' in told, '"name": "c"' in told] == [True, True, False]
    assert fates(lines)["tool_choice.allowed"] == "mapped"


def test_gemini_lets_a_model_choose_among_some_in_the_mode_that_checks_arguments() -> None:
    body, lines = sent("gemini", GO, tools=TOOLS, tool_choice=ToolChoice("auto", allowed=("a",)))
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["a"]}}
    assert fates(lines) == {"tool_choice.allowed": "mapped"}


@pytest.mark.parametrize("wire", WIRES)
def test_what_a_choice_says_besides_is_never_lost_in_silence(wire: str) -> None:
    choice = ToolChoice("auto", extra={"mode": "VALIDATED"})
    _, lines = sent(wire, GO, tools=TOOLS, tool_choice=choice, origin=Origin("elsewhere"))
    assert fates(lines)["tool_choice.extra"] == "dropped"


def test_a_call_without_arguments_has_an_empty_object_where_text_is_wanted() -> None:
    call: tuple[Part, ...] = (ToolCall("call_1", "a", ""),)
    body, _ = sent("openai-chat", GO, Message("assistant", call), Message("tool", (ToolResult("call_1", (Text("ok"),)),)))
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "a", "arguments": "{}"}
