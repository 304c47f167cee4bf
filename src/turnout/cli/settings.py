"""Every setting that is in effect, with where it was made, as ``turnout config show`` prints it. No key is among the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from turnout.registry.choosing import default_of_others, wishes

if TYPE_CHECKING:
    from turnout.catalog.schema import Provider
    from turnout.registry import Registry

_SHOWN_CHARACTERS = 4  # of a key's end, enough to tell two apart
_LEAST_LENGTH = 16  # of a key, for any of it to be shown
_SECRET_WORDS = ("auth", "cookie", "key", "secret", "sig", "token")  # in the name of a header or of a part of a query


class Setting(Struct, frozen=True):
    """``name``: "model", "aliases.fast", "providers.groq.timeout". ``source``: "user file PATH:LINE", "default", …"""

    name: str
    value: Any
    source: str


def settings(registry: Registry, providers: list[str], *, everything: bool) -> Iterator[Setting]:
    """What is general, then the providers that somebody said something about: of those only what was said.

    With ``providers`` (ids) nothing but those, with every field; with ``everything`` all there are.
    """
    if providers:
        for id in providers:
            yield from _provider(registry, id, whole=True)
        return
    yield from _general(registry)
    for id in registry.provider_ids():
        if everything or _is_touched(registry, id):
            yield from _provider(registry, id, whole=everything)
    for name in sorted(registry.config.models):
        yield from _model(registry, name)


def _general(registry: Registry) -> Iterator[Setting]:
    config, environ = registry.config, registry.environ
    if environ.get("TURNOUT_MODEL", "").strip():
        yield Setting("model", environ["TURNOUT_MODEL"].strip(), variable(environ, "TURNOUT_MODEL"))
    elif (chosen := config.default_model) is not None:
        yield Setting("model", chosen.value, chosen.source)
    else:
        others = variable(environ, "DEFAULT_MODEL") if default_of_others(registry) else "default"
        yield Setting("model", registry.default_model(), others)
    usual = config.usual_rule
    yield Setting("policy", "listed" if usual is None else usual.policy, "default" if usual is None else usual.source)
    from turnout.config.dotenv import variables_of

    variables = variables_of(environ)
    if variables is not None:
        asking = [file.where("env_file") for file in config.files if "env_file" in file.tables]
        by = variable(environ, "TURNOUT_ENV_FILE") if environ.get("TURNOUT_ENV_FILE") else asking[-1] if asking else "argument"
        yield Setting("env_file", variables.path, by)
    else:
        yield Setting("env_file", None, "default")
    for name in ("TURNOUT_CONFIG_DIR", "TURNOUT_TRUST_PROJECT"):
        if environ.get(name):
            yield Setting(name, environ[name], variable(environ, name))
    from turnout.config.permits import allowed_lists, disabled_lists

    for field, lists in (("allowed", allowed_lists), ("disabled", disabled_lists)):
        for listed in lists(config, environ):
            by = listed.source.removeprefix("environment ")
            yield Setting(f"{field}_providers", list(listed.names), variable(environ, by) if by in environ else listed.source)
    for name in config.aliases:
        alias = config.alias(name)
        assert alias is not None
        yield Setting(f"aliases.{name}", list(alias.value), alias.source)
        if (rule := config.rule(name)) is not None:
            yield Setting(f"aliases.{name}.policy", rule.policy, rule.source)
            if rule.weights:
                yield Setting(f"aliases.{name}.weights", list(rule.weights), rule.source)


def _provider(registry: Registry, id: str, *, whole: bool) -> Iterator[Setting]:
    row, sources = registry.provider(id), registry.provider_sources(id)
    for field in row.__struct_fields__:
        source = sources.get(field, "default")
        if field in ("id", "source") or not (whole or _is_said(source)):
            continue
        if source.startswith("environment "):
            source = variable(registry.environ, source.removeprefix("environment "))
        yield Setting(f"providers.{id}.{field}", _without_secrets(row, field), source)
    for by, models in registry.allowed_models(id).items():
        yield Setting(f"providers.{id}.allowed_models", sorted(models), variable(registry.environ, by))
    for by, wished in wishes(registry, id):
        yield Setting(f"providers.{id}.preferred_models", list(wished), variable(registry.environ, by))
    shown, source = key_shown(registry, id)
    if shown or whole:
        yield Setting(f"providers.{id}.key", shown or None, source or "default")


def _model(registry: Registry, name: str) -> Iterator[Setting]:
    target = registry.resolve(name)
    row = registry.model(target)
    for field, source in registry.model_sources(target).items():
        if _is_said(source) and row is not None:
            yield Setting(f"models.{target}.{field}", getattr(row, field), source)


def _is_said(source: str) -> bool:
    return not source.startswith("built-in") and source != "default"


def _is_touched(registry: Registry, id: str) -> bool:
    row = registry.provider(id)
    set_here = any(name in registry.environ for name in row.key_env) or bool(registry.allowed_models(id))
    set_here = set_here or any(wishes(registry, id))
    return set_here or any(map(_is_said, registry.provider_sources(id).values())) or bool(_said_key(registry, id))


def _said_key(registry: Registry, id: str) -> bool:
    """Whether a file says something of the key of the provider, by any name of its."""
    from turnout.config.keys import KEY_FIELDS

    tables = [pair for file in registry.config.files for pair in file.tables.get("providers", {}).items()]
    named = [name for name, table in tables if any(field in table for field in KEY_FIELDS)]
    return any(registry.provider(name).id == id for name in named)


def key_shown(registry: Registry, id: str) -> tuple[str, str]:
    """The key of a provider, masked, and where it comes from; a problem with it, and ""; two empty texts where there is none.

    No command is run and no store is asked for it.
    """
    from turnout.auth.secrets import AwaitedSecret
    from turnout.errors import ConfigError

    if not _is_touched_key(registry, id):
        return "", ""
    try:
        secret = registry.key(id)
    except ConfigError as error:
        return f"! {error}", ""
    if secret is None:
        return "", ""
    if isinstance(secret, AwaitedSecret) and not secret.quick:
        return "asked for when a call needs it", secret.source
    named = secret.source in registry.environ
    return masked(secret.reveal()), variable(registry.environ, secret.source) if named else secret.source


def _is_touched_key(registry: Registry, id: str) -> bool:
    return _said_key(registry, id) or any(name in registry.environ for name in registry.provider(id).key_env)


def masked(key: str) -> str:
    """Enough of a key to tell it from another, and no more."""
    return "****" + (key[-_SHOWN_CHARACTERS:] if len(key) >= _LEAST_LENGTH else "")


def variable(environ: Mapping[str, str], name: str) -> str:
    """Where a variable was set: in the environment, or in the file of variables that was asked for."""
    from turnout.config.dotenv import variables_of

    variables = variables_of(environ)
    if variables is not None and name in variables and environ[name] == variables[name]:
        return f"environment {name} ({variables.where(name)})"
    return f"environment {name}"


def _without_secrets(row: Provider, field: str) -> Any:
    """A field's value; what people put there though it is no place for a key is masked."""
    value = getattr(row, field)
    if field == "headers":
        return {name: "****" if any(word in name.lower() for word in _SECRET_WORDS) else text for name, text in value.items()}
    if field in ("base_url", "models_url", "query") and "=" in value:
        import re

        return re.sub(rf"((?:{'|'.join(_SECRET_WORDS)})[^=&{{]*=)[^&{{]+", r"\1****", value, flags=re.IGNORECASE)
    return value
