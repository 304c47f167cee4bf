"""What an answer or an error to asking for the models says of a provider."""

from __future__ import annotations

import pytest

from turnout.catalog.schema import Provider
from turnout.discovery.health import answered, failed
from turnout.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    Error,
    MissingKey,
    ModelNotFound,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
)

ROW = Provider(
    id="acme",
    name="Acme",
    wire="openai-chat",
    base_url="https://acme.test/v1",
    key_env=("ACME_API_KEY",),
    key_url="https://acme.test/keys",
)


@pytest.mark.parametrize(
    ("error", "reachable", "authenticated", "remedy"),
    [
        (AuthenticationFailed("no", status=401), True, False, "it refuses the key: put a valid one in ACME_API_KEY (https://acme.test/keys)"),
        (AuthenticationFailed("no", status=403), True, None, "or what the key may do"),
        (QuotaExhausted("no", status=402), True, True, "no credit left"),
        (RateLimited("no", status=429), True, None, "wait"),
        (ModelNotFound("no", status=404), True, None, "is https://acme.test/v1 its base_url?"),
        (ServerFault("no", status=500), True, None, "try again later"),
        (TimedOut("no"), False, None, "--timeout 30"),
        (TimedOut("no", status=504), True, None, "--timeout 30"),
        (DeadlineExceeded("no"), False, None, "--timeout 30"),
        (TransportFailed("no"), False, None, "no connection to https://acme.test/v1"),
        (RequestError("no", status=400), True, None, "refuses to list its models"),
        (MissingKey("no"), None, None, "the error says how"),
    ],
)  # fmt: skip
def test_each_error_says_what_is_known_and_what_to_do(error: Error, reachable, authenticated, remedy):
    found = failed(error, ROW, "ACME_API_KEY", 0.5)
    assert (found.reachable, found.authenticated) == (reachable, authenticated)
    assert remedy in found.remedy
    assert not found.healthy


def test_a_key_counts_as_taken_only_if_who_sends_none_is_refused():
    assert answered(3, 0.1, signed=True, unsigned=AuthenticationFailed("no", status=401)).authenticated is True
    assert answered(3, 0.1, signed=True, unsigned=RequestError("no key", status=400)).authenticated is True


def test_a_list_that_anybody_gets_says_nothing_of_the_key():
    found = answered(3, 0.1, signed=True, unsigned=True)
    assert (found.authenticated, found.healthy) == (None, True)
    assert "anybody" in found.remedy


@pytest.mark.parametrize("error", [TimedOut("no"), RateLimited("no"), ServerFault("no"), TransportFailed("no")])
def test_a_fault_without_a_key_says_nothing_of_the_key(error):
    assert answered(3, 0.1, signed=True, unsigned=error).authenticated is None


def test_where_no_key_was_sent_nothing_is_said_of_one():
    assert answered(3, 0.1, signed=False, unsigned=False).authenticated is None
