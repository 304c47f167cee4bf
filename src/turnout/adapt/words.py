"""Words that a target accepts for others that it does not: a function of the word and the rules, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from turnout.rules.conversation import WordRules

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGEST = 8  # characters that tell a name from others that look the same
_ID_DIGEST = 12  # and an id, of which a long conversation has many
_READABLE = 40  # characters of an id that are kept for people to recognise


def accepts(rules: WordRules) -> Callable[[str], object] | None:
    """What is true of the words that ``rules`` accept; None if they accept any."""
    return _matcher(rules.characters, rules.first, rules.least, rules.most)


@lru_cache(maxsize=64)
def _matcher(characters: str, first: str, least: int, most: int | None) -> Callable[[str], object] | None:
    if not characters and not least and most is None:
        return None
    any_of = f"[{characters}]" if characters else r"[\s\S]"
    rest = f"{any_of}{{{max(least - 1, 0)},{'' if most is None else most - 1}}}"
    pattern = (f"[{first}]" if first else any_of) + rest
    return re.compile(pattern if least else f"(?:{pattern})?").fullmatch


def id_word(id: str, seed: str, rules: WordRules) -> str:
    """What can be kept of ``id`` and a digest of ``seed``; where there is no room for both, the digest alone."""
    digest = _digest(seed)
    if rules.most is not None and rules.most <= _ID_DIGEST + 1:
        return _in_letters(digest, rules.most)
    room = _READABLE if rules.most is None else min(_READABLE, rules.most - _ID_DIGEST - 1)
    return f"{_accepted(id, rules)[:room] or 'call'}_{digest.hex()[:_ID_DIGEST]}"


def name_word(name: str, rules: WordRules) -> str:
    """``name`` with what is not accepted replaced, and cut to its length: another name may give the same word."""
    word = _accepted(name, rules) or "tool"
    if rules.first and not re.match(f"[{rules.first}]", word):
        word = f"_{word}"
    return word[: rules.most]


def marked(word: str, seed: str, rules: WordRules) -> str:
    """``word``, told from others by a digest of ``seed``."""
    room = None if rules.most is None else rules.most - _DIGEST - 1
    return f"{word[:room]}_{_digest(seed).hex()[:_DIGEST]}"


def _accepted(text: str, rules: WordRules) -> str:
    return re.sub(f"[^{rules.characters}]", "_", text) if rules.characters else text


def _digest(seed: str) -> bytes:
    from hashlib import sha256  # words that need another are rare

    return sha256(seed.encode("utf-8", "surrogatepass")).digest()


def _in_letters(digest: bytes, length: int) -> str:
    number = int.from_bytes(digest, "big")
    letters: list[str] = []
    for _ in range(length):
        number, at = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "".join(letters)
