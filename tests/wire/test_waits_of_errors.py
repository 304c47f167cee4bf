"""How long an error says to wait, in every wire alike."""

from __future__ import annotations

import pytest

from turnout.registry import Registry
from turnout.types import HttpResponse, Target

WIRES = Registry(environ={}).wires
CHATTING = sorted(name for name in WIRES.names() if WIRES.get(name).chat is not None)


@pytest.mark.parametrize("name", CHATTING)
def test_a_date_to_come_back_at_counts_from_the_date_of_the_answer(name: str) -> None:
    codec = WIRES.get(name).chat
    assert codec is not None
    headers = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}
    error = codec.decode_error(HttpResponse(status=429, headers=headers, body=b"{}"), Target("acme", "m"))
    assert error.retry_after == 30.0
