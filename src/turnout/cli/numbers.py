"""Numbers on the command line, for argparse: each says what it takes."""

from __future__ import annotations

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    return _whole(text, 1, "a whole number above zero")


def count(text: str) -> int:
    return _whole(text, 0, "a whole number, 0 or more")


def port(text: str) -> int:
    return _whole(text, 0, "a port: 0 to 65535", most=65535)


def seconds(text: str) -> float:
    return _decimal(text, "a time in seconds", above=0.0)


def temperature(text: str) -> float:
    """Each model has its own bounds, which are not looked at here."""
    return _decimal(text, "a number")


def _whole(text: str, least: int, what: str, most: float = float("inf")) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r} is not {what}")
    return number


def _decimal(text: str, what: str, *, above: float = -float("inf")) -> float:
    try:
        number = float(text)
    except ValueError:
        number = above
    if not above < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not {what}")
    return number
