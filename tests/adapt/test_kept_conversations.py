"""A conversation of which a part is kept elsewhere is not answered without that part."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.adapt import Prepared, prepare
from turnout.catalog.schema import Provider
from turnout.errors import Unsupported
from turnout.registry import Registry

HELLO = {"role": "user", "content": "And in Lyon?"}


def prepared(target: str, **body: Any) -> Prepared:
    wires = Registry(environ={}).wires
    responses, speaking = wires.get("openai-responses").server, wires.get(target)
    assert responses is not None
    acme = Provider(id="acme", name="Acme", wire=target, base_url="https://acme.test")
    request, _ = responses.parse(json.dumps({"model": "m", "input": [HELLO], **body}).encode())
    return prepare(request, speaking, acme, None)


@pytest.mark.parametrize("target", ["openai-chat", "anthropic-messages", "gemini", "bedrock-converse", "cohere-chat", "ollama"])
@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}, HELLO]}, "'msg_1'"),
    ],
)
def test_what_another_provider_keeps_is_asked_for_in_words(target: str, kept: dict[str, Any], named: str) -> None:
    with pytest.raises(Unsupported, match=f"{named}.*Acme cannot read it: send the messages themselves"):
        prepared(target, **kept)


def test_a_provider_of_the_same_protocol_may_keep_it() -> None:
    assert prepared("openai-responses", previous_response_id="resp_1").request.extra == {"previous_response_id": "resp_1"}


@pytest.mark.parametrize("extra", [{"previous_response_id": None}, {"input": [{"type": "item_reference", "id": "rs_1"}, HELLO]}])
def test_what_says_nothing_or_names_a_thought_alone_stops_nobody(extra: dict[str, Any]) -> None:
    assert prepared("anthropic-messages", **extra).request.messages


def test_what_was_said_beside_a_call_is_left_behind_for_the_call_says_what_it_came_to() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    done = {"type": "function_call_output", "call_id": "c1", "output": "18"}
    fitted = prepared("cohere-chat", input=[HELLO, {"type": "item_reference", "id": "msg_1"}, call, done])
    assert [message.role for message in fitted.request.messages] == ["user", "assistant", "tool"]
