"""Tells of names to be left, once and at the line of whoever uses one."""

from __future__ import annotations

import sys
from os.path import dirname

_OURS = dirname(dirname(__file__))


def tell(sentence: str) -> None:
    """A DeprecationWarning at the first line outside Turnout."""
    import warnings

    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(sentence, DeprecationWarning, stacklevel=level)
