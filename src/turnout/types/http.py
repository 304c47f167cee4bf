"""HTTP as values: what a wire produces and a transport carries."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class HttpRequest(Struct, frozen=True, kw_only=True):
    method: str
    url: str
    headers: Mapping[str, str] = {}  # names in lower case
    body: bytes = b""

    def __repr__(self) -> str:
        """Without header values or body: an auth scheme may have put a key there, and the body is the user's."""
        return f"HttpRequest({self.method} {self.url.partition('?')[0]}, headers={sorted(self.headers)}, {len(self.body)} bytes)"


class HttpResponse(Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str] = {}  # names in lower case; repeated ones joined with ", "
    body: bytes = b""


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds. The four ways a call can hang, each with its own end. None: only ``total`` bounds it."""

    connect: float | None = 10.0
    first_event: float | None = 120.0  # from sending to the first real event; a large prompt takes long to read
    between_events: float | None = 60.0
    total: float = 600.0  # the whole call, retries and fallbacks included
