"""The line under an answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from turnout.cli.summary import Timing, cost, losses, summarise
from turnout.types import Attempt, Completion, Cost, Receipt, ReceiptLine, Target, Usage

TARGET = Target("local", "smollm2-135m")


def completion(**fields):
    return Completion(id="1", model="smollm2-135m", choices=(), target=TARGET, **fields)


def test_it_names_model_tokens_speed_first_token_cost_and_receipt():
    done = completion(
        usage=Usage(uncached_input_tokens=34, text_output_tokens=58),
        cost=Cost(total=Decimal(0), buckets={}, source="built in"),
        receipt=Receipt(request_fields=("model", "messages", "temperature")),
    )
    assert summarise(done, Timing(total=0.373, first=0.04)) == (
        "smollm2-135m via local · 34 in · 58 out · 171 tok/s · 0.04 s to first · cost $0 · receipt: 3 fields, all exact"
    )


def test_tokens_that_were_not_reported_are_a_question_mark_and_not_zero():
    assert "? in · ? out · 1.50 s" in summarise(completion(), Timing(total=1.5))


def test_cached_input_is_told():
    usage = Usage(uncached_input_tokens=4, cache_read_tokens=30)
    assert "34 in (30 cached)" in summarise(completion(usage=usage), Timing(total=1.0))


def test_more_than_one_attempt_is_told():
    attempts = (Attempt(target=TARGET, seconds=1.0, error="Overloaded"), Attempt(target=TARGET, seconds=1.0))
    assert "2 attempts" in summarise(completion(attempts=attempts), Timing(total=2.0))


def test_what_a_policy_chose_the_model_by_is_told():
    attempts = (Attempt(target=Target("groq", "m"), seconds=0.2, because="cheapest: free"),)
    assert "· cheapest: free" in summarise(completion(attempts=attempts), Timing(total=2.0))


def test_speed_counts_from_the_first_token_to_the_last():
    usage = Usage(text_output_tokens=11)
    assert " 10 tok/s" in summarise(completion(usage=usage), Timing(total=3.0, first=2.0))


def test_a_model_that_thought_unseen_is_timed_over_the_whole_call():
    usage = Usage(text_output_tokens=10, reasoning_tokens=90)
    assert " 50 tok/s" in summarise(completion(usage=usage), Timing(total=2.0, first=1.9))


def test_reasoning_that_was_streamed_is_timed_from_its_first_token():
    usage = Usage(text_output_tokens=11, reasoning_tokens=90)
    assert " 100 tok/s" in summarise(completion(usage=usage), Timing(total=2.0, first=1.0, saw_reasoning=True))


def test_no_speed_is_told_for_an_answer_that_came_in_one_burst():
    assert "tok/s" not in summarise(completion(usage=Usage(text_output_tokens=9)), Timing(total=1.0, first=1.0))


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [(None, "cost unknown"), ("0", "cost $0"), ("0.0012300", "cost $0.00123"), ("100", "cost $100"), ("0E-7", "cost $0")],
)
def test_a_cost_is_exact_and_without_padding(dollars, shown):
    assert cost(dollars and Decimal(dollars)) == shown


def test_what_translation_lost_is_counted_and_listed():
    lines = (
        ReceiptLine("request", "seed", "dropped", "groq has no word for it"),
        ReceiptLine("request", "stop", "mapped", "one string instead of a list"),
    )
    done = completion(receipt=Receipt(departures=lines, request_fields=("model", "seed", "stop")))
    assert summarise(done, Timing(total=1.0)).endswith("receipt: 3 fields, 1 exact, 1 mapped, 1 dropped")
    assert losses(done) == ["request seed: dropped (groq has no word for it)"]
