"""What an ASGI application is told of a request."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools

from turnout.gateway.asgi import Headers, Scope

_ASGI = {"version": "3.0", "spec_version": "2.3"}


def request_scope(method: bytes, url: bytes, version: str, headers: Headers, addresses: dict[str, Any]) -> Scope:
    """``headers`` with names in lower case. Raises ValueError or HttpParserInvalidURLError for what is no path and no address."""
    raw_path, query = _target(url)
    path = raw_path.decode("ascii")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": version,
        "method": method.decode("ascii"),
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        **addresses,
    }


def addresses(transport: asyncio.BaseTransport) -> dict[str, Any]:
    """Who called and where, the same for every request of a connection."""
    return {
        "client": _address(transport.get_extra_info("peername")),
        "server": _address(transport.get_extra_info("sockname")),
        "scheme": "http" if transport.get_extra_info("sslcontext") is None else "https",
    }


def _target(url: bytes) -> tuple[bytes, bytes]:
    """The path and the query of a request line. Raises HttpParserInvalidURLError for what is neither a path nor an address."""
    if url[:1] == b"/" and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = httptools.parse_url(url)
    return parsed.path or b"/", parsed.query or b""


def _address(name: Any) -> tuple[str, int | None] | None:
    """Host and port as ASGI has them; a Unix socket has its path and no port."""
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    return (str(name), None) if name else None
