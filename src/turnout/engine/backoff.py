"""How long to wait before the same target is tried again. Chance comes in as an argument."""

from __future__ import annotations

from turnout.engine.plan import Retry
from turnout.errors import Error


def wait(error: Error, tried: int, retry: Retry, draw: float) -> float | None:
    """Seconds to wait after the ``tried``-th attempt (from 1) at a target failed with ``error``; None: do not try it again.

    What the provider asked for is honoured up to ``retry.retry_after_max``. Otherwise the wait doubles from
    ``retry.backoff`` and is spread over its upper half by ``draw`` in [0, 1), so that many callers do not return at once.
    """
    if not error.tries_again or tried >= retry.per_target:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= retry.retry_after_max else None
    longest: float = min(retry.backoff * 2 ** (tried - 1), retry.backoff_max)
    return longest * (0.5 + draw / 2)
