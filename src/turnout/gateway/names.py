"""What callers may write as a model: provider/model, an alias, a list of them, or the bare name their own vendor uses."""

from __future__ import annotations

from collections.abc import Sequence

from turnout.engine.plan import Plan
from turnout.errors import ConfigError, MissingKey, ModelNotFound, NotAllowed, RequestError, UnknownName
from turnout.gateway.routes import Route
from turnout.registry import Operation, Registry
from turnout.types import Target
from turnout.wire import Wire

_MOST = 4096  # names kept; callers write whatever they like
_MOST_FALLBACKS = 16


class Choice:
    """A plan, and whether its requests may be passed on as they come: all of its candidates speak the caller's wire.

    ``touched``: members of a body that some candidate calls otherwise or refuses. ``limited``: some candidate's model is known
    to refuse values of fields, so that only bodies without such fields are passed on.
    """

    __slots__ = ("limited", "passes", "plan", "touched")

    def __init__(self, plan: Plan, wire: Wire) -> None:
        self.plan = plan
        candidates = plan.candidates
        self.passes = wire.relay is not None and all(candidate.wire.name == wire.name for candidate in candidates)
        self.limited = any(candidate.model is not None and candidate.model.limits is not None for candidate in candidates)
        self.touched = frozenset(
            name for candidate in candidates for name in (*candidate.provider.quirks.rename, *candidate.provider.quirks.drop)
        )

    @property
    def taught(self) -> bool:
        """Whether some candidate's model has refused something since this was made."""
        learned = self.plan.learned
        return (
            learned is not None
            and bool(learned.by_target)
            and any(candidate.target in learned.by_target for candidate in self.plan.candidates)
        )


class Names:
    """One registry's plans by what callers write. A new configuration makes a new one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._choices: dict[tuple[str, str, str], Choice] = {}

    def choose(self, said: str, route: Route, wire: Wire, operation: Operation = "chat") -> Choice:
        """Raises UnknownName, MissingKey or another ConfigError that says what to do, RequestError for no name or too many."""
        key = (said, route.provider, operation if operation != "chat" else wire.name)
        choice = self._choices.get(key)
        if choice is None:
            names = [self._target(name, route.provider) for name in _listed(said)]
            choice = Choice(self._registry.plan(names if len(names) > 1 else names[0], operation=operation), wire)
            if len(self._choices) >= _MOST:
                self._choices.clear()
            self._choices[key] = choice
        return choice

    def _target(self, name: str, home: str) -> str:
        """What ``name`` stands for. A bare name is its own vendor's (``home``) if that can be called, else whoever else's can."""
        registry = self._registry
        if registry.config.alias(name) is not None:
            return name
        if "/" in name:
            try:
                registry.resolve(name)
            except UnknownName as error:  # some vendors' own names hold a slash
                found = self._serving(name, None)
                if found is None:
                    raise error
                return found
            return name
        found = self._serving(name, home)
        if found is None:
            registry.resolve(name)  # raises, with the nearest names
        return found or name

    def knows(self, target: Target) -> bool:
        """True for a model of the catalog or a file, or one that an alias names; callers' own inventions are none of these."""
        if self._registry.model(target) is not None:
            return True
        for alias in self._registry.config.aliases:
            try:
                if target in self._registry.targets(alias):
                    return True
            except ConfigError:
                continue  # an alias that stands for nothing; who calls it is told
        return False

    def _serving(self, name: str, home: str | None) -> str | None:
        """ "provider/name" for the provider to ask: home, then those that can be called, then the first that would need a key."""
        registry = self._registry
        serving = registry.serving(name)
        serving.sort(key=lambda target: (target.provider != home, registry.provider(target.provider).priority))
        for target in serving:
            if registry.usable(target.provider)[0]:
                return str(target)
        if home is not None and home in registry.provider_ids() and registry.usable(home)[0]:
            return f"{home}/{name}"  # new models appear daily: the vendor itself knows best
        return str(serving[0]) if serving else None


def _listed(said: str) -> Sequence[str]:
    """ "a, b" is a, and b if a fails."""
    names = [name for part in said.split(",") if (name := part.strip())]
    if not names:
        what = "no model was named: the request's model must be 'provider/model', an alias, or a list 'a, b'"
        raise RequestError(what, status=400, param="model")
    if len(names) > _MOST_FALLBACKS:
        raise RequestError(f"{len(names)} models were named; a list may hold {_MOST_FALLBACKS}", status=400, param="model")
    return names


def told(error: ConfigError, model: str) -> ModelNotFound | ConfigError:
    """What a caller is told of a set-up that is not his: which model cannot be called, and what whoever runs this must do."""
    if isinstance(error, (UnknownName, MissingKey, NotAllowed)):
        return ModelNotFound(f"model {model!r} cannot be called here: {error}", status=404, code="model_not_found", param="model")
    return error


def own_targets(registry: Registry) -> list[Target]:
    """Every model that can be called from here, as the catalog knows it."""
    ids = [id for id in registry.provider_ids() if registry.usable(id)[0]]
    return [model.target for id in ids for model in registry.models(id) if registry.is_permitted(model.target)]
