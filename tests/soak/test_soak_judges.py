"""The judge of the soak can object."""

from __future__ import annotations

from typing import Any

import pytest
from soak_callers import Caller, Wrong, judged
from soak_run import verdict
from soak_upstream import FAULTS, TEXT, Upstream

WHOLE = b'{"choices":[{"message":{"content":"%s"}}]}' % TEXT
EVENT = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % TEXT
ERROR = b'data: {"error":{"message":"it broke off"}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_the_providers_answer_is_right():
    assert judged(200, WHOLE, anthropic=False, stream=False) == "answered"
    assert judged(200, EVENT + DONE, anthropic=False, stream=True) == "answered"


def test_an_error_of_the_protocol_is_an_honest_end():
    assert judged(502, b'{"error":{"message":"it hung up"}}', anthropic=False, stream=False) == "refused"
    assert judged(200, ERROR, anthropic=False, stream=True) == "refused"


@pytest.mark.parametrize(
    ("status", "answer", "stream"),
    [
        (500, b'{"detail":"Internal Server Error"}', False),
        (200, b'{"choices":[{"message":{"content":"word0"}}]}', False),
        (200, EVENT, True),
        (200, DONE, True),
        (200, b"", True),
        (200, EVENT + ERROR + DONE, True),
    ],
)
def test_anything_else_is_wrong(status, answer, stream):
    with pytest.raises(Wrong):
        judged(status, answer, anthropic=False, stream=stream)


def seen(**changed: Any) -> list[str]:
    """What did not hold of a run in which everything did but for what ``changed`` says."""
    caller, upstream = Caller(1, 1, 0.0), Upstream(1, 0.0)
    caller.seen = {"answered": 900, "refused": 50, "left": 50}
    upstream.told = dict.fromkeys(FAULTS, 5)
    facts: dict[str, Any] = {"wrong": [], "memory": [40.0] * 100, "late": [0.5] * 100, "before": 15, "after": 15, "timed": True}
    return verdict(**facts | {"callers": [caller], "upstream": upstream} | changed)


def test_a_run_in_which_everything_held_is_right():
    assert seen() == []


def test_memory_that_grows_is_wrong_and_what_it_takes_to_begin_with_is_not():
    assert seen(memory=[20.0] * 25 + [40.0] * 75) == []
    assert seen(memory=[40.0 + at / 10 for at in range(100)]) == ["memory grew by 5.0 MiB, more than 4.0 MiB"]


def test_a_file_that_stays_open_is_wrong():
    assert seen(after=17) == ["2 files or sockets were left open"]


def test_a_loop_that_is_held_up_is_wrong_in_a_run_that_is_timed():
    late = [0.5] * 97 + [30.0] * 3
    assert seen(late=late) == ["the event loop was held up: 30.0 ms, not under 10 ms"]
    assert seen(late=late, timed=False) == []


def test_calls_that_ended_wrongly_are_told():
    assert seen(wrong=["Wrong: a clean end"]) == ["a call ended wrongly: Wrong: a clean end"]


def test_a_run_that_saw_too_little_is_wrong():
    untold = Upstream(1, 0.0)
    assert "give it more SECONDS" in seen(upstream=untold)[0]
