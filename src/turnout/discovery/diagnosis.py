"""Why a provider can or cannot be used, as far as the set-up tells: nothing is sent, and nothing is made ready for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from turnout.auth.secrets import is_placeholder
from turnout.catalog.schema import Provider

_UNREGISTERED = "Provider class not registered in registry"
_NO_KEY = "Missing API key"
_PLACEHOLDER = "API key appears to be a placeholder"
_NOT_INITIALIZED = "Provider not initialized yet"


class Diagnosis(Struct, frozen=True, kw_only=True):
    """``initialized``: it could be called at once. Variables are named, their values are not.

    ``api_key_var`` and ``base_url_var`` are the first of the provider's variables that hold anything. ``reason_unavailable``
    is None, and ``suggestions`` empty, when nothing is in the way.
    """

    provider: str
    registered: bool
    initialized: bool
    api_key_present: bool = False
    api_key_var: str | None = None
    api_key_is_placeholder: bool = False
    base_url_present: bool = False
    base_url_var: str | None = None
    reason_unavailable: str | None = None
    suggestions: tuple[str, ...] = ()


def first_present(names: Iterable[str], environ: Mapping[str, str]) -> tuple[str, str] | tuple[None, None]:
    """The first of these variables that holds anything, and what it holds."""
    for name in names:
        if value := environ.get(name, ""):
            return name, value
    return None, None


def diagnose(
    id: str, row: Provider | None, environ: Mapping[str, str], *, initialized: bool, keeps_key: bool = False
) -> Diagnosis:
    """``row`` is None for a provider that nobody registered. ``keeps_key``: a file or store has a key for it. ``initialized``:
    something said that it can be called. The first reason that holds is given."""
    if row is None:
        return Diagnosis(
            provider=id,
            registered=False,
            initialized=False,
            reason_unavailable=_UNREGISTERED,
            suggestions=("Register it in code, or write it into a file: `turnout provider new`",),
        )
    key_var, key = first_present(row.key_env, environ)
    url_var, _ = first_present(url_variables(row), environ)
    placeholder = not keeps_key and key is not None and bool(key.strip()) and is_placeholder(key)
    reason, suggestions = _reason(row, initialized, key_var if key is not None else None, keeps_key, placeholder, url_var)
    return Diagnosis(
        provider=row.id,
        registered=True,
        initialized=initialized,
        api_key_present=keeps_key or key is not None,
        api_key_var=key_var,
        api_key_is_placeholder=placeholder,
        base_url_present=url_var is not None,
        base_url_var=url_var,
        reason_unavailable=reason,
        suggestions=suggestions,
    )


def url_variables(row: Provider) -> tuple[str, ...]:
    """The variables that say where the provider is, or complete it."""
    parts = [names if isinstance(names, tuple) else (names,) for names in row.url_env.values()]
    return (*row.base_url_env, *(name for names in parts for name in names))


def _reason(
    row: Provider, initialized: bool, key_var: str | None, keeps_key: bool, placeholder: bool, url_var: str | None
) -> tuple[str | None, tuple[str, ...]]:
    page = row.key_url or row.docs
    where = f" ({page})" if page else ""
    if row.key_env and row.key_required and key_var is None and not keeps_key:
        return _NO_KEY, (f"Set one of: {', '.join(row.key_env)}{where}",)
    if placeholder:
        return _PLACEHOLDER, (f"Replace {key_var} with a valid key{where}",)
    wanted = [name for name in url_variables(row) if name not in row.base_url_env]
    if wanted and url_var is None and row.base_url.startswith("{") and "=" not in row.base_url:
        optional = f" (and optionally {' or '.join(row.key_env)})" if row.key_env else ""
        return f"{wanted[0]} is required for {row.name}", (f"Set {wanted[0]}{optional}",)
    if not initialized:
        return _NOT_INITIALIZED, ("Restart the gateway, or read its log: it says why",)
    return None, ()
