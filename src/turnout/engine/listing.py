"""What an endpoint serves, asked of it page by page; nothing an endpoint answers makes it go on for ever.

Yields effects and performs none, as ``engine.call`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from turnout.effects import Steps, emit
from turnout.engine.attempts import Attempts
from turnout.engine.plan import Candidate, Plan
from turnout.errors import DeadlineExceeded, Error, ServerFault
from turnout.records import CallRecord
from turnout.types import Attempt, HttpRequest, HttpResponse, ListedModel, ModelPage
from turnout.wire import ModelsCodec

# The longest list that is known, Hugging Face's router and its like, has some thousand models of a few kilobytes each.
MOST_PAGES = 200
MOST_MODELS = 50_000
MOST_BYTES = 64 * 1024 * 1024

T = TypeVar("T")


class Listing:
    """Use it for one ``models`` or one ``model``. ``plan`` is of the operation "models"."""

    def __init__(self, plan: Plan, asked: str) -> None:
        self._plan = plan
        self._asked = asked  # for the record: the provider, or one model of it
        self._started = plan.clock()
        self._latest: Attempts | None = None
        self._made: list[Attempt] = []
        self._recorded = False
        self.deadline = self._started + plan.timeouts.total

    def models(self) -> Steps[tuple[ListedModel, ...]]:
        """All of them, in the endpoint's order. Raises ServerFault for a list that does not end."""
        return (yield from self._told(self._all()))

    def model(self, id: str) -> Steps[ListedModel]:
        """The one that the endpoint calls ``id``. Raises ModelNotFound if it serves none of that name."""

        def request(candidate: Candidate) -> HttpRequest:
            return _codec(candidate).encode_one(candidate.provider, id)

        def decode(candidate: Candidate, response: HttpResponse) -> ListedModel:
            return _codec(candidate).decode_one(response, candidate.provider, id)

        return (yield from self._told(self._exchange(request, decode)))

    def record(self, outcome: str) -> CallRecord:
        """As ``Call.record``."""
        self._recorded = True
        return CallRecord(
            model=self._asked,
            outcome=outcome,
            started=self._started,
            seconds=self._plan.clock() - self._started,
            target=self._latest.target if self._latest is not None else None,
            attempts=tuple(self._made),
        )

    @property
    def recorded(self) -> bool:
        return self._recorded

    def _all(self) -> Steps[tuple[ListedModel, ...]]:
        found: list[ListedModel] = []
        cursors: set[str] = set()
        page: str | None = None
        size = 0
        for _ in range(MOST_PAGES):

            def request(candidate: Candidate, page: str | None = page) -> HttpRequest:
                return _codec(candidate).encode(candidate.provider, page)

            def decode(candidate: Candidate, response: HttpResponse) -> tuple[ModelPage, int]:
                return _codec(candidate).decode(response, candidate.provider), len(response.body)

            listed, weight = yield from self._exchange(request, decode)
            found += listed.models
            size += weight
            page = listed.next
            if page is None:
                return tuple(found)
            if page in cursors:
                raise self._endless(f"asks for the same page twice ({page[:60]!r})")
            cursors.add(page)
            if len(found) > MOST_MODELS or size > MOST_BYTES:
                break
        raise self._endless(f"did not end after {len(found)} models on {len(cursors)} pages of {size} bytes in all")

    def _exchange(self, request: Callable[[Candidate], HttpRequest], decode: Callable[[Candidate, HttpResponse], T]) -> Steps[T]:
        """One page: each has the plan's attempts of its own, and all of them the one deadline."""
        left = self.deadline - self._plan.clock()
        if left <= 0:
            raise DeadlineExceeded(f"{self._asked}: the list did not end within {self._plan.timeouts.total:g} s")
        timeouts = replace(self._plan.timeouts, total=left)
        attempts = self._latest = Attempts(replace(self._plan, timeouts=timeouts))

        def attempt(candidate: Candidate) -> Steps[T]:
            refused = _codec(candidate).decode_error
            response = yield from attempts.exchange(candidate, request(candidate), refused, candidate.provider)
            return decode(candidate, response)

        try:
            answer = yield from attempts.run(attempt)
            attempts.answered()
            return answer
        finally:
            self._made += attempts.made

    def _told(self, steps: Steps[T]) -> Steps[T]:
        try:
            answer = yield from steps
        except Error as error:
            yield from emit(self.record(type(error).__name__))
            raise
        yield from emit(self.record("ok"))
        return answer

    def _endless(self, how: str) -> ServerFault:
        return ServerFault(f"{self._asked}: the list of models {how}")


def _codec(candidate: Candidate) -> ModelsCodec:
    assert candidate.wire.models is not None  # a plan for models has no candidate without it
    return candidate.wire.models
