"""An auth scheme: how a request proves who asks. It is a generator, because some schemes must fetch a token first."""

import hashlib

from msgspec.structs import replace

from turnout.auth.schemes import Scheme, Surroundings
from turnout.auth.secrets import Secret
from turnout.effects import Steps
from turnout.types import HttpRequest


def seal(argument: str = "", around: Surroundings | None = None) -> Scheme:
    """The key never travels: ``x-acme-seal`` is the SHA-256 of the key and the body."""

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        if secret is None:
            return request
        digest = hashlib.sha256(secret.reveal().encode() + request.body).hexdigest()
        return replace(request, headers={**request.headers, "x-acme-seal": digest})

    return sign
