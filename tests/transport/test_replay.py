"""Recorded exchanges: what is written, what is answered, and what is said when nothing matches."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from pathlib import Path

import pytest
from scripted_server import CHUNKED_HEAD, Peer, ScriptedServer, chunk, response

from turnout.errors import ConfigError, TransportFailed
from turnout.transport.exchange import Exchange, read_exchanges
from turnout.transport.http import HttpTransport
from turnout.transport.http_async import AsyncHttpTransport
from turnout.transport.recorder import AsyncRecorder, Recorder
from turnout.transport.replay import AsyncReplay, Replay
from turnout.types import HttpRequest, HttpResponse, Timeouts

LIMITS = {"timeouts": Timeouts(), "deadline": float("inf")}
URL = "https://api.example.test/v1/chat"


def asked(body: object, *, url: str = URL, method: str = "POST") -> HttpRequest:
    return HttpRequest(method=method, url=url, body=json.dumps(body).encode())


def exchange(body: object, answer: bytes, chunks: tuple[int, ...] = ()) -> Exchange:
    return Exchange(request=asked(body), response=HttpResponse(status=200, headers={"x-a": "b"}, body=answer), chunks=chunks)


def test_a_recorded_request_gets_its_answer_whatever_the_order_of_its_keys() -> None:
    replay = Replay([exchange({"a": 1, "b": [True]}, b"one"), exchange({"a": 2}, b"two")])
    assert replay.send(asked({"a": 2}), **LIMITS).body == b"two"
    assert replay.send(asked({"b": [True], "a": 1}), **LIMITS) == HttpResponse(status=200, headers={"x-a": "b"}, body=b"one")
    assert replay.remaining == []


def test_equal_requests_are_answered_in_recorded_order_and_then_no_more() -> None:
    replay = Replay([exchange({}, b"one"), exchange({}, b"two")])
    assert [replay.send(asked({}), **LIMITS).body for _ in range(2)] == [b"one", b"two"]
    with pytest.raises(ConfigError, match=r"holds 2 answer\(s\) to POST https://api\.example\.test/v1/chat, and all were given"):
        replay.send(asked({}), **LIMITS)


def test_the_query_and_the_headers_do_not_tell_requests_apart() -> None:
    replay = Replay([exchange({}, b"one")])
    request = HttpRequest(method="POST", url=f"{URL}?key=secret", headers={"authorization": "Bearer key"}, body=b"{}")
    assert replay.send(request, **LIMITS).body == b"one"


@pytest.mark.parametrize(
    ("recorded", "sent"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": 1.0}), ({"a": None}, {}), ([1, 2], [2, 1])]
)
def test_json_that_only_looks_equal_in_python_is_not_the_same_request(recorded: object, sent: object) -> None:
    with pytest.raises(ConfigError):
        Replay([exchange(recorded, b"one")]).send(asked(sent), **LIMITS)


def test_a_request_that_was_not_recorded_is_shown_beside_the_nearest_that_was() -> None:
    recorded = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "seed": 1}
    replay = Replay([exchange({"model": "other"}, b""), exchange(recorded, b"")], name="calls.jsonl")
    sent = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "top_p": 0.5}
    with pytest.raises(ConfigError) as refused:
        replay.send(asked(sent, url=f"{URL}?key=sk-secret"), **LIMITS)
    assert str(refused.value) == (
        "calls.jsonl holds no answer to POST https://api.example.test/v1/chat; "
        "the nearest of 2 is number 2, POST https://api.example.test/v1/chat, which differs:\n"
        '  body.messages[0].content: recorded "Hi", asked "Hello"\n'
        "  body.seed: recorded 1, not asked\n"
        "  body.top_p: asked 0.5, not recorded\n"
        "Record it anew, or send what was recorded."
    )


def test_the_nearest_is_sought_at_the_same_address_first() -> None:
    replay = Replay([exchange({}, b""), Exchange(request=asked({"a": 1}, url=f"{URL}/2"), response=HttpResponse(status=200))])
    with pytest.raises(ConfigError, match="the nearest of 2 is number 2"):
        replay.send(asked({"a": 2, "b": 3}, url=f"{URL}/2"), **LIMITS)
    with pytest.raises(ConfigError, match=f"URL: recorded {URL}, asked {URL}/3"):
        replay.send(asked({}, url=f"{URL}/3"), **LIMITS)


def test_many_differences_and_long_values_are_told_in_short() -> None:
    recorded = {"long": "x" * 1000} | {f"extra{number}": number for number in range(9)}
    with pytest.raises(ConfigError) as refused:
        Replay([exchange(recorded, b"")]).send(asked({}), **LIMITS)
    assert "and 5 more" in str(refused.value)
    assert "(1002 characters)" in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_an_empty_replay_says_that_it_is_empty() -> None:
    with pytest.raises(ConfigError, match="holds no exchange, but POST"):
        Replay([]).send(asked({}), **LIMITS)


def test_a_stream_is_handed_out_as_it_was_cut() -> None:
    replay = Replay([exchange({}, b"onetwothree", (3, 3)), exchange({}, b"whole")])
    with replay.open(asked({}), **LIMITS) as body:
        assert (body.head.status, body.head.body) == (200, b"")
        assert [body.read(1.0) for _ in range(5)] == [b"one", b"two", b"three", b"", b""]
    with replay.open(asked({}), **LIMITS) as body:
        assert [body.read(1.0) for _ in range(2)] == [b"whole", b""]


def test_an_async_replay_answers_the_same() -> None:
    async def run() -> list[bytes]:
        replay = AsyncReplay([exchange({"a": 1}, b"one"), exchange({}, b"onetwo", (3, 3))])
        bodies = [(await replay.send(asked({"a": 1}), **LIMITS)).body]
        async with replay.open(asked({}), **LIMITS) as body:
            bodies += [await body.read(1.0) for _ in range(3)]
        await replay.aclose()
        return bodies

    assert asyncio.run(run()) == [b"one", b"one", b"two", b""]


SECRETS = ["sk-0123456789", "query-key-012345", "password-012345", "tenant-key-01234", "session-0123456"]


def provider(peer: Peer) -> None:
    """Echoes keys, as some do."""
    peer.request()
    peer.send(response(b'{"error":"bad key sk-0123456789"}', headers="set-cookie: session-0123456\r\nx-echo: sk-0123456789\r\n"))
    peer.request()
    peer.send(CHUNKED_HEAD + chunk(b"one"))
    peer.request()


def keyed(server: ScriptedServer, body: bytes) -> HttpRequest:
    return HttpRequest(
        method="POST",
        url=server.url.replace("http://", "http://user:password-012345@") + "/v1/chat?key=query-key-012345",
        headers={
            "authorization": "Bearer sk-0123456789",
            "x-tenant": "tenant-key-01234",
            "content-type": "application/json",
        },
        body=body,
    )


def record(path: Path) -> None:
    recorder = Recorder(HttpTransport(), path)
    limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + 10}
    with ScriptedServer(provider) as server:
        recorder.send(keyed(server, b'{"key":"tenant-key-01234"}'), **limits)
        with recorder.open(keyed(server, b"not json \xff"), **limits) as body:
            assert body.read(10.0) == b"one"
        recorder.close()


def test_a_recording_replays_and_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    record(path)
    text = path.read_text()
    assert [secret for secret in SECRETS if secret in text] == []
    assert text.count("\n") == 2
    first, second = read_exchanges(path)
    assert first.response.body == b'{"error":"bad key [redacted]"}'
    assert "set-cookie" not in first.response.headers
    assert first.request.headers == {"content-type": "application/json"}
    assert (second.request.body, second.chunks) == (b"not json \xff", (3,))
    replay = Replay.read(path)
    assert replay.send(first.request, **LIMITS) == first.response
    with replay.open(second.request, **LIMITS) as body:
        assert [body.read(1.0) for _ in range(2)] == [b"one", b""]


def test_a_recording_is_readable_by_its_owner_only_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("old")
    path.chmod(0o644)
    record(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["calls.jsonl"]
    assert "old" not in path.read_text()


def test_a_recording_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("old")
    recorder = Recorder(Replay([exchange({}, b"one")]), path)
    recorder.send(asked({}), **LIMITS)

    def full(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        recorder.save()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["calls.jsonl"]


def test_a_failed_call_is_not_recorded(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED_HEAD + chunk(b"one"))

    path = tmp_path / "calls.jsonl"
    recorder = Recorder(HttpTransport(), path)
    limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + 10}
    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed):
            recorder.send(HttpRequest(method="POST", url=server.url), **limits)
        with recorder.open(HttpRequest(method="POST", url=server.url), **limits) as body:
            assert body.read(10.0) == b"one"
            with pytest.raises(TransportFailed):
                body.read(10.0)
    recorder.close()
    assert path.read_text() == ""


def test_an_async_recorder_writes_the_same(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"

    async def run() -> None:
        recorder = AsyncRecorder(AsyncReplay([exchange({"a": 1}, b"one"), exchange({}, b"onetwo", (3, 3))]), path)
        await recorder.send(asked({"a": 1}), **LIMITS)
        async with recorder.open(asked({}), **LIMITS) as body:
            while await body.read(1.0):
                pass
        await recorder.aclose()

    asyncio.run(run())
    assert [(recorded.response.body, recorded.chunks) for recorded in read_exchanges(path)] == [(b"one", ()), (b"onetwo", (3, 3))]


def test_an_async_recorder_passes_a_real_stream_on(tmp_path: Path) -> None:
    async def run() -> bytes:
        recorder = AsyncRecorder(AsyncHttpTransport(), tmp_path / "calls.jsonl")
        limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + 10}
        async with recorder.open(HttpRequest(method="POST", url=server.url), **limits) as body:
            data = await body.read(10.0)
        await recorder.aclose()
        return data

    with ScriptedServer(lambda peer: (peer.request(), peer.send(response(b"one")))) as server:
        assert asyncio.run(run()) == b"one"


def test_a_recording_that_grows_too_large_says_so(tmp_path: Path) -> None:
    recorder = Recorder(Replay([exchange({}, b"x" * 1000)]), tmp_path / "calls.jsonl", max_bytes=500)
    with pytest.raises(ConfigError, match="grew over 500 bytes"):
        recorder.send(asked({}), **LIMITS)


@pytest.mark.parametrize("line", ["{}", "[", '{"request":{"method":"GET","url":"u"},"response":{"status":200,"base64":"!"}}'])
def test_a_line_that_is_no_exchange_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(ConfigError, match=r"calls\.jsonl:2 is not a recorded exchange"):
        Replay.read(path)


def test_a_recording_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"calls\.jsonl: No such file"):
        Replay.read(tmp_path / "calls.jsonl")
