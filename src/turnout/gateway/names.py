"""What callers may write as a model: provider/model, an alias, a list of them, or the bare name their own vendor uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from turnout.catalog.schema import Model
from turnout.config.names import is_auto
from turnout.engine.plan import Candidate, Plan
from turnout.errors import ConfigError, MissingKey, ModelNotFound, NotAllowed, RequestError, UnknownName
from turnout.gateway.routes import Route
from turnout.registry import Operation, Registry
from turnout.registry.choosing import own_targets as own_targets
from turnout.types import Target
from turnout.wire import Wire

_MOST = 4096  # names kept; callers write whatever they like
_MOST_FALLBACKS = 16
_LONGEST = 4096  # characters of a name or a list of them: a path to weights may be long, and what was said is kept
_LACKS = frozenset({"tools", "temperature", "reasoning"})  # what models may lack that a request asks for by a field of that name


class Choice:
    """A plan, and whether its requests may be passed on as they come: all of its candidates speak the caller's wire."""

    __slots__ = ("_fitted", "_rules", "_touched", "limited", "passes", "plan")

    def __init__(self, plan: Plan, wire: Wire) -> None:
        self.plan = plan
        self._rules = wire.relay
        self.passes = wire.relay is not None and all(candidate.wire.name == wire.name for candidate in plan.candidates)
        self.limited = False  # what some candidate's model refuses may be said by any member of a body
        self._look(tuple(plan.candidates))

    @property
    def touched(self) -> frozenset[str]:
        """Members of a body that some candidate calls otherwise, or whose values its model is known to refuse, also by what was
        learned since: only bodies without them are passed on, and, if they are ``limited``, only those with few others."""
        learned = self.plan.learned
        if learned is not None and learned.by_target:
            fitted = tuple([learned.fitted(candidate) for candidate in self.plan.candidates])
            if any(now is not then for now, then in zip(fitted, self._fitted, strict=True)):
                self._look(fitted)
        return self._touched

    def _look(self, candidates: tuple[Candidate, ...]) -> None:
        self._fitted = candidates
        touched = {name for one in candidates for name in (*one.provider.quirks.rename, *one.provider.quirks.drop)}
        refused = {field for one in candidates for field in _refused(one.model)}
        members = [self._rules.members_that_say(field) for field in refused] if self._rules is not None else []
        self.limited = None in members
        self._touched = frozenset(touched.union(*filter(None, members)))


def _refused(model: Model | None) -> Iterator[str]:
    """The fields of a request, "extra.NAME" among them, of which the model is known to refuse some value."""
    if model is None:
        return
    yield from _LACKS & model.lacks
    if model.limits is not None:
        yield from model.limits.fields
        if model.limits.thinking is not None:
            yield "reasoning"


class Names:
    """One registry's plans by what callers write. A new configuration makes a new one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._choices: dict[tuple[str, str, str], Choice] = {}

    def choose(self, said: str, route: Route, wire: Wire, operation: Operation = "chat") -> Choice:
        """Raises UnknownName, MissingKey or another ConfigError that says what to do, RequestError for no name or too many."""
        if len(said) > _LONGEST:
            what = f"the model's name has {len(said):,} characters, and {_LONGEST:,} are taken"
            raise RequestError(what, status=400, param="model")
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
        if is_auto(name) or registry.config.alias(name) is not None:
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


def own_aliases(registry: Registry) -> Iterator[tuple[str, Target]]:
    """Every alias, with the first model of those it stands for that can be called from here."""
    for alias in registry.config.aliases:
        try:
            targets = registry.targets(alias)
        except ConfigError:
            continue  # it stands for nothing; who calls it is told
        for target in targets:
            if registry.usable(target.provider)[0] and registry.is_permitted(target):
                yield alias, target
                break
