"""One chat call whose answer is an object of a type; asked again, with what was wrong, while the answer is none."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from turnout.adapt import Translation
from turnout.effects import Emit, Steps
from turnout.engine.call import Call
from turnout.engine.operation import Answer
from turnout.engine.plan import Candidate, Plan
from turnout.errors import ContextTooLong, DeadlineExceeded, Error, InvalidAnswer, RequestError, Unsupported
from turnout.records import CallRecord
from turnout.structured.answer_type import AnswerType, Unfit
from turnout.structured.asking import Turn, asked, read, said, thinks
from turnout.structured.completion import TypedCompletion, summed, typed
from turnout.structured.modes import Way, ways
from turnout.types import ChatRequest, Completion, HttpRequest, Target

T = TypeVar("T")

DEFAULT_RETRIES = 2
MOST_RETRIES = 10

_REFUSED = (400, 404, 422)  # the status of what a target does not take; OpenRouter says 404 where no host of a model takes it
# What a refusal of each mode speaks of, in the words of the protocols, without "_".
_SPEAKS_OF = {
    "tools": ("tool", "function", "strict"),
    "json_schema": ("responseformat", "response format", "schema", "outputconfig", "outputformat", "structured"),
    "json_object": ("responseformat", "response format", "jsonobject", "json mode", "responsemimetype"),
}


class TypedCall(Call, Generic[T]):
    """Use it for one ``answer``. All that it asks shares one deadline and one budget of failed attempts, and is one record."""

    def __init__(
        self,
        request: ChatRequest,
        plan: Plan,
        wanted: AnswerType[T],
        translation: Translation = "lenient",
        *,
        mode: object = None,
        max_retries: int = DEFAULT_RETRIES,
        fetch_urls: bool = False,
    ) -> None:
        """``mode``: see ``modes.ways``. ``max_retries``: how often it may be asked again. Raises RequestError."""
        super().__init__(request, plan, translation, fetch_urls=fetch_urls)
        _check(request, max_retries)
        self._asked = request
        self._wanted = wanted
        self._mode = mode
        self._max_retries = max_retries
        self._way = Way("text")  # in which the latest answer was asked for
        self._refused: set[tuple[Target, Way]] = set()
        self._turns: list[Turn] = []
        self._answers: list[Completion] = []

    def answer(self) -> Steps[TypedCompletion[T]]:
        """Yields until an answer fits. Raises InvalidAnswer if none did, and before any answer what a chat call raises."""
        done = yield from self.told(self._fitting())
        yield Emit(self.record("ok"))
        return done

    def kept(self, completion: Completion) -> TypedCompletion[T] | None:
        """An answer to the same call that was kept; None if it is no object of the type, as the type is now."""
        try:
            return typed([completion], read(completion, self._wanted, Way("tools")))  # or the text, if it calls none
        except Unfit:
            return None

    def record(self, outcome: str, answer: Answer | None = None) -> CallRecord:
        """As ``Call.record``, with what all answers so far used and cost, whether they fitted or not."""
        return super().record(outcome, summed(self._answers) if self._answers else answer)

    def _fitting(self) -> Steps[TypedCompletion[T]]:
        while True:
            try:
                completion = yield from self._one()
            except Error as error:
                if not self._answers:
                    raise
                raise self._invalid(f"; asking again failed: {error}") from error
            self._answers.append(completion)
            try:
                return typed(self._answers, read(completion, self._wanted, self._way))
            except Unfit as unfit:
                self._turns.append(Turn(completion.message, str(unfit)))
            if (why := _hopeless(completion)) is not None:
                raise self._invalid(f"; {why}")
            if len(self._turns) > self._max_retries:
                raise self._invalid("")

    def _one(self) -> Steps[Completion]:
        """The next answer, whether it fits or not."""
        if self._answers and self._plan.clock() >= self.deadline:
            raise DeadlineExceeded(f"no time was left of {self._plan.timeouts.total:g} s")
        self._request, self._fetched = self._asked, None
        answer = yield from _untold(self.complete())
        self._recorded = False  # the call goes on
        return answer

    def _http(self, candidate: Candidate, *, stream: bool) -> Steps[HttpRequest]:
        while True:
            self._way = self._ways(candidate)[0]
            self._request = asked(self._asked, self._wanted, self._way, self._turns)
            try:
                return (yield from super()._http(candidate, stream=stream))
            except Unsupported:  # it cannot be said in this way, or a strict translation would lose something
                if not self._gives_way(candidate):
                    raise

    def _learns(self, candidate: Candidate, error: Error) -> bool:
        """As ``Call``'s; and a mode that the target refuses gives way to the next that it may take."""
        if super()._learns(candidate, error):
            return True
        return _refuses(error, self._way) and self._gives_way(candidate)

    def _gives_way(self, candidate: Candidate) -> bool:
        """False if the way in hand is the last. Otherwise the candidate is asked in the next one from now on."""
        if len(self._ways(candidate)) == 1:
            return False
        self._refused.add((candidate.target, self._way))
        return True

    def _ways(self, candidate: Candidate) -> list[Way]:
        """Those left for the candidate, best first."""
        if self._plan.learned is not None:
            candidate = self._plan.learned.fitted(candidate)
        target, wire, row = candidate.target, candidate.wire, candidate.provider
        found = ways(self._mode, wire, row, candidate.model, target.model, thinks=thinks(self._asked))
        return [way for way in found if (target, way) not in self._refused] or [found[-1]]

    def _invalid(self, more: str) -> InvalidAnswer:
        times = len(self._answers)
        count = "the answer does not fit" if times == 1 else f"none of {times} answers fits"
        completion = replace(summed(self._answers), attempts=tuple(self.attempts))
        return InvalidAnswer(
            f"{count} {self._wanted.said}: {self._turns[-1].problem}{more}. Ask more plainly, loosen the type, or choose "
            "another model or mode; .text holds what it said",
            text=said(completion),
            problems=tuple(turn.problem for turn in self._turns),
            completion=completion,
            target=completion.target,
        )


def _check(request: ChatRequest, max_retries: int) -> None:
    if isinstance(max_retries, bool) or not isinstance(max_retries, int) or not 0 <= max_retries <= MOST_RETRIES:
        raise RequestError(f"max_retries is a number from 0 to {MOST_RETRIES}, not {max_retries!r}", param="max_retries")
    for name in ("tools", "tool_choice", "response_format"):
        if getattr(request, name) is not None:
            raise RequestError(f"response_model says what form the answer has: leave out {name}, or ask without it", param=name)
    if request.n not in (None, 1):
        raise RequestError(f"response_model makes one answer an object: n is 1, not {request.n}", param="n")


def _hopeless(completion: Completion) -> str | None:
    """Why asking again would not help."""
    if completion.refusal is not None:
        return "the model refused"
    match completion.finish.unified if completion.finish is not None else None:
        case "length":
            return "it was cut off: raise max_output_tokens"
        case "content_filter" | "refusal":
            return "a filter held it back, or the model refused"
        case _:
            return None


def _refuses(error: Error, way: Way) -> bool:
    """True if ``error`` is about how the answer was asked for."""
    if not isinstance(error, (RequestError, Unsupported)) or isinstance(error, ContextTooLong) or error.status not in _REFUSED:
        return False
    text = f"{error} {error.param or ''}".lower().replace("_", "")
    return any(phrase in text for phrase in _SPEAKS_OF.get(way.mode, ()))


def _untold(steps: Steps[T]) -> Generator[Any, Any, T]:
    """``steps`` without their records: the call of which they are a part has one of its own."""
    answer: Any = None
    failure: Error | None = None
    try:
        while True:
            try:
                effect = steps.throw(failure) if failure is not None else steps.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            answer = failure = None
            if isinstance(effect, Emit):
                continue
            try:
                answer = yield effect
            except Error as error:
                failure = error
    finally:
        steps.close()
