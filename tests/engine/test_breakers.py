"""Circuit breakers: when a target is left alone, for how long, and how many targets are remembered."""

from __future__ import annotations

from turnout.engine.breaker import Breakers
from turnout.types import Target

ACME = Target("acme", "large-1")


def test_a_target_is_left_alone_after_three_failures_in_a_row_and_then_one_call_is_let_through() -> None:
    breakers = Breakers()
    for at in (0.0, 1.0):
        breakers.failed(ACME, at)
        assert breakers.admits(ACME, at)
    breakers.failed(ACME, 2.0)
    assert not breakers.admits(ACME, 31.9)
    assert breakers.admits(ACME, 32.0)  # the one that finds out
    assert not breakers.admits(ACME, 32.1)


def test_a_success_closes_it_and_the_failures_before_it_are_forgotten() -> None:
    breakers = Breakers()
    for _ in range(3):
        breakers.failed(ACME, 0.0)
    breakers.succeeded(ACME)
    breakers.failed(ACME, 1.0)
    assert breakers.state(ACME, 1.0) == "closed"
    assert breakers.failures(ACME) == 1


def test_a_provider_that_asks_for_a_longer_rest_gets_it() -> None:
    breakers = Breakers()
    for _ in range(3):
        breakers.failed(ACME, 0.0, retry_after=90.0)
    assert breakers.resting(10.0) == [(ACME, 80.0)]


def test_callers_who_name_ever_new_models_of_a_provider_that_is_down_fill_no_memory() -> None:
    breakers = Breakers()
    for number in range(5000):
        breakers.failed(Target("acme", f"made-up-{number}"), 0.0)
    assert breakers.failures(Target("acme", "made-up-0")) == 0
    assert breakers.failures(Target("acme", "made-up-4999")) == 1
    assert sum(breakers.failures(Target("acme", f"made-up-{number}")) for number in range(5000)) == 4096
