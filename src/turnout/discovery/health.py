"""What asking a provider for its models says of it: reachable, authenticated, how fast, and what to do otherwise."""

from __future__ import annotations

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    ConfigError,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    ServerFault,
    TimedOut,
    TransportFailed,
)


class Health(Struct, frozen=True, kw_only=True):
    """None: not known. ``seconds``: from asking for the list to having it. ``error`` and ``remedy`` are for a person.

    ``authenticated`` is True only if the list is refused to who sends no key: some providers give it to anybody.
    """

    reachable: bool | None = None
    authenticated: bool | None = None
    models: int | None = None
    seconds: float | None = None
    error: str | None = None
    remedy: str = ""

    @property
    def healthy(self) -> bool:
        return self.error is None


def answered(models: int, seconds: float, *, signed: bool, unsigned: Error | bool) -> Health:
    """The list came. ``unsigned`` is what happened without a key: True if it came then too, False if that was not asked."""
    if not signed or unsigned is False:
        return Health(reachable=True, models=models, seconds=seconds)
    if unsigned is True:
        remedy = "it shows its models to anybody, so whether it takes the key is not known: `turnout ask` tells"
        return Health(reachable=True, models=models, seconds=seconds, remedy=remedy)
    told = None if isinstance(_last(unsigned), (TimedOut, TransportFailed, RateLimited, Overloaded, ServerFault)) else True
    return Health(reachable=True, authenticated=told, models=models, seconds=seconds)


def failed(error: Error, row: Provider, key_source: str | None, seconds: float) -> Health:
    """``error`` came instead of the list, after ``seconds``. ``key_source``: where the key that was sent stands."""
    error = _last(error)
    reachable, authenticated = _told(error)
    return Health(
        reachable=reachable,
        authenticated=authenticated,
        seconds=seconds if reachable else None,
        error=str(error),
        remedy=_remedy(error, row, key_source),
    )


def not_asked(why: str) -> Health:
    """Nothing could be sent: nothing is known, and nothing is wrong with it."""
    return Health(remedy=why)


def _last(error: Error | bool) -> Error:
    assert isinstance(error, Error)
    return error.failures[-1][1] if isinstance(error, AllTargetsFailed) and error.failures else error


def _told(error: Error) -> tuple[bool | None, bool | None]:
    """Whether it was reached, and whether it knew the key."""
    if isinstance(error, ConfigError):
        return None, None
    if error.status is None and isinstance(error, (TransportFailed, TimedOut, DeadlineExceeded)):
        return False, None
    if isinstance(error, AuthenticationFailed):
        return True, False if error.status == 401 else None
    return True, True if isinstance(error, QuotaExhausted) else None


def _remedy(error: Error, row: Provider, key_source: str | None) -> str:
    page = row.key_url or row.docs
    where = f" ({page})" if page else ""
    match error:
        case AuthenticationFailed():
            held = f" in {key_source}" if key_source else f" in {' or '.join(row.key_env)}" if row.key_env else ""
            what = "it refuses the key" if error.status == 401 else "it refuses the key, or what the key may do"
            return f"{what}: put a valid one{held}{where}"
        case QuotaExhausted():
            return f"the account has no credit left: pay, or use another provider{where}"
        case RateLimited():
            return "it limits the rate: wait, and try again"
        case DeadlineExceeded() | TimedOut():
            return "it did not answer in time: try --timeout 30, and look at the network and the proxy"
        case TransportFailed():
            return f"no connection to {row.base_url}: look at that address, the network and the proxy"
        case ModelNotFound():
            return f"nothing is there: is {row.base_url} its base_url?"
        case Overloaded() | ServerFault():
            return "the provider itself fails: try again later, or use another"
        case ConfigError():
            return "put the set-up right: the error says how"
        case _:
            return f"it refuses to list its models: look at {row.docs or row.base_url}"
