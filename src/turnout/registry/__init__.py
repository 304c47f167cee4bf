"""Names to things: what exists (``known``), how it is called (``plans``), and providers that code registers (``registering``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnout.registry.plans import Registry as Registry
from turnout.registry.wires import WIRES as WIRES, Operation as Operation

if TYPE_CHECKING:
    from turnout.registry.registering import (
        ProviderRegistry as ProviderRegistry,
        Registration as Registration,
        register_provider as register_provider,
    )
    from turnout.registry.sdks import sdk_client as sdk_client

_HOME = {
    "ProviderRegistry": "turnout.registry.registering",
    "Registration": "turnout.registry.registering",
    "register_provider": "turnout.registry.registering",
    "sdk_client": "turnout.registry.sdks",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'turnout.registry' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
