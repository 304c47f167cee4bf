"""A request's head as bytes (RFC 9112)."""

from __future__ import annotations

from turnout.errors import ConfigError
from turnout.transport.route import Route
from turnout.types import HttpRequest

_NEVER_SENT = frozenset({"content-length", "transfer-encoding"})  # the framing is ours to say
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})


def encode_head(request: HttpRequest, route: Route, path: str, accept_encoding: str) -> bytes:
    """The request up to its body. Raises ConfigError, without the value, for a header that HTTP cannot say."""
    headers = request.headers
    lines = [f"{request.method} {route.target_prefix}{path} HTTP/1.1"]
    if "host" not in headers:
        lines.append(f"host: {route.host_header}")
    if "accept-encoding" not in headers:
        lines.append(f"accept-encoding: {accept_encoding}")
    if "user-agent" not in headers:
        lines.append("user-agent: turnout")
    if route.authorization is not None and "authorization" not in headers:
        lines.append(f"authorization: {route.authorization}")
    if route.proxy is not None and route.proxy.authorization is not None and not route.tls:
        lines.append(f"proxy-authorization: {route.proxy.authorization}")
    lines += [f"{name}: {value}" for name, value in headers.items() if name not in _NEVER_SENT]
    if request.body or request.method in _BODY_EXPECTED:
        lines.append(f"content-length: {len(request.body)}")
    text = "\r\n".join(lines)
    if text.count("\r") != len(lines) - 1 or text.count("\n") != len(lines) - 1 or "\0" in text or not text.isascii():
        _check(request)
    return text.encode("latin-1") + b"\r\n\r\n"


def encode_connect(route: Route) -> bytes:
    """Asks the route's proxy for a tunnel to the origin (RFC 9110, 9.3.6)."""
    host = f"[{route.host}]" if ":" in route.host else route.host
    lines = [f"CONNECT {host}:{route.port} HTTP/1.1", f"host: {host}:{route.port}"]
    if route.proxy is not None and route.proxy.authorization is not None:
        lines.append(f"proxy-authorization: {route.proxy.authorization}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"


def _check(request: HttpRequest) -> None:
    if not request.method.isalpha():
        raise ConfigError(f"{request.method!r} is not an HTTP method")
    for name, value in request.headers.items():
        if any(character in "\r\n\0" for character in name + value):
            raise ConfigError(f"the header {name!r} holds a line break or NUL; was its value read from a file? Strip it")
        try:
            (name + value).encode("latin-1")
        except UnicodeEncodeError:
            raise ConfigError(
                f"the header {name!r} holds a character that HTTP cannot say; was its value typed by hand?"
            ) from None
