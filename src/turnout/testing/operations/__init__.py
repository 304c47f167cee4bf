"""What is asked of a provider beside chat: one module here for each operation, with its checks in ``differences``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from turnout.errors import ConfigError
from turnout.testing.difference import Difference
from turnout.testing.exchange import Exchange
from turnout.testing.routes import Route
from turnout.wire import Wire

Checks = Callable[[Exchange, Wire, Route], Iterator[Difference]]


def checks_of(operation: str) -> Checks:
    """``differences`` of the module here that is named as the operation. Raises ConfigError if there is none."""
    from importlib import import_module

    name = f"{__name__}.{operation}"
    try:
        checks: Checks = import_module(name).differences
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigError(f"the conformance kit has no checks for {operation!r}") from error
    return checks
