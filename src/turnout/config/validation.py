"""Everything that is wrong with a configuration, all at once: what ``turnout config validate`` tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.read import Catalog
from turnout.catalog.schema import FORMS, Limit, Limits, Model, Price, PriceTier, Provider, Quirks, RateLimits, Rates, Thinking
from turnout.config import Config, ConfigFile
from turnout.config.checks import Mistake, mistake, shape_mistakes
from turnout.config.keys import KEY_FIELDS
from turnout.config.layers import layered_model, layered_provider
from turnout.config.names import AUTO, Names
from turnout.errors import ConfigError, UnknownName
from turnout.types import Target

_NESTED: tuple[type[Struct], ...] = (Quirks, Price, PriceTier, RateLimits, Rates, Limits, Limit, Thinking)
_WORDS = ("supports", "lacks")  # may be one string of words


def mistakes(
    config: Config,
    catalog: Catalog,
    environ: Mapping[str, str],
    *,
    wires: Collection[str],
    auths: Collection[str],
    policies: Collection[str],
) -> list[Mistake]:
    """Of every file, in their order and each by line; of names and layers only when the files themselves are well shaped."""
    found = written_mistakes(config)
    if not found:
        found = [*_meant(config, catalog, environ, wires, auths), *_policy_mistakes(config, policies)]
    order = {file.path: at for at, file in enumerate(config.files)}
    return sorted(found, key=lambda each: (order.get(each.path, len(order)), each.line or 0))


def written_mistakes(config: Config) -> list[Mistake]:
    """What is wrong with each file by itself, whatever the others say."""
    return [each for file in config.files for each in (*shape_mistakes(file), *_value_mistakes(file))]


def _value_mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """Values of a type that the field cannot have."""
    for section, struct in (("providers", Provider), ("models", Model)):
        types = {field.name: field.type for field in msgspec.structs.fields(struct)}
        tables = file.tables.get(section)
        for name, table in tables.items() if isinstance(tables, dict) else ():
            for field, value in table.items() if isinstance(table, dict) else ():
                if field not in types or field in KEY_FIELDS or (field in _WORDS and isinstance(value, str)):
                    continue
                yield from _fits(file, (section, name, field), value, types[field])


def _fits(file: ConfigFile, keys: tuple[str, ...], value: Any, wanted: Any) -> Iterator[Mistake]:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        inner = [word for word in path.strip("`.").replace("[", ".").split(".") if word and not word.endswith("]")]
        near: tuple[str, ...] = ()
        if "unknown field" in text:
            unknown = text.split("`")[1]
            near = nearest(unknown, {name for struct in _NESTED for name in struct.__struct_fields__}, limit=1)
            inner.append(unknown)
            text = f"unknown key {unknown!r}{suggestion(near)}"
        yield mistake(file, (*keys, *inner), f"{'.'.join((keys[-1], *inner))}: {text}", near)


def _meant(
    config: Config, catalog: Catalog, environ: Mapping[str, str], wires: Collection[str], auths: Collection[str]
) -> Iterator[Mistake]:
    names = Names(catalog, config, auto=lambda: (Target(AUTO, AUTO), ""))  # whom it stands for is for a call to find
    for file in config.files:
        for id, table in file.tables.get("providers", {}).items():
            yield from _provider_mistakes(file, id, table, names, wires, auths)
        for name, table in file.tables.get("models", {}).items():
            yield from _model_mistakes(file, name, table, names, wires)
        for alias in file.tables.get("aliases", {}):
            yield from _names_nobody(file, ("aliases", alias), alias, names)
        for key in ("allowed_providers", "disabled_providers"):
            for name in file.tables.get(key, ()):
                try:
                    names.provider(name)
                except UnknownName as error:
                    yield mistake(file, (key,), str(error), error.nearest)
        if "model" in file.tables:
            yield from _names_nobody(file, ("model",), file.tables["model"], names)
    told: set[str] = set()
    for id in sorted(config.providers):
        try:
            layered_provider(names.provider(id), catalog, config, environ)
        except ConfigError as error:
            if str(error) not in told:
                told.add(str(error))
                yield _placed(config, str(error), id, names)
    for name in sorted(config.models):
        provider, _, model = name.partition("/")
        try:
            layered_model(Target(names.provider(provider), model), catalog, config)
        except UnknownName:
            continue  # told above
        except ConfigError as error:
            yield _placed(config, str(error), provider, names)


def _policy_mistakes(config: Config, policies: Collection[str]) -> Iterator[Mistake]:
    for file in config.files:
        if (policy := file.tables.get("policy")) is not None and policy not in policies:
            yield _unknown(file, ("policy",), "policy", policy, policies)
        for alias, value in file.tables.get("aliases", {}).items():
            policy = value.get("policy") if isinstance(value, dict) else None
            if policy is not None and policy not in policies:
                yield _unknown(file, ("aliases", alias, "policy"), "policy", policy, policies)


def _provider_mistakes(
    file: ConfigFile, id: str, table: Mapping[str, Any], names: Names, wires: Collection[str], auths: Collection[str]
) -> Iterator[Mistake]:
    if (wire := table.get("wire")) is not None and wire not in wires:
        yield _unknown(file, ("providers", id, "wire"), "wire", wire, wires)
    if (auth := table.get("auth")) is not None and auth.partition(":")[0] not in auths:
        yield _unknown(file, ("providers", id, "auth"), "auth scheme", auth.partition(":")[0], auths)
    if file.kind == "keys file":
        try:
            names.provider(id)
        except UnknownName as error:
            yield mistake(file, ("providers", id), str(error), error.nearest)


def _model_mistakes(
    file: ConfigFile, name: str, table: Mapping[str, Any], names: Names, wires: Collection[str]
) -> Iterator[Mistake]:
    try:
        names.provider(name.partition("/")[0])
    except UnknownName as error:
        yield mistake(file, ("models", name), str(error), error.nearest)
    if (wire := table.get("wire")) is not None and wire not in wires:
        yield _unknown(file, ("models", name, "wire"), "wire", wire, wires)
    yield from _form_mistakes(file, name, table)


def _form_mistakes(file: ConfigFile, name: str, table: Mapping[str, Any]) -> Iterator[Mistake]:
    """Ways of asking for a schema that nobody knows: one of them would be taken for none."""
    for limit in table.get("limits", {}).get("fields", {}).get("response_format", ()):
        if (form := limit.get("only")) is not None and form not in FORMS:
            yield _unknown(file, ("models", name, "limits", "fields", "response_format"), "form of an answer", str(form), FORMS)


def _names_nobody(file: ConfigFile, keys: tuple[str, ...], name: str, names: Names) -> Iterator[Mistake]:
    try:
        names.targets((name,))
    except ConfigError as error:
        near = error.nearest if isinstance(error, UnknownName) else ()
        yield mistake(file, keys, str(error).removeprefix(f"{file.where(*keys)}: "), near)


def _unknown(file: ConfigFile, keys: tuple[str, ...], what: str, name: str, known: Collection[str]) -> Mistake:
    near = nearest(name, known, limit=1)
    hint = suggestion(near) or f"; known are {', '.join(sorted(known))}"
    return mistake(file, keys, f"unknown {what} {name!r}{hint}", near)


def _placed(config: Config, text: str, id: str, names: Names) -> Mistake:
    """An error of the layers, which begins with where it is."""
    near: tuple[str, ...] = ()
    if "is not built in" in text:
        near = nearest(id, [known for known in names.provider_ids if known != id], limit=1)
        text += suggestion(near)
    for file in config.files:
        head = f"{file.kind} {file.path}"
        if text.startswith(head):
            where, _, rest = text.removeprefix(head).partition(": ")
            line = where.removeprefix(":")
            return Mistake(head + where, file.path, int(line) if line.isdigit() else None, rest, near)
    return Mistake("configuration", "", None, text, near)
