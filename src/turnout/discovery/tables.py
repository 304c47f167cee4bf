"""Lists of providers as plain tables: laid over each other, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    for keys, text in field_problems(id, table):
        at = ".".join(("providers", id, *keys[:1]))
        raise ConfigError(f"{where}: {at}: {text}" if where else f"{at}: {text}")
    fields: Table = {name: value for name in _TEXTS if (value := table.get(name)) is not None}
    if (models := table.get("valid_models")) is not None:
        fields["valid_models"] = dict(models)
    if (names := table.get("invalid_models")) is not None:
        fields["invalid_models"] = tuple(dict.fromkeys(names))
    return fields


def field_problems(id: str, table: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each value of the wrong type: where it is in the provider's table, and what is wrong with it."""
    if not isinstance(table, Mapping):
        yield (), f"a provider is a table with base_api_url, api_key and valid_models, not {_called(table)}"
        return
    if "/" in id or not id.strip():
        yield (), "a provider's name is a word without '/', for 'provider/model' begins with it"
    for name in _TEXTS:
        if (value := table.get(name)) is not None and not isinstance(value, str):
            yield (name,), f"expected a text, not {_called(value)}"
    if (models := table.get("valid_models")) is not None:
        if not isinstance(models, Mapping):
            yield ("valid_models",), f"expected a table of long name: short name, not {_called(models)}"
            models = {}
        for long, short in models.items():
            if not isinstance(long, str) or not isinstance(short, str):
                why = f"both names of {str(long)!r} are texts; put quotes around a name that looks like a number"
                yield ("valid_models", str(long)), why
    if (names := table.get("invalid_models")) is not None and not _is_names(names):
        yield ("invalid_models",), f"expected a list of names, not {_called(names)}"


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)


def _called(value: Any) -> str:
    words = {type(None): "nothing", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return words.get(type(value), "a table" if isinstance(value, Mapping) else f"a {type(value).__name__}")
