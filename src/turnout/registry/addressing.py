"""What a provider's address needs, said in code: by the placeholders' own names, and by those of its vendor's library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError
from turnout.registry.sdks import OF_WIRE, SDKS

if TYPE_CHECKING:
    from turnout.registry.plans import Registry


def address_names(row: Provider) -> dict[str, str]:
    """Argument -> the variable that says the same: ``region`` and ``region_name`` for Bedrock, ``azure_endpoint`` for Azure.

    Only what stands in an address: what proves who asks is a key, or the platform's own.
    """
    places = {place: (names,) if isinstance(names, str) else names for place, names in row.url_env.items()}
    found = {place: names[0] for place, names in places.items() if place.islower()}
    sdk = SDKS.get(row.sdk or OF_WIRE.get(row.wire, ""))
    if sdk is None:
        return found
    for argument, variables in sdk.variables.items():
        named = next((names[0] for names in places.values() if not set(variables).isdisjoint(names)), None)
        if named is not None:
            found |= {argument: named, argument.removesuffix("_name"): named}
    if sdk.url and "." not in sdk.url and sdk.url != "base_url" and row.base_url_env:
        found[sdk.url] = next(iter(row.base_url_env))
    return found


def addressed(registry: Registry, row: Provider, given: Mapping[str, Any]) -> Registry:
    """``registry`` as if the variables that ``given`` stands for were set. Raises ConfigError for a name that stands for none."""
    names = address_names(row)
    variables: dict[str, str] = {}
    for name, value in given.items():
        if name not in names:
            known = f"; it takes {', '.join(sorted(names))}" if names else ""
            raise ConfigError(f"{name!r} is nothing that the address of {row.name} needs{known}")
        if value is not None:
            variables[names[name]] = str(value)
    return registry.remade(environ=variables) if variables else registry
