"""Who asks. A scheme signs a request; a signer binds one scheme and one key to one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from turnout.auth.schemes import Scheme
from turnout.auth.secrets import AwaitedSecret, Secret
from turnout.catalog.schema import Provider
from turnout.effects import Steps, obtain
from turnout.errors import ConfigError
from turnout.types import HttpRequest

# name -> "module:attribute" of a Factory.
SCHEMES: Mapping[str, str] = {
    "azure": "turnout.auth.azure:azure",
    "bearer": "turnout.auth.schemes:bearer",
    "foundry": "turnout.auth.azure:foundry",
    "google": "turnout.auth.google:google",
    "header": "turnout.auth.schemes:header",
    "none": "turnout.auth.schemes:none",
    "query": "turnout.auth.schemes:query",
    "sigv4": "turnout.auth.sigv4:sigv4",
}


def signer(provider: Provider, scheme: Scheme, secret: Secret | None) -> Callable[[HttpRequest], Steps[HttpRequest]]:
    """Signs requests to ``provider.base_url``, whose placeholders are filled, and refuses any other host with a ConfigError.

    What ``provider.query`` says is added to their address first, for a signature may cover it.
    So a key never reaches a host that its provider's row, or the user who overrode it, did not name: not through a redirect,
    not through a wire that builds its URL wrongly.
    """
    home = origin(provider.base_url)
    query = provider.query

    def sign(request: HttpRequest) -> Steps[HttpRequest]:
        # without a key too: a scheme may find credentials of its own
        if not request.url.startswith(home) and origin(request.url) != home:
            raise ConfigError(f"the key of {provider.name} is for {home} and is not sent to {origin(request.url)}")
        if query:
            request = replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{query}")
        key = secret
        if isinstance(key, AwaitedSecret):
            key = key.current() or (yield from obtain(key))
        return (yield from scheme(request, key))

    return sign


def origin(url: str) -> str:
    """Scheme, host and port, with a closing slash: "https://api.groq.com/". Raises ConfigError for what is no URL with a host."""
    scheme, separator, rest = url.partition("://")
    for end in "/?#":
        rest = rest.partition(end)[0]
    if not separator or not scheme or not rest or "@" in rest:
        raise ConfigError(f"{shown(url)!r} is not a URL of the form https://host/path")
    return f"{scheme}://{rest}/"


def shown(url: str) -> str:
    """``url`` without what may hold a key: a name and a password in front of the host, and a query."""
    place, query, _ = url.partition("?")
    scheme, separator, rest = place.rpartition("://")
    _, password, host = rest.rpartition("@")
    return f"{scheme}{separator}{'…@' if password else ''}{host}{'?…' if query else ''}"
