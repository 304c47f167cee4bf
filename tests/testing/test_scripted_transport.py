"""Script, the transport that plays what was written down."""

from __future__ import annotations

import asyncio

import pytest

from turnout.errors import RateLimited, TransportFailed
from turnout.testing import Script, ScriptedStream
from turnout.types import HttpRequest, HttpResponse, Timeouts

REQUEST = HttpRequest(method="POST", url="https://a.example/v1", body=b"{}")
WHEN = {"timeouts": Timeouts(), "deadline": 10.0}


def test_a_script_answers_attempt_by_attempt_and_records_what_was_sent():
    script = Script(HttpResponse(status=429, body=b"no"), HttpResponse(status=200, body=b"yes"))

    answers = [script.send(REQUEST, **WHEN).body, script.send(REQUEST, **WHEN).body]

    assert answers == [b"no", b"yes"]
    assert script.sent == [REQUEST, REQUEST]
    assert script.timeouts == [Timeouts(), Timeouts()]
    assert script.finished


def test_an_error_in_the_script_is_raised_when_its_attempt_comes():
    script = Script(TransportFailed("refused"), HttpResponse(status=200, body=b"yes"))

    with pytest.raises(TransportFailed, match="refused"):
        script.send(REQUEST, **WHEN)

    assert script.send(REQUEST, **WHEN).body == b"yes"


def test_an_attempt_that_is_not_in_the_script_fails_the_test():
    with pytest.raises(AssertionError, match=r"exchange 1 is not in the script: HttpRequest\(POST https://a\.example/v1"):
        Script().send(REQUEST, **WHEN)


def test_a_stream_gives_its_pieces_one_by_one_and_then_nothing():
    script = Script(ScriptedStream(chunks=[b"a", b"", b"b"]))

    with script.open(REQUEST, **WHEN) as body:
        assert body.head.status == 200
        assert [body.read(1.0) for _ in range(3)] == [b"a", b"b", b""]
        assert script.open_bodies == 1

    assert script.open_bodies == 0


def test_a_stream_breaks_where_the_script_says():
    script = Script(ScriptedStream(chunks=[b"a", TransportFailed("reset")]))

    with script.open(REQUEST, **WHEN) as body:
        assert body.read(1.0) == b"a"
        with pytest.raises(TransportFailed, match="reset"):
            body.read(1.0)


def test_a_whole_response_can_be_opened_and_a_stream_sent():
    script = Script(HttpResponse(status=400, headers={"a": "b"}, body=b"bad"), ScriptedStream(chunks=[b"a", b"b"]))

    with script.open(REQUEST, **WHEN) as body:
        opened = (body.head, body.read(1.0), body.read(1.0))

    assert opened == (HttpResponse(status=400, headers={"a": "b"}), b"bad", b"")
    assert script.send(REQUEST, **WHEN).body == b"ab"


def test_the_same_script_plays_for_an_async_client():
    script = Script(HttpResponse(status=200, body=b"yes"), ScriptedStream(chunks=[b"a"]), RateLimited("later"))

    async def play():
        transport = script.asynchronous
        whole = await transport.send(REQUEST, **WHEN)
        async with transport.open(REQUEST, **WHEN) as body:
            pieces = [await body.read(1.0), await body.read(1.0)]
        with pytest.raises(RateLimited):
            await transport.send(REQUEST, **WHEN)
        await transport.aclose()
        return whole.body, body.head.status, pieces

    assert asyncio.run(play()) == (b"yes", 200, [b"a", b""])
    assert (len(script.sent), script.open_bodies, script.closed) == (3, 0, True)
