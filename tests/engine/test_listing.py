"""Lists that do not end, ask in circles or fail on the way: each page yields, nothing goes on for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from turnout.catalog.schema import Provider
from turnout.effects import Emit, Send, Sleep, Steps
from turnout.engine.breaker import Breakers
from turnout.engine.listing import MOST_PAGES, Listing
from turnout.engine.plan import Candidate, Plan
from turnout.errors import AuthenticationFailed, DeadlineExceeded, Error, RateLimited, ServerFault
from turnout.records import CallRecord
from turnout.types import HttpRequest, HttpResponse, Target, Timeouts
from turnout.wire.anthropic_messages import WIRE

PROVIDER = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="https://h/v1")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sign(request: HttpRequest) -> Steps[HttpRequest]:
    yield from ()
    return request


def plan(clock: Clock, total: float = 60.0) -> Plan:
    candidate = Candidate(target=Target("acme", "models"), provider=PROVIDER, wire=WIRE, sign=sign)
    return Plan(candidates=(candidate,), breakers=Breakers(), clock=clock, draw=lambda: 0.0, timeouts=Timeouts(total=total))


def page(ids: Iterable[str], more: bool) -> HttpResponse:
    data = ",".join(f'{{"type":"model","id":"{id}","display_name":"{id}"}}' for id in ids)
    return HttpResponse(status=200, body=f'{{"data":[{data}],"has_more":{str(more).lower()}}}'.encode())


class Drive:
    """Performs a listing's effects: ``answers`` by the number of the exchange; each takes ``seconds`` of the clock."""

    def __init__(self, answer: Callable[[int], HttpResponse | Error], *, total: float = 60.0, seconds: float = 0.0) -> None:
        self.clock = Clock()
        self.listing = Listing(plan(self.clock, total), "acme/models")
        self.sent: list[HttpRequest] = []
        self.records: list[CallRecord] = []
        self._answer = answer
        self._seconds = seconds

    def run(self, steps: Steps[Any]) -> Any:
        given: Any = None
        failure: Error | None = None
        while True:
            try:
                effect = steps.throw(failure) if failure is not None else steps.send(given)
            except StopIteration as done:
                return done.value
            given = failure = None
            if isinstance(effect, Emit):
                self.records.append(effect.record)
            elif isinstance(effect, Sleep):
                self.clock.now += effect.seconds
            else:
                assert isinstance(effect, Send)
                self.clock.now += self._seconds
                self.sent.append(effect.request)
                answer = self._answer(len(self.sent) - 1)
                if isinstance(answer, Error):
                    failure = answer
                else:
                    given = answer


def test_every_page_is_asked_for_and_the_order_is_kept() -> None:
    pages = [page(["a", "b"], True), page(["c"], True), page(["d"], False)]
    drive = Drive(lambda at: pages[at])
    models = drive.run(drive.listing.models())
    assert [model.id for model in models] == ["a", "b", "c", "d"]
    assert [request.url.partition("?")[2] for request in drive.sent] == [
        "limit=1000",
        "limit=1000&after_id=b",
        "limit=1000&after_id=c",
    ]
    (record,) = drive.records
    assert (record.model, record.outcome, len(record.attempts)) == ("acme/models", "ok", 3)


def test_a_page_that_is_asked_for_twice_is_a_fault() -> None:
    drive = Drive(lambda at: page(["a"], True))
    with pytest.raises(ServerFault, match="same page twice"):
        drive.run(drive.listing.models())
    assert len(drive.sent) == 2
    assert [record.outcome for record in drive.records] == ["ServerFault"]


def test_a_list_without_an_end_is_a_fault() -> None:
    drive = Drive(lambda at: page([f"m{at}"], True))
    with pytest.raises(ServerFault, match="did not end after 200 models"):
        drive.run(drive.listing.models())
    assert len(drive.sent) == MOST_PAGES


@pytest.mark.parametrize(("name", "most"), [("MOST_MODELS", 5), ("MOST_BYTES", 500)])
def test_a_list_has_a_bound_in_models_and_in_bytes(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"turnout.engine.listing.{name}", most)
    drive = Drive(lambda at: page([f"m{at}", f"n{at}"], True))
    with pytest.raises(ServerFault, match="did not end"):
        drive.run(drive.listing.models())
    assert len(drive.sent) < 10


def test_a_page_in_the_middle_is_tried_again_and_no_page_is_lost() -> None:
    answers = [
        page(["a"], True),
        HttpResponse(status=429, body=b'{"type":"error","error":{"type":"rate_limit_error","message":"x"}}'),
    ]
    answers += [page(["b"], False)]
    drive = Drive(lambda at: answers[at])
    assert [model.id for model in drive.run(drive.listing.models())] == ["a", "b"]
    assert [attempt.error for attempt in drive.records[0].attempts] == [None, "RateLimited", None]


def test_a_failing_page_fails_the_list_instead_of_shortening_it() -> None:
    refused = HttpResponse(status=429, body=b'{"type":"error","error":{"type":"rate_limit_error","message":"x"}}')
    drive = Drive(lambda at: page(["a"], True) if at == 0 else refused)
    with pytest.raises(RateLimited):
        drive.run(drive.listing.models())


def test_a_refused_key_is_told_after_one_exchange() -> None:
    refused = HttpResponse(status=401, body=b'{"type":"error","error":{"type":"authentication_error","message":"no"}}')
    drive = Drive(lambda at: refused)
    with pytest.raises(AuthenticationFailed, match="acme/models"):
        drive.run(drive.listing.models())
    assert len(drive.sent) == 1


def test_all_pages_share_one_deadline() -> None:
    drive = Drive(lambda at: page([f"m{at}"], True), total=10.0, seconds=4.0)
    with pytest.raises(DeadlineExceeded):
        drive.run(drive.listing.models())
    assert len(drive.sent) == 3


def test_one_model_is_asked_for_by_name() -> None:
    drive = Drive(lambda at: HttpResponse(status=200, body=b'{"type":"model","id":"claude-x-1","display_name":"Claude X"}'))
    model = drive.run(drive.listing.model("claude-x"))
    assert (model.id, model.name, drive.sent[0].url) == ("claude-x-1", "Claude X", "https://h/v1/models/claude-x")
