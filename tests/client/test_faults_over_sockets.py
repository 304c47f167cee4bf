"""Everything that goes wrong on a real connection, through the whole library: nothing hangs, leaks, or shows a key."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from transport.scripted_server import Peer, ScriptedServer, refusing_url
from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.config import Config
from turnout.engine.plan import Retry
from turnout.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    Error,
    MissingKey,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerFault,
    StreamInterrupted,
    TimedOut,
    TransportFailed,
)
from turnout.events import TextDelta
from turnout.registry import Registry
from turnout.types import Completion, Timeouts

KEY = "gsk-fault-test-0123456789"
ONCE = Retry(attempts=1)
SHORT = Timeouts(connect=5.0, first_event=0.3, between_events=0.3, total=5.0)


@pytest.fixture(autouse=True)
def no_socket_is_leaked() -> Iterator[None]:
    before = _open_files()
    yield
    gc.collect()
    assert _open_files() == before


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def registry(key: str | None = KEY) -> Registry:
    return Registry(environ={"GROQ_API_KEY": key} if key is not None else {}, config=Config())


class Blocking:
    def chat(self, url: str, **settings: Any) -> Completion:
        with Client(settings.pop("registry", None) or registry(), model="groq/m", base_url=url, **settings) as client:
            return client.chat("hello")

    def stream(self, url: str, take: int | None = None, on_text: Callable[[], None] = bool, **settings: Any) -> str:
        heard = []
        with (
            Client(settings.pop("registry", None) or registry(), model="groq/m", base_url=url, **settings) as client,
            client.stream("hello") as events,
        ):
            for event in events:
                if isinstance(event, TextDelta):
                    heard.append(event.text)
                    on_text()
                    if take is not None and len(heard) == take:
                        break
        return "".join(heard)


class OnLoop:
    def chat(self, url: str, **settings: Any) -> Completion:
        async def go() -> Completion:
            chosen = settings.pop("registry", None) or registry()
            async with AsyncClient(chosen, model="groq/m", base_url=url, **settings) as client:
                return await client.chat("hello")

        return asyncio.run(go())

    def stream(self, url: str, take: int | None = None, on_text: Callable[[], None] = bool, **settings: Any) -> str:
        async def go() -> str:
            heard = []
            chosen = settings.pop("registry", None) or registry()
            async with (
                AsyncClient(chosen, model="groq/m", base_url=url, **settings) as client,
                client.stream("hello") as events,
            ):
                async for event in events:
                    if isinstance(event, TextDelta):
                        heard.append(event.text)
                        on_text()
                        if take is not None and len(heard) == take:
                            break
            return "".join(heard)

        return asyncio.run(go())


@pytest.fixture(params=[Blocking, OnLoop], ids=["Client", "AsyncClient"])
def drive(request: pytest.FixtureRequest) -> Any:
    return request.param()


def answer(content: str = "hi", status: int = 200, *headers: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return http(status, json.dumps(body).encode(), *headers)


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} x", "content-type: application/json", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def refusal(status: int, message: str, *headers: str) -> bytes:
    return http(status, json.dumps({"error": {"message": message}}).encode(), *headers)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def delta(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return chunk(b"data: " + json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode() + b"\n\n")


END = delta("", "stop") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def says(*pieces: bytes, then: Callable[[Peer], None] | None = None) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            for piece in pieces:
                peer.send(piece)
            if then is not None:
                then(peer)

    return script


def test_a_connection_that_is_refused(drive: Any) -> None:
    with refusing_url() as url, pytest.raises(TransportFailed, match="refused"):
        drive.chat(url, retry=ONCE)


def test_a_reset_before_the_first_event_is_tried_again(drive: Any) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if peer.number == 0:
            peer.reset()
        else:
            peer.send(STREAM_HEAD + delta("hi") + END)
            peer.hung_up()

    with ScriptedServer(script) as server:
        assert drive.stream(server.url, retry=Retry(backoff=0.01)) == "hi"
        assert len(server.requests) == 2


def test_a_reset_after_the_first_event_interrupts_and_is_not_tried_again(drive: Any) -> None:
    heard = threading.Event()  # a reset may overtake what the client has not read yet

    def reset_when_heard(peer: Peer) -> None:
        assert heard.wait(10.0)
        peer.reset()

    with ScriptedServer(says(STREAM_HEAD, delta("Hel"), then=reset_when_heard)) as server:
        with pytest.raises(StreamInterrupted) as caught:
            drive.stream(server.url, on_text=heard.set)
        assert caught.value.partial.text == "Hel"
        assert len(server.requests) == 1


def test_a_stream_whose_bytes_end_early_is_no_success(drive: Any) -> None:
    with ScriptedServer(says(STREAM_HEAD, delta("Hel"), b"0\r\n\r\n")) as server:
        with pytest.raises(StreamInterrupted, match="ended before the provider said") as caught:
            drive.stream(server.url)
        assert caught.value.partial.text == "Hel"


def test_garbage_instead_of_http(drive: Any) -> None:
    with (
        ScriptedServer(says(b"SSH-2.0-OpenSSH_9.2\r\n", then=lambda peer: peer.hung_up())) as server,
        pytest.raises(TransportFailed),
    ):
        drive.chat(server.url, retry=ONCE)


def test_garbage_instead_of_the_protocol(drive: Any) -> None:
    with ScriptedServer(says(http(200, b"<html>Welcome</html>"))) as server, pytest.raises(ServerFault, match="not JSON"):
        drive.chat(server.url, retry=ONCE)


def test_an_error_inside_a_200_stream(drive: Any) -> None:
    error = chunk(b'data: {"error":{"message":"busy","code":503}}\n\n')
    with ScriptedServer(says(STREAM_HEAD, error, b"0\r\n\r\n")) as server, pytest.raises(Overloaded, match="busy"):
        drive.stream(server.url, retry=ONCE)
    with ScriptedServer(says(STREAM_HEAD, delta("Hel"), error, b"0\r\n\r\n")) as server:
        with pytest.raises(StreamInterrupted, match="busy") as caught:
            drive.stream(server.url, retry=ONCE)
        assert caught.value.partial.text == "Hel"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, AuthenticationFailed), (404, ModelNotFound), (429, RateLimited), (500, ServerFault), (529, Overloaded)],
)
def test_a_refusal_is_its_class_and_shows_no_key(drive: Any, status: int, expected: type[Error]) -> None:
    with ScriptedServer(says(refusal(status, "no"))) as server:
        for call in (drive.chat, drive.stream):
            with pytest.raises(expected) as caught:
                call(server.url, retry=ONCE)
            assert caught.value.status == status
            assert KEY not in repr(caught.value) + str(caught.value)


def test_429_waits_as_long_as_the_provider_says(drive: Any) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(refusal(429, "slow down", "retry-after: 0.05"))
        peer.request()
        peer.send(answer())
        peer.hung_up()

    with ScriptedServer(script) as server:
        done = drive.chat(server.url)
        assert done.text == "hi"
        assert [attempt.error for attempt in done.attempts] == ["RateLimited", None]


def test_a_first_event_that_does_not_come(drive: Any) -> None:
    with ScriptedServer(says(then=lambda peer: peer.hung_up())) as server:
        with pytest.raises((TimedOut, DeadlineExceeded)):
            drive.stream(server.url, timeout=SHORT, retry=ONCE)
        assert server.saw_hang_up()


def test_a_stall_between_events(drive: Any) -> None:
    with ScriptedServer(says(STREAM_HEAD, delta("Hel"), then=lambda peer: peer.hung_up())) as server:
        with pytest.raises(StreamInterrupted) as caught:
            drive.stream(server.url, timeout=SHORT, retry=ONCE)
        assert isinstance(caught.value.__cause__, TimedOut)
        assert caught.value.partial.text == "Hel"
        assert server.saw_hang_up()


def test_comments_without_end_are_a_stall_too(drive: Any) -> None:
    with ScriptedServer(says(STREAM_HEAD, delta("Hel"), then=lambda peer: peer.drip(chunk(b": ping\n\n")))) as server:
        with pytest.raises(StreamInterrupted) as caught:
            drive.stream(server.url, timeout=SHORT, retry=ONCE)
        assert isinstance(caught.value.__cause__, TimedOut)


def test_an_answer_that_drips_ends_at_the_deadline(drive: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    with ScriptedServer(says(head, then=lambda peer: peer.drip(b" "))) as server, pytest.raises(DeadlineExceeded):
        drive.chat(server.url, timeout=Timeouts(total=0.4))


def test_a_body_of_fifty_megabytes_arrives_whole(drive: Any) -> None:
    with ScriptedServer(says(answer("x" * 50_000_000))) as server:
        assert len(drive.chat(server.url).text) == 50_000_000


@pytest.mark.parametrize(("key", "says_what"), [(None, "set GROQ_API_KEY"), ("", "empty"), ("your_key_here", "placeholder")])
def test_a_key_that_is_missing_empty_or_a_placeholder_is_said_before_anything_is_sent(
    drive: Any, key: str | None, says_what: str
) -> None:
    with ScriptedServer(says(answer())) as server:
        with pytest.raises(MissingKey, match=says_what):
            drive.chat(server.url, registry=registry(key))
        assert server.accepted == 0


def test_an_abandoned_stream_closes_its_connection_at_once(drive: Any) -> None:
    with ScriptedServer(says(STREAM_HEAD, delta("a"), delta("b"), then=lambda peer: peer.hung_up())) as server:
        assert drive.stream(server.url, take=2) == "ab"
        assert server.saw_hang_up()


def test_a_cancelled_task_closes_its_connection_at_once() -> None:
    with ScriptedServer(says(STREAM_HEAD, delta("a"), then=lambda peer: peer.hung_up())) as server:

        async def go() -> None:
            heard = asyncio.Event()

            async def read() -> None:
                async with (
                    AsyncClient(registry(), model="groq/m", base_url=server.url) as client,
                    client.stream("hello") as events,
                ):
                    async for event in events:
                        if isinstance(event, TextDelta):
                            heard.set()

            task = asyncio.create_task(read())
            await heard.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(go())
        assert server.saw_hang_up()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_in_the_middle_ends_the_call_and_its_connection() -> None:
    program = textwrap.dedent(
        """
        import sys
        from turnout import Client, Registry
        with Client(Registry(), model="groq/m", base_url=sys.argv[1]) as client:
            with client.stream("hello") as events:
                for event in events:
                    print(event, flush=True)
        """
    )
    with ScriptedServer(says(STREAM_HEAD, delta("a"), then=lambda peer: peer.hung_up())) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", program, server.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GROQ_API_KEY": KEY},
        )
        guard = threading.Timer(30.0, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            while "TextDelta" not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
        finally:
            guard.cancel()
        assert server.saw_hang_up()
    assert "KeyboardInterrupt" in err
    assert KEY not in err
