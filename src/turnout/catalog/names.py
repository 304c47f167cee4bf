"""Names: the ones most like one that nobody knows, and how a name stands in the name of a variable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
