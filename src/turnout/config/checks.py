"""What is wrong with a file by itself: keys that mean nothing and values of the wrong shape, each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.schema import Model, Provider
from turnout.config import ConfigFile
from turnout.config.keys import KEY_FIELDS

TOP_FIELDS = ("model", "policy", "env_file", "allowed_providers", "disabled_providers", "aliases", "providers", "models")
# What is installed, who says so, and which variables are asked about the built-in ones, is not a user's to set.
_NOT_SET = ("id", "source", "extra", "module", "enable_env", "default_model_env")
PROVIDER_FIELDS = (*(name for name in Provider.__struct_fields__ if name not in _NOT_SET), *KEY_FIELDS)
ALIAS_FIELDS = ("models", "policy", "weights")
MOST_WEIGHT = 1e6  # and no infinity, nor what is no number
MODEL_FIELDS = tuple(name for name in Model.__struct_fields__ if name not in ("target", "source"))


class Mistake(Struct, frozen=True):
    """``where``: "user file PATH:LINE". ``nearest``: the known names most like the one that is not known."""

    where: str
    path: str
    line: int | None
    text: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def mistake(file: ConfigFile, keys: tuple[str, ...], text: str, found: tuple[str, ...] = ()) -> Mistake:
    return Mistake(file.where(*keys), file.path, file.line(*keys), text, found)


def shape_mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """Unknown keys, and what would keep the file from being read at all. A typing mistake must not pass for a setting."""
    top: tuple[str, ...] = ("providers",) if file.kind == "keys file" else TOP_FIELDS
    yield from _unknown(file, (), file.tables, top)
    yield from _text(file, "model", 'model is "provider/model" or an alias')
    yield from _text(file, "policy", 'policy is the name of one, such as "cheapest"')
    yield from _text(file, "env_file", "env_file is the path of a file of variables")
    yield from _provider_list(file, "allowed_providers", "; without it everybody is allowed")
    yield from _provider_list(file, "disabled_providers", "")
    for id, table in _tables(file, "providers"):
        if table is None:
            yield mistake(file, ("providers", id), "providers holds tables, such as [providers.NAME]")
            continue
        yield from _unknown(file, ("providers", id), table, KEY_FIELDS if file.kind == "keys file" else PROVIDER_FIELDS)
        if not isinstance(aliases := table.get("aliases", []), list) or not all(isinstance(alias, str) for alias in aliases):
            yield mistake(file, ("providers", id, "aliases"), "aliases is a list of names")
    for name, table in _tables(file, "models"):
        if table is None:
            yield mistake(file, ("models", name), "models holds tables, such as [models.NAME]")
        elif "/" not in name:
            yield mistake(file, ("models", name), f'write [models."provider/model"], not {name!r}')
        else:
            yield from _unknown(file, ("models", name), table, MODEL_FIELDS)
    aliases = file.tables.get("aliases", {})
    if not isinstance(aliases, dict):
        yield mistake(file, ("aliases",), "aliases is a table of names of your own, such as fast = 'provider/model'")
        return
    for name, value in aliases.items():
        if isinstance(value, dict):
            yield from _ordered_alias(file, ("aliases", name), value)
        elif not _are_models(value):
            yield mistake(
                file, ("aliases", name), 'an alias is "provider/model" or a list of them, or a table of models and policy'
            )
        if "/" in name:
            yield mistake(file, ("aliases", name), 'an alias has no "/", which would make it a provider\'s model')


def _are_models(value: Any) -> bool:
    return bool(value) and (isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value)))


def _ordered_alias(file: ConfigFile, path: tuple[str, ...], table: dict[str, Any]) -> Iterator[Mistake]:
    """``{models = [...], policy = "weighted", weights = [3, 1]}``."""
    yield from _unknown(file, path, table, ALIAS_FIELDS)
    models: Any = table.get("models")
    if not _are_models(models):
        yield mistake(file, (*path, "models"), 'models is "provider/model" or a list of them, which an alias needs')
        return
    if not isinstance(policy := table.get("policy", "-"), str) or not policy:
        yield mistake(file, (*path, "policy"), 'policy is the name of one, such as "cheapest"')
    weights = table.get("weights")
    if weights is None:
        return
    if "policy" not in table:
        yield mistake(file, (*path, "weights"), 'weights are for a policy: say policy = "weighted" beside them')
    count = 1 if isinstance(models, str) else len(models)
    if not isinstance(weights, list) or len(weights) != count or not all(map(_is_weight, weights)) or not any(weights):
        yield mistake(file, (*path, "weights"), f"weights is a list of {count} numbers, one for each model, not all of them 0")


def _is_weight(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    number = float(value) if isinstance(value, Decimal) else value  # a Decimal that is no number cannot be compared
    return 0 <= number < MOST_WEIGHT


def _tables(file: ConfigFile, section: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each table of a section, None in the place of what is none; nothing for a section that is none itself."""
    value = file.tables.get(section, {})
    if not isinstance(value, dict):
        yield "", None
        return
    for name, table in value.items():
        yield name, table if isinstance(table, dict) else None


def _text(file: ConfigFile, key: str, text: str) -> Iterator[Mistake]:
    if not isinstance(file.tables.get(key, ""), str):
        yield mistake(file, (key,), text)


def _provider_list(file: ConfigFile, key: str, without: str) -> Iterator[Mistake]:
    value = file.tables.get(key, ["-"])
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name.strip() for name in value):
        yield mistake(file, (key,), f'{key} is a list of providers, such as ["openai", "groq"]{without}')


def _unknown(file: ConfigFile, path: tuple[str, ...], table: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Mistake]:
    for key in table:
        if key not in known:
            found = nearest(key, known, limit=1)
            hint = suggestion(found) or f"; known are {', '.join(sorted(known))}"
            yield mistake(file, (*path, key), f"unknown key {key!r}{hint}", found)
