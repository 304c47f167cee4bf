"""What both ways to fetch an address agree on: where it leads, which addresses are let through, what answers are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from turnout.errors import ConfigError, RequestError
from turnout.transport.request import encode_head
from turnout.transport.route import Route, direct
from turnout.types import HttpRequest, HttpResponse

Allows = Callable[[str], bool]  # an IP address -> whether it may be connected to

MAX_REDIRECTS = 3
MAX_SECONDS = 30.0  # for all of it, redirects included

_SAFE = "/?%:@!$&'()*+,;=~-._"
_REDIRECTS = (301, 302, 303, 307, 308)


def route_of(url: str) -> tuple[Route, str]:
    """The direct way to ``url``, around any proxy, and the path with its query. Raises RequestError for what is not fetched."""
    from urllib.parse import quote

    try:
        found = direct(url)
    except ConfigError as error:
        raise RequestError(str(error)) from None
    if found is None:
        raise RequestError("only http:// and https:// addresses with a host are fetched")
    route, parts = found
    if "@" in parts.netloc:
        raise RequestError(f"the address at {parts.hostname} holds a user name or password, which is not sent; leave it out")
    return route, quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")


def judged(found: Iterable[tuple[Any, ...]], route: Route, allows: Allows) -> list[str]:
    """The addresses that the resolver ``found``, each once. Raises RequestError if a single one is not let through."""
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(map(allows, addresses)):
        raise RequestError(
            f"{route.name} is not on the public internet, and nothing else is fetched for a request; send the bytes instead"
        )
    return addresses


def placed(route: Route, address: str) -> Route:
    """``route``, dialled at ``address``; its name still says who must answer, to TLS and in the host header."""
    return replace(route, at=address)


def head_of(route: Route, path: str) -> bytes:
    """The request: no credential, no cookie, and no compression, so that a small answer stays small."""
    request = HttpRequest(method="GET", url=f"{route.key}{path}", headers={"accept": "*/*", "connection": "close"})
    return encode_head(request, route, path, "identity")


def redirect(head: HttpResponse, url: str, route: Route) -> str | None:
    """Where the answer sends us on to; None if it is not a redirect."""
    location = head.headers.get("location")
    if head.status not in _REDIRECTS or not location:
        return None
    from urllib.parse import urljoin

    try:
        onward = urljoin(url, location)
    except ValueError:
        raise RequestError(f"{route.name} redirects; only http:// and https:// addresses with a host are fetched") from None
    if route.tls and not onward.lower().startswith("https://"):
        raise RequestError(f"{route.name} redirects from https to something else, which is not followed")
    return onward


def check_head(head: HttpResponse, route: Route, types: tuple[str, ...], max_bytes: int) -> None:
    """Raises RequestError for an answer whose body is not wanted."""
    if head.status != 200:
        raise RequestError(f"{route.name} answered with status {head.status}; is the address open to everyone?")
    media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if types and not any(media_type == known or (known.endswith("/*") and media_type.startswith(known[:-1])) for known in types):
        what = f"{media_type!r}" if media_type else "no content-type"
        raise RequestError(f"{route.name} answered with {what}; taken here: {', '.join(types)}")
    length = head.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large(route, max_bytes)


def too_large(route: Route, max_bytes: int) -> RequestError:
    return RequestError(
        f"{route.name} answered with more than {max_bytes:,} bytes, the most that is fetched; send a smaller file"
    )


def too_far(route: Route) -> RequestError:
    return RequestError(f"{route.name} redirects once more after {MAX_REDIRECTS} redirects; name the last address instead")


def answer(head: HttpResponse, pieces: list[bytes]) -> HttpResponse:
    """What is handed on: the body and what kind it is, and nothing else that the server said."""
    kept = {name: head.headers[name] for name in ("content-type",) if name in head.headers}
    return HttpResponse(status=200, headers=kept, body=b"".join(pieces))
