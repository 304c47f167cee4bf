"""What a wire must do with every exchange, as independent checks. Each gives the differences it found; none is good."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from turnout.testing.checks.complete import complete
from turnout.testing.checks.cutting import cuts_alike, notices_truncation
from turnout.testing.checks.decodes import decodes
from turnout.testing.checks.headers import headers
from turnout.testing.checks.renders import folds, renders
from turnout.testing.checks.requests import receipts, requests
from turnout.testing.checks.subject import Subject as Subject, subjects as subjects
from turnout.testing.checks.understands import understands
from turnout.testing.checks.usage import usage
from turnout.testing.difference import Difference

Check = Callable[[Subject], Iterator[Difference]]

ALWAYS: tuple[Check, ...] = (decodes, requests)
IF_AS_EXPECTED: tuple[Check, ...] = (
    understands,
    complete,
    renders,
    folds,
    cuts_alike,
    notices_truncation,
    usage,
    headers,
    receipts,
)


def differences(subject: Subject) -> Iterator[Difference]:
    """What all checks find. A response that did not decode as what it is needs no second complaint."""
    for check in (*ALWAYS, *(IF_AS_EXPECTED if subject.as_expected else ())):
        try:
            yield from check(subject)
        except Exception as error:  # noqa: BLE001 - a recording too odd for the reference must show in the report, not end it
            yield Difference(check.__name__, "", "a check that runs to its end", error)
