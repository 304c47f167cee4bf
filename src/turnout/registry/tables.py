"""What is there by name beside providers: wires, ways to prove who asks, sinks, policies. Built in, or from packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.auth import SCHEMES
from turnout.auth.schemes import Factory
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Provider
from turnout.engine.policy import POLICIES
from turnout.errors import ConfigError
from turnout.plugins import Failure, Lazy
from turnout.registry.offered import Offered, not_a_policy, not_a_wire, not_callable
from turnout.registry.wires import WIRES
from turnout.wire import Wire


class Tables:
    """Nothing of it is imported before its name is asked for."""

    def __init__(self, catalog: Catalog, wires: Mapping[str, str] = WIRES) -> None:
        self._catalog = catalog
        self.wires: Lazy[Wire] = Lazy("wire", "turnout.wires", wires, faulty=not_a_wire)
        self.auths: Lazy[Factory] = Lazy("auth scheme", "turnout.auths", SCHEMES, faulty=not_callable)
        self.sinks: Lazy[Any] = Lazy("sink", "turnout.sinks", {}, faulty=not_callable)
        self.policies: Lazy[Any] = Lazy("policy", "turnout.policies", POLICIES, faulty=not_a_policy)

    def plugin_tables(self) -> dict[str, tuple[Lazy[Any], set[str]]]:
        """Entry-point group -> its table, and the names that no package may take."""
        tables: dict[str, tuple[Lazy[Any], set[str]]] = {
            "turnout.wires": (self.wires, set(WIRES)),
            "turnout.auths": (self.auths, set(SCHEMES)),
            "turnout.policies": (self.policies, set(POLICIES)),
            "turnout.sinks": (self.sinks, set()),
        }
        if isinstance(self._catalog, Offered):
            tables["turnout.providers"] = (self._catalog.offers, self._catalog.builtin_names)
        return tables

    def failures(self) -> list[Failure]:
        """What was asked for and did not load, with whose it is. The rest goes on."""
        tables: list[Lazy[Any]] = [self.wires, self.auths, self.sinks, self.policies]
        offered = self._catalog.failures() if isinstance(self._catalog, Offered) else []
        return [*offered, *(failure for table in tables for failure in table.failures())]

    def _check_wire(self, provider: Provider) -> None:
        if not provider.wire:
            raise ConfigError(f"{provider.name} has no wire: ProviderRegistry.create_client makes its clients")
        if provider.wire not in self.wires:
            spoken = ", ".join(self.wires.names())
            raise ConfigError(f"{provider.name} speaks {provider.wire}, which Turnout does not speak yet; it speaks {spoken}")

    def _check_auth(self, provider: Provider) -> None:
        name = provider.auth.partition(":")[0]
        if name not in self.auths:
            known = ", ".join(self.auths.names())
            raise ConfigError(f"{provider.name} signs requests with {name}, which Turnout cannot do yet; it can {known}")


def installed(module: str) -> bool:
    """Whether a module of this name could be imported; it is not."""
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name is in
        return False
