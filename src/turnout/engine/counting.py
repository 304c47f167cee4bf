"""One count of tokens: prepared and encoded as the chat request that it is about. Yields effects and performs none."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.adapt.media import fetch_media
from turnout.effects import Steps, emit
from turnout.engine.breaker import Breakers
from turnout.engine.operation import Operation
from turnout.engine.plan import Candidate, Plan
from turnout.types import ChatRequest, TokenCount
from turnout.wire import CountCodec
from turnout.wire.token_counts import of_the_prompt


class Counting(Operation):
    """Use it once. ``plan`` is of the operation "count"."""

    def __init__(self, request: ChatRequest, plan: Plan, *, fetch_urls: bool = False) -> None:
        self._request = request
        self._fetch_urls = fetch_urls
        # an address that only counts says nothing about the health of the model
        super().__init__(request.model, replace(plan, breakers=Breakers(), latencies=None))

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

        counted = yield from self.told(self._attempts.run(attempt, None, self._request))
        self._attempts.answered()
        yield from emit(self.record("ok"))
        return counted


def _codec(candidate: Candidate) -> CountCodec:
    assert candidate.wire.count is not None  # a plan for counting has no candidate without it
    return candidate.wire.count
