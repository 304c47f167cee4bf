"""The embedded model for several workers: its server runs once, beside them all, and each worker is told where it answers."""

from __future__ import annotations

import socketserver
import time
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from msgspec import DecodeError, Struct, json

from turnout.errors import ConfigError, Error, MissingExtra, TimedOut, TransportFailed, UnknownName
from turnout.transport.local_server import Endpoint
from turnout.transport.local_servers import LocalServers
from turnout.types import HttpRequest

if TYPE_CHECKING:
    from turnout.transport.local_server import EmbeddedServer

_FRESH = 1.0  # seconds that a worker believes what it was told: a model's server that died answers elsewhere when it is back
_MAX_LINE = 64 * 1024
_TOLD: dict[str, type[Error]] = {cls.__name__: cls for cls in (ConfigError, MissingExtra, UnknownName, TimedOut, TransportFailed)}


class _Asked(Struct):
    model: str
    seconds: float  # how long the call can wait


class _Answer(Struct, omit_defaults=True):
    base_url: str = ""
    key: str = ""
    error: str = ""  # its class
    message: str = ""


class Lender:
    """Answers on the Unix socket ``path`` until closed, and ends the models' servers then. ``path`` keeps strangers out."""

    def __init__(self, path: str, servers: LocalServers | None = None) -> None:
        self._servers = servers or LocalServers()
        self._listening = _Listening(path, _Answering)
        self._listening.servers = self._servers
        Thread(target=self._listening.serve_forever, name="turnout-lender", daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown()
        self._listening.server_close()
        self._servers.close()


class _Listening(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    servers: LocalServers

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that left while its model loaded."""


class _Answering(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = json.decode(self.rfile.readline(_MAX_LINE), type=_Asked)
        servers = cast(_Listening, self.server).servers
        request = HttpRequest(method="GET", url=f"local://{quote(asked.model, safe='')}/", headers={}, body=b"")
        try:
            directed = servers.direct(request, time.monotonic() + asked.seconds)
        except Error as error:
            name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _TOLD or cls is Error)
            answer = _Answer(error=name, message=str(error))
        else:
            key = directed.headers["authorization"].removeprefix("Bearer ")
            answer = _Answer(base_url=directed.url.removesuffix("/"), key=key)
        self.wfile.write(json.encode(answer) + b"\n")


class BorrowedServers(LocalServers):
    """A worker's view: every server is the lender's."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def _find(self, model: str) -> EmbeddedServer:
        borrowed = self._by_model[model] = cast("EmbeddedServer", _Borrowed(self._path, model))
        return borrowed


class _Borrowed:
    def __init__(self, path: str, model: str) -> None:
        self._path = path
        self._model = model
        self._told: tuple[Endpoint, float] | None = None

    def ready(self) -> Endpoint | None:
        told = self._told
        return told[0] if told is not None and time.monotonic() < told[1] else None

    def endpoint(self, deadline: float) -> Endpoint:
        answer = self._ask(max(0.0, deadline - time.monotonic()))
        if answer.error:
            raise _TOLD.get(answer.error, TransportFailed)(answer.message)
        endpoint = Endpoint(answer.base_url, answer.key)
        self._told = endpoint, time.monotonic() + _FRESH
        return endpoint

    def _ask(self, seconds: float) -> _Answer:
        import socket

        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(seconds + 1.0)
                asking.connect(self._path)
                asking.sendall(json.encode(_Asked(self._model, seconds)) + b"\n")
                with asking.makefile("rb") as answers:
                    return json.decode(answers.readline(_MAX_LINE), type=_Answer)
        except TimeoutError:
            raise TimedOut(f"local/{self._model} did not start in the time left for the call; it goes on, so try again") from None
        except (OSError, DecodeError) as error:
            raise TransportFailed(f"the process that runs local/{self._model} does not answer: {error}") from error
