"""Trying: candidates in order, retries within a target, breakers around both, one budget for all of it. Performs nothing.

And what is known of it at the end, which is the same of every operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from turnout.cost.price import price
from turnout.effects import Steps, send, sleep
from turnout.engine.backoff import wait
from turnout.engine.plan import Candidate, Plan
from turnout.engine.redirects import redirected
from turnout.errors import (
    AllTargetsFailed,
    CircuitOpen,
    ConfigError,
    DeadlineExceeded,
    Error,
    TimedOut,
    TransientError,
    TransportFailed,
)
from turnout.records import CallRecord
from turnout.types import Attempt, Completion, Cost, HttpRequest, HttpResponse, Receipt, Target, Usage

if TYPE_CHECKING:
    from turnout.engine.policy.asked import Request
    from turnout.wire.relaying import Passing

T = TypeVar("T")
W = TypeVar("W")  # whose error it is: a target, or a provider


_STATUS = {TimedOut: 504, TransportFailed: 503, CircuitOpen: 503}  # of failures that come without one


class Attempts:
    """What one call has tried, and whether it may try again. Every operation that has a plan goes through ``run``."""

    _because: str | None = None  # why the candidate in hand has its place, where a policy gave it

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.started = plan.clock()
        self.deadline = self.started + plan.timeouts.total
        self.made: list[Attempt] = []
        self.candidate: Candidate | None = None  # the one in hand, or the one that answered
        self._failures: list[tuple[Target, Error]] = []
        self._sent_at: float | None = None  # of the attempt in hand; None until it is sent

    def run(
        self,
        attempt: Callable[[Candidate], Steps[T]],
        learns: Callable[[Candidate, Error], bool] | None = None,
        request: Request | Passing | None = None,
        stream: bool = False,
    ) -> Steps[T]:
        """What ``attempt`` returns for the first candidate that answers; raises what the failures add up to.

        ``learns`` is told of each answer that is an error; True: the next attempt at the same candidate is another request.
        ``request`` and ``stream`` are for the policies of the plan: what is sent, and whether its answer comes as a stream.
        """
        plan = self._plan
        for candidate in self._by_policy(request, stream) if plan.orderings else plan.candidates:
            now = plan.clock()
            if not plan.breakers.admits(candidate.target, now):
                self._failures.append((candidate.target, self._resting(candidate.target, now)))
                continue
            try:
                answer = yield from self._try(candidate, attempt, learns)
                if plan.orderings:
                    self._measured(candidate, stream)
                return answer
            except Error as error:
                # what is wrong with one target's set-up, such as a key that its command does not give, says nothing of the next
                if not self._moves_on(error) and not isinstance(error, ConfigError):
                    raise
                if self._spent():
                    break
        raise self._all_failed()

    def exchange(
        self, candidate: Candidate, request: HttpRequest, decode_error: Callable[[HttpResponse, W], Error], whose: W
    ) -> Steps[HttpResponse]:
        """Signs and sends ``request``. The response, if it is an answer; raises what ``decode_error`` makes of any other."""
        signed = yield from candidate.sign(request)
        self.sent()
        response = yield from send(signed, self._plan.timeouts, self.deadline)
        if not 200 <= response.status < 300:
            raise redirected(candidate, response) or decode_error(response, whose)
        return response

    def sent(self) -> None:
        """An attempt that was encoded and signed goes out now."""
        self._sent_at = self._plan.clock()

    def answered(self) -> None:
        """The candidate in hand has answered, to the end."""
        assert self.candidate is not None
        self._plan.breakers.succeeded(self.candidate.target)
        self._attempted(self.candidate, self._plan.clock())

    def failed(self, error: Error) -> None:
        """The candidate in hand has failed."""
        assert self.candidate is not None
        target, now = self.candidate.target, self._plan.clock()
        error.target = error.target or target
        if (secret := self.candidate.secret) is not None:  # some providers repeat the key that they refuse
            error.args = (secret.taken_out_of(str(error)),)
            for fact in ("code", "type", "param", "request_id", "headers", "body"):
                setattr(error, fact, secret.taken_out_of(getattr(error, fact)))
        self._attempted(self.candidate, now, error)
        self._failures.append((target, error))
        if isinstance(error, TransientError):
            self._plan.breakers.failed(target, now, error.retry_after)

    @property
    def target(self) -> Target | None:
        """Of the candidate in hand, or of the one that answered."""
        return self.candidate.target if self.candidate is not None else None

    def priced(self, completion: Completion, receipt: Receipt) -> Completion:
        """``completion`` with its target, attempts, cost and receipt."""
        model = self.candidate.model if self.candidate is not None else None
        return replace(
            completion,
            target=self.target,
            attempts=tuple(self.made),
            cost=price(completion.usage, model.price, completion.service_tier) if model and model.price else None,
            receipt=receipt,
        )

    def record(self, model: str, outcome: str, usage: Usage | None = None, cost: Cost | None = None) -> CallRecord:
        """The call as telemetry sees it. ``model`` is what was asked for; ``outcome``: "ok", an error's class, or "cancelled"."""
        now = self._plan.clock()
        attempts = tuple(self.made)
        if self.candidate is not None and self._sent_at is not None:  # broken off, and no less asked for
            broken_off = Attempt(target=self.candidate.target, seconds=now - self._sent_at, error=outcome, because=self._because)
            attempts = (*attempts, broken_off)
        return CallRecord(
            model=model,
            outcome=outcome,
            started=self.started,
            seconds=now - self.started,
            target=self.target,
            attempts=attempts,
            usage=usage,
            cost=cost,
        )

    def _by_policy(self, request: Request | Passing | None, stream: bool) -> Iterator[Candidate]:
        """The plan's candidates as its policies order them now, each with the reason for its place."""
        from turnout.engine.policy.ordering import Ordered  # for plans that have a policy

        ordered = Ordered(self._plan, request, stream)
        for candidate in ordered.candidates:
            self._because = ordered.because(candidate)
            if self._plan.latencies is not None:
                self._plan.latencies.tried(candidate.target, self._plan.clock())
            yield candidate

    def _measured(self, candidate: Candidate, stream: bool) -> None:
        """Notes, for policies, how long it took until the candidate had answered, or its stream had begun to."""
        if self._plan.latencies is not None and self._sent_at is not None:
            now = self._plan.clock()
            self._plan.latencies.answered(candidate.target, stream, now - self._sent_at, now)

    def _try(
        self,
        candidate: Candidate,
        attempt: Callable[[Candidate], Steps[T]],
        learns: Callable[[Candidate, Error], bool] | None,
    ) -> Steps[T]:
        """One candidate until it answers or is given up; raises its last error."""
        plan = self._plan
        tried = 0
        renewed = False
        while True:
            tried += 1
            self.candidate = candidate
            self._sent_at = None
            try:
                return (yield from attempt(candidate))
            except Error as error:
                sent_at = self._sent_at
                self.failed(error)
                if learns is not None and sent_at is not None and not self._spent() and learns(candidate, error):
                    tried -= 1  # it did not fail: it said what it does not take
                    continue
                if not error.tries_elsewhere:
                    raise
                if sent_at is not None and error.status == 401 and candidate.refused is not None and not renewed:
                    renewed = candidate.refused(sent_at)  # a token may be withdrawn before its time: one more try with a new one
                    if renewed and not self._spent():
                        continue
                if plan.clock() >= self.deadline:
                    raise self._out_of_time(error) from error
                pause = wait(error, tried, plan.retry, plan.draw())
                if pause is None or self._spent() or plan.clock() + pause >= self.deadline:
                    raise
                yield from sleep(pause)

    def _spent(self) -> bool:
        """True if the call may make no further attempt. What was answered is not counted: a call may take several exchanges."""
        failed = sum(attempt.error is not None for attempt in self.made)
        return failed >= self._plan.retry.attempts or self._plan.clock() >= self.deadline

    def _moves_on(self, error: Error) -> bool:
        """Whether the next candidate may be tried after one was given up for ``error``."""
        wanted = self._plan.retry.moves_on
        if wanted is None:
            return error.tries_elsewhere
        if wanted == "any":
            return not isinstance(error, DeadlineExceeded)
        return (error.status or _STATUS.get(type(error), 0)) in wanted

    def _attempted(self, candidate: Candidate, now: float, error: Error | None = None) -> None:
        """Notes the exchange in hand, if it came to one: a request that could not be encoded or signed is none."""
        if self._sent_at is None:
            return
        seconds = now - self._sent_at
        if error is None:
            made = Attempt(target=candidate.target, seconds=seconds)
        else:
            made = Attempt(target=candidate.target, seconds=seconds, error=type(error).__name__, status=error.status)
        self.made.append(made if self._because is None else replace(made, because=self._because))
        self._sent_at = None

    def _resting(self, target: Target, now: float) -> CircuitOpen:
        seconds = self._plan.breakers.retry_at(target) - now
        return CircuitOpen(
            f"{target} failed several times in a row and is left alone for {seconds:.0f} s more",
            retry_after=seconds,
            target=target,
        )

    def _out_of_time(self, error: Error) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"gave up after {self._plan.timeouts.total:g} s and {len(self.made)} attempts; the last one: {error}",
            target=error.target,
        )

    def _all_failed(self) -> Error:
        """One target's last error speaks for itself; several targets' failures are told together."""
        if len({target for target, _ in self._failures}) == 1:
            return self._failures[-1][1]
        return AllTargetsFailed(self._failures)
