"""A chat call whose answer is an object: asked for, read, and asked for again with what was wrong, to a bound."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from people import ANNA, SAID, Asked, Person, Pet, completion, refused

from turnout import Retry
from turnout.errors import DeadlineExceeded, InvalidAnswer, RateLimited, RequestError, ServerFault
from turnout.structured import TypedCompletion
from turnout.testing.transport import Script
from turnout.types import HttpRequest, HttpResponse, Timeouts, Usage

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])

TOO_YOUNG = '{"name":"Anna","age":-1}'
NO_AGE = '{"name":"Anna"}'


def test_an_answer_is_an_object_of_the_type_and_still_the_whole_completion(kind: str) -> None:
    asked = Asked(kind, completion(call='{"name":"Anna","age":31,"pets":[{"name":"Tom","kind":"cat"}]}'))
    done = asked.chat(response_model=Person)
    assert done.parsed == Person("Anna", 31, [Pet("Tom", "cat")])
    assert isinstance(done, TypedCompletion)
    assert (str(done.target), done.id, done.unfit) == ("openai/gpt-4o", "c-1", ())
    assert done.usage.input_tokens == 100
    assert done.receipt is not None
    (record,) = asked.records
    assert (record.outcome, record.cost) == ("ok", done.cost)


def test_what_a_strict_target_says_as_null_takes_its_default(kind: str) -> None:
    asked = Asked(kind, completion(call='{"name":"Anna","age":31,"pets":null}'))
    assert asked.chat(response_model=Person).parsed == ANNA


def test_an_answer_that_does_not_fit_is_asked_for_again_and_the_model_is_told_why(kind: str) -> None:
    asked = Asked(kind, completion(SAID.replace("31", '"31"')), completion(SAID))
    done = asked.chat(response_model=Person, mode="json_schema")
    assert done.parsed == ANNA
    assert asked.sent[1]["messages"] == [
        {"role": "user", "content": "Anna is 31 years old."},
        {"role": "assistant", "content": '{"name":"Anna","age":"31"}'},
        {
            "role": "user",
            "content": "That does not fit: Expected `int`, got `str` - at `$.age`. Answer again, with the whole answer as JSON.",
        },
    ]
    assert [answer.text for answer in done.unfit] == ['{"name":"Anna","age":"31"}']


def test_the_call_of_a_tool_that_does_not_fit_is_answered_with_what_was_wrong(kind: str) -> None:
    asked = Asked(kind, completion(call=TOO_YOUNG), completion(call=SAID))
    assert asked.chat(response_model=Person).parsed == ANNA
    call, result = asked.sent[1]["messages"][1:]
    assert call["tool_calls"][0]["function"]["arguments"] == TOO_YOUNG
    assert (result["role"], result["tool_call_id"]) == ("tool", call["tool_calls"][0]["id"])
    assert result["content"] == ("This does not fit: Expected `int` >= 0 - at `$.age`. Call Person again, with the whole answer.")


def test_every_exchange_is_paid_for_in_the_sum_and_listed_among_the_attempts(kind: str) -> None:
    answers = completion(NO_AGE, usage=(1000, 7)), completion(TOO_YOUNG, usage=(1100, 9)), completion(SAID, usage=(1200, 11))
    asked = Asked(kind, *answers)
    done = asked.chat(response_model=Person, mode="json_schema")
    assert (done.usage.uncached_input_tokens, done.usage.text_output_tokens) == (3300, 27)
    # gpt-4o: $2.50 and $10 for a million tokens
    assert done.cost.total == Decimal("0.008520")
    assert done.cost.total == sum(done.cost.buckets.values())
    assert done.cost.total == sum(answer.cost.total for answer in done.unfit) + Decimal("0.00311")
    assert [attempt.error for attempt in done.attempts] == [None, None, None]
    (record,) = asked.records
    assert (record.usage, record.cost, record.attempts) == (done.usage, done.cost, done.attempts)


def test_a_sum_is_unknown_where_one_exchange_did_not_say_what_it_used(kind: str) -> None:
    asked = Asked(kind, completion(NO_AGE, usage=None), completion(SAID))
    done = asked.chat(response_model=Person, mode="json_schema")
    assert done.usage == Usage()
    assert done.cost is None


def test_it_is_asked_at_most_so_often_and_the_error_holds_what_was_said_and_what_it_cost(kind: str) -> None:
    asked = Asked(kind, completion("Anna?"), completion(NO_AGE), completion(TOO_YOUNG))
    with pytest.raises(InvalidAnswer, match="none of 3 answers fits Person") as raised:
        asked.chat(response_model=Person, mode="json_schema")
    error = raised.value
    assert asked.script.finished
    assert error.text == TOO_YOUNG
    assert error.problems == (
        "it is not JSON",
        "Object missing required field `age`",
        "Expected `int` >= 0 - at `$.age`",
    )
    assert error.completion.usage.input_tokens == 300
    assert len(error.completion.attempts) == 3
    assert str(error.target) == "openai/gpt-4o"
    (record,) = asked.records
    assert (record.outcome, record.cost) == ("InvalidAnswer", error.completion.cost)


@pytest.mark.parametrize("retries", [0, 1, 4, 10])
def test_max_retries_says_how_often(kind: str, retries: int) -> None:
    asked = Asked(kind, *[completion(NO_AGE)] * (retries + 1))
    with pytest.raises(InvalidAnswer) as raised:
        asked.chat(response_model=Person, mode="json_schema", max_retries=retries)
    assert len(asked.sent) == retries + 1 == len(raised.value.problems)


@pytest.mark.parametrize("retries", [-1, 11, 2.0, True, "2"])
def test_max_retries_has_a_bound(kind: str, retries: Any) -> None:
    asked = Asked(kind)
    with pytest.raises(RequestError, match="from 0 to 10"):
        asked.chat(response_model=Person, max_retries=retries)
    assert asked.sent == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (completion('{"name":"An', finish="length"), "cut off: raise max_output_tokens"),
        (completion(None, refusal="I would rather not."), "the model refused"),
        (completion("", finish="content_filter"), "a filter"),
    ],
)
def test_what_asking_again_would_not_mend_is_not_asked_again(kind: str, answer: HttpResponse, why: str) -> None:
    asked = Asked(kind, answer)
    with pytest.raises(InvalidAnswer, match=why):
        asked.chat(response_model=Person, mode="json_schema")
    assert len(asked.sent) == 1


def test_when_asking_again_fails_the_answer_that_was_paid_for_is_not_lost(kind: str) -> None:
    limited = HttpResponse(status=429, headers={"retry-after": "9999"}, body=b'{"error":{"message":"slow down"}}')
    asked = Asked(kind, completion(NO_AGE), limited)
    with pytest.raises(InvalidAnswer, match=r"asking again failed: .*slow down") as raised:
        asked.chat(response_model=Person, mode="json_schema")
    assert isinstance(raised.value.__cause__, RateLimited)
    assert raised.value.text == NO_AGE
    assert raised.value.completion.usage.input_tokens == 100
    assert asked.records[0].usage == raised.value.completion.usage


def test_what_fails_before_any_answer_is_the_error_of_any_call(kind: str) -> None:
    asked = Asked(kind, refused("no such thing", 500), retry=Retry(attempts=1))
    with pytest.raises(ServerFault):
        asked.chat(response_model=Person)
    (record,) = asked.records
    assert (record.outcome, record.usage) == ("ServerFault", None)


def test_failed_attempts_count_for_all_that_is_asked_together(kind: str) -> None:
    failing = refused("down", 500)
    asked = Asked(kind, failing, completion(NO_AGE), failing, retry=Retry(attempts=2, per_target=5, backoff=0.0))
    with pytest.raises(InvalidAnswer, match="asking again failed") as raised:
        asked.chat(response_model=Person, mode="json_schema")
    assert [attempt.error for attempt in raised.value.completion.attempts] == ["ServerFault", None, "ServerFault"]
    assert asked.records[0].attempts == raised.value.completion.attempts


def test_no_answer_is_asked_for_when_the_time_of_the_call_is_over(kind: str) -> None:
    asked = Asked(kind, completion(NO_AGE), timeout=Timeouts(total=0.0))
    with pytest.raises(InvalidAnswer, match="no time was left") as raised:
        asked.chat(response_model=Person, mode="json_schema")
    assert isinstance(raised.value.__cause__, DeadlineExceeded)
    assert len(asked.sent) == 1


def test_another_target_reads_what_was_wrong_in_the_form_that_it_is_asked_in(kind: str) -> None:
    failing, late = refused("down", 503), {"name": "Anna", "age": 31}
    message = {
        "id": "m-1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "Person", "input": late}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 3},
    }
    answer = HttpResponse(status=200, body=json.dumps(message).encode())
    asked = Asked(kind, completion("Anna, 31"), failing, answer, retry=Retry(attempts=6, per_target=1))
    done = asked.chat(model=["openai/gpt-4o", "anthropic/claude-sonnet-4-5"], response_model=Person)
    assert done.parsed == ANNA
    assert str(done.target) == "anthropic/claude-sonnet-4-5"
    assert asked.sent[2]["messages"][1:] == [
        {"role": "assistant", "content": "Anna, 31"},
        {"role": "user", "content": "That does not fit: it is not JSON. Call Person again, with the whole answer as JSON."},
    ]
    assert asked.sent[2]["tool_choice"] == {"type": "tool", "name": "Person"}


def test_a_call_that_did_not_fit_is_told_as_text_to_a_target_that_is_offered_no_tool(kind: str) -> None:
    asked = Asked(kind, completion(call=NO_AGE), refused("down", 503), completion(SAID), retry=Retry(per_target=1))
    done = asked.chat(model=["openai/gpt-4o", "perplexity/sonar"], response_model=Person)
    assert (done.parsed, str(done.target)) == (ANNA, "perplexity/sonar")
    assert asked.sent[2]["response_format"]["type"] == "json_schema"
    assert asked.sent[2]["messages"][1:] == [
        {"role": "assistant", "content": NO_AGE},
        {
            "role": "user",
            "content": "That does not fit: Object missing required field `age`. Answer again, with the whole answer as JSON.",
        },
    ]
    assert "tools" not in asked.sent[2]


def test_several_calls_where_one_was_wanted_are_answered_each_and_asked_for_again(kind: str) -> None:
    function = {"name": "Person", "arguments": SAID}
    calls = [{"id": f"call_{at}", "type": "function", "function": function} for at in (1, 2)]
    asked = Asked(kind, completion(None, finish="tool_calls", tool_calls=calls), completion(call=SAID))
    done = asked.chat(response_model=Person)
    assert done.parsed == ANNA
    assert [message.get("tool_call_id") for message in asked.sent[1]["messages"][2:]] == ["call_1", "call_2"]
    assert "calls Person 2 times" in asked.sent[1]["messages"][2]["content"]


def test_a_target_that_calls_no_tool_may_say_the_object(kind: str) -> None:
    assert Asked(kind, completion(f"Here it is:\n```json\n{SAID}\n```")).chat(response_model=Person).parsed == ANNA


def test_a_types_own_rules_are_told_to_the_model(kind: str) -> None:
    class Even(msgspec.Struct):
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("number must be even")

    asked = Asked(kind, completion('{"number":3}'), completion('{"number":4}'))
    assert asked.chat("A number", response_model=Even, mode="json_object").parsed == Even(4)
    assert "number must be even" in asked.sent[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"tools": [{"type": "function", "function": {"name": "look"}}]}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"response_format": {"type": "object"}}, "response_format"),
        ({"n": 2}, "n"),
    ],
)
def test_what_says_another_form_of_the_answer_is_refused_before_anything_is_sent(
    kind: str, options: dict[str, Any], name: str
) -> None:
    asked = Asked(kind)
    with pytest.raises(RequestError) as raised:
        asked.chat(response_model=Person, **options)
    assert raised.value.param == name
    assert asked.sent == []


@pytest.mark.parametrize("options", [{"mode": "tools"}, {"max_retries": 1}])
def test_how_to_ask_for_an_object_needs_its_type(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="response_model"):
        Asked(kind).chat(**options)


def test_the_other_options_of_a_call_go_with_it(kind: str) -> None:
    asked = Asked(kind, completion(call=SAID))
    asked.chat(
        messages=[{"role": "user", "content": "Anna, 31"}], system="Read.", temperature=0.5, response_model=Person, prompt=None
    )
    (body,) = asked.sent
    assert body["temperature"] == 0.5
    assert body["messages"] == [{"role": "system", "content": "Read."}, {"role": "user", "content": "Anna, 31"}]


class Interrupted(Script):
    """As a script, and then somebody loses patience."""

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        if self.finished:
            raise KeyboardInterrupt
        return super().send(request, timeouts=timeouts, deadline=deadline)


def test_who_gives_up_while_it_is_asked_again_has_paid_for_what_was_answered(kind: str) -> None:
    asked = Asked(kind)
    asked.script = Interrupted(completion(NO_AGE))
    with pytest.raises(KeyboardInterrupt):
        asked.chat(response_model=Person, mode="json_schema")
    (record,) = asked.records
    assert (record.outcome, record.usage.input_tokens) == ("cancelled", 100)


def test_what_a_type_raises_by_mistake_is_raised_and_the_answer_is_still_accounted_for(kind: str) -> None:
    class Faulty(msgspec.Struct):
        name: str

        def __post_init__(self) -> None:
            raise KeyError("a mistake of its author")

    asked = Asked(kind, completion('{"name":"Anna"}'))
    with pytest.raises(KeyError, match="a mistake of its author"):
        asked.chat(response_model=Faulty, mode="json_schema")
    (record,) = asked.records
    assert record.cost is not None


def test_no_message_of_an_error_says_what_the_model_said(kind: str) -> None:
    asked = Asked(kind, *[completion('{"name":"Anna","age":31,"pets":[{"name":"Tom","kind":"a secret"}]}')] * 3)
    with pytest.raises(InvalidAnswer) as raised:
        asked.chat(response_model=Person, mode="json_schema")
    assert "secret" not in str(raised.value)
    assert raised.value.problems[0] == "Invalid enum value - at `$.pets[0].kind`"  # msgspec says the value; we do not
    assert "a secret" in raised.value.text
