"""Redirects: no transport follows one, for a credential goes to no host that nobody named. What to tell the user instead."""

from __future__ import annotations

from turnout.auth import origin
from turnout.engine.plan import Candidate
from turnout.errors import ConfigError, Error, TargetError
from turnout.types import HttpResponse


def redirected(candidate: Candidate, response: HttpResponse) -> Error | None:
    """The error that a redirect means; None for any other response."""
    if not 300 <= response.status < 400:
        return None
    try:
        place = origin(response.headers.get("location", ""))  # its path may hold more than a log should
    except ConfigError:
        place = "another address"
    return TargetError(
        f"{candidate.target}: HTTP {response.status}: {origin(candidate.provider.base_url)} sends this call on to {place}."
        " Neither the key nor the request was sent there: if that is the right address, set base_url to it",
        status=response.status,
        target=candidate.target,
    )
