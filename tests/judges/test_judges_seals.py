"""Envelopes in the vendors' own words: the SDKs read what holds one, and their types take what came out of it."""

from __future__ import annotations

import pytest
from judges_answers import Heard
from judges_clients import client
from judges_requests import judge
from judges_rules import explained_request
from sealed_answers import PAIRS, encoded, next_turn, rendered, shown, written

CALLS = {"gemini": [("weather", {"city": "Paris"}), ("weather", {"city": "Rome"})]}


@pytest.mark.parametrize(("upstream", "caller"), PAIRS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_sdk_hears_an_answer_with_an_envelope(upstream: str, caller: str, stream: bool) -> None:
    body = rendered(upstream, caller, stream=stream)
    heard = client(caller).stream(body) if stream else client(caller).whole(200, body)
    assert isinstance(heard, Heard)
    assert list(heard.calls) == CALLS.get(upstream, [("weather", {"city": "Paris"})])


@pytest.mark.parametrize(("upstream", "caller"), PAIRS)
def test_what_comes_out_of_an_envelope_fits_the_types_of_its_vendor(upstream: str, caller: str) -> None:
    http, _ = encoded(caller, next_turn(caller, shown(upstream, caller, stream=False)), upstream)
    assert [why for why in judge(upstream)(http.body) if not explained_request(upstream, why, http)] == []


@pytest.mark.parametrize(("upstream", "caller"), [pair for pair in PAIRS if pair[1] != "openai-chat"])
def test_a_caller_sends_an_envelope_back_in_a_field_of_its_own_vendors_types(upstream: str, caller: str) -> None:
    """Chat Completions has none: ``reasoning_details`` is a router's word, which the SDK sends where it was given."""
    body = written(next_turn(caller, shown(upstream, caller, stream=False)))
    assert judge(caller)(body) == []
