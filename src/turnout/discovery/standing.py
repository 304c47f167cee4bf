"""What a running gateway says of its providers, in a file that it writes again and again and `turnout doctor` reads."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from turnout.discovery.diagnosis import Diagnosis

EVERY = 10.0  # seconds between two writes
_LATE = 3  # writes that may be missing before the file counts as the leaving of a gateway that ended


class Resting(Struct, frozen=True):
    """A target that failed several times in a row, and is left alone for so many ``seconds`` from the timestamp, by so many of
    the gateway's ``workers``: each has its own experience.
    """

    target: str
    seconds: float
    workers: int = 1


class Standing(Struct, frozen=True, kw_only=True):
    """``timestamp``: seconds since 1970. Providers are ids; ``initialized_providers`` can be called from where the gateway runs,
    ``reasons`` says why the others cannot. ``available_models``: model -> the provider that is asked for it.
    """

    timestamp: float
    registered_providers: tuple[str, ...]
    initialized_providers: tuple[str, ...]
    available_models: dict[str, str]
    reasons: dict[str, str] = {}
    resting: tuple[Resting, ...] = ()
    turnout: str = ""
    pid: int = 0
    workers: int = 1
    every: float = EVERY


def read_standing(content: bytes) -> Standing | None:
    """None for what is no such file: there may be anything at a path that somebody gave."""
    try:
        return msgspec.json.decode(content, type=Standing)
    except (msgspec.DecodeError, UnicodeError):
        return None


def is_fresh(standing: Standing, now: float) -> bool:
    """``now`` in seconds since 1970. A file from the future was written by another clock, and says nothing either."""
    return -_LATE * standing.every <= now - standing.timestamp <= _LATE * standing.every


def still_resting(standing: Standing, now: float) -> tuple[Resting, ...]:
    """Those that are left alone at ``now`` too, with the seconds from then."""
    passed = max(now - standing.timestamp, 0.0)
    return tuple(
        msgspec.structs.replace(one, seconds=round(one.seconds - passed, 1)) for one in standing.resting if one.seconds > passed
    )


def preferred(diagnosis: Diagnosis, standing: Standing) -> Diagnosis:
    """``diagnosis`` as the gateway has it, whose environment is another than this one."""
    registered = diagnosis.provider in standing.registered_providers
    initialized = diagnosis.provider in standing.initialized_providers
    if registered and initialized:
        return msgspec.structs.replace(diagnosis, registered=True, initialized=True, reason_unavailable=None, suggestions=())
    reason = standing.reasons.get(diagnosis.provider)
    return msgspec.structs.replace(
        diagnosis,
        registered=registered,
        initialized=initialized,
        reason_unavailable=diagnosis.reason_unavailable or reason or "Provider not initialized yet",
        suggestions=diagnosis.suggestions or ("Restart the gateway after the set-up is put right",),
    )
