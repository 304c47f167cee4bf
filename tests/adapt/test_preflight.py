"""What a target would refuse of a conversation is told before anything is sent."""

from __future__ import annotations

import pytest

from turnout.adapt.preflight import problems
from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.types import ChatRequest, Message, Opaque, Origin, Part, Text, Tool, ToolCall, ToolChoice, ToolResult
from turnout.wire import Wire

STRICT = ("anthropic-messages", "bedrock-converse", "cohere-chat", "gemini", "openai-chat", "openai-responses")
ALL = (*STRICT, "ollama")


def wire(name: str) -> Wire:
    return Registry().wires.get(name)


def told(name: str, *messages: Message, **fields: object) -> tuple[str, ...]:
    acme = Provider(id="acme", name="Acme", wire=name, base_url="https://acme.test")
    return problems(ChatRequest(model="m", messages=messages, **fields), wire(name), acme)  # type: ignore[arg-type]


def user(*parts: Part) -> Message:
    return Message("user", parts or (Text("go"),))


def calls(*ids: str) -> Message:
    return Message("assistant", tuple(ToolCall(id, "look", "{}") for id in ids))


def result(id: str) -> Message:
    return Message("tool", (ToolResult(id, (Text("ok"),)),))


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_told_of_a_conversation_that_is_in_order(name: str) -> None:
    system = Message("system", (Text("Be brief."),))
    tools = (Tool(name="look"),)
    assert told(name, user()) == ()
    assert told(name, system, user(), calls("a", "b"), result("b"), result("a"), calls("c"), result("c"), tools=tools) == ()
    both = user(ToolResult("a", (Text("ok"),)), ToolResult("b", (Text("ok"),)), Text("and now?"))
    assert told(name, user(), calls("a", "b"), both, tools=tools) == ()


@pytest.mark.parametrize("name", STRICT)
def test_a_result_without_its_call_is_told_with_its_place(name: str) -> None:
    (why,) = told(name, user(), result("a"))
    assert why.startswith("messages[1].parts[0]: it answers the call 'a', which was not made")
    assert why.endswith("Acme refuses such a result: keep the call with it, or leave it out")


@pytest.mark.parametrize("name", STRICT)
def test_a_call_without_its_result_is_told_with_its_place(name: str) -> None:
    (why,) = told(name, user(), calls("a", "b"), result("a"))
    assert why == (
        "messages[1].parts[1]: no result answers the call 'b', and Acme refuses a conversation that leaves a call open: "
        "add its ToolResult in the message after it, or take the call out"
    )


def test_ollama_asks_for_none_of_it() -> None:
    assert told("ollama", user(), calls("a"), result("b")) == ()
    assert told("ollama") == ()


@pytest.mark.parametrize(("name", "refused"), [("anthropic-messages", True), ("gemini", True), ("openai-responses", False)])
def test_a_result_may_have_to_stand_in_the_turn_after_its_call(name: str, refused: bool) -> None:
    late = (user(), calls("a"), user(), Message("assistant", (Text("I wait"),)), result("a"))
    assert bool(told(name, *late)) is refused


@pytest.mark.parametrize(("name", "refused"), [("openai-chat", True), ("cohere-chat", True), ("anthropic-messages", False)])
def test_somebody_who_speaks_between_a_call_and_its_result_is_told(name: str, refused: bool) -> None:
    between = told(name, user(), calls("a"), user(), result("a"))
    assert bool(between) is refused
    assert all(why.startswith("messages[3].parts[0]: messages[2] stands between the call 'a' and its result") for why in between)


def test_two_results_of_one_call_are_told_where_it_takes_one() -> None:
    twice = (user(), calls("a"), result("a"), result("a"))
    assert told("anthropic-messages", *twice)[0].startswith("messages[3].parts[0]: the call 'a' has a result already")
    assert told("openai-chat", *twice) == ()


def test_a_conversation_that_the_provider_holds_may_answer_calls_that_are_not_seen() -> None:
    assert told("openai-responses", result("a"), extra={"previous_response_id": "resp_1"}) == ()
    assert told("openai-responses", extra={"conversation": "conv_1"}) == ()
    assert told("openai-responses", result("a"), extra={"store": False}) != ()


def test_gemini_wants_somebody_to_speak_before_a_tool_is_called() -> None:
    (why,) = told("gemini", calls("a"), result("a"))
    assert why.startswith("messages[0].parts[0]: a tool is called before anybody spoke")
    assert told("anthropic-messages", calls("a"), result("a")) == ()  # where the codec makes the user speak


@pytest.mark.parametrize("name", STRICT)
def test_an_empty_conversation_is_told(name: str) -> None:
    (why,) = told(name)
    assert why.startswith("messages: Acme wants ")
    assert why.endswith("add what the user says")


def test_a_system_message_alone_is_enough_for_some() -> None:
    system = Message("system", (Text("Be brief."),))
    assert told("anthropic-messages", system) == (
        "messages: Acme wants somebody to speak besides the system: add what the user says",
    )
    assert told("openai-chat", system) == ()
    assert told("anthropic-messages", system, user(Text(" \n"))) != ()


@pytest.mark.parametrize("name", ALL)
def test_a_choice_of_a_tool_that_is_not_offered_is_told(name: str) -> None:
    tools = (Tool(name="look"), Opaque({"type": "custom", "custom": {"name": "patch"}}, slot="tools"))
    (why,) = told(name, user(), tools=tools, tool_choice=ToolChoice("named", "search"))
    assert why == "tool_choice: 'search' is none of the tools (look, patch): offer it, or choose another"
    assert told(name, user(), tools=tools, tool_choice=ToolChoice("named", "patch")) == ()
    assert told(name, user(), tool_choice=ToolChoice("required")) != ()
    assert told(name, user(), tool_choice=ToolChoice("none")) == ()


def test_two_tools_of_one_name_are_told() -> None:
    tools = (Tool(name="look"), Tool(name="look"))
    (why,) = told("anthropic-messages", user(), tools=tools)
    assert why == "tools: several are called 'look', and Acme wants a name for each: rename them"
    assert told("openai-chat", user(), tools=tools) == ()


ANTHROPIC, BEDROCK = Origin("anthropic-messages"), Origin("bedrock-converse")


def test_what_came_in_the_targets_own_protocol_is_the_targets_to_judge() -> None:
    assert told("anthropic-messages", result("a"), origin=ANTHROPIC) == ()
    assert told("anthropic-messages", result("a"), origin=BEDROCK) != ()


def test_in_a_conversation_put_together_from_several_a_codec_repeats_what_a_caller_said_and_its_faults_are_told() -> None:
    def caller(role: str, *parts: Part, origin: Origin = ANTHROPIC) -> Message:
        return Message(role, parts, origin=origin)  # type: ignore[arg-type]

    assert told("anthropic-messages", caller("assistant", Text("Hi"))) == (
        "messages[0]: Acme wants the user to speak first: add a user's message before it",
    )
    assert told("anthropic-messages", caller("user", Text("a"), Text(""))) == (
        "messages[0]: it holds a text that says nothing, which Acme refuses: leave that text out",
    )
    assert told("anthropic-messages", user(), caller("assistant", Text("So: "))) == (
        "messages[1]: the beginning of the answer ends in white space, which Acme refuses: cut it off",
    )
    twice = [caller("user", Text("a"), origin=BEDROCK), caller("user", Text("b"), origin=BEDROCK)]
    assert told("bedrock-converse", *twice) == (
        "messages[1]: Acme wants user and assistant to take turns: join this message with the one before it",
    )
    assert told("bedrock-converse", user(), user()) == ()  # which the codec joins
