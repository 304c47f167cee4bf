"""Whole answers kept in a cache of the caller's, so that the same question is paid for once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec.structs import replace

from turnout import __version__
from turnout.receipt import mapped
from turnout.records import CallRecord
from turnout.types import ChatRequest, Completion, Cost, Receipt, Usage

if TYPE_CHECKING:
    from turnout.engine.plan import Plan

# What ends otherwise may end better the next time.
_WHOLE = frozenset({"stop", "stop_sequence", "tool_calls", "length"})
_NOTHING = Usage(uncached_input_tokens=0, text_output_tokens=0)
_FREE = Cost(total=Decimal(0), buckets={}, source="answered from the cache")
_SAID = mapped("response", "usage", "the answer is from the cache: nothing was sent, used or paid for it")


class Cache(Protocol):
    """Anything with these two. Both may be called from any thread; what they raise is logged and never fails a call."""

    def get(self, key: str) -> bytes | None: ...

    def set(self, key: str, value: bytes) -> None: ...


class Kept:
    """One call's place in a cache."""

    def __init__(self, cache: Cache, key: str, plan: Plan, model: str, read: Callable[[Completion], Completion | None]) -> None:
        """``read`` makes what this call answers with of what was kept; None: it is of no use to it."""
        self._cache = cache
        self._key = key
        self._plan = plan
        self._model = model
        self._read = read
        self._started = plan.clock()

    def find(self) -> Completion | None:
        """The answer, if it was kept: with no attempts, no usage and no cost, which its receipt says."""
        try:
            value = self._cache.get(self._key)
            if value is None:
                return None
            answer = msgspec.json.decode(value, type=Completion)
        except Exception:
            import logging

            logging.getLogger("turnout").warning("the cache of answers cannot be read; the call goes on", exc_info=True)
            return None
        receipt = answer.receipt or Receipt()
        receipt = replace(receipt, departures=(*receipt.departures, _SAID))
        return self._read(replace(answer, usage=_NOTHING, cost=_FREE, receipt=receipt))

    def keep(self, answer: Completion) -> None:
        """Keeps an answer that is whole, without what is of its exchange alone."""
        if not answer.choices or any(one.finish is None or one.finish.unified not in _WHOLE for one in answer.choices):
            return
        fields = {name: getattr(answer, name) for name in Completion.__struct_fields__}
        plain = Completion(**fields | {"attempts": (), "headers": None})
        try:
            self._cache.set(self._key, msgspec.json.encode(plain))
        except Exception:
            import logging

            logging.getLogger("turnout").warning("the cache of answers cannot be written", exc_info=True)

    def record(self, answer: Completion) -> CallRecord:
        """Of a call that was answered from the cache."""
        return CallRecord(
            model=self._model,
            outcome="ok",
            started=self._started,
            seconds=self._plan.clock() - self._started,
            target=answer.target,
            usage=answer.usage,
            cost=answer.cost,
        )


def key_of(request: ChatRequest, plan: Plan, *more: Any) -> str | None:
    """A digest of what is asked, of whom, and ``more`` that the answer depends on; None for what has no form to digest.

    No credential is in it: the targets of the plan count, and their addresses without a query.
    """
    targets = [
        (candidate.target, candidate.wire.name, candidate.provider.base_url.partition("?")[0]) for candidate in plan.candidates
    ]
    try:
        said = msgspec.json.encode([__version__, replace(request, model=""), targets, more], order="sorted")
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return f"turnout-{sha256(said).hexdigest()}"
