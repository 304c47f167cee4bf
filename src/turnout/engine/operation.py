"""What a call is, whatever is asked in it: how long it may take, what it tried, and what is told of it at its end."""

from __future__ import annotations

from typing import TypeVar

from turnout.effects import Emit, Steps
from turnout.engine.attempts import Attempts
from turnout.engine.plan import Plan
from turnout.errors import Error
from turnout.records import CallRecord
from turnout.types import Attempt, Completion, Embeddings, Ranking

T = TypeVar("T")
Answer = Completion | Embeddings | Ranking


class Operation:
    """One call, used once. ``named``: the model, or the provider, as it was asked for."""

    def __init__(self, named: str, plan: Plan) -> None:
        self._named = named
        self._plan = plan
        self._attempts = Attempts(plan)
        self._recorded = False

    @property
    def deadline(self) -> float:
        """When the call ends at the latest, on the driver's clock."""
        return self._attempts.deadline

    @property
    def attempts(self) -> list[Attempt]:
        return self._attempts.made

    @property
    def recorded(self) -> bool:
        """It was told of: whoever performs the call tells of every other."""
        return self._recorded

    def record(self, outcome: str, answer: Answer | None = None) -> CallRecord:
        """As ``Attempts.record``; from then on the call counts as told of."""
        self._recorded = True
        if answer is None:
            return self._attempts.record(self._named, outcome)
        return self._attempts.record(self._named, outcome, answer.usage, answer.cost)

    def told(self, steps: Steps[T]) -> Steps[T]:
        """What ``steps`` come to. If that is an error, it is told of first."""
        try:
            return (yield from steps)
        except Error as error:
            yield Emit(self.record(type(error).__name__))
            raise
