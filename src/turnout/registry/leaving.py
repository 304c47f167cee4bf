"""Names to be left: told of once, at the line of whoever uses one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from os.path import dirname

from turnout.errors import ConfigError

_OURS = dirname(dirname(__file__))
_MOST_NAMES = 1024  # remembered; a gateway passes on whatever names its callers write


class Leaving:
    """What one registry said of names. ``told``: those it warned of, which other registries may share with it."""

    def __init__(self, told: set[str]) -> None:
        self._told = told
        self._stays: set[str] = set()  # names that were used and have nothing to be told of

    def tell(self, names: Iterable[str], deprecation: Callable[[str], str | None]) -> None:
        """Warns of those of ``names`` for which ``deprecation`` has a sentence."""
        for said in names:
            if said in self._stays:
                continue
            name = said.strip().lower()
            if name not in self._told and (sentence := _of(name, deprecation)) is not None:
                self._told.add(name)
                _warn(sentence)
            elif len(self._stays) < _MOST_NAMES:
                self._stays.add(said)


def _of(name: str, deprecation: Callable[[str], str | None]) -> str | None:
    try:
        return deprecation(name)
    except ConfigError:  # what is wrong with it is said where it is needed
        return None


def _warn(sentence: str) -> None:
    """A DeprecationWarning at the first line outside Turnout."""
    import warnings

    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(sentence, DeprecationWarning, stacklevel=level)
