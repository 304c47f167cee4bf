"""Recorded echoes, and what the kit finds in them."""

from __future__ import annotations

import echo_wire as echo

from turnout.testing import Difference, Exchange, examine
from turnout.types import HttpRequest, HttpResponse
from turnout.wire import Wire

ASKED = b'{"model":"m","say":"a b","volume":3}'
ASKED_TO_STREAM = b'{"model":"m","say":"a b","stream":true}'
ANSWER = b'{"id":"e1","model":"m","said":"a b","why":"end","used":{"in":5,"out":2,"cached":3},"room":"hall"}'
UNCOUNTED = b'{"id":"e1","model":"m","said":"a b","why":"end","used":{"in":5,"out":2}}'
WRONG = b'{"wrong":{"text":"too loud","kind":"volume"}}'
STREAM = (
    b'data: {"id":"e1","model":"m"}\n\n'
    b'data: {"piece":"a"}\r\n\r\n'
    b'data: {"piece":" "}\n\n'
    b'data: {"piece":"b"}\n\n'
    b'data: {"room":"hall"}\n\n'
    b'data: {"used":{"in":5,"out":2}}\n\n'
    b'data: {"why":"end"}\n\n'
)
BROKEN_STREAM = b'data: {"id":"e1","model":"m"}\n\ndata: {"piece":"a"}\n\ndata: {"wrong":{"text":"too loud","kind":"volume"}}\n\n'
SHORT_STREAM = b'data: {"id":"e1","model":"m"}\n\ndata: {"piece":"a"}\n\n'
GARBAGE_STREAM = b'data: {"id":"e1","model":"m"}\n\ndata: {"piece":"a"}\n\ndata: <html>\n\n'


def exchange(body: bytes, *, status: int = 200, asked: bytes = ASKED, wait: str | None = None) -> Exchange:
    return Exchange(
        id="echo.echo.0",
        provider="echo",
        endpoint="echo",
        request=HttpRequest(method="POST", url="https://echo.example/v1/echo?key=1", body=asked),
        response=HttpResponse(status=status, headers={"retry-after": wait} if wait else {}, body=body),
        framing="sse" if body.startswith(b"data:") else "json",
    )


def found(wire: Wire, recorded: Exchange) -> list[Difference]:
    return examine(recorded, wire, reference=echo.REFERENCE, rules=()).unexplained


def checks(wire: Wire, recorded: Exchange) -> set[str]:
    return {difference.check for difference in found(wire, recorded)}
