"""Several texts: words of the command line, and lines of @files and standard input, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from turnout.cli.prompt import _file, _is_fed, _stdin

if TYPE_CHECKING:
    from turnout.types import Receipt


def read_texts(words: Sequence[str]) -> list[str]:
    """Each word is a text, ``@NAME`` the lines of a file, ``-`` those of standard input; ``@@…`` begins with an at sign.

    Standard input is also read when text is piped into it and nothing else was given. Blank lines are left out.
    """
    texts: list[str] = []
    for word in words:
        if word == "-":
            texts += _lines(_stdin())
        elif word.startswith("@") and not word.startswith("@@"):
            texts += _lines(_file(word[1:], at_sign=True))
        else:
            texts.append(word.removeprefix("@") if word.startswith("@@") else word)
    if not words and _is_fed():
        texts += _lines(_stdin())
    return texts


def tell_losses(receipt: Receipt | None) -> None:
    """On stderr, what could not be said to the provider as it was asked."""
    from turnout.cli.failures import say

    for line in receipt.departures if receipt is not None else ():
        if line.fate in ("dropped", "approximated"):
            say(f"turnout: {line}")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
