"""What is installed, set and written on this machine, and what that makes of each provider. Nothing leaves the machine."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from turnout import __version__
from turnout.discovery.diagnosis import Diagnosis, diagnose
from turnout.errors import ConfigError
from turnout.plugins import Plugin

if TYPE_CHECKING:
    from turnout.catalog.schema import Provider
    from turnout.discovery.health import Health
    from turnout.discovery.standing import Resting
    from turnout.registry import Registry

State = Literal["usable", "failing", "wrong", "unset"]


class Finding(Struct, frozen=True, kw_only=True):
    """One provider. "failing": it was asked, and did not give its models. "wrong": something was set for it, and it cannot be
    called. "unset": nobody set anything. ``health`` is None for one that was not asked. ``said_by``: who says whether it can be
    called, "here" or "gateway".
    """

    id: str
    name: str
    state: State
    reason: str
    key_env: tuple[str, ...]
    key_url: str = ""
    diagnosis: Diagnosis
    health: Health | None = None
    said_by: Literal["here", "gateway"] = "here"


class Embedded(Struct, frozen=True):
    """The embedded model. ``engine``: the version of llama.cpp's bindings, ``weights``: their path; None when not there."""

    engine: str | None
    weights: str | None
    reason: str


class Gateway(Struct, frozen=True):
    """What a running gateway wrote to ``file``. ``used`` is False, and ``note`` says why, for what is old or no such file."""

    file: str
    used: bool
    note: str
    resting: tuple[Resting, ...] = ()
    workers: int = 1


class Remembered(Struct, frozen=True):
    """What probes and refusals taught of how many ``targets``; ``error``: why that cannot be read."""

    file: str
    targets: int
    error: str | None


class Report(Struct, frozen=True, kw_only=True):
    turnout: str
    python: str
    platform: str
    config_files: tuple[str, ...]
    config_error: str | None
    default_model: str
    default_model_error: str | None
    embedded: Embedded
    plugins: tuple[Plugin, ...]  # those that do not work
    remembered: Remembered | None  # None: there is no folder for it
    gateway: Gateway | None
    providers: tuple[Finding, ...]


def registry_here() -> tuple[Registry, str | None]:
    """With the built-in providers alone if the files cannot be read: the rest of the report is still worth having."""
    from turnout.config import Config
    from turnout.registry import Registry

    registry = Registry()
    try:
        _ = registry.config
    except ConfigError as error:
        return Registry(config=Config()), str(error)
    return registry, None


def examine(registry: Registry, config_error: str | None, only: tuple[str, ...] = ()) -> Report:
    """Looks at the installation, the files and the environment. ``only``: these providers, instead of all."""
    embedded = embedded_model()
    default = registry.default_model()
    return Report(
        turnout=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        config_files=tuple(f"{file.kind} {file.path}" for file in registry.config.files),
        config_error=config_error,
        default_model=default,
        default_model_error=_default_error(registry, default),
        embedded=embedded,
        plugins=_plugins(registry),
        remembered=_remembered(registry),
        gateway=None,
        providers=tuple(_provider(id, registry, embedded) for id in only or registry.provider_ids()),
    )


def _plugins(registry: Registry) -> tuple[Plugin, ...]:
    """What installed packages add that does not work. Loads each of them."""
    from turnout.cli.commands import plugin_tables
    from turnout.plugins import survey

    found = survey({**registry.plugin_tables(), **plugin_tables()})
    return tuple(plugin for plugin in found if plugin.state != "works")


def _remembered(registry: Registry) -> Remembered | None:
    from turnout.config.measuring import measured_path, read_all

    path = measured_path(registry.environ)
    if path is None:
        return None
    kept = read_all(path)
    if kept is None:
        return Remembered(path, 0, f"{path} cannot be read, so nothing in it holds: remove it, or put it right")
    return Remembered(path, len(kept), None)


def _default_error(registry: Registry, model: str) -> str | None:
    """Why none of what ``model`` stands for can be called. No wire is loaded for it, which takes as long as all the rest."""
    try:
        found = [registry.usable(target.provider) for target in registry.targets(model)]
    except ConfigError as error:
        return str(error)
    return None if any(usable for usable, _ in found) else found[0][1]


def embedded_model() -> Embedded:
    from importlib.util import find_spec

    from turnout.transport.local_weights import SMOLLM2, weights

    try:
        path = str(weights(SMOLLM2.name, os.environ))
        reason = ""
    except ConfigError as error:
        path, reason = None, str(error)
    found = find_spec("xllamacpp")
    if found is None:
        return Embedded(None, path, "llama.cpp is not installed: pip install 'turnout[local]'")
    return Embedded(_version(found.origin), path, reason)


def _version(module: str | None) -> str:
    """Of the package that ``module`` is in, as its installer wrote it beside it: importlib.metadata takes 25 ms to say so."""
    folder = os.path.dirname(os.path.dirname(module or ""))
    name = os.path.basename(os.path.dirname(module or ""))
    try:
        found = [entry for entry in os.listdir(folder) if entry.startswith(f"{name}-") and entry.endswith(".dist-info")]
    except OSError:
        found = []
    return found[0].removeprefix(f"{name}-").removesuffix(".dist-info") if name and found else "of an unknown version"


def _provider(id: str, registry: Registry, embedded: Embedded) -> Finding:
    usable, reason = registry.usable(id)
    from turnout.config.trust import is_loopback

    try:
        row = registry.provider(id)
    except ConfigError:  # ``reason`` says it
        broken = Diagnosis(provider=id, registered=True, initialized=False, reason_unavailable=reason)
        return Finding(id=id, name=id, state="wrong", reason=reason, key_env=(), diagnosis=broken)
    if usable and row.base_url.startswith("local://") and embedded.reason:
        usable, reason = False, embedded.reason
    elif usable and is_loopback(row.base_url) and not listens(row.base_url):
        usable, reason = False, f"nothing listens at {row.base_url}: start {row.name}, or set its base_url"
    touched = is_touched(row, registry)
    found = diagnose(id, row, registry.environ, initialized=usable, keeps_key=usable and _keeps_key(reason, row))
    return Finding(
        id=id,
        name=row.name,
        state="usable" if usable else "wrong" if touched else "unset",
        reason=reason,
        key_env=row.key_env,
        key_url=row.key_url,
        diagnosis=found,
    )


def _keeps_key(reason: str, row: Provider) -> bool:
    """Whether the key that a call would carry stands elsewhere than in a variable."""
    source = reason.removeprefix("key from ")
    return source != reason and source not in row.key_env


def listens(base_url: str) -> bool:
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


def is_touched(row: Provider, registry: Registry) -> bool:
    """Whether someone set anything for it: a key variable, even to nothing, or an entry in a file."""
    return row.id in registry.config.providers or any(name in registry.environ for name in row.key_env)
