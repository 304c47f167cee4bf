"""What a file that came with a folder may not decide: where keys go.

Whoever clones a repository and asks a question in it has not read its turnout.toml. So a project file may choose models,
aliases, prices and timeouts, but it sends keys, and the content of environment variables, to no new place until the user
says so with TURNOUT_TRUST_PROJECT=1. A server on this machine is no new place.
"""

from __future__ import annotations

from collections.abc import Mapping

from turnout.auth import origin
from turnout.catalog.schema import Provider
from turnout.errors import ConfigError

_ENVIRONMENT = ("key_env", "url_env", "base_url_env", "header_env")  # fields that name variables whose content is sent
_PLACE = ("base_url", "base_urls", "url_map", "query", "models_url", "auth", "headers")
_WITH_A_KEY = frozenset({"bearer", "header", "none", "query"})  # other schemes find credentials of the machine by themselves
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def check_trust(provider: Provider, guarded: Mapping[str, str], *, known: bool) -> None:
    """Raises ConfigError if ``guarded``, the fields that untrusted files set (-> where), lead a key astray.

    ``known``: the catalog or a trusted file knows the provider too, so that it may have a key already.
    """
    listed_here = "models_url" not in guarded or is_loopback(provider.models_url)
    if is_loopback(provider.base_url) and not provider.base_urls and listed_here:
        return
    known = known or provider.auth.partition(":")[0] not in _WITH_A_KEY
    for field in (*_PLACE, *_ENVIRONMENT):
        reads_environment = field in _ENVIRONMENT or (field == "base_url" and "{" in provider.base_url.replace("{model}", ""))
        reads_environment = reads_environment or field in ("base_urls", "url_map", "models_url")
        if field in guarded and (known or reads_environment):
            raise astray(guarded[field], field, provider.id)


def astray(where: str, field: str, name: str) -> ConfigError:
    return ConfigError(
        f"{where}: this project's file sets {field} of {name!r}, which decides where keys go;"
        " if you trust it, set TURNOUT_TRUST_PROJECT=1 or move the entry to your own turnout.toml"
    )


def unheard(where: str, field: str, name: str) -> ConfigError:
    """Not even for a server of this machine: reading a file or running a program is more than asking a question."""
    return ConfigError(
        f"{where}: this project's file sets {field} of {name!r}, which has programs run or files and stores read on your machine;"
        " if you trust it, set TURNOUT_TRUST_PROJECT=1 or move the entry to your own turnout.toml"
    )


def is_loopback(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or "{" in rest.partition("/")[0]:
        return False
    host = origin(url).partition("://")[2].rstrip("/").lower()
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host) in _LOOPBACK
