"""Runs the steps of a scheme as a driver does, in this thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from turnout.auth.schemes import Surroundings
from turnout.effects import Obtain, Steps
from turnout.errors import Error
from turnout.types import HttpRequest


def around(environ: Mapping[str, str], now: Callable[[], float] = time.time, **given: Any) -> Surroundings:
    return Surroundings(environ, clock=now, now=now, **given)


def run(steps: Steps[HttpRequest]) -> HttpRequest:
    answer: Any = None
    failure: Error | None = None
    while True:
        try:
            effect = steps.throw(failure) if failure is not None else steps.send(answer)
        except StopIteration as done:
            signed: HttpRequest = done.value
            return signed
        assert isinstance(effect, Obtain)
        answer = failure = None
        try:
            answer = effect.source.make()
        except Error as error:
            failure = error
