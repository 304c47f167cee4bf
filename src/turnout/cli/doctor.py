"""``turnout doctor``: what works here, what does not, and what to do about it. Nothing leaves this machine."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from turnout import __version__
from turnout.errors import ConfigError
from turnout.plugins import Plugin

if TYPE_CHECKING:
    from turnout.catalog.schema import Provider
    from turnout.registry import Registry

EXAMPLES = """
turnout doctor             # what can be used, and what was set up wrongly
turnout doctor --all       # every provider, with what it would need
turnout doctor --json | jq -r '.providers[] | select(.state == "usable") | .id'
"""

State = Literal["usable", "wrong", "unset"]


class Finding(Struct, frozen=True):
    """One provider. "wrong": something was set for it, and it does not work. "unset": nobody set anything."""

    id: str
    name: str
    state: State
    reason: str
    key_env: tuple[str, ...]


class Embedded(Struct, frozen=True):
    """The embedded model. ``engine``: the version of llama.cpp's bindings, ``weights``: their path; None when not there."""

    engine: str | None
    weights: str | None
    reason: str


class Report(Struct, frozen=True):
    turnout: str
    python: str
    platform: str
    config_files: tuple[str, ...]
    config_error: str | None
    default_model: str
    default_model_error: str | None
    embedded: Embedded
    plugins: tuple[Plugin, ...]  # those that do not work
    providers: tuple[Finding, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{parser.epilog}\n\nExits 0 if at least one provider can be used, else 1."
    parser.add_argument("--all", action="store_true", help="list the providers that nothing was set for, too")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.failures import FAILED, without_keys

    report = examine()
    if options.json:
        import msgspec

        shown = msgspec.json.encode(report).decode()
    else:
        shown = "\n".join(_lines(report, everything=options.all))
    sys.stdout.write(without_keys(shown) + "\n")
    return 0 if any(finding.state == "usable" for finding in report.providers) else FAILED


def examine() -> Report:
    """Looks at the installation, the files and the environment."""
    registry, config_error = _registry()
    embedded = _embedded()
    default = registry.default_model()
    return Report(
        turnout=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        config_files=tuple(f"{file.kind} {file.path}" for file in registry.config.files),
        config_error=config_error,
        default_model=default,
        default_model_error=_plan_error(registry, default),
        embedded=embedded,
        plugins=_plugins(registry),
        providers=tuple(_provider(id, registry, embedded) for id in registry.provider_ids()),
    )


def _plugins(registry: Registry) -> tuple[Plugin, ...]:
    """What installed packages add that does not work. Loads each of them."""
    from turnout.cli.commands import plugin_tables
    from turnout.plugins import survey

    found = survey({**registry.plugin_tables(), **plugin_tables()})
    return tuple(plugin for plugin in found if plugin.state != "works")


def _registry() -> tuple[Registry, str | None]:
    """With the built-in providers alone if the files cannot be read: the rest of the report is still worth having."""
    from turnout.config import Config
    from turnout.registry import Registry

    registry = Registry()
    try:
        _ = registry.config
    except ConfigError as error:
        return Registry(config=Config()), str(error)
    return registry, None


def _plan_error(registry: Registry, model: str) -> str | None:
    try:
        registry.plan(model)
    except ConfigError as error:
        return str(error)
    return None


def _embedded() -> Embedded:
    from importlib.util import find_spec

    from turnout.transport.local_weights import SMOLLM2, weights

    try:
        path = str(weights(SMOLLM2.name, os.environ))
        reason = ""
    except ConfigError as error:
        path, reason = None, str(error)
    if find_spec("xllamacpp") is None:
        return Embedded(None, path, "llama.cpp is not installed: pip install 'turnout[local]'")
    from importlib.metadata import PackageNotFoundError, version  # 15 ms

    try:
        return Embedded(version("xllamacpp"), path, reason)
    except PackageNotFoundError:  # it can be imported, but no installer put it there
        return Embedded("of an unknown version", path, reason)


def _provider(id: str, registry: Registry, embedded: Embedded) -> Finding:
    usable, reason = registry.usable(id)
    from turnout.config.trust import is_loopback

    try:
        row = registry.provider(id)
    except ConfigError:  # ``reason`` says it
        return Finding(id, id, "wrong", reason, ())
    if usable and row.base_url.startswith("local://") and embedded.reason:
        usable, reason = False, embedded.reason
    elif usable and is_loopback(row.base_url) and not _listens(row.base_url):
        usable, reason = False, f"nothing listens at {row.base_url}: start {row.name}, or set its base_url"
    state: State = "usable" if usable else "wrong" if _is_touched(row, registry) else "unset"
    return Finding(id, row.name, state, reason, row.key_env)


def _listens(base_url: str) -> bool:
    """Whether a server of this machine accepts connections there; it is asked nothing."""
    import socket
    from urllib.parse import urlsplit

    address = urlsplit(base_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _is_touched(row: Provider, registry: Registry) -> bool:
    """Whether someone set anything for it: a key variable, even to nothing, or an entry in a file."""
    return row.id in registry.config.providers or any(name in os.environ for name in row.key_env)


def _lines(report: Report, *, everything: bool) -> list[str]:
    lines = [
        f"turnout {report.turnout} · Python {report.python} · {report.platform}",
        "",
        *_section(
            "configuration", [*report.config_files, *([f"! {report.config_error}"] if report.config_error else [])], "no file"
        ),
        *_section(
            "default model", [report.default_model, *([f"! {report.default_model_error}"] if report.default_model_error else [])]
        ),
        *_section("embedded model", _embedded_lines(report.embedded)),
    ]
    if report.plugins:
        lines += _section("plugins that do not work", [f"! {plugin.reason}" for plugin in report.plugins])
    titles: dict[State, str] = {"usable": "usable", "wrong": "set up, but not usable", "unset": "not set up"}
    for state, title in titles.items():
        found = [finding for finding in report.providers if finding.state == state]
        if state == "unset" and not everything:
            lines.append(f"{len(found)} more providers are not set up; `turnout doctor --all` says what each needs")
        elif found or state == "usable":
            width = max((len(finding.id) for finding in found), default=0)
            rows = [f"{finding.id:<{width}}  {finding.reason}" for finding in found]
            lines += _section(f"{title} ({len(found)})", rows, "none: set a provider's key, or `turnout local pull`")
    return lines


def _embedded_lines(embedded: Embedded) -> list[str]:
    engine = f"llama.cpp bindings: xllamacpp {embedded.engine}" if embedded.engine else "llama.cpp bindings: none"
    return [engine, f"weights: {embedded.weights or 'none'}", *([f"! {embedded.reason}"] if embedded.reason else [])]


def _section(title: str, rows: list[str], without: str = "") -> list[str]:
    from turnout.cli.terminal import is_terminal, printable, styled

    rows = [printable(row) if is_terminal(sys.stdout) else row for row in rows or [without]]
    return [
        styled(title, "bold", sys.stdout),
        *(f"  {styled(row, 'yellow', sys.stdout) if row.startswith('!') else row}" for row in rows),
        "",
    ]
