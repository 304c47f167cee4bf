"""Who may be called: lists in the environment and in files. They add up: none lifts what another forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from turnout.catalog.names import in_capitals
from turnout.config import Config
from turnout.errors import ConfigError, UnknownName
from turnout.types import Target

ALLOWED, DISABLED = "ALLOWED_PROVIDERS", "DISABLED_PROVIDERS"
_OFF = ("false", "0", "no", "off")


class Listed(Struct, frozen=True):
    """One list of names. ``source``: "environment ALLOWED_PROVIDERS", or the file and its line."""

    names: tuple[str, ...]
    source: str


class Permits(Struct, frozen=True):
    """A provider may be called if every list of ``allowed`` has its id, and ``disabled`` (id -> who says so) has not."""

    allowed: tuple[tuple[frozenset[str], str], ...] = ()
    disabled: dict[str, str] = {}
    off: dict[str, str] = {}  # id -> the variable that switches it off

    def refusal(self, id: str) -> str | None:
        """Why ``id`` may not be called, and what to do about it; None if it may."""
        if (source := self.disabled.get(id)) is not None:
            return f"the provider {id!r} is switched off by {source}: take it off that list to use it"
        if (variable := self.off.get(id)) is not None:
            return f"the provider {id!r} is switched off by environment {variable}: set it to true, or not at all, to use it"
        for ids, source in self.allowed:
            if id not in ids:
                return f"the provider {id!r} is not among those that {source} allows: add it to that list to use it"
        return None


def allowed_lists(config: Config, environ: Mapping[str, str]) -> list[Listed]:
    return list(_lists(config, environ, "allowed_providers", ALLOWED))


def disabled_lists(config: Config, environ: Mapping[str, str]) -> list[Listed]:
    return list(_lists(config, environ, "disabled_providers", DISABLED))


def permits(
    config: Config,
    environ: Mapping[str, str],
    provider_id: Callable[[str], str],
    switches: Mapping[str, Sequence[str]] = {},
) -> Permits:
    """``provider_id`` gives the id of a name in any case, or raises UnknownName. ``switches``: id -> what says that it is off.

    A switch that is not set leaves its provider on: a key is enough to say that it is wanted.

    A name that nobody knows allows nobody. In a list of those to switch off it is a ConfigError: it was meant to switch
    somebody off, and whom is not known.
    """
    allowed = []
    for listed in allowed_lists(config, environ):
        ids = set()
        for name in listed.names:
            try:
                ids.add(provider_id(name))
            except UnknownName:
                continue
        allowed.append((frozenset(ids), listed.source))
    disabled: dict[str, str] = {}
    for listed in disabled_lists(config, environ):
        for name in listed.names:
            try:
                disabled.setdefault(provider_id(name), listed.source)
            except UnknownName as error:
                raise ConfigError(f"{listed.source}: {error}; nothing is called while it is not known who is meant") from None
    off = {
        id: variable
        for id, variables in switches.items()
        for variable in variables
        if environ.get(variable, "").strip().lower() in _OFF
    }
    return Permits(tuple(allowed), disabled, off)


def allowed_models(
    names: Iterable[str], environ: Mapping[str, str], model_aliases: Mapping[str, str] = {}
) -> dict[str, frozenset[str]]:
    """Variable -> the models that it allows, in lower case: KIMI_ALLOWED_MODELS for a provider of which KIMI is one of ``names``.

    A variable that names no model restricts none. Another name of a model (``model_aliases``) allows that model.
    """
    found: dict[str, frozenset[str]] = {}
    for name in names:
        variable = f"{in_capitals(name)}_ALLOWED_MODELS"
        models = frozenset(model for part in environ.get(variable, "").split(",") if (model := part.strip().lower()))
        if models:
            found[variable] = models | {model_aliases[model].lower() for model in models if model in model_aliases}
    return found


def model_refusal(target: Target, allowed: Mapping[str, frozenset[str]]) -> str | None:
    """Why this model may not be called; None if each of ``allowed`` has it, in any case."""
    for variable, models in allowed.items():
        if target.model.lower() not in models:
            known = ", ".join(sorted(models))
            return f"{target} is not allowed by restriction policy: environment {variable} names {known}; add it there to use it"
    return None


def _lists(config: Config, environ: Mapping[str, str], field: str, variable: str) -> Iterator[Listed]:
    for file in config.files:
        if field in file.tables:
            yield Listed(tuple(file.tables[field]), file.where(field))
    names = tuple(name for part in environ.get(variable, "").split(",") if (name := part.strip()))
    if names:
        yield Listed(names, f"environment {variable}")
