"""Performs ``Obtain``: a value is made in a thread of its own, once for all who wait for it, in threads or on event loops."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from turnout.errors import ConfigError, Error, TimedOut

if TYPE_CHECKING:
    from concurrent.futures import Future

    from turnout.effects import Source


def obtained(source: Source, seconds: float) -> Any:
    """What ``source`` makes, or TimedOut after ``seconds``. Blocks this thread only."""
    flight = _under_way(source)
    try:
        return flight.result(max(seconds, 0.0))
    except TimeoutError:
        raise _late() from None
    except Error as error:
        raise copy(error) from error  # each caller notes facts of its own call on it


async def obtained_async(source: Source, seconds: float) -> Any:
    """As ``obtained``. Nobody's cancellation ends the making, which others wait for too."""
    import asyncio

    flight = asyncio.wrap_future(_under_way(source))
    try:
        return await asyncio.wait_for(flight, max(seconds, 0.0))
    except TimeoutError:
        raise _late() from None
    except Error as error:
        raise copy(error) from error


def _under_way(source: Source) -> Future[Any]:
    """The making that has begun; one begins now if there is none."""
    from concurrent.futures import Future  # 10 ms; only who needs a token pays it
    from threading import Thread

    mine: Future[Any] = Future()
    mine.set_running_or_notify_cancel()  # so that a waiter that is cancelled cannot cancel it for the others
    flight: Future[Any] = source.under_way.setdefault("now", mine)  # one step: of two threads, one begins
    if flight is mine:
        # a thread of its own: an event loop's own few threads also look up host names
        Thread(target=_make, args=(source, mine), name="turnout-obtain", daemon=True).start()
    return flight


def _make(source: Source, flight: Future[Any]) -> None:
    try:
        value = source.make()
    except Error as error:
        source.under_way.clear()
        flight.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - a library's surprise must not leave others waiting
        source.under_way.clear()
        # its text is the library's and might hold a credential
        flight.set_exception(ConfigError(f"credentials could not be read: {type(error).__module__}.{type(error).__name__}"))
    else:
        source.under_way.clear()
        flight.set_result(value)


def _late() -> TimedOut:
    return TimedOut("credentials did not come in time: whoever gives them is slow or unreachable; raise `timeout` to wait longer")
