"""Whether a model chats: the question, and what is made of what comes back."""

from __future__ import annotations

import pytest

from turnout.discovery.verdicts import eased, ends_all, ping, verdict
from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    CircuitOpen,
    ConfigError,
    ContextTooLong,
    DeadlineExceeded,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
    Unsupported,
)
from turnout.types import Choice, Completion, FinishReason, Message, Target, Text

TARGET = Target("openai", "gpt-5")


def answered(text: str, finish: str = "stop") -> Completion:
    choice = Choice(message=Message("assistant", (Text(text),)), finish=FinishReason(finish))
    return Completion(id="c", choices=(choice,), model="m")


def test_the_question_is_the_one_that_earlier_programs_asked():
    request = ping(TARGET)
    assert request.model == "openai/gpt-5"
    assert [(message.role, message.text) for message in request.messages] == [
        ("system", "If I say 'ping', you will respond with 'pong'."),
        ("user", "ping"),
    ]
    assert (request.max_output_tokens, request.temperature) == (10, 0.1)


@pytest.mark.parametrize("text", ["pong", "Pong!", "PONG", "Sure: 'pong'."])
def test_pong_in_any_case_and_anywhere_is_valid(text):
    assert verdict(answered(text)) == "valid"


@pytest.mark.parametrize("text", ["ping", "Hello", ""])
def test_another_answer_is_invalid(text):
    assert verdict(answered(text)) == "invalid"


def test_a_model_that_was_still_thinking_when_its_room_ended_is_unknown():
    assert verdict(answered("", "length")) == "unknown"
    assert verdict(answered("I am a", "length")) == "invalid"


@pytest.mark.parametrize("error", [RequestError, ContextTooLong, ModelNotFound, Unsupported])
def test_a_refusal_for_good_is_invalid(error):
    assert verdict(error("no")) == "invalid"


@pytest.mark.parametrize(
    "error",
    [
        TimedOut,
        DeadlineExceeded,
        RateLimited,
        Overloaded,
        ServerFault,
        TransportFailed,
        QuotaExhausted,
        CircuitOpen,
        AuthenticationFailed,
        ConfigError,
    ],
)
def test_a_timeout_or_any_fault_that_may_pass_never_makes_a_model_invalid(error):
    assert verdict(error("no")) == "unknown"


def test_of_several_failures_the_last_counts():
    assert verdict(AllTargetsFailed([(TARGET, TimedOut("slow")), (TARGET, ModelNotFound("none"))])) == "invalid"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("Unsupported value: 'temperature' does not support 0.1 with this model.", (10, None)),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", (None, 0.1)),
        ("Invalid 'max_output_tokens': integer below minimum value.", (None, 0.1)),
    ],
)
def test_a_refusal_of_a_field_of_the_question_says_nothing_of_the_model_and_is_asked_without_it(message, left):
    request = eased(ping(TARGET), RequestError(message))
    assert request is not None
    assert (request.max_output_tokens, request.temperature) == left


def test_a_field_is_left_out_once_and_another_complaint_is_an_answer():
    request = ping(TARGET)
    assert eased(request, RequestError("this is not a chat model")) is None
    assert eased(request, TimedOut("temperature")) is None
    without = eased(request, RequestError("refused", param="temperature"))
    assert without is not None
    assert eased(without, RequestError("refused", param="temperature")) is None


def test_only_a_refused_key_is_the_answer_to_every_question():
    assert ends_all(AuthenticationFailed("no", status=401))
    assert not ends_all(AuthenticationFailed("not this model", status=403))
    assert not ends_all(RateLimited("no", status=429))
