"""Names: the ones most like one that nobody knows, and how a name stands in the name of a variable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turnout.catalog.schema import Provider

# What stands behind a ":" and belongs to a model's name, where the name has a "/": https://openrouter.ai/docs/features/
# (read 2026-11-21)
_VARIANTS = ("free", "beta", "preview", "exacto", "extended", "nitro", "floor", "online", "thinking")


def nearest(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """At most ``limit`` of ``known``, the most similar first; case does not count."""
    from difflib import get_close_matches  # 5 ms, and only a mistake needs it

    spelled = {candidate.lower(): candidate for candidate in known}
    return tuple(spelled[match] for match in get_close_matches(name.lower(), spelled, n=limit, cutoff=0.6))


def suggestion(names: Sequence[str]) -> str:
    """ "; did you mean 'a', 'b' or 'c'?", or nothing when there is no name to offer."""
    if not names:
        return ""
    quoted = [repr(name) for name in names]
    return f"; did you mean {' or '.join(filter(None, (', '.join(quoted[:-1]), quoted[-1])))}?"


def in_capitals(name: str) -> str:
    """ "AZURE_OPENAI" for "azure-openai": as variables have it."""
    return "".join(character if character.isalnum() else "_" for character in name).upper()


def own_name(provider: Provider, name: str, known: Collection[str]) -> str:
    """What ``provider`` calls the model that a person calls ``name``. ``known``: its own names of its models.

    A name in another case, another name, or one with a prefix too few or too many is put right where that gives a known name.
    """
    if name not in known:
        name = provider.model_aliases.get(name.lower(), name)
    if name not in known:
        spelled: dict[str, list[str]] = {}
        for one in known:
            spelled.setdefault(one.lower(), []).append(one)
        tried = [name.lower()]
        for prefix in map(str.lower, provider.model_prefixes):
            tried.append(tried[0].removeprefix(prefix) if tried[0].startswith(prefix) else prefix + tried[0])
        name = next((found[0] for one in tried if len(found := spelled.get(one, [])) == 1), name)
    return name + provider.model_suffix if provider.model_suffix and ":" not in name else name


def parse_model_option(name: str) -> tuple[str, str | None]:
    """("llama3.2", "latest") for "llama3.2:latest". A variant (":free") of a name with a "/" is part of it, a URL is left whole.

    Turnout itself takes nothing off a name: "qwen3:4b" and "qwen3" are two models.
    """
    if "://" in name or ":" not in name:
        return name, None
    model, _, option = name.rpartition(":")
    if not model or not option or "/" in option or ("/" in model and option.lower() in _VARIANTS):
        return name, None
    return model, option
