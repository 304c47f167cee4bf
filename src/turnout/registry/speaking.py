"""In which wire and at which address a provider is asked for one model, and with which headers of the surroundings."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from turnout.auth.secrets import is_placeholder
from turnout.auth.ways import way_of
from turnout.catalog.schema import Model, Provider
from turnout.errors import MissingKey
from turnout.plugins import Lazy
from turnout.wire import Wire


def as_asked(provider: Provider, model: Model, wires: Lazy[Wire], derived: bool, notes: list[str]) -> Provider:
    """``provider`` in the wire and at the address that ``model`` has of its own.

    ``derived``: the address was read in derived data, which yields to the provider's own file.
    """
    if model.wire is not None:
        if model.wire not in wires:
            notes.append(f"{model.target} is listed with the wire {model.wire}; asked in {provider.wire} instead")
            return provider
        provider = replace(provider, wire=model.wire, auth=way_of(provider.auth, model.wire))
    elsewhere = model.base_url
    if (model.wire is not None and elsewhere is None) or (elsewhere is not None and derived):
        elsewhere = provider.base_urls.get(provider.wire, elsewhere)
    return replace(provider, base_url=elsewhere) if elsewhere is not None else provider


def as_counted(provider: Provider, wires: Lazy[Wire]) -> Provider:
    """``provider`` in the wire in which it counts tokens, where its own cannot."""
    other = provider.count_wire
    if other not in wires or (provider.wire in wires and wires.get(provider.wire).count is not None):
        return provider
    return replace(provider, wire=other, base_url=provider.base_urls.get(other, provider.base_url))


def variable_headers(provider: Provider, environ: Mapping[str, str]) -> dict[str, str]:
    """Headers whose value a variable holds. Not for keys: those are found by ``find_key``.

    Raises MissingKey where the provider is not called without a header and no variable holds it.
    """
    found: dict[str, str] = {}
    for header, names in provider.header_env.items():
        value = next((value for name in names if (value := environ.get(name, "").strip())), None)
        if value is not None and value.isascii() and value.isprintable():
            found[header] = value
    for header in provider.header_required:
        if is_placeholder(found.get(header, "")):
            needed = " or ".join(provider.header_env.get(header, ())) or f"a variable in header_env.{header}"
            raise MissingKey(f"{provider.name} needs {needed} beside its key, to be sent as {header} ({provider.docs})")
    return found
