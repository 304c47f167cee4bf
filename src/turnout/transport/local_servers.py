"""The embedded servers of one owner: which model a ``local://`` URL names, and where it answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.errors import ConfigError, MissingExtra
from turnout.transport.local_server import CONTEXT_TOKENS, INSTALL, SLOTS, EmbeddedServer, Endpoint
from turnout.types import HttpRequest

if TYPE_CHECKING:
    from pathlib import Path


class LocalServers:
    """One server for each weights file, none before a request names it. Any thread may ask."""

    def __init__(
        self, environ: Mapping[str, str] | None = None, *, slots: int = SLOTS, context_tokens: int = CONTEXT_TOKENS
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._slots = slots
        self._context_tokens = context_tokens
        self._by_model: dict[str, EmbeddedServer] = {}
        self._by_file: dict[Path, EmbeddedServer] = {}
        self._closed = False

    def direct(self, request: HttpRequest, deadline: float) -> HttpRequest:
        """The request as the model's server takes it, which is started if need be.

        Raises MissingExtra, UnknownName and ConfigError for what a person must put right, TimedOut at the deadline.
        """
        model, rest = _split(request.url)
        server = self._by_model.get(model) or self._find(model)
        return _addressed(request, server.endpoint(deadline), rest)

    def direct_now(self, request: HttpRequest) -> HttpRequest | None:
        """The same when the model's server runs already, else None. Never waits, reads no file."""
        model, rest = _split(request.url)
        server = self._by_model.get(model)
        endpoint = server.ready() if server is not None else None
        return _addressed(request, endpoint, rest) if endpoint is not None else None

    def started(self) -> bool:
        return bool(self._by_file)

    def close(self) -> None:
        """Stops every server; calls under way break off."""
        self._closed = True
        for server in list(self._by_file.values()):
            server.close()

    def _find(self, model: str) -> EmbeddedServer:
        from importlib.util import find_spec

        from turnout.transport.local_weights import PULL, SMOLLM2, weights  # brings pathlib: 4 ms

        if self._closed:
            raise ConfigError("the transport of the embedded model is closed; make a new client")
        if find_spec("xllamacpp") is None:
            raise MissingExtra(f"the embedded model is not installed: {INSTALL}, then `{PULL}` for local/{SMOLLM2.name}")
        file = weights(model, self._environ)
        known = file.name == SMOLLM2.file
        server = EmbeddedServer(
            file,
            name=SMOLLM2.name if known else "",
            chat_template=_smollm2_template() if known else "",
            slots=self._slots,
            context_tokens=self._context_tokens,
            verbose=self._environ.get("TURNOUT_LOG") == "debug",
        )
        server = self._by_file.setdefault(file, server)  # of two threads that come here together, one server wins
        self._by_model[model] = server
        if self._closed:  # meanwhile
            server.close()
        return server


def _smollm2_template() -> str:
    with open(os.path.join(os.path.dirname(__file__), "smollm2.jinja"), encoding="utf-8") as file:
        return file.read()


def _split(url: str) -> tuple[str, str]:
    """The model, and the path with its query. A file is one quoted segment: ``local://%2Ftmp%2Fx.gguf/v1/…``."""
    from urllib.parse import unquote

    model, _, rest = url.removeprefix("local://").partition("/")
    if not model:
        raise ConfigError(f"{url} names no model: local://smollm2-135m/v1, or a GGUF file's quoted path instead of the name")
    return unquote(model), rest


def _addressed(request: HttpRequest, endpoint: Endpoint, rest: str) -> HttpRequest:
    headers = {name: value for name, value in request.headers.items() if name not in ("authorization", "x-api-key", "host")}
    headers["authorization"] = f"Bearer {endpoint.key}"
    return replace(request, url=f"{endpoint.base_url}/{rest}", headers=headers)
