"""One provider or model from all its layers: built-in, user, project, environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from turnout.auth.secrets import Secret, is_placeholder
from turnout.catalog.names import in_capitals
from turnout.catalog.read import Catalog, Rows, model_from, provider_from
from turnout.catalog.schema import Model, Provider
from turnout.config import Config, Sourced
from turnout.config.keys import KEY_FIELDS, Configured, said_key
from turnout.config.trust import astray, check_trust, is_loopback
from turnout.errors import ConfigError
from turnout.types import Target


class Layered(Struct, frozen=True):
    """A provider, where each of its fields was set, and the key that a file holds or names: that of the strongest file that has
    more than a placeholder for it.
    """

    provider: Provider
    sources: dict[str, str]
    key: Configured | None = None

    def __repr__(self) -> str:  # the key of a file is a plain text until a call needs it
        source = self.key[1] if isinstance(self.key, tuple) else self.key
        return f"Layered({self.provider!r}, key from {source})"

    @property
    def redirected(self) -> bool:
        """True if a user, not the catalog, said where the provider is."""
        return not self.sources["base_url"].startswith(("built-in", "plugin", "registered"))


class LayeredModel(Struct, frozen=True):
    model: Model
    sources: dict[str, str]


def layered_provider(id: str, catalog: Catalog, config: Config, environ: Mapping[str, str]) -> Layered | None:
    """None for an id that no layer knows. Raises ConfigError, with file and line, for a value that does not fit."""
    rows: Rows = catalog.provider_rows(id)
    sources = {name: source for source, row in rows for name in row}
    known = bool(rows)
    key: Configured | None = None
    guarded: dict[str, str] = {}
    for file, called, table in config.entries("providers", catalog.names_of(id)):
        fields = {name: value for name, value in table.items() if name not in KEY_FIELDS}
        said = said_key(file, called, table)
        if said is not None and (key is None or not _is_placeholder(said)):
            key = said
        rows.append((file.where("providers", called), fields))
        placed = {name: file.where("providers", called, name) for name in fields}
        sources.update(placed)
        if file.trusted:
            known = True
            guarded = {name: source for name, source in guarded.items() if name not in fields}
        else:
            guarded.update(placed)
    if not rows:
        return None
    for field, found in environment(id, rows, environ).items():
        rows.append((found.source, {field: found.value}))
        sources[field] = found.source
        guarded.pop(field, None)
    if "wire" not in sources or "base_url" not in sources:
        missing = "wire" if "wire" not in sources else "base_url"
        if rows[-1][0].startswith("provider list "):
            missing = "base_api_url"  # as those files call it
        raise ConfigError(f"{rows[-1][0]}: provider {id!r} is not built in, so it needs a {missing}")
    provider = _converted(lambda: provider_from(id, rows), sources)
    check_trust(provider, guarded, known=known)
    return Layered(provider, sources, key)


def layered_model(target: Target, catalog: Catalog, config: Config) -> LayeredModel | None:
    """None for a model that no layer knows, which its provider may serve all the same."""
    rows = catalog.model_rows(target)
    sources = {name: source for source, row in rows for name in row}
    names = [f"{provider}/{target.model}" for provider in catalog.names_of(target.provider)] if config.files else ()
    for file, called, table in config.entries("models", names):
        if not file.trusted and "base_url" in table and not is_loopback(str(table["base_url"])):
            raise astray(file.where("models", called, "base_url"), "base_url", called)
        rows.append((file.where("models", called), table))
        sources.update({name: file.where("models", called, name) for name in table})
    if not rows:
        return None
    return LayeredModel(_converted(lambda: model_from(target, rows), sources), sources)


def environment(id: str, rows: Rows, environ: Mapping[str, str]) -> dict[str, Sourced]:
    """What variables say of a provider: TURNOUT_<ID>_BASE_URL, _TIMEOUT and _PRIORITY, and the vendor's own base URL variable."""
    found: dict[str, Sourced] = {}
    for _, row in rows:
        variables = row.get("base_url_env")
        paths = variables if isinstance(variables, dict) else {}
        if (first := next((name for name in paths if environ.get(name, "").strip()), None)) is not None:
            found["base_url"] = Sourced(_ending_in(str(paths[first]), environ[first].strip()), f"environment {first}")
        for field in ("timeout", "connect_timeout"):
            for name in row.get(f"{field}_env", ()):
                if field not in found and (value := environ.get(name, "").strip()):
                    found[field] = Sourced(_number(float, value, name), f"environment {name}")
    prefix = f"TURNOUT_{in_capitals(id)}_"
    if value := environ.get(f"{prefix}BASE_URL", "").strip():
        found["base_url"] = Sourced(value, f"environment {prefix}BASE_URL")
    for field, number in (("timeout", float), ("priority", int)):
        name = f"{prefix}{field.upper()}"
        if value := environ.get(name, "").strip():
            found[field] = Sourced(_number(number, value, name), f"environment {name}")
    return found


def _number(number: type[int] | type[float], value: str, name: str) -> int | float:
    try:
        return number(value)
    except ValueError as error:
        raise ConfigError(f"environment {name}: {value!r} is not a number") from error


def _is_placeholder(said: Configured) -> bool:
    return not isinstance(said, Secret) and is_placeholder(said[0])


def _ending_in(path: str, url: str) -> str:
    url = url.rstrip("/")
    return url if url.endswith(path) else url + path


def _converted(convert: Any, sources: Mapping[str, str]) -> Any:
    try:
        return convert()
    except msgspec.ValidationError as error:
        # "Expected `float`, got `str` - at `$.timeout`": the path's first word is the field, whose source we know
        text, _, path = str(error).partition(" - at `$")
        field = path.strip("`.").partition(".")[0].partition("[")[0]
        where = sources.get(field) or list(sources.values())[-1]
        raise ConfigError(f"{where}: {path.strip('`.') or 'value'}: {text}") from error
