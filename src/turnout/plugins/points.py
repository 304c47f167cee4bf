"""What installed packages offer under the entry-point groups of Turnout, and what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from turnout.plugins.lazy import Lazy

# group -> what one thing of it is called
GROUPS: Mapping[str, str] = {
    "turnout.providers": "provider",
    "turnout.wires": "wire",
    "turnout.auths": "auth scheme",
    "turnout.policies": "policy",
    "turnout.sinks": "sink",
    "turnout.commands": "command",
}

State = Literal["works", "broken", "shadows", "contested"]


class Plugin(Struct, frozen=True):
    """A thing that a package offers.

    "works"; "broken": it does not load; "shadows": something built in has its name, so it is never loaded; "contested": another
    package offers the same name, so neither is loaded. ``reason`` says so in words, and what to do.
    """

    group: str
    kind: str
    name: str
    distribution: str
    version: str
    state: State
    reason: str


class Point(Struct, frozen=True):
    """One entry point, and the distribution that it is of."""

    name: str
    distribution: str
    version: str
    load: Callable[[], Any]


def group_points(group: str) -> dict[str, tuple[Point, ...]]:
    """name -> those who offer it, in the order of their distributions' names. Imports nothing of theirs."""
    if not _anything_offered():
        return {}
    from importlib.metadata import entry_points  # 25 ms

    found: dict[str, list[Point]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, []).append(_point(point))
    return {name: tuple(sorted(points, key=lambda point: point.distribution)) for name, points in found.items()}


def _anything_offered() -> bool:
    """Whether any installed package might offer anything, from a look at the files that say so. True when it cannot be told."""
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return True  # packages that are found in another way than by the path
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except NotADirectoryError:
            return True  # an archive
        except OSError:
            continue
        for name in names:
            if name.endswith(".egg"):
                return True
            if name.endswith((".dist-info", ".egg-info")) and b"[turnout." in _content(os.path.join(folder, name)):
                return True
    return False


def _content(folder: str) -> bytes:
    try:
        with open(os.path.join(folder, "entry_points.txt"), "rb") as file:
            return file.read()
    except OSError:
        return b""


def _point(point: EntryPoint) -> Point:
    owner = point.dist
    if owner is None:
        return Point(point.name, "an unknown distribution", "", point.load)
    return Point(point.name, owner.name, owner.version, point.load)


def installed(group: str, builtin: Iterable[str]) -> Iterator[tuple[Point, State, str]]:
    """Everything of one group with what can be said without importing it; "works" stands for nothing known against it."""
    own = set(builtin)
    kind = GROUPS[group]
    for name, points in sorted(group_points(group).items()):
        for point in points:
            if name in own:
                sentence = f"the {kind} {name!r} is built in; that of {point.distribution} is never loaded"
                yield point, "shadows", sentence
            elif len(points) > 1:
                owners = " and ".join(one.distribution for one in points)
                yield point, "contested", f"{kind} {name!r} is offered by {owners}: uninstall all but one"
            else:
                yield point, "works", ""


def survey(tables: Mapping[str, tuple[Lazy[Any], Iterable[str]]]) -> list[Plugin]:
    """Every plugin of ``tables`` (group -> its table, and the names that are built in), each loaded to see whether it works."""
    from turnout.errors import ConfigError

    found: list[Plugin] = []
    if not _anything_offered():
        return found  # once for all groups, not once for each
    for group, (table, builtin) in tables.items():
        for point, state, reason in installed(group, builtin):
            if state == "works":
                try:
                    table.get(point.name)
                except ConfigError as error:
                    state, reason = "broken", str(error)
            found.append(Plugin(group, GROUPS[group], point.name, point.distribution, point.version, state, reason))
    return found
