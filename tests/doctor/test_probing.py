"""The questions of a probe: what they cost, and what answers and errors to them come to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from turnout.catalog.measured import Measured, narrowed_by
from turnout.catalog.schema import Limit, Limits, Model, Price, Provider, Quirks
from turnout.client.probe import _kind
from turnout.discovery.probing import TRIALS, Seen, Trial
from turnout.discovery.probing_results import aside, cost_of, drift, estimate, reading
from turnout.errors import ContextTooLong, Error, Overloaded, RequestError, TimedOut
from turnout.types import Target

TARGET = Target("acme", "m")
PRICE = Price(input=Decimal(1), output=Decimal(2))


def trial(name: str) -> Trial:
    return next(trial for trial in TRIALS if trial.name == name)


def refused(name: str, message: str, kind: type[Error] = RequestError, status: int | None = 400) -> Seen:
    return Seen(request=trial(name).request("m"), error=kind(message, status=status, target=TARGET))


def test_the_estimate_is_the_sum_of_the_questions_and_none_where_a_rate_is_not_known():
    costs = [cost_of(one, PRICE) for one in TRIALS]
    assert estimate(PRICE) == sum(cost for cost in costs if cost is not None)
    assert estimate(None) is None
    assert estimate(Price(input=Decimal(1))) is None


def test_the_estimate_is_not_below_what_full_answers_cost():
    assert (cost_of(trial("plain"), PRICE) or 0) >= Decimal(256 * 2) / 1_000_000


@pytest.mark.parametrize("error", [Overloaded("no", status=503), TimedOut("no"), RequestError("no", status=404)])
def test_a_fault_says_nothing_of_the_model(error: Error):
    found = reading(trial("tools"), Seen(request=trial("tools").request("m"), error=error))
    assert found.found["tools"].startswith("unknown: ")
    assert not found.narrows


def test_a_context_that_a_refusal_names_is_found():
    said = "This model's maximum context length is 32768 tokens. However, you requested 100000012 tokens"
    found = reading(trial("limit of an answer"), refused("limit of an answer", said, ContextTooLong))
    assert found.found == {"limit of an answer": "the context", "context tokens": "32768"}


def test_a_refusal_of_too_much_room_without_a_number_narrows_nothing():
    found = reading(trial("limit of an answer"), refused("limit of an answer", "too much"))
    assert (found.found, found.narrows) == ({"limit of an answer": "refused, without a number"}, False)


def test_a_refusal_of_another_field_is_no_answer_to_the_question():
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    assert aside(trial("tools"), refused("tools", said)) == Measured(rename={"max_tokens": "max_completion_tokens"})
    assert aside(trial("temperature"), refused("temperature", "`temperature` is deprecated for this model.")) is None
    assert aside(trial("tools"), refused("tools", "no tools here")) is None


def test_drift_tells_what_is_otherwise_and_not_what_could_not_be_told():
    old = Measured(found={"tools": "yes", "image": "unknown: TimedOut", "logprobs": "yes"}, fingerprint={"server": "a"})
    new = Measured(found={"tools": "refused", "image": "yes", "logprobs": "unknown: TimedOut"}, fingerprint={"server": "b"})
    assert drift(old, new) == ("tools was yes, and is refused", "backend: server was a, and is b")
    assert drift(new, new) == ()


def test_what_was_measured_holds_beside_what_was_read_and_twice_is_once():
    provider = Provider(
        id="acme", name="Acme", wire="openai-chat", base_url="https://acme.test", quirks=Quirks(rename={"a": "b"})
    )
    read = Limit(most=2.0, source="a page")
    model = Model(target=TARGET, supports=frozenset({"tools"}), limits=Limits(fields={"temperature": (read,)}))
    found = Limit(most=1.0, source="measured")
    measured = Measured(limits={"temperature": found}, rename={"a": "c", "d": "e"}, lacks=frozenset({"tools"}))
    for _ in range(2):
        provider, narrow = narrowed_by(measured, provider, model, TARGET)
        assert narrow is not None
        model = narrow
    assert provider.quirks.rename == {"a": "b", "d": "e"}
    assert model.limits is not None
    assert model.limits.fields["temperature"] == (read, found)
    assert (model.lacks, model.supports) == (frozenset({"tools"}), frozenset())


@pytest.mark.parametrize(
    ("id", "kind"),
    [("chatcmpl-PNjeQvl", "chatcmpl"), ("msg_01Xy", "msg"), ("gen-1764", "gen"), ("fadecafe-1234", ""), ("12ab-3", ""), ("", "")],
)
def test_an_id_is_known_by_what_stands_before_its_changing_part(id, kind):
    assert _kind(id) == kind
