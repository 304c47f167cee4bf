"""Runs the steps of a signer that has a key, and so asks its driver for nothing."""

from __future__ import annotations

import pytest

from turnout.effects import Steps
from turnout.types import HttpRequest


def obtained(steps: Steps[HttpRequest]) -> HttpRequest:
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    request: HttpRequest = stopped.value.value
    return request
