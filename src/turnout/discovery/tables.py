"""Lists of providers as plain tables: laid over each other, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import ConfigError

Table = dict[str, Any]

_TEXTS = ("name", "base_api_url", "api_key", "wire")


def merge_tables(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """``above`` over ``below``: tables key by key all the way down, anything else replaced. None never replaces a value.

    A table of ``above`` that says ``replace_models = true`` puts its ``valid_models`` in the place of those below.
    """
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if value is None:
            merged.setdefault(name, None)
        elif isinstance(value, Mapping) and isinstance(under, Mapping):
            replaces = name == "valid_models" and above.get("replace_models") is True
            merged[name] = dict(value) if replaces else merge_tables(under, value)
        else:
            merged[name] = value
    return merged


def provider_fields(id: str, table: Any, where: str) -> Table:
    """The fields of one provider that are known and given, each of its right type. Unknown ones are somebody else's and left out.

    Raises ConfigError that names the field.
    """
    at = f"{where}: providers.{id}" if where else f"providers.{id}"
    if not isinstance(table, Mapping):
        raise ConfigError(f"{at}: a provider is a table with base_api_url, api_key and valid_models, not {_called(table)}")
    if "/" in id or not id.strip():
        raise ConfigError(f"{at}: a provider's name is a word without '/', for 'provider/model' begins with it")
    fields: Table = {}
    for name in _TEXTS:
        if (value := table.get(name)) is not None:
            if not isinstance(value, str):
                raise ConfigError(f"{at}.{name}: expected a text, not {_called(value)}")
            fields[name] = value
    if (models := table.get("valid_models")) is not None:
        fields["valid_models"] = _models(f"{at}.valid_models", models)
    if (names := table.get("invalid_models")) is not None:
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"{at}.invalid_models: expected a list of names, not {_called(names)}")
        fields["invalid_models"] = tuple(dict.fromkeys(names))
    return fields


def _models(at: str, models: Any) -> dict[str, str]:
    if not isinstance(models, Mapping):
        raise ConfigError(f"{at}: expected a table of long name: short name, not {_called(models)}")
    for long, short in models.items():
        if not isinstance(long, str) or not isinstance(short, str):
            raise ConfigError(f"{at}: both names of {str(long)!r} are texts; put quotes around a name that looks like a number")
    return {str(long): str(short) for long, short in models.items()}


def _called(value: Any) -> str:
    words = {type(None): "nothing", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return words.get(type(value), "a table" if isinstance(value, Mapping) else f"a {type(value).__name__}")
