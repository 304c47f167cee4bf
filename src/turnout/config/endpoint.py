"""The URL to call: a template, filled from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from turnout.auth import origin, shown
from turnout.auth.secrets import is_placeholder
from turnout.catalog.names import in_capitals
from turnout.catalog.schema import Provider
from turnout.errors import ConfigError


def base_url(provider: Provider, template: str, model: str, environ: Mapping[str, str]) -> str:
    """``template`` with its {placeholders} filled, without a closing slash; then ``provider.query``, unless it has a query.

    {model} is the model's name, quoted; one of ``provider.url_map`` has a value for each value of another; any other is the value
    of the variable that ``provider.url_env`` gives for it, or of the variable of that name, or what it says itself behind "=".
    Raises ConfigError that names the variable which is missing or cannot be part of a URL.
    """
    if not template:
        raise ConfigError(f"no base URL is known for {provider.name}: pass base_url, or set {_own_variable(provider)}")
    url = _filled(provider, template, "", model, environ).rstrip("/")
    if provider.query and "?" not in url:
        url += "?" + _filled(provider, provider.query, url, model, environ)
    if not url.startswith(("https://", "http://", "local://")) or any(not "!" <= character <= "~" for character in url):
        raise ConfigError(f"{shown(url)!r} is not a base URL for {provider.name}: it should look like https://host/path")
    origin(url)
    return url


def assumed(provider: Provider, template: str, environ: Mapping[str, str]) -> list[str]:
    """A sentence for each placeholder of ``template`` that says itself what it stands for, as no variable does."""
    found: list[str] = []
    for piece in template.split("{")[1:]:
        place, defaults, default = piece.partition("}")[0].partition("=")
        given = provider.url_env.get(place)
        if not defaults or given is None or "://" in default:  # whose usual address is no news
            continue
        names = (given,) if isinstance(given, str) else given
        if not any(environ.get(name, "").strip() for name in names):
            found.append(f"{provider.name} is asked in the {place} {default}, as none of {', '.join(names)} is set")
    return found


def _filled(provider: Provider, template: str, before: str, model: str, environ: Mapping[str, str]) -> str:
    """``before`` is what of the URL stands in front of ``template``."""
    parts: list[str] = []
    rest = template
    while rest:
        text, brace, rest = rest.partition("{")
        parts.append(text)
        if brace:
            name, _, rest = rest.partition("}")
            ahead = before + "".join(parts)
            if name == "model":
                parts.append(_quoted(model))
            elif (values := provider.url_map.get(name)) is not None:
                by = _value(provider, values.get("by", name), ahead, environ)
                parts.append(_filled(provider, values.get(by, values.get("*", by)), ahead, model, environ))
            else:
                parts.append(_value(provider, name, ahead, environ))
    return "".join(parts)


def _own_variable(provider: Provider) -> str:
    return f"TURNOUT_{in_capitals(provider.id)}_BASE_URL"


def _value(provider: Provider, placeholder: str, before: str, environ: Mapping[str, str]) -> str:
    placeholder, defaults, default = placeholder.partition("=")
    given = provider.url_env.get(placeholder, placeholder)
    names = (given,) if isinstance(given, str) else given
    name = next((known for known in names if not is_placeholder(environ.get(known, ""))), names[0])
    value = environ.get(name, "").strip()
    if is_placeholder(value):
        if defaults and not value:
            return default
        state = "holds a placeholder" if value else "is not set"
        needed = " or ".join(names)
        raise ConfigError(f"{provider.name} needs {needed}, which is a part of its URL and {state} ({provider.docs})")
    if not before:
        return value.rstrip("/")  # the variable holds the whole URL
    if before.endswith("://"):
        value = value.partition("://")[2] or value  # DATABRICKS_HOST is commonly set with its scheme
    value = value.rstrip("/")
    if any(character in "/@?#\\%" or not "!" <= character <= "~" for character in value):
        raise ConfigError(f"{name} cannot be a part of {provider.name}'s URL: it holds a character that ends or redirects it")
    return value


def _quoted(model: str) -> str:
    from urllib.parse import quote  # 6 ms; only templates that hold {model} pay it

    return quote(model, safe="")
