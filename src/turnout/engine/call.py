"""One call: candidates in order, retries within a target, breakers around both, one budget for all of it.

``Call`` yields effects and performs none, so one text serves the sync and the async client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from turnout import receipt
from turnout.cost.price import price
from turnout.effects import Steps, emit, open_stream, send, sleep
from turnout.engine.backoff import wait
from turnout.engine.plan import Candidate, Plan
from turnout.errors import AllTargetsFailed, CircuitOpen, DeadlineExceeded, Error, TransientError
from turnout.records import CallRecord
from turnout.session import StreamSession
from turnout.types import Attempt, ChatRequest, Completion, HttpRequest, ReceiptLine, Target

T = TypeVar("T")


class Call:
    """What the user asked for, once. Use it for one ``complete`` or one ``open``."""

    def __init__(self, request: ChatRequest, plan: Plan) -> None:
        self._request = request
        self._plan = plan
        self._started = plan.clock()
        self.deadline = self._started + plan.timeouts.total
        self.attempts: list[Attempt] = []
        self._failures: list[tuple[Target, Error]] = []
        self._departures: tuple[ReceiptLine, ...] = ()
        self._candidate: Candidate | None = None
        self._sent_at: float | None = None  # of the attempt in hand; None until it is sent
        self._recorded = False

    # -- a whole answer ------------------------------------------------------------------------

    def complete(self) -> Steps[Completion]:
        """Yields until some candidate has answered; raises what its failures add up to."""

        def attempt(candidate: Candidate) -> Steps[Completion]:
            request = yield from self._http(candidate, stream=False)
            response = yield from send(request, self._plan.timeouts, self.deadline)
            if not 200 <= response.status < 300:
                raise candidate.codec.decode_error(response, candidate.target)
            return candidate.codec.decode(response, candidate.target)

        answer = yield from self._first_answer(attempt)
        self._answered()
        completion = self.priced(answer)
        yield from emit(self.record("ok", completion))
        return completion

    # -- a stream ------------------------------------------------------------------------------

    def open(self) -> Steps[StreamSession]:
        """Yields until some candidate's stream has output. What follows it is ``ended`` or ``broke``."""

        def attempt(candidate: Candidate) -> Steps[StreamSession]:
            session = StreamSession(candidate.codec.decoder(candidate.target))
            request = yield from self._http(candidate, stream=True)
            refused = yield from open_stream(request, session, self._plan.timeouts, self.deadline)
            if refused is not None:
                raise candidate.codec.decode_error(refused, candidate.target)
            return session

        return (yield from self._first_answer(attempt))

    def ended(self, session: StreamSession) -> Completion:
        """The stream ended as its provider said it would."""
        self._answered()
        return self.priced(session.completion())

    def broke(self, session: StreamSession, cause: Error) -> Error:
        """The stream broke off: what to raise to the user, who has seen the beginning."""
        assert self._candidate is not None
        self._failed(self._candidate, cause)
        interrupted = session.interrupted(cause)
        interrupted.partial = self.priced(interrupted.partial)
        interrupted.target = self._candidate.target
        return interrupted

    # -- what is known of the call ---------------------------------------------------------------

    def priced(self, completion: Completion) -> Completion:
        """``completion`` with its target, attempts, cost and receipt."""
        candidate = self._candidate
        model = candidate.model if candidate is not None else None
        return replace(
            completion,
            target=candidate.target if candidate is not None else None,
            attempts=tuple(self.attempts),
            cost=price(completion.usage, model.price, completion.service_tier) if model and model.price else None,
            receipt=receipt.compose(self._request, completion, self._departures),
        )

    def record(self, outcome: str, completion: Completion | None = None) -> CallRecord:
        """The call as telemetry sees it; ``outcome`` is "ok", an error's class, or "cancelled"."""
        self._recorded = True
        return CallRecord(
            model=self._request.model,
            outcome=outcome,
            started=self._started,
            seconds=self._plan.clock() - self._started,
            target=self._candidate.target if self._candidate is not None else None,
            attempts=tuple(self.attempts),
            usage=completion.usage if completion is not None else None,
            cost=completion.cost if completion is not None else None,
        )

    @property
    def recorded(self) -> bool:
        return self._recorded

    # -- candidates and attempts -----------------------------------------------------------------

    def _http(self, candidate: Candidate, *, stream: bool) -> Steps[HttpRequest]:
        request = replace(self._request, model=candidate.target.model)
        if stream and request.stream_usage is None and candidate.provider.quirks.stream_usage:
            request = replace(request, stream_usage=True)
        encoded = candidate.codec.encode(request, candidate.provider, stream=stream)
        self._departures = encoded.lines
        signed = yield from candidate.sign(encoded.http)
        self._sent_at = self._plan.clock()
        return signed

    def _first_answer(self, attempt: Callable[[Candidate], Steps[T]]) -> Steps[T]:
        try:
            for candidate in self._plan.candidates:
                now = self._plan.clock()
                if not self._plan.breakers.admits(candidate.target, now):
                    self._failures.append((candidate.target, self._resting(candidate.target, now)))
                    continue
                try:
                    return (yield from self._try(candidate, attempt))
                except Error as error:
                    if not error.tries_elsewhere:
                        raise
                    if self._spent():
                        break
            raise self._all_failed()
        except Error as error:
            yield from emit(self.record(type(error).__name__))
            raise

    def _try(self, candidate: Candidate, attempt: Callable[[Candidate], Steps[T]]) -> Steps[T]:
        """One candidate until it answers or is given up; raises its last error."""
        plan = self._plan
        tried = 0
        while True:
            tried += 1
            self._candidate = candidate
            self._sent_at = None
            try:
                return (yield from attempt(candidate))
            except Error as error:
                self._failed(candidate, error)
                if not error.tries_elsewhere:
                    raise
                if plan.clock() >= self.deadline:
                    raise self._out_of_time(error) from error
                pause = wait(error, tried, plan.retry, plan.draw())
                if pause is None or self._spent() or plan.clock() + pause >= self.deadline:
                    raise
                yield from sleep(pause)

    def _spent(self) -> bool:
        """True if the call may make no further attempt."""
        return len(self.attempts) >= self._plan.retry.attempts or self._plan.clock() >= self.deadline

    def _answered(self) -> None:
        assert self._candidate is not None
        self._plan.breakers.succeeded(self._candidate.target)
        self._attempted(self._candidate, self._plan.clock())

    def _failed(self, candidate: Candidate, error: Error) -> None:
        now = self._plan.clock()
        error.target = error.target or candidate.target
        self._attempted(candidate, now, error)
        self._failures.append((candidate.target, error))
        if isinstance(error, TransientError):
            self._plan.breakers.failed(candidate.target, now, error.retry_after)

    def _attempted(self, candidate: Candidate, now: float, error: Error | None = None) -> None:
        """Notes the exchange in hand, if it came to one: a request that could not be encoded or signed is none."""
        if self._sent_at is None:
            return
        name, status = (type(error).__name__, error.status) if error is not None else (None, None)
        self.attempts.append(Attempt(target=candidate.target, seconds=now - self._sent_at, error=name, status=status))
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
            f"gave up after {self._plan.timeouts.total:g} s and {len(self.attempts)} attempts; the last one: {error}",
            target=error.target,
        )

    def _all_failed(self) -> Error:
        """One target's last error speaks for itself; several targets' failures are told together."""
        if len({target for target, _ in self._failures}) == 1:
            return self._failures[-1][1]
        return AllTargetsFailed(self._failures)
