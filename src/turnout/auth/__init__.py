"""Who asks. A scheme signs a request; a signer binds one scheme and one key to one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from turnout.auth.schemes import Scheme
from turnout.auth.secrets import Secret
from turnout.catalog.schema import Provider
from turnout.effects import Steps
from turnout.errors import ConfigError
from turnout.types import HttpRequest

# name -> "module:attribute" of a function that takes what follows the colon of Provider.auth and returns a Scheme.
SCHEMES: Mapping[str, str] = {
    "bearer": "turnout.auth.schemes:bearer",
    "header": "turnout.auth.schemes:header",
    "none": "turnout.auth.schemes:none",
    "query": "turnout.auth.schemes:query",
    "sigv4": "turnout.auth.sigv4:sigv4",
}


def signer(provider: Provider, scheme: Scheme, secret: Secret | None) -> Callable[[HttpRequest], Steps[HttpRequest]]:
    """Signs requests to ``provider.base_url``, whose placeholders are filled, and refuses any other host with a ConfigError.

    So a key never reaches a host that its provider's row, or the user who overrode it, did not name: not through a redirect,
    not through a wire that builds its URL wrongly.
    """
    home = origin(provider.base_url)

    def sign(request: HttpRequest) -> Steps[HttpRequest]:
        # without a key too: a scheme may find credentials of its own
        if not request.url.startswith(home) and origin(request.url) != home:
            raise ConfigError(f"the key of {provider.name} is for {home} and is not sent to {origin(request.url)}")
        return (yield from scheme(request, secret))

    return sign


def origin(url: str) -> str:
    """Scheme, host and port, with a closing slash: "https://api.groq.com/". Raises ConfigError for what is no URL with a host."""
    scheme, separator, rest = url.partition("://")
    for end in "/?#":
        rest = rest.partition(end)[0]
    if not separator or not scheme or not rest or "@" in rest:
        raise ConfigError(f"{url!r} is not a URL of the form https://host/path")
    return f"{scheme}://{rest}/"
