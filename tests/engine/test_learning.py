"""A refused field is left out, the call made again, and the target remembered: driven by hand, and by both clients."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from turnout.catalog.measured import Measured
from turnout.catalog.schema import Limit
from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.config import Config
from turnout.engine.learned import MOST_TARGETS, Learned
from turnout.errors import RequestError, Unsupported
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import ChatRequest, HttpResponse, Message, Target, Text, Tool

ENVIRON = {"GROQ_API_KEY": "gsk-real-looking-1234", "ANTHROPIC_API_KEY": "sk-ant-real-looking-1234"}
ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
STREAM = ScriptedStream(
    chunks=[
        b'data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"hi"},'
        b'"finish_reason":null}]}\n\n',
        b'data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},'
        b'"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    ]
)
MODEL = "groq/new-model"


def refusal(message: str, status: int = 400, **facts: Any) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"error": {"message": message, **facts}}).encode())


NO_SEED = refusal("property 'seed' is unsupported", type="invalid_request_error")
NO_TOP_P = refusal("property 'top_p' is unsupported", type="invalid_request_error")


def registry() -> Registry:
    return Registry(environ=ENVIRON, config=Config())


def bodies(script: Script) -> list[dict[str, Any]]:
    return [json.loads(request.body or b"") for request in script.sent]


@pytest.fixture(params=["sync", "async"])
def chat(request: pytest.FixtureRequest) -> Any:
    """Asks with either client, for the completion."""

    def ask(known: Registry, script: Script, **options: Any) -> Any:
        if request.param == "sync":
            with Client(known, script) as client:
                return client.chat("hello", model=MODEL, **options)

        async def go() -> Any:
            async with AsyncClient(known, script.asynchronous) as client:
                return await client.chat("hello", model=MODEL, **options)

        return asyncio.run(go())

    return ask


def test_a_refused_field_is_left_out_once_receipted_and_not_sent_again(chat):
    known, script = registry(), Script(NO_SEED, ANSWER, ANSWER)
    answer = chat(known, script, seed=7)
    assert answer.text == "hi"
    assert [body.get("seed") for body in bodies(script)] == [7, None]
    assert [attempt.status for attempt in answer.attempts] == [400, None]
    (line,) = [line for line in answer.receipt.lines if line.field == "seed"]
    assert line.fate == "dropped"
    assert "learned from groq/new-model" in line.reason
    again = chat(known, script, seed=7)
    assert "seed" not in bodies(script)[2]
    assert len(again.attempts) == 1
    assert any(line.field == "seed" for line in again.receipt.lines)


def test_several_refused_fields_are_learned_one_by_one(chat):
    known, script = registry(), Script(NO_SEED, NO_TOP_P, ANSWER)
    assert chat(known, script, seed=7, top_p=0.5, temperature=0.1).text == "hi"
    assert bodies(script)[2].keys() >= {"temperature"}
    assert not bodies(script)[2].keys() & {"seed", "top_p"}


def test_what_is_refused_though_it_was_left_out_is_raised_and_not_tried_for_ever(chat):
    script = Script(NO_SEED, NO_SEED)
    with pytest.raises(RequestError, match="'seed' is unsupported"):
        chat(registry(), script, seed=7)
    assert script.finished


def test_a_refusal_of_a_field_that_was_not_sent_teaches_nothing(chat):
    known, script = registry(), Script(NO_SEED)
    with pytest.raises(RequestError):
        chat(known, script, temperature=0.1)
    assert known.learned.by_target == {}


def test_strict_translation_leaves_nothing_out_and_learns_nothing(chat):
    known, script = registry(), Script(NO_SEED)
    with pytest.raises(RequestError, match="'seed' is unsupported"):
        chat(known, script, seed=7, translation="strict")
    assert known.learned.by_target == {}


def test_strict_translation_refuses_what_was_learned_before_anything_is_sent(chat):
    known, script = registry(), Script(NO_SEED, ANSWER)
    chat(known, script, seed=7)
    with pytest.raises(Unsupported, match="seed"):
        chat(known, script, seed=7, translation="strict")
    assert script.finished


def test_a_bound_on_the_answer_is_lowered_and_never_left_out(chat):
    too_large = refusal("max_tokens: 100000 > 4096, which is the maximum allowed number of output tokens for new-model")
    script = Script(too_large, ANSWER)
    chat(registry(), script, max_output_tokens=100000)
    assert [body.get("max_tokens") or body.get("max_completion_tokens") for body in bodies(script)] == [100000, 4096]
    script = Script(refusal("property 'max_tokens' is unsupported"))
    with pytest.raises(RequestError):
        chat(registry(), script, max_output_tokens=10)


def test_the_other_name_of_the_bound_is_used_where_it_is_wanted(chat):
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    script = Script(refusal(said, type="invalid_request_error", param="max_tokens", code="unsupported_parameter"), ANSWER)
    chat(registry(), script, max_output_tokens=10)
    assert [body.get("max_completion_tokens") for body in bodies(script)] == [None, 10]
    assert "max_tokens" not in bodies(script)[1]


@pytest.mark.parametrize(
    "name", ["tools", "tool_choice", "messages", "model", "response_format", "max_tokens", "service_tier", "n"]
)
def test_what_bounds_meaning_money_or_danger_is_never_left_out(chat, name):
    script = Script(refusal(f"Unsupported parameter: '{name}'", param=name, code="unsupported_parameter"))
    tool = Tool(name="look", description="", parameters={"type": "object", "properties": {}})
    with pytest.raises(RequestError):
        chat(registry(), script, tools=(tool,), max_output_tokens=5, n=1, service_tier="auto")
    assert script.finished


def test_a_stream_learns_as_a_whole_answer_does():
    known, script = registry(), Script(NO_SEED, STREAM)
    with Client(known, script) as client, client.stream("hello", model=MODEL, seed=7) as stream:
        assert "".join(stream.text()) == "hi"
        lines = stream.completion().receipt.lines
    assert [body.get("seed") for body in bodies(script)] == [7, None]
    assert any(line.field == "seed" for line in lines)


def test_learning_takes_no_attempt_from_those_of_the_target_but_from_the_calls(chat):
    script = Script(NO_SEED, HttpResponse(status=500, body=b"{}"), HttpResponse(status=500, body=b"{}"), ANSWER)
    from turnout.engine.plan import Retry

    with Client(registry(), script, retry=Retry(attempts=4, per_target=3, backoff=0.0)) as client:
        assert client.chat("hello", model=MODEL, seed=7).text == "hi"


def test_one_target_learns_nothing_of_another():
    known, script = registry(), Script(NO_SEED, ANSWER, ANSWER)
    with Client(known, script) as client:
        client.chat("hello", model=MODEL, seed=7)
        client.chat("hello", model="groq/other-model", seed=7)
    assert bodies(script)[2]["seed"] == 7


def test_who_keeps_what_is_learned_is_told_once():
    told: list[tuple[Target, Measured]] = []
    known, script = registry(), Script(NO_SEED, ANSWER, ANSWER)
    known.learned.tell = lambda target, new: told.append((target, new))
    with Client(known, script) as client:
        client.chat("hello", model=MODEL, seed=7)
        client.chat("hello", model=MODEL, seed=7)
    assert [(str(target), new.limits.keys()) for target, new in told] == [(MODEL, {"seed"})]


def test_what_is_learned_is_bounded():
    learned = Learned(
        {Target("groq", str(number)): Measured(limits={"seed": Limit(unsupported=True)}) for number in range(MOST_TARGETS)}
    )
    candidate = registry().plan("groq/one-more").candidates[0]
    request = ChatRequest(model="one-more", messages=(Message("user", (Text("hi"),)),), seed=1)
    error = RequestError("property 'seed' is unsupported", status=400, target=candidate.target)
    assert not learned.learn(candidate, error, request)
    assert len(learned.by_target) == MOST_TARGETS


def test_of_two_calls_that_are_refused_at_once_both_are_made_again():
    learned, candidate = Learned(), registry().plan(MODEL).candidates[0]
    request = ChatRequest(model="new-model", messages=(Message("user", (Text("hi"),)),), seed=1)
    error = RequestError("property 'seed' is unsupported", status=400, target=candidate.target)
    assert learned.learn(candidate, error, request, used=None)
    assert learned.learn(candidate, error, request, used=None)
    assert not learned.learn(candidate, error, request, used=learned.by_target[candidate.target])


def test_usage_that_we_ask_for_in_a_stream_is_left_out_where_it_is_refused():
    script = Script(refusal("property 'stream_options' is unsupported"), STREAM)
    with Client(registry(), script) as client, client.stream("hello", model=MODEL) as stream:
        assert "".join(stream.text()) == "hi"
    assert ["stream_options" in body for body in bodies(script)] == [True, False]


def test_nothing_is_looked_up_for_a_target_before_something_was_refused():
    known = registry()
    candidate = known.plan(MODEL).candidates[0]
    assert known.learned.fitted(candidate) is candidate
