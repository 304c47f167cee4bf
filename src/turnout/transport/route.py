"""Where a URL leads: the origin to speak to, and the proxy on the way there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from turnout.errors import ConfigError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_MAX_ROUTES = 1024  # remembered; origins are few, unless a caller makes them up
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Proxy(Struct, frozen=True):
    host: str
    port: int
    authorization: str | None = None  # value of proxy-authorization


class Route(Struct, frozen=True, kw_only=True):
    """How to reach one origin. ``key`` tells routes apart that must not share a connection."""

    key: str
    host: str
    port: int
    tls: bool
    name: str  # in errors: the host, with the port when it is not the scheme's own
    host_header: str
    target_prefix: str = ""  # an HTTP proxy wants the whole URL in the request line
    authorization: str | None = None  # from a user name in the URL
    proxy: Proxy | None = None
    at: str = ""  # the address to connect to, where the host was resolved before; else the host is resolved then

    @property
    def first_hop(self) -> str:
        """In errors: who is connected to first."""
        return self.name if self.proxy is None else f"the proxy {self.proxy.host}:{self.proxy.port}"

    @property
    def way(self) -> str:
        """In errors: the origin, and the proxy if there is one."""
        return self.name if self.proxy is None else f"{self.name} (through {self.first_hop})"

    @property
    def address(self) -> tuple[str, int]:
        """What to connect to first."""
        return (self.at or self.host, self.port) if self.proxy is None else (self.proxy.host, self.proxy.port)


class Router:
    """URLs to routes. Remembers each origin's, so the environment is read once for it."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def route(self, url: str) -> tuple[Route, str]:
        """The way to the origin, and the path with its query. Raises ConfigError for what is no http(s) URL."""
        start = url.find("/", 8)
        origin, path = (url, "/") if start < 0 else (url[:start], url[start:])
        if "?" in origin or "#" in origin:
            origin, path = _split_without_path(url)
        route = self._routes.get(origin)
        if route is None:
            if len(self._routes) >= _MAX_ROUTES:
                self._routes.clear()
            route = self._routes[origin] = _find_route(origin)
        if not (path.isascii() and path.isprintable()) or " " in path or "#" in path:
            path = _quote(path.partition("#")[0])
        return route, path


def _split_without_path(url: str) -> tuple[str, str]:
    before_fragment = url.partition("#")[0]
    origin, mark, query = before_fragment.partition("?")
    if "/" in origin[8:]:
        cut = origin.index("/", 8)
        return origin[:cut], origin[cut:] + mark + query
    return origin, f"/{mark}{query}"


def _quote(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe=_PRINTABLE)


def _find_route(origin: str) -> Route:
    found = direct(origin)
    if found is None:
        raise ConfigError(f"cannot send to {_without_userinfo(origin)!r}: a URL starts with http:// or https:// and a host")
    route, parts = found
    proxy = None if is_loopback(route.host) else _proxy_from_environment(parts.scheme, route.host, route.port)
    return replace(
        route,
        key=origin,
        target_prefix=f"http://{route.name}" if proxy is not None and not route.tls else "",
        authorization=_basic(parts.username, parts.password),
        proxy=proxy,
    )


def direct(url: str) -> tuple[Route, SplitResult] | None:
    """The way to ``url`` around any proxy, and what the URL was split into; None for what is no http(s) URL with a host.

    Raises ConfigError for a host that no name can be made of.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not host or any(character <= " " for character in url):
        return None
    host = to_ascii(host)
    port = port or _DEFAULT_PORTS[scheme]
    bracketed = f"[{host}]" if ":" in host else host
    name = bracketed if port == _DEFAULT_PORTS[scheme] else f"{bracketed}:{port}"
    return Route(key=f"{scheme}://{name}", host=host, port=port, tls=scheme == "https", name=name, host_header=name), parts


def is_loopback(host: str) -> bool:
    """True for this machine's own names and addresses, which no proxy can reach for us."""
    if host == "localhost" or host.endswith(".localhost") or host in ("::1", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return True
    return host.startswith("127.") and host.replace(".", "").isdigit()


def _proxy_from_environment(scheme: str, host: str, port: int) -> Proxy | None:
    """By the rules of the standard library: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass  # 24 ms; only those who have a proxy pay it

    proxies = getproxies_environment()
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
        return None
    return _parse_proxy(url)


def _parse_proxy(url: str) -> Proxy:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme != "http" or not host:
        raise ConfigError(
            f"cannot use the proxy {_without_userinfo(url)!r} from the environment: only http://host:port is understood; "
            "set NO_PROXY for this host to go around it"
        )
    return Proxy(to_ascii(host), port or 80, _basic(parts.username, parts.password))


def _basic(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    from base64 import b64encode
    from urllib.parse import unquote

    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode("ascii")


def to_ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ConfigError(f"{host!r} is not a host name") from None


def _without_userinfo(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}".partition("?")[0]
