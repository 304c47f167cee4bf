"""What a request points to is fetched from the public internet only; here loopback stands for it by an injected rule."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import client_context, server_context
from scripted_server import Peer, ScriptedServer

from turnout.effects import Fetch
from turnout.errors import RequestError, TimedOut, TransportFailed
from turnout.transport import fetch as fetch_sync, fetch_async
from turnout.transport.public import is_public
from turnout.types import HttpResponse, Timeouts

Get = Callable[..., HttpResponse]


def loopback(address: str) -> bool:
    return address in ("127.0.0.1", "::1")


@pytest.fixture
def get(kind: str) -> Iterator[Get]:
    with asyncio.Runner() as runner:

        def call(
            url: str, *, types: tuple[str, ...] = (), max_bytes: int = 1000, seconds: float = 10.0, **rules: Any
        ) -> HttpResponse:
            effect = Fetch(url, types, max_bytes, Timeouts(), time.monotonic() + seconds)
            rules.setdefault("allows", loopback)
            if kind == "sync":
                return fetch_sync.fetch(effect, **rules)
            return runner.run(fetch_async.fetch(effect, **rules))

        yield call
        runner.run(asyncio.sleep(0))


def answering(*answers: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answers[min(peer.number, len(answers) - 1)])

    return script


def ok(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(("HTTP/1.1 200 OK", f"content-length: {len(body)}", *headers))
    return head.encode() + b"\r\n\r\n" + body


def found(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()


def test_the_body_and_its_type_are_handed_on_and_nothing_else(get: Get) -> None:
    with ScriptedServer(answering(ok(b"\x89PNG", "content-type: image/png", "set-cookie: a=b"))) as server:
        assert get(f"{server.url}/a.png", types=("image/*",)) == HttpResponse(
            status=200, headers={"content-type": "image/png"}, body=b"\x89PNG"
        )


def test_no_credential_no_cookie_and_no_compression_is_asked_with(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:9")
    with ScriptedServer(answering(ok(b"hi"))) as server:
        get(f"{server.url}/a%20b/ü?q=1&r=%2F#part")
    received = server.requests[0]

    assert (received.method, received.target) == ("GET", "/a%20b/%C3%BC?q=1&r=%2F")
    assert set(received.headers) == {"host", "accept", "accept-encoding", "user-agent", "connection"}
    assert received.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://2130706433:1/",
        "http://0x7f.1:1/",
        "http://127.1:1/",
    ],
)
def test_this_machine_is_refused_however_it_is_written(get: Get, url: str) -> None:
    with pytest.raises(RequestError, match="not on the public internet"):
        get(url, allows=is_public)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "100.100.100.200", "224.0.0.1", "[fe80::1]"]
)
def test_inside_addresses_are_refused_before_a_connection_is_tried(get: Get, host: str) -> None:
    with pytest.raises(RequestError, match="not on the public internet"):
        get(f"http://{host}/latest/meta-data/", allows=is_public)


def test_one_inside_address_among_several_is_enough_to_refuse(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, ["203.0.113.7", "10.0.0.1"])
    tried: list[str] = []

    def allows(address: str) -> bool:
        tried.append(address)
        return address == "203.0.113.7"

    with pytest.raises(RequestError, match=r"rebound\.example is not on the public internet"):
        get("http://rebound.example/", allows=allows)
    assert tried == ["203.0.113.7", "10.0.0.1"]


def test_the_name_is_resolved_once_and_the_judged_address_is_connected_to(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answering(ok(b"hi"))) as server:
        names = resolves_to(monkeypatch, ["127.0.0.1"], then=["10.255.255.1"])
        answer = get(f"http://rebound.example:{server.port}/")

    assert answer.body == b"hi"
    assert names == ["rebound.example"]
    assert server.requests[0].headers["host"] == f"rebound.example:{server.port}"


def resolves_to(monkeypatch: pytest.MonkeyPatch, first: list[str], then: list[str] | None = None) -> list[str]:
    """The resolver's answers for names; addresses resolve as ever. Returns the names that it is asked for."""
    names: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host not in ("rebound.example", b"rebound.example"):
            return real(host, port, *rest, **options)
        names.append("rebound.example")
        addresses = first if len(names) == 1 or then is None else then
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


def test_a_second_address_is_tried_when_the_first_refuses(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answering(ok(b"hi"))) as server:
        resolves_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        assert get(f"http://rebound.example:{server.port}/", allows=lambda address: address.startswith("127.")).body == b"hi"


def test_a_redirect_is_followed_and_judged_anew(get: Get) -> None:
    with ScriptedServer(answering(found("/there"), ok(b"there"))) as server:
        assert get(f"{server.url}/here").body == b"there"
        assert [received.target for received in server.requests] == ["/here", "/there"]

    with (
        ScriptedServer(answering(found("http://169.254.169.254/latest/meta-data/"))) as server,
        pytest.raises(RequestError, match=r"169\.254\.169\.254 is not on the public internet"),
    ):
        get(f"{server.url}/here")


def test_three_redirects_are_followed_and_no_more(get: Get) -> None:
    with ScriptedServer(answering(found("/1"), found("/2"), found("/3"), ok(b"end"))) as server:
        assert get(f"{server.url}/0").body == b"end"
    with ScriptedServer(answering(found("/again"))) as server:
        with pytest.raises(RequestError, match="once more after 3 redirects"):
            get(f"{server.url}/0")
        assert len(server.requests) == 4


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "data:,x", "http://[bad/"])
def test_a_redirect_to_another_scheme_is_not_followed(get: Get, location: str) -> None:
    with ScriptedServer(answering(found(location))) as server, pytest.raises(RequestError, match="only http:// and https://"):
        get(f"{server.url}/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/", "http://", "http:///x", "http://h:99999/", "http://a b/", "data:,x"]
)
def test_what_is_no_web_address_is_refused(get: Get, url: str) -> None:
    with pytest.raises(RequestError, match="only http:// and https:// addresses"):
        get(url)


def test_a_host_that_is_no_name_is_the_requests_own_mistake(get: Get) -> None:
    with pytest.raises(RequestError, match="is not a host name"):
        get("http://fleuve..\u00e9.example/")


def test_a_user_name_in_an_address_is_refused_and_not_repeated(get: Get) -> None:
    with pytest.raises(RequestError, match="user name or password") as caught:
        get("http://me:hunter2@127.0.0.1/")
    assert "hunter2" not in str(caught.value)


def test_an_answer_of_a_kind_that_is_not_wanted_is_refused(get: Get) -> None:
    with ScriptedServer(answering(ok(b"<html>", "content-type: text/html"), ok(b"?"))) as server:
        with pytest.raises(RequestError, match=r"answered with 'text/html'; taken here: image/\*, application/pdf"):
            get(f"{server.url}/", types=("image/*", "application/pdf"))
        with pytest.raises(RequestError, match="no content-type"):
            get(f"{server.url}/", types=("image/*",))


def test_an_answer_that_is_no_success_is_refused(get: Get) -> None:
    with (
        ScriptedServer(answering(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")) as server,
        pytest.raises(RequestError, match="status 403"),
    ):
        get(f"{server.url}/?signature=abc")


CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"64\r\n"
    + b"x" * 100
    + b"\r\n"
    + b"64\r\n"
    + b"x" * 100
    + b"\r\n0\r\n\r\n"
)


@pytest.mark.parametrize("answer", [ok(b"x" * 101), CHUNKED])
def test_an_answer_beyond_the_bound_is_refused_announced_or_not(get: Get, answer: bytes) -> None:
    with ScriptedServer(answering(answer)) as server, pytest.raises((RequestError, TransportFailed), match="more than"):
        get(f"{server.url}/", max_bytes=100)


def test_a_decompression_bomb_ends_at_the_bound(get: Get) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with (
        ScriptedServer(answering(ok(bomb, "content-encoding: gzip"))) as server,
        pytest.raises((RequestError, TransportFailed), match="more than"),
    ):
        get(f"{server.url}/", max_bytes=100_000)


def test_a_server_that_drips_is_left_at_the_deadline(get: Get) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
        peer.drip(b"x")

    with ScriptedServer(drip) as server, pytest.raises(TimedOut):
        get(f"{server.url}/", seconds=0.3)


def test_an_answer_that_breaks_off_is_no_answer(get: Get) -> None:
    with (
        ScriptedServer(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")) as server,
        pytest.raises(TransportFailed, match="after 4 of 9 bytes"),
    ):
        get(f"{server.url}/")


def test_the_certificate_must_be_the_names_and_https_never_becomes_http(
    get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = server_context(tmp_path)

    def script(peer: Peer) -> None:
        peer.start_tls(context)
        received = peer.request()
        peer.send(ok(b"safe") if received.target == "/" else found("http://127.0.0.1/plain"))

    def trusting() -> ssl.SSLContext:
        return client_context()

    with ScriptedServer(script) as server:
        resolves_to(monkeypatch, ["127.0.0.1"])
        assert get(f"https://localhost:{server.port}/", tls=trusting).body == b"safe"
        with pytest.raises(RequestError, match="redirects from https to something else"):
            get(f"https://localhost:{server.port}/down", tls=trusting)
        with pytest.raises(TransportFailed, match="cannot be trusted"):
            get(f"https://rebound.example:{server.port}/", tls=trusting)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "198.18.0.1",
        "240.0.0.1",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "nonsense",
    ],
)
def test_nothing_else_is(address: str) -> None:
    assert not is_public(address)
