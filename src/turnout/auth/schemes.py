"""Ways to prove who asks: a key in a header, or in the query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from turnout.auth.secrets import Secret
from turnout.effects import Steps
from turnout.types import HttpRequest

# A scheme is a generator because some need an exchange of their own first (a token to fetch): they yield it as an effect.
Scheme = Callable[[HttpRequest, Secret | None], Steps[HttpRequest]]

T = TypeVar("T")


class Surroundings:
    """What a scheme may know of where it runs. ``keep`` is how the schemes of one registry share what they obtained.

    ``clock`` gives monotonic seconds, ``now`` seconds since 1970; ``credential`` is an object of the vendor's own library.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
        credential: Any = None,
        kept: dict[Any, Any] | None = None,
    ) -> None:
        self.environ = environ
        self.clock = clock
        self.now = now
        self.credential = credential
        self._kept: dict[Any, Any] = {} if kept is None else kept

    def keep(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """The thing of this key and credential; made when it is first asked for. As many as there are rows of providers."""
        whole = (*key, id(self.credential))
        if whole not in self._kept:
            # the credential is kept too, so that no other object is ever given its id
            self._kept.setdefault(whole, (make(), self.credential))
        return cast(T, self._kept[whole][0])


# Makes a scheme from what follows the colon of Provider.auth.
Factory = Callable[[str, Surroundings], Scheme]


def bearer(header: str = "", around: Surroundings | None = None) -> Scheme:
    """``Authorization: Bearer KEY`` (RFC 6750 §2.1), or the same in the header named."""
    return _in_header(header or "authorization", "Bearer ")


def header(name: str, around: Surroundings | None = None) -> Scheme:
    """``NAME: KEY``."""
    return _in_header(name.lower(), "")


def query(name: str, around: Surroundings | None = None) -> Scheme:
    """``?NAME=KEY``."""

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        if secret is None:
            return request
        from urllib.parse import quote  # 6 ms; only providers that want the key in the query pay it

        return replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{name}={quote(secret.reveal(), safe='')}")

    return sign


def none(argument: str = "", around: Surroundings | None = None) -> Scheme:
    """Nothing is sent, whatever key there is."""

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        return request

    return sign


def _in_header(name: str, prefix: str) -> Scheme:
    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        if secret is None:
            return request
        return replace(request, headers={**request.headers, name: prefix + secret.reveal()})

    return sign
