"""Providers that code registers, each with what makes its clients, beside all that are built in."""

from __future__ import annotations

from _thread import RLock  # `threading` would cost 1 ms
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, DuplicateProviderError
from turnout.plugins import Failure
from turnout.registry.choosing import serving
from turnout.registry.factories import OWN_CLIENTS, Factory, LazyFactory, create, loaded, mode_of
from turnout.registry.offered import Offered
from turnout.registry.phrases import phrased
from turnout.registry.plans import Registry
from turnout.types import Target

F = TypeVar("F", bound=Callable[..., Any])


class Stats(Struct, frozen=True):
    """``total`` = ``loaded`` + ``lazy`` + ``failed``: factories that are there, not asked for yet, and that did not load.

    ``deprecated``: ids and aliases that should be left.
    """

    total: int
    loaded: int
    lazy: int
    deprecated: int
    failed: int

    def __getitem__(self, name: str) -> int:
        count: int = getattr(self, name)
        return count


class Registration(Struct, frozen=True):
    """A provider and how to register it, as ``register_provider`` puts it on a factory."""

    provider: Provider
    lazy: bool = True
    replace: bool = False


class _Entry:
    __slots__ = ("factory", "failure", "lazy", "lock", "row")

    def __init__(self, row: Provider, factory: Factory | None, lazy: LazyFactory | None) -> None:
        self.row = row
        self.factory = factory
        self.lazy = lazy
        self.failure: Failure | None = None
        self.lock = RLock()


class ProviderRegistry:
    """Name -> provider and the factory of its clients. A value: make one, give it on; none is hidden in a module.

    Everything built in, in files or offered by packages is there from the start, with Turnout's own clients, and nothing is
    imported before it is asked for. Names count in any case and by their aliases. Safe to share between threads.
    """

    def __init__(self, registry: Registry | None = None) -> None:
        """``registry``: what names, files and keys are looked up in; None: one of this process's environment and files."""
        self._first = Registry() if registry is None else registry
        self._entries: dict[str, _Entry] = {}
        self._own: dict[str, _Entry] = {}  # of providers that nobody registered, once they were asked for
        self._registry: Registry | None = self._first
        self._lock = RLock()

    @property
    def registry(self) -> Registry:
        """A Registry that knows what is registered now: for ``Client(registry)``. Registering anything makes another."""
        with self._lock:
            if self._registry is None:
                rows = {id: entry.row for id, entry in self._entries.items()}
                self._registry = self._first.remade(catalog=self._offered().with_rows(rows))
            return self._registry

    # Registering

    def register(
        self,
        provider: Provider | str,
        factory: Factory | None = None,
        lazy_factory: LazyFactory | None = None,
        replace: bool = False,
    ) -> None:
        """``factory`` is called with (api_key, model, mode, async_client, **options), or has a ``create_client`` that is;
        ``lazy_factory`` gives one when it is first asked for: a function without arguments, or "module:attribute".

        A provider that says its wire and base_url needs neither: Turnout's own clients call it. ``replace=True`` takes the place
        of whatever has the name, whole. Raises DuplicateProviderError, or ConfigError for what cannot be registered.
        """
        row = Provider(id=provider, name=provider, wire="", base_url="") if isinstance(provider, str) else provider
        id = row.id.strip().lower()
        if not id or "/" in id:
            raise ConfigError(f"{row.id!r} cannot be the id of a provider: names split at their first '/'")
        if factory is not None and lazy_factory is not None:
            raise ConfigError(f"{id!r} is registered with a factory and a lazy_factory: it needs one of them")
        if factory is None and lazy_factory is None and not (row.wire and row.base_url):
            raise _NoFactory(
                f"Must provide factory or lazy_factory for {id!r}, or its wire and base_url: there is nothing to call"
            )
        if factory is not None and not callable(getattr(factory, "create_client", factory)):
            raise ConfigError(f"the factory of {id!r} is a {type(factory).__name__}: it must be callable or have a create_client")
        with self._lock:
            if not replace and self.has_provider(id):
                raise DuplicateProviderError(f"Provider {id!r} already registered. Use replace=True to override.")
            self._entries[id] = _Entry(row, factory, lazy_factory)
            self._changed()

    def register_provider(self, provider: Provider | str, *, lazy: bool = True, replace: bool = False) -> Callable[[F], F]:
        """Registers the decorated factory, and gives it back unchanged."""

        def add(factory: F) -> F:
            self.register(provider, None if lazy else factory, (lambda: factory) if lazy else None, replace)
            return factory

        return add

    def add(self, marked: Any) -> None:
        """Registers a factory that the function ``register_provider`` marked."""
        registration = getattr(marked, "turnout_provider", None)
        if not isinstance(registration, Registration):
            raise ConfigError(f"{marked!r} was not marked by register_provider")
        self.register(
            registration.provider,
            None if registration.lazy else marked,
            (lambda: marked) if registration.lazy else None,
            registration.replace,
        )

    def unregister(self, name: str) -> None:
        """What was registered under this name is gone; what it had replaced is back. Raises UnknownProviderError."""
        with self._lock:
            id = self.registry.provider_id(name)
            if self._entries.pop(id, None) is None:
                raise ConfigError(f"the provider {id!r} was not registered by code, so it cannot be unregistered")
            self._changed()

    # What is there

    def get(self, name: str) -> Provider:
        """Raises UnknownProviderError with the nearest names, or ConfigError for a plugin or a file that is wrong."""
        with phrased(self.registry, name):
            return self.registry.provider(name)

    def get_factory(self, name: str) -> Factory:
        """What makes this provider's clients; loaded once. Raises ConfigError, the same each time, for one that does not load."""
        with phrased(self.registry, name):
            entry = self._entry(name)
        factory = entry.factory
        if factory is None:
            with entry.lock:  # of this entry: loading one may register another
                factory = entry.factory
                if factory is None:
                    if entry.failure is not None:
                        raise ConfigError(entry.failure.reason)
                    factory = entry.factory = self._load(entry)
        return factory

    def has_provider(self, name: str) -> bool:
        try:
            self.registry.provider_id(name)
        except ConfigError:
            return False
        return True

    def list_providers(self) -> list[str]:
        """Ids, sorted. Reads the names that packages offer, and imports none of them."""
        return self.registry.provider_ids()

    def preferred_model(self, name: str) -> Target | None:
        """The model that is taken where none is named: the first of NAME_PREFERRED_MODELS that there is, else the default."""
        return self.registry.preferred_model(name)

    def get_provider_for_model(self, name: str) -> Provider | None:
        """Who is asked for ``name``, a model's own name in any case, "provider/model" or an alias: of those that serve it and can
        be called from here, the first in the order of "auto". Whoever failed often just now is passed over. None: nobody is left.
        """
        target = serving(self.registry, name, {target for target, _ in self.registry.resting()})
        return None if target is None else self.registry.provider(target.provider)

    def get_available_models(self, respect_restrictions: bool = True) -> dict[str, str]:
        """ "provider/model" -> its provider, for all known that can be called from here; without ``respect_restrictions`` those
        too that a list of allowed models leaves out. Nobody is asked."""
        registry = self.registry
        ids = [id for id in registry.provider_ids() if registry.usable(id)[0]]
        targets = [model.target for id in ids for model in registry.models(id)]
        return {str(it): it.provider for it in targets if not respect_restrictions or registry.is_permitted(it)}

    def stats(self) -> Stats:
        ids = self.list_providers()
        with self._lock:
            entries = [*self._entries.values(), *self._own.values()]
            loaded = sum(entry.factory is not None for entry in entries)
            failed = {entry.row.id for entry in entries if entry.failure is not None}
        failed |= {failure.name for failure in self._offered().failures()}
        deprecated = sum(self._to_leave(id) for id in ids if id not in failed)
        return Stats(len(ids), loaded, len(ids) - loaded - len(failed), deprecated, len(failed))

    def failures(self) -> list[Failure]:
        """Every provider, wire and other thing that was asked for and did not load, and why. The rest goes on."""
        with self._lock:
            entries = [*self._entries.values(), *self._own.values()]
        own = [entry.failure for entry in entries if entry.failure is not None]
        return [*own, *self.registry.failures()]

    # Clients

    def create_client(
        self,
        name: str,
        api_key: str | None = None,
        model: str | None = None,
        mode: str | None = None,
        async_client: bool = False,
        **options: Any,
    ) -> Any:
        """What the provider's factory makes of these: for those that are built in, a ``Client`` or ``AsyncClient``.

        ``model`` is the provider's own name of it. Without ``mode`` the provider's default for the model is taken; Turnout's own
        clients ask in another way where the target is known not to take that one. A coroutine of an async factory
        is run to its end, unless ``async_client`` says that the caller awaits it.
        Raises UnknownProviderError, MissingKey, ModeError, MissingExtra or another ConfigError, and what the factory raises.
        """
        row = self.get(name)
        self.registry.check_permitted(row.id)
        self.registry.tell_of_deprecated((name,))
        factory = self.get_factory(name)
        chosen = mode_of(row, model, mode, ours=getattr(factory, "takes_our_modes", False))
        with phrased(self.registry, name):
            return create(factory, row, api_key, model, chosen, async_client, options)

    # Within

    def _offered(self) -> Offered:
        catalog = self._first._catalog
        if not isinstance(catalog, Offered):
            raise ConfigError("a ProviderRegistry needs a catalog that rows can be added to")
        return catalog

    def _changed(self) -> None:
        self._registry = None
        self._own.clear()  # their clients would call by the old rows

    def _entry(self, name: str) -> _Entry:
        id = self.registry.provider_id(name)
        with self._lock:
            if (entry := self._entries.get(id)) is not None:
                return entry
        row = self.registry.provider(id)
        with self._lock:
            return self._own.setdefault(id, _Entry(row, None, self._offered().offered_factory(id)))

    def _load(self, entry: _Entry) -> Factory:
        if entry.lazy is None:
            return loaded(OWN_CLIENTS)(self.registry, entry.row)
        try:
            return loaded(entry.lazy)
        except (Exception, SystemExit) as error:
            reason = f"the factory of provider {entry.row.id!r} does not load: {type(error).__name__}: {error}"
            entry.failure = Failure("provider", entry.row.id, "", reason)
            raise ConfigError(reason) from error

    def _to_leave(self, id: str) -> int:
        """How many names of this provider are deprecated."""
        if self._offered().is_unread(id):
            return 0
        try:
            row = self.registry.provider(id)
        except ConfigError:
            return 0
        return len(row.deprecated_names) + (row.deprecated is not None)


class _NoFactory(ConfigError, ValueError):
    """Registered with nothing that makes its clients."""


def register_provider(
    provider: Provider | str, *, lazy: bool = True, replace: bool = False, registry: ProviderRegistry | None = None
) -> Callable[[F], F]:
    """Marks the decorated factory as ``provider``'s, for an entry point of ``turnout.providers`` or ``ProviderRegistry.add``,
    and registers it in ``registry`` if one is given. The factory is given back unchanged.
    """
    row = Provider(id=provider, name=provider, wire="", base_url="") if isinstance(provider, str) else provider

    def mark(factory: F) -> F:
        factory.turnout_provider = Registration(row, lazy, replace)  # type: ignore[attr-defined]
        if registry is not None:
            registry.add(factory)
        return factory

    return mark
