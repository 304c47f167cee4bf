"""What was measured of targets, in a file of the user's folder: read by every registry, written by probes and after refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from os.path import join

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.catalog.measured import Measured, added
from turnout.config.files import user_folder
from turnout.errors import ConfigError
from turnout.types import Target

FILE = "measured.json"
HOLDS = timedelta(days=30)  # after which it is measured anew: providers lift restrictions too
MOST_TARGETS = 1000
_MOST_BYTES = 16 * 1024 * 1024
_LOCK_SECONDS = 5.0


class MeasuredFile(Struct, frozen=True):
    targets: dict[str, Measured] = {}


def measured_path(environ: Mapping[str, str]) -> str | None:
    folder = user_folder(environ)
    return join(folder, FILE) if folder is not None else None


def read_all(path: str) -> dict[str, Measured] | None:
    """All that is kept, however old; empty where there is no file, None for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(_MOST_BYTES), type=MeasuredFile).targets
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeError):
        return None


def read_measured(environ: Mapping[str, str], today: date | None = None) -> dict[Target, Measured]:
    """What holds now. A file that cannot be read narrows nothing: a call does not fail over what was only remembered."""
    path = measured_path(environ)
    kept = read_all(path) if path is not None else None
    if not kept:
        return {}
    since = (today or _today()) - HOLDS
    found: dict[Target, Measured] = {}
    for name, measured in kept.items():
        provider, slash, model = name.partition("/")
        if slash and _latest(measured) >= since:
            found[Target(provider, model)] = measured
    return found


def remember(path: str, target: Target, new: Measured, *, instead: bool = False) -> None:
    """Adds ``new`` to what is kept of ``target``, or puts it ``instead``. The oldest go where there are too many.

    Raises OSError or ConfigError, and the file is as it was. One that cannot be read is kept beside the new one, as NAME.bak.
    """
    from pathlib import Path  # whoever only reads does not pay for it

    from turnout.config.writing import locked, replace_file

    with locked(Path(path), _LOCK_SECONDS):
        kept = read_all(path)
        broken = kept is None
        targets = dict(kept or {})
        old = targets.pop(str(target), None)
        targets[str(target)] = new if old is None or instead else added(old, new)
        if len(targets) > MOST_TARGETS:
            newest = set(sorted(targets, key=lambda name: _latest(targets[name]), reverse=True)[:MOST_TARGETS])
            targets = {name: measured for name, measured in targets.items() if name in newest}
        content = msgspec.json.format(msgspec.json.encode(MeasuredFile(targets), order="deterministic"), indent=1)
        replace_file(Path(path), content + b"\n", backup=broken)


def keeper(environ: Mapping[str, str]) -> Callable[[Target, Measured], None] | None:
    """What a program tells ``Learned`` to call: it writes in a thread, for a call does not wait for a disk. None: nowhere to."""
    path = measured_path(environ)
    if path is None:
        return None

    def write(target: Target, new: Measured) -> None:
        try:
            remember(path, target, replace(new, learned=_today()))
        except (OSError, ConfigError):
            import logging

            logging.getLogger("turnout").warning("what %s refused could not be kept in %s", target, path, exc_info=True)

    def tell(target: Target, new: Measured) -> None:
        from threading import Thread

        Thread(target=write, args=(target, new), name="turnout-measured").start()

    return tell


def _latest(measured: Measured) -> date:
    return max(measured.learned or date.min, measured.probed or date.min)


def _today() -> date:
    return datetime.now(UTC).date()
