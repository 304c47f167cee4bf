"""Orders of providers: one program tries them in this order and under these names, another in that."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.read import packaged
from turnout.catalog.schema import RateLimits
from turnout.errors import UnknownName


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A provider in a profile. ``priority``: lower first, and equals in the order of the file."""

    id: str
    priority: int
    timeout: float | None = None  # seconds for one attempt; None: the profile's
    default_model: str = ""
    default_model_env: str = ""  # the variable that says another
    rate_limits: RateLimits | None = None  # what the program takes for granted of an account


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How one kind of program calls its providers: its names for them -> their places, and the orders that it goes by."""

    about: str
    providers: dict[str, Place]
    timeout: float | None = None  # seconds for one attempt; None: each provider's own bounds
    default: str = ""
    auto_detect: tuple[str, ...] = ()  # asked for a model that nobody is named for
    fallback: tuple[str, ...] = ()

    @property
    def order(self) -> list[str]:
        """Its names, the first to be tried first."""
        return sorted(self.providers, key=lambda name: self.providers[name].priority)

    def timeout_of(self, name: str) -> float | None:
        """Seconds for one attempt at the provider of this name; the profile's own for one that it does not know."""
        place = self.providers.get(name)
        return self.timeout if place is None or place.timeout is None else place.timeout


def read_profiles() -> dict[str, Profile]:
    return msgspec.json.decode(packaged("profiles.json"), type=dict[str, Profile])


def read_profile(name: str) -> Profile:
    """Raises UnknownName with those that there are."""
    profiles = read_profiles()
    if (found := profiles.get(name)) is None:
        near = suggestion(nearest(name, profiles)) or ";"
        raise UnknownName(f"unknown profile {name!r}{near} there are {', '.join(sorted(profiles))}", nearest=sorted(profiles))
    return found
