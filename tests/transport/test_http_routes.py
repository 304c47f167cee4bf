"""Proxies and TLS: who is spoken to first, and who is trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

import certificates
import pytest
from scripted_server import Peer, ScriptedServer, chunk, response
from transport_drive import Drive

from turnout.errors import ConfigError, TimedOut, TransportFailed
from turnout.transport.route import Router
from turnout.types import HttpRequest


def keep_answering(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(response(b"%d" % peer.number))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_from_the_environment_gets_the_whole_url(drive: Drive, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with ScriptedServer(keep_answering) as proxy:
        monkeypatch.setenv(variable, proxy.url.replace("http://", "http://user:p%40ss@"))
        assert drive.send("http://api.example.test/v1?a=b").body == b"0"
    received = proxy.requests[0]
    assert received.target == "http://api.example.test/v1?a=b"
    assert received.headers["host"] == "api.example.test"
    assert received.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_never_reached_through_a_proxy(drive: Drive, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with ScriptedServer(keep_answering) as proxy, ScriptedServer(keep_answering) as server:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy.url)
        drive.send(f"http://{host}:{server.port}/")
    assert (proxy.accepted, server.accepted) == (0, 1)


@pytest.mark.parametrize("exception", ["example.test", ".example.test", "other,api.example.test:8080", "*"])
def test_no_proxy_goes_around_the_proxy(monkeypatch: pytest.MonkeyPatch, exception: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("NO_PROXY", exception)
    route, _ = Router().route("http://api.example.test:8080/")
    assert route.proxy is None


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "https://user:secret@proxy", "http://", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_refused_with_what_can(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigError, match="only http://host:port is understood") as refused:
        Router().route("https://api.example.test/")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "address", "name", "path"),
    [
        ("https://api.example.test/v1", ("api.example.test", 443), "api.example.test", "/v1"),
        ("http://API.Example.test:8080/v1", ("api.example.test", 8080), "api.example.test:8080", "/v1"),
        ("http://[::1]:8080/v1", ("::1", 8080), "[::1]:8080", "/v1"),
        ("https://b\xfccher.example/v1", ("xn--bcher-kva.example", 443), "xn--bcher-kva.example", "/v1"),
        ("https://key@api.example.test", ("api.example.test", 443), "api.example.test", "/"),
        ("https://api.example.test?a=http://b/c", ("api.example.test", 443), "api.example.test", "/?a=http://b/c"),
    ],
)
def test_a_url_leads_to_its_host_and_port(url: str, address: tuple[str, int], name: str, path: str) -> None:
    route, found_path = Router().route(url)
    assert (route.address, route.name, found_path) == (address, name, path)


def test_a_router_remembers_only_so_many_origins() -> None:
    router = Router()
    for number in range(3000):
        router.route(f"http://127.0.0.1:{number + 1}/")
    assert len(router._routes) <= 1024


@pytest.fixture
def secured(tmp_path: Path) -> ssl.SSLContext:
    return certificates.server_context(tmp_path)


def secure(context: ssl.SSLContext, script):
    def secured_script(peer: Peer) -> None:
        peer.start_tls(context)
        script(peer)

    return secured_script


def tunnel(context: ssl.SSLContext):
    """A proxy that lets the tunnel end in itself."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        peer.start_tls(context)
        keep_answering(peer)

    return script


def test_a_trusted_server_is_spoken_to_over_tls_and_its_connection_kept(make_drive, secured: ssl.SSLContext) -> None:
    with ScriptedServer(secure(secured, keep_answering)) as server:
        drive = make_drive(tls=certificates.client_context())
        assert [drive.send(f"https://localhost:{server.port}/").body for _ in range(2)] == [b"0", b"0"]


def test_the_authorities_that_ssl_cert_file_names_are_trusted(
    drive: Drive, secured: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(certificates.AUTHORITY)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with ScriptedServer(secure(secured, keep_answering)) as server:
        assert drive.send(f"https://localhost:{server.port}/").body == b"0"


def test_an_unknown_certificate_is_not_trusted(drive: Drive, secured: ssl.SSLContext) -> None:
    with ScriptedServer(secure(secured, keep_answering)) as server:
        with pytest.raises(TransportFailed, match=r"certificate of localhost:\d+ cannot be trusted.*SSL_CERT_FILE"):
            drive.send(f"https://localhost:{server.port}/")
    assert server.requests == []


def test_a_server_that_speaks_no_tls_says_so(drive: Drive) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.hung_up()

    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed, match=r"TLS with localhost:\d+ failed"):
            drive.send(f"https://localhost:{server.port}/")


def test_a_stream_left_early_closes_its_tls_connection_at_once(make_drive, secured: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(b"one"))
        peer.hung_up()

    with ScriptedServer(secure(secured, script)) as server:
        with make_drive(tls=certificates.client_context()).open(f"https://localhost:{server.port}/") as body:
            assert body.read() == b"one"
        assert server.saw_hang_up()


def test_tls_goes_through_a_proxy_in_a_tunnel(make_drive, secured: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(tunnel(secured)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://user:pass@"))
        drive = make_drive(tls=certificates.client_context())
        request = HttpRequest(method="POST", url="https://api.example.test/v1", headers={"authorization": "Bearer key"})
        assert [drive.send(request).body for _ in range(2)] == [b"0", b"0"]
    asked, first, second = proxy.requests
    assert (asked.method, asked.target) == ("CONNECT", "api.example.test:443")
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    assert "authorization" not in asked.headers
    assert (first.target, second.target) == ("/v1", "/v1")
    assert "proxy-authorization" not in first.headers


def test_a_certificate_for_another_host_is_not_trusted(
    make_drive, secured: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(tunnel(secured)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(TransportFailed, match=r"certificate of other\.example\.test cannot be trusted"):
            make_drive(tls=certificates.client_context()).send("https://other.example.test/")


def test_a_proxy_that_refuses_a_tunnel_says_why(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response(b"who are you?", "407 Proxy Authentication Required"))
        peer.hung_up()

    with ScriptedServer(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(
            TransportFailed, match=r"the proxy 127\.0\.0\.1:\d+ refused a tunnel to api\.example\.test with status 407"
        ):
            drive.send("https://api.example.test/")
        assert proxy.saw_hang_up()


def test_a_proxy_that_is_silent_ends_with_the_connect_limit(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(lambda peer: (peer.request(), peer.hung_up())) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(
            TimedOut, match=r"api\.example\.test \(through the proxy 127\.0\.0\.1:\d+\) had not accepted a connection"
        ):
            drive.send("https://api.example.test/", connect=0.05)
        assert proxy.saw_hang_up()


def test_ipv6_is_spoken(drive: Drive) -> None:
    try:
        server = ScriptedServer(keep_answering, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert drive.send(f"http://[::1]:{server.port}/").body == b"0"
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
