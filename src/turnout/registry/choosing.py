"""Who is asked where nobody is named: the preferred model of a provider, ``auto``, and who serves a model by its bare name."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from turnout.catalog.names import in_capitals, nearest, suggestion
from turnout.config.names import is_auto
from turnout.errors import ConfigError, MissingKey, NotAllowed
from turnout.types import Target

if TYPE_CHECKING:
    from turnout.catalog.profiles import Profile
    from turnout.catalog.schema import Model, Provider
    from turnout.registry.known import Known

_NOBODY = (
    "At least one API configuration is required: 'auto' has nobody to choose. Please set either:\n"
    "- KIMI_API_KEY for Moonshot Kimi models\n"
    "- GLM_API_KEY for ZhipuAI GLM models\n"
    "- OPENROUTER_API_KEY for OpenRouter (multiple models)\n"
    "- CUSTOM_API_URL for local models (Ollama, vLLM, etc.)\n"
    "or the key of any other provider: `turnout providers` lists them"
)


def preferred(known: Known, id: str) -> tuple[Target, str] | None:
    """The model of provider ``id`` that is taken where none is named, and why; None where no model of it is known.

    That is the first of ID_PREFERRED_MODELS that it has; else what its own variable says (``default_model_env``); else its
    ``default_model``; else, of the models that chat, take tools and are not deprecated, the one in the middle by the price of
    input and output. Models that may not be called are passed over.
    """
    if (found := wished(known, id)) is not None:
        return found
    row = known.provider(id)
    said = [(known.environ.get(name, "").strip(), f"environment {name}") for name in row.default_model_env]
    for name, why in (*said, (row.default_model, f"the default of {row.name}")):
        if name and known.is_permitted(target := known.spelled(Target(id, name))):
            return target, why
    if there := [model for model in known.models(id) if chats(model) and known.is_permitted(model.target)]:
        return _middle(there), f"of {row.name}'s the middle by price"
    if (allowed := known.allowed_models(id)) and (names := sorted(frozenset.intersection(*allowed.values()))):
        return Target(id, names[0]), f"environment {next(iter(allowed))}"
    return None


def wished(known: Known, id: str) -> tuple[Target, str] | None:
    """The first of ID_PREFERRED_MODELS, with ID any name of the provider, that it has and that may be called, in its own
    spelling; and the variable. What the catalog does not know counts where it knows nothing of the provider, or where the
    person's own list of those allowed has it.
    """
    models: dict[str, Target] | None = None
    for variable, names in wishes(known, id):
        if models is None:  # most providers have no such variable
            models = {model.target.model.lower(): model.target for model in known.models(id) if chats(model)}
        for name in names:
            target = models.get(name.lower()) or known.spelled(Target(id, name))
            there = target in models.values() or not models or bool(known.allowed_models(id))
            if there and known.is_permitted(target):
                return target, f"environment {variable}"
    return None


def wishes(known: Known, id: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Each variable ..._PREFERRED_MODELS that is about provider ``id``, and the models that it names, in order."""
    for called in known.names_of(id):
        variable = f"{in_capitals(called)}_PREFERRED_MODELS"
        if names := [name for part in known.environ.get(variable, "").split(",") if (name := part.strip())]:
            yield variable, names


def doubts(known: Known, id: str) -> list[str]:
    """A sentence for each model of a list of those allowed or preferred that this provider is not known to have."""
    said = [*known.allowed_models(id).items(), *wishes(known, id)]
    if not said or not (models := known.models(id)):
        return []
    row, names = known.provider(id), [model.target.model for model in models]
    spelled = {name.lower() for name in (*names, *row.model_aliases)}
    return [
        f"Model {name!r} in {variable} is not a recognized {id} model. Please check for typos{suggestion(nearest(name, names))}"
        for variable, listed in said
        for name in sorted(listed)
        if name.lower() not in spelled and known.spelled(Target(id, name)).model not in names
    ]


def chats(model: Model) -> bool:
    """False for what the catalog knows to embed, rank, paint or speak, or not to take text."""
    told = {word for word in (*model.supports, *model.lacks) if word.endswith(("-in", "-out"))}
    if told and not {"text-in", "text-out"} <= model.supports:
        return False
    return not any(word in model.target.model.lower() or word in model.family.lower() for word in ("embed", "rerank", "guard"))


def _middle(models: Sequence[Model]) -> Target:
    """Of those with tools where there are any, and not deprecated; those without a price come last."""
    fit = [model for model in models if model.status is None] or list(models)
    fit = [model for model in fit if "tools" in model.supports] or fit
    priced = sorted((cost, model.target.model, model.target) for model in fit if (cost := _cost(model)) is not None)
    if priced:
        return priced[(len(priced) - 1) // 2][2]
    return min((model.target for model in fit), key=str)


def _cost(model: Model) -> object:
    price = model.price
    return None if price is None or price.input is None or price.output is None else price.input + price.output


def in_order(known: Known) -> list[str]:
    """Ids of providers as ``auto`` tries them: by ``priority``, then KIMI, GLM, CUSTOM, OPENROUTER, then those that a gateway
    detects, then the orders of the other profiles, then the rest by id.
    """
    from turnout.catalog.profiles import read_profiles

    profiles = read_profiles()
    tools, gateway = profiles["tools"], profiles["gateway"]
    names: list[tuple[Profile, Sequence[str]]] = [(tools, tools.fallback), (gateway, gateway.auto_detect)]
    names += [(profiles[name], profiles[name].order) for name in ("router", "gateway", "structured")]
    place: dict[str, int] = {}
    for profile, order in names:
        for name in order:
            place.setdefault(profile.providers[name].id, len(place))
    ranked = []
    for id in known.provider_ids():
        try:
            ranked.append((known.provider(id).priority, place.get(id, len(place)), id))
        except ConfigError:
            continue  # what is wrong with it is told where it is named
    return [id for _, _, id in sorted(ranked)]


def auto(known: Known) -> tuple[Target, str]:
    """The preferred model of the first provider that somebody set up, and a sentence that says so.

    Set up is who has a key, or whose address a person gave. A server that needs neither may not be there, and the embedded model
    is asked by its name. Of several that read one variable only the first counts, whose the key most likely is, unless a list
    of those allowed leaves that one out. Raises MissingKey when nobody is set up, NotAllowed when lists leave nothing to choose.
    """
    refused: list[str] = []
    halfway: list[str] = []
    taken: set[str] = set()
    for id in in_order(known):
        by = set_up_by(known, id)
        if by is None or by in taken:
            continue
        try:
            known.check_usable(id)
            chosen = preferred(known, id)
        except NotAllowed as error:
            refused.append(str(error))
            taken |= set() if known.allows_by_list else {by}
            continue
        except ConfigError as error:
            halfway.append(str(error))
            continue
        if chosen is not None:
            return chosen[0], f"'auto' stands for {chosen[0]} ({chosen[1]})"
        taken.add(by)
        why = "a list keeps all its models out" if known.models(id) else f"name one in {in_capitals(id)}_PREFERRED_MODELS"
        refused.append(f"{id} has no model to take: {why}")
    if refused:
        lines = "".join(f"\n- {line}" for line in refused)
        raise NotAllowed(f"No models available for auto mode due to restrictions.{lines}")
    raise MissingKey(_NOBODY + "".join(f"\n- {line}" for line in halfway))


def set_up_by(known: Known, id: str) -> str | None:
    """Where the key of this provider was found, or that somebody gave its address; None where neither is so."""
    try:
        secret = known.key(id)
    except ConfigError:
        secret = None
    if secret is not None:
        return secret.source
    placed = not known.provider_sources(id).get("base_url", "built-in").startswith(("built-in", "plugin"))
    return f"the address of {id}" if placed or _says_where(known.provider(id), known.environ) else None


def _says_where(row: Provider, environ: Mapping[str, str]) -> bool:
    """Whether a variable holds a part of its address that nothing else would say."""
    for piece in row.base_url.split("{")[1:]:
        place, defaults, _ = piece.partition("}")[0].partition("=")
        names = row.url_env.get(place, place)
        if not defaults and any(environ.get(name, "").strip() for name in ((names,) if isinstance(names, str) else names)):
            return True
    return False


def serving(known: Known, name: str, resting: Container[Target] = ()) -> Target | None:
    """Whom ``name`` is asked of: of those that serve it, can be called from here, may be, and are not ``resting``, the first in
    order. None when there is none. ``name``: an alias, "provider/model", or a model's own name in any case.
    """
    try:
        targets: Sequence[Target] = known.targets(name)
    except ConfigError:
        places = {id: place for place, id in enumerate(in_order(known))}
        targets = sorted(_named(known, name.strip()), key=lambda target: places.get(target.provider, len(places)))
    for target in targets:
        if not known.usable(target.provider)[0] or not known.is_permitted(target):
            continue
        if target in resting:
            import logging

            logging.getLogger("turnout").warning("skipping %s: its circuit is open", target)
            continue
        return target
    return None


def _named(known: Known, name: str) -> list[Target]:
    """Every target of this name, with those that only a variable or another name of the model makes known."""
    found = dict.fromkeys(known.serving(name))
    for id in in_order(known):
        row = known.provider(id)
        said = (known.environ.get(variable, "").strip() for variable in row.default_model_env)
        names = {row.default_model.lower(), *row.model_aliases, *map(str.lower, said)}
        names |= {wish.lower() for _, wished in wishes(known, id) for wish in wished}
        if name and name.lower() in names:
            found[known.spelled(Target(id, name))] = None
    return list(found)


def default_of_others(known: Known) -> str:
    """What DEFAULT_MODEL names, to be asked for: "auto", an alias, "provider/model", or the one that serves the model so called.
    "" where it names none of these, for other programs have a variable of this name too.
    """
    name = known.environ.get("DEFAULT_MODEL", "").strip()
    if not name or is_auto(name):
        return name
    try:
        known.targets(name)
    except ConfigError:
        target = serving(known, name)
        return "" if target is None else str(target)
    return name


def own_targets(known: Known) -> list[Target]:
    """Every model that can be called from here, as the catalog knows it."""
    ids = [id for id in known.provider_ids() if known.usable(id)[0]]
    return [model.target for id in ids for model in known.models(id) if known.is_permitted(model.target)]
