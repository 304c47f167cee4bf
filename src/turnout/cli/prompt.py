"""What to ask: words of the command line, @files, --file and standard input, in that order, put together."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence

from turnout.cli.failures import WrongUsage


def read_prompt(words: Sequence[str], files: Sequence[str]) -> str:
    """The prompt, its pieces separated by an empty line; "" when nothing was given.

    Neighbouring words are one piece. A word ``@NAME`` is the file's text, ``@@…`` begins with an at sign, ``-`` is
    standard input, which is also read when text is piped or redirected into it; a terminal is only read for ``-``.
    """
    pieces: list[str] = []
    plain: list[str] = []
    for word in words:
        if word == "-" or (word.startswith("@") and not word.startswith("@@")):
            pieces += [" ".join(plain), _stdin() if word == "-" else _file(word[1:], at_sign=True)]
            plain = []
        else:
            plain.append(word.removeprefix("@") if word.startswith("@@") else word)
    pieces.append(" ".join(plain))
    pieces += [_stdin() if name == "-" else _file(name) for name in files]
    if "-" not in words and "-" not in files and _is_fed():
        pieces.append(_stdin())
    return "\n\n".join(piece for piece in pieces if piece.strip())


def readable(word: str) -> str:
    """A word of the command line as text. Raises WrongUsage for bytes that are no UTF-8 and name no file.

    What the locale cannot read stands in it as lone surrogates (PEP 383): in the locale C, that may be UTF-8 all the same.
    """
    if is_text(word) or os.path.exists(word.removeprefix("@")):
        return word
    try:
        return os.fsencode(word).decode()
    except UnicodeDecodeError:
        raise WrongUsage(f"{os.fsencode(word)!r} is neither UTF-8 text nor the name of a file that is there") from None


def is_text(text: str) -> bool:
    """Whether every byte of it could be decoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _file(name: str, *, at_sign: bool = False) -> str:
    try:
        with open(name, "rb") as file:
            return _text(file.read(), name)
    except OSError as error:
        hint = "; to begin a prompt with an at sign, write it twice" if at_sign else ""
        raise WrongUsage(f"cannot read '{name}': {error.strerror}{hint}") from error


def _stdin() -> str:
    return _text(sys.stdin.buffer.read(), "standard input").rstrip("\n")


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(
            f"{name} is not UTF-8 text (byte {error.start} of {len(data)}); attach images, sound and PDF files with --attach"
        ) from error


def _is_fed() -> bool:
    """Whether somebody sends text: a pipe, a socket or a file. Not a terminal, nor a device such as /dev/null."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # no stdin, closed, or not backed by a file
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
