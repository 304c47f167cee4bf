"""The load and the upstream: C, so that neither is what is measured. They need Linux and a C compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def missing() -> str:
    """What to do before they can be built here; "" if nothing."""
    if sys.platform != "linux":
        return "the load and the upstream need Linux (epoll)"
    if shutil.which("gcc") is None:
        return "the load and the upstream need a C compiler: apt-get install gcc libc6-dev"
    return ""


def built(name: str, folder: Path, *flags: str) -> Path:
    """The program of ``name``.c, in ``folder``. Raises CalledProcessError if it cannot be compiled."""
    program = folder / name
    subprocess.run(["gcc", "-O2", *flags, "-o", str(program), str(HERE / f"{name}.c")], check=True)
    return program
