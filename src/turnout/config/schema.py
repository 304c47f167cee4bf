"""What turnout.toml may hold: every key with its meaning, as a JSON Schema for editors and as a table for readers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from turnout.catalog.schema import Model, Provider
from turnout.config.checks import ALIAS_FIELDS, MODEL_FIELDS, MOST_WEIGHT, PROVIDER_FIELDS

SETTINGS = {
    "model": "what is asked when nothing else is named: provider/model, or an alias",
    "policy": "in which order several models are tried, where their alias does not say: listed, cheapest, fastest, weighted, ...",
    "env_file": "a file of variables for what the environment does not set; a relative path begins at this file's folder",
    "allowed_providers": "the only providers that may be called; lists of several files and of the environment all hold",
    "disabled_providers": "providers that may not be called",
    "aliases": "names of your own, each for one provider/model, several to be tried in order, or a table of models and policy",
    "providers": "what is said of a provider, by its id; one that is not built in needs a wire and a base_url",
    "models": 'what is said of a model, by its name: [models."provider/model"]',
}

ALIAS = {
    "models": "provider/model, or several, or aliases of them",
    "policy": "in which order they are tried: listed, cheapest, fastest, weighted, or what a package offers",
    "weights": "a number for each of the models: how often it is tried first, beside the others; for the policy weighted",
}

PROVIDER = {
    "name": "what messages call it",
    "wire": "the protocol that it speaks",
    "base_url": "where it is; {placeholders} are filled from url_env and url_map, and {model} is the model's name",
    "key_env": "variables that may hold its key; the first with a real key wins",
    "key_required": "false: a key is sent when there is one, and none is asked for",
    "key_url": "where a person gets a key",
    "url_env": "placeholder in base_url -> the variable, or several, that fill it",
    "base_url_env": "variable that replaces base_url -> the path that it must end with, added when missing",
    "base_urls": "wire -> base URL of the models that speak another wire than the provider's others",
    "url_map": "placeholder in base_url -> its value for each value of another",
    "query": "ends every address, such as api-version=2024-10-21",
    "models_url": "where its models are listed, when not below base_url",
    "count_wire": "the wire in which it counts tokens, when its own has no way to",
    "auth": "bearer[:HEADER], header:NAME, query:NAME, sigv4[:SERVICE], google[:SCOPE], azure[:SCOPE] or none",
    "headers": "sent with every request; never a secret",
    "header_env": "header -> variables; sent with the first that is set",
    "header_required": "of header_env those without which it is not called",
    "aliases": "other names for it",
    "docs": "where its documentation is",
    "checked": "when what is said here was read",
    "timeout": "seconds between two events of a stream",
    "timeout_env": "variables that say the timeout; the first that is set wins",
    "connect_timeout": "seconds until a connection stands",
    "connect_timeout_env": "variables that say the connect_timeout; the first that is set wins",
    "priority": "lower is tried first",
    "deprecated": "what to use instead",
    "deprecated_names": "of its aliases those to leave -> what to use instead",
    "regions": "region -> the id of the provider that is meant there",
    "region_env": "variables that say the region; the first that is set wins",
    "default_model": "the model that is taken where none is named",
    "model_aliases": "other name of a model, in lower case -> the provider's own",
    "model_prefixes": "what people leave out at the front of its models' names, or put there though it is not",
    "model_suffix": "put behind the name of every model that has no colon of its own",
    "sdk": "the vendor's own Python library",
    "modes": "how its clients make an answer fit a schema",
    "default_mode": "the mode when none is asked for",
    "mode_by_model": "pattern of model names -> the mode when none is asked for; the first that matches counts",
    "quirks": "how it departs from its wire: rename, drop, stream_usage, inputs_per_call, encoding_format, chat_path",
    "api_key": "the key itself; a placeholder counts as none",
    "key_command": "a program and its arguments that print the key; no shell reads them",
    "key_file": "a file that holds the key on its first line; a relative path begins at this file's folder",
    "keyring": "the service and the user name under which the platform's store keeps the key",
}

MODEL = {
    "name": "what messages call it",
    "family": "the models that it belongs to",
    "context_tokens": "tokens of prompt and answer together",
    "max_input_tokens": "tokens of a prompt",
    "max_output_tokens": "tokens of an answer",
    "supports": "what it can do: tools, reasoning, structured_output, attachments, temperature, image-in, ...",
    "lacks": "what it cannot do, in the same words",
    "price": "US dollars per million tokens: input, output, reasoning, cache_read, cache_write, ...",
    "status": "alpha, beta or deprecated",
    "released": "when it came out",
    "knowledge": "the last month or day of its training data",
    "open_weights": "whether its weights are published",
    "reasoning_field": "where a chat message of this model carries its reasoning",
    "wire": "the protocol, when it is not its provider's",
    "base_url": "where it is served, when that is not where its provider's others are",
    "limits": "what it refuses",
    "rate_limits": "how much of it an account may have: requests_per_minute, tokens_per_minute, ...; told, and not enforced",
    "checked": "when what is said here was read",
}

VARIABLES = {
    "TURNOUT_MODEL": "what is asked when nothing else is named; counts more than `model` in a file",
    "TURNOUT_CONFIG_DIR": "the folder of your settings, instead of the platform's",
    "TURNOUT_TRUST_PROJECT": "1: a project's files may say where keys go, and have programs run and files read",
    "TURNOUT_ENV_FILE": "a file of variables for what the environment does not set",
    "ALLOWED_PROVIDERS": "the only providers that may be called, with commas between them",
    "DISABLED_PROVIDERS": "providers that may not be called, with commas between them",
    "DEFAULT_MODEL": "as TURNOUT_MODEL, below all else, where it names a model of a provider, an alias or `auto`",
    "ENABLE_OPENROUTER": "false: OpenRouter is not called",
    "ENABLE_CUSTOM": "false: the custom endpoint is not called",
    "CUSTOM_API_URL": "where the custom endpoint is, the provider `custom`",
    "CUSTOM_MODEL_NAME": "the model of the custom endpoint that is taken where none is named",
    "ID_PREFERRED_MODELS": "models of the provider ID (any of its names), the first that it has is taken where none is named",
    "ID_ALLOWED_MODELS": "the only models that may be called of the provider ID (any of its names), with commas between them",
    "TURNOUT_ID_BASE_URL": "where the provider ID is (its id in capitals, with _ for what is no letter or digit)",
    "TURNOUT_ID_TIMEOUT": "seconds between two events of its streams",
    "TURNOUT_ID_PRIORITY": "lower is tried first",
    "TURNOUT_DATA_DIR": "the folder of the provider lists, instead of `~/.llm_chat_cli` or the folder of your settings",
    "TURNOUT_WEIGHTS_DIR": "the folder of the embedded model's weights, instead of the platform's",
    "TURNOUT_CACHE_DIR": "the folder of what can be asked for again, instead of the platform's",
    "TURNOUT_SNAPSHOT": "the file that `turnout serve` keeps for `turnout doctor`",
    "TURNOUT_DEBUG": "1: the command line shows where an error was raised",
}

_KEY_FIELDS: dict[str, Any] = {
    "api_key": {"type": "string"},
    "key_command": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "key_file": {"type": "string", "minLength": 1},
    "keyring": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 2, "maxItems": 2},
}
_DECIMAL = {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$"}
_WORDS = {"anyOf": [{"type": "array", "items": {"type": "string"}, "uniqueItems": True}, {"type": "string"}]}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of turnout.toml, made from the types that its values become."""
    _, parts = msgspec.json.schema_components([Provider, Model], ref_template="#/$defs/{name}")
    parts = {name: _numeric(part) for name, part in parts.items() if name != "Target"}
    parts["Provider"] = _table(Provider, parts["Provider"], PROVIDER_FIELDS, PROVIDER, _KEY_FIELDS)
    parts["Model"] = _table(Model, parts["Model"], MODEL_FIELDS, MODEL, {"supports": _WORDS, "lacks": _WORDS})
    name: dict[str, Any] = {"type": "string", "minLength": 1}
    models_of_alias: dict[str, Any] = {"anyOf": [name, {"type": "array", "items": name, "minItems": 1}]}
    weight: dict[str, Any] = {"type": "number", "minimum": 0, "exclusiveMaximum": MOST_WEIGHT}
    fields = {"models": models_of_alias, "policy": name, "weights": {"type": "array", "items": weight, "minItems": 1}}
    parts["Alias"] = {
        "title": "Alias",
        "type": "object",
        "properties": {field: {"description": ALIAS[field], **fields[field]} for field in ALIAS_FIELDS},
        "required": ["models"],
        "dependentRequired": {"weights": ["policy"]},
        "additionalProperties": False,
    }
    providers = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Provider"}}
    models = {"type": "object", "propertyNames": {"pattern": "/"}, "additionalProperties": {"$ref": "#/$defs/Model"}}
    properties: dict[str, dict[str, Any]] = {
        "model": name,
        "policy": name,
        "env_file": name,
        "allowed_providers": {"type": "array", "items": name, "minItems": 1},
        "disabled_providers": {"type": "array", "items": name, "minItems": 1},
        "aliases": {
            "type": "object",
            "propertyNames": {"pattern": "^[^/]+$"},
            "additionalProperties": {"anyOf": [*models_of_alias["anyOf"], {"$ref": "#/$defs/Alias"}]},
        },
        "providers": providers,
        "models": models,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "turnout.toml",
        "type": "object",
        "properties": {name: {"description": SETTINGS[name], **properties[name]} for name in SETTINGS},
        "additionalProperties": False,
        "$defs": parts,
    }


def _table(
    struct: type[Struct], part: dict[str, Any], fields: tuple[str, ...], about: dict[str, str], own: dict[str, Any]
) -> dict[str, Any]:
    """Of ``part`` the fields that a file may say, none of which it must."""
    known = {**part["properties"], **own}
    return {
        "title": struct.__name__,
        "type": "object",
        "properties": {name: {"description": about.get(name, ""), **known[name]} for name in fields},
        "additionalProperties": False,
    }


def _numeric(part: Any) -> Any:
    """A decimal is a number in TOML, or a number in quotes; msgspec's schema says how JSON would carry it."""
    if isinstance(part, dict):
        if part.get("format") == "decimal":
            return {**{name: it for name, it in part.items() if name not in ("type", "format")}, **_DECIMAL}
        return {name: _numeric(it) for name, it in part.items()}
    return [_numeric(it) for it in part] if isinstance(part, list) else part


def type_of(part: dict[str, Any]) -> str:
    """What a value is, in words for a table."""
    if "$ref" in part:
        return f"table {part['$ref'].rpartition('/')[2]}"
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(type_of(one) for one in part["anyOf"] if one.get("type") != "null"))
    if "enum" in part:
        return " or ".join(f'"{one}"' for one in part["enum"])
    kind = part.get("type", "anything")
    if kind == "array":
        return f"list of {_many(part['items'])}" if "items" in part else "list"
    if kind == "object":
        values = part.get("additionalProperties")
        return f"table of {_many(values)}" if isinstance(values, dict) else "table"
    if part.get("format") == "date":
        return "date"
    return "number" if isinstance(kind, list) else {"integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _many(part: dict[str, Any]) -> str:
    one = type_of(part)
    return f"{one}s" if one in ("string", "number", "whole number") else f"({one})"
