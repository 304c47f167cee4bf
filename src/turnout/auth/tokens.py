"""Tokens that are asked for and last a while: kept, renewed before they expire, obtained once for all who want one.

Nothing here asks anybody: ``make`` runs what it was given, and only the drivers call it (``turnout.effects.Obtain``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from turnout.auth.schemes import Scheme, header
from turnout.auth.secrets import Secret
from turnout.effects import Steps, obtain
from turnout.errors import Error
from turnout.types import HttpRequest

MARGIN = 300.0  # seconds before a token's end at which it is renewed: calls under way must not outlive it
_RETRY = 30.0  # seconds until a renewal that failed is tried again, while the old token is still good


class Token(Struct, frozen=True):
    secret: Secret
    expires_at: float | None  # seconds since 1970; None: nobody said


class TokenSource:
    """One credential's token for one scope."""

    def __init__(self, get: Callable[[], Token], *, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self.under_way: dict[str, Any] = {}
        self._get = get
        self._clock = clock
        self._now = now
        self._held: tuple[Token, float, float] | None = None  # the token, when to renew it, when it was obtained (clock)

    def current(self) -> Secret | None:
        """The token at hand, None when it is time to obtain one."""
        held = self._held
        return held[0].secret if held is not None and self._now() < held[1] else None

    def make(self) -> Secret:
        """The token at hand or a new one. Raises the Error of whoever refused, unless the old one still serves."""
        if (secret := self.current()) is not None:  # obtained between a caller's look and its asking
            return secret
        held = self._held
        try:
            token = self._get()
        except Error:
            now = self._now()
            if held is None or held[0].expires_at is None or now >= held[0].expires_at:
                raise
            self._held = (held[0], min(now + _RETRY, held[0].expires_at), held[2])
            return held[0].secret
        now = self._now()
        self._held = (token, _renewal(token, now), self._clock())
        return token.secret

    def refused(self, since: float) -> bool:
        """The provider refused what was signed at ``since`` (on the clock): a token from before then is dropped.

        True if signing again will use another token than that request had.
        """
        held = self._held
        if held is not None and held[2] <= since:
            self._held = None
        return True

    def __repr__(self) -> str:
        return "TokenSource()"


def _renewal(token: Token, now: float) -> float:
    """When to renew: MARGIN before the end, but a token that lasts only minutes not before four fifths of them are over."""
    if token.expires_at is None:
        return float("inf")
    return max(token.expires_at - MARGIN, now + 0.8 * (token.expires_at - now))


class TokenScheme:
    """``Authorization: Bearer TOKEN`` of what ``source`` obtains; or a key, if there is one, as ``with_key`` sends it."""

    def __init__(self, source: TokenSource, with_key: Scheme | None = None) -> None:
        self._source = source
        self._with_key = with_key or header("authorization")

    def __call__(self, request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        if secret is not None:
            return (yield from self._with_key(request, secret))
        token = self._source.current()
        if token is None:
            token = cast(Secret, (yield from obtain(self._source)))
        return replace(request, headers={**request.headers, "authorization": f"Bearer {token.reveal()}"})

    def refused(self, since: float) -> bool:
        return self._source.refused(since)
