"""What a call may try: candidates in order, and the bounds on trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from turnout.auth.secrets import Secret
from turnout.catalog.schema import Model, Provider
from turnout.effects import Steps
from turnout.engine.breaker import Breakers
from turnout.types import HttpRequest, Target, Timeouts
from turnout.wire import ChatCodec, Wire

if TYPE_CHECKING:
    from turnout.engine.learned import Learned
    from turnout.engine.policy import Policy
    from turnout.engine.policy.latencies import Latencies


class Candidate(Struct, frozen=True, kw_only=True):
    """A target made callable. ``sign`` adds the credential; ``model`` is None when the catalog does not know it.

    ``refused`` is told that the provider refused the credential of what was signed before a time (on the plan's clock); True if
    signing again will use another. None: the credential is what it is.
    """

    target: Target
    provider: Provider
    wire: Wire
    sign: Callable[[HttpRequest], Steps[HttpRequest]]
    refused: Callable[[float], bool] | None = None
    secret: Secret | None = None  # what ``sign`` uses, to be kept out of what is told of a failure
    model: Model | None = None
    weight: float = 1.0  # its share beside the others of its alias, for policies
    heads: dict[bool, HttpRequest] = {}  # of requests passed on, by whether they stream: the same each time, so made once

    @property
    def codec(self) -> ChatCodec:
        """How the wire says chat; a plan for chat has no candidate without it."""
        assert self.wire.chat is not None
        return self.wire.chat


class Retry(Struct, frozen=True, kw_only=True):
    """One budget for retries and fallbacks together.

    ``moves_on`` says which failures go on to the next candidate: None, those that another may not have (``tries_elsewhere``);
    "any", a refusal of the request itself too; a set, those of these statuses, with 504 for what took too long and 503 for what
    could not be reached. What is wrong with one target's set-up always does.
    """

    attempts: int = 6  # HTTP exchanges of the whole call
    per_target: int = 3  # of which at most so many to one target
    backoff: float = 0.5  # seconds before the second attempt at a target; doubles, with jitter
    backoff_max: float = 8.0  # seconds
    retry_after_max: float = 60.0  # seconds; a provider that asks for longer is left for the next target
    moves_on: frozenset[int] | Literal["any"] | None = None


class Ordering(Struct, frozen=True, kw_only=True):
    """``candidates[first:end]`` of a plan are put in order by ``policy`` at each call."""

    name: str
    policy: Policy
    first: int
    end: int


class Plan(Struct, frozen=True, kw_only=True):
    """``clock`` gives monotonic seconds, ``draw`` a number in [0, 1): both passed in, so the engine stays pure."""

    candidates: Sequence[Candidate]
    breakers: Breakers
    clock: Callable[[], float]
    draw: Callable[[], float]
    retry: Retry = Retry()
    timeouts: Timeouts = Timeouts()
    learned: Learned | None = None  # what targets refused before; None: nothing is learned
    orderings: tuple[Ordering, ...] = ()  # (): in the order of ``candidates``, and nobody is asked
    latencies: Latencies | None = None  # how long targets took, for policies; None: not known
    reasons: tuple[str, ...] = ()  # why these candidates, in this order
