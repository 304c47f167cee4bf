"""One count of tokens: prepared and encoded as the chat request that it is about. Yields effects and performs none."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.adapt.media import fetch_media
from turnout.effects import Steps, emit
from turnout.engine.attempts import Attempts
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate, Plan
from turnout.errors import Error
from turnout.records import CallRecord
from turnout.types import ChatRequest, TokenCount
from turnout.wire import CountCodec
from turnout.wire.token_counts import of_the_prompt


class Counting:
    """Use it once. ``plan`` is of the operation "count"."""

    def __init__(self, request: ChatRequest, plan: Plan, *, fetch_urls: bool = False) -> None:
        self._request = request
        self._fetch_urls = fetch_urls
        # an address that only counts says nothing about the health of the model
        plan = self._plan = replace(plan, breakers=Breakers())
        self._attempts = Attempts(plan)
        self._recorded = False

    @property
    def deadline(self) -> float:
        return self._attempts.deadline

    def count(self) -> Steps[TokenCount]:
        """Yields until some candidate has counted; raises what their failures add up to."""

        def attempt(candidate: Candidate) -> Steps[TokenCount]:
            codec = _codec(candidate)
            request = replace(self._request, model=candidate.target.model)
            if self._fetch_urls:
                media, limits = candidate.wire.media, self._plan.timeouts
                request = yield from fetch_media(request, media, candidate.provider, limits, self.deadline)
            prepared = prepare(request, candidate.wire, candidate.provider, candidate.model)
            encoded = codec.encode(prepared.request, candidate.provider)
            response = yield from self._attempts.exchange(candidate, encoded.http, codec.decode_error, candidate.target)
            return replace(codec.decode(response, candidate.target), lines=of_the_prompt((*prepared.lines, *encoded.lines)))

        try:
            counted = yield from self._attempts.run(attempt)
        except Error as error:
            yield from emit(self.record(type(error).__name__))
            raise
        self._attempts.answered()
        yield from emit(self.record("ok"))
        return counted

    def record(self, outcome: str) -> CallRecord:
        """As ``Call.record``."""
        self._recorded = True
        return self._attempts.record(self._request.model, outcome)

    @property
    def recorded(self) -> bool:
        return self._recorded


def _codec(candidate: Candidate) -> CountCodec:
    assert candidate.wire.count is not None  # a plan for counting has no candidate without it
    return candidate.wire.count
