"""The processes of a run: the mock upstream on one core, the measured ones on another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_HERE = Path(__file__).parent
_SETTINGS = (  # what a measured process inherits; no key, proxy or setting of the developer's
    "HOME",
    "LANG",
    "PATH",
    "TMPDIR",
)


def environment(config: str) -> dict[str, str]:
    """For measured processes: Turnout from this checkout, with no file of the user's, and litellm with its packaged prices."""
    return {
        **{name: os.environ[name] for name in _SETTINGS if name in os.environ},
        "PYTHONPATH": str(_HERE.parent / "src"),
        "XDG_CONFIG_HOME": config,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import fetches them
    }


def cores() -> tuple[set[int], set[int]] | None:
    """For the mock upstream, and for what is measured; None where there are not two, or they cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return ({allowed[0]}, {allowed[-1]}) if len(allowed) > 1 else None


class Spoken:
    """A process that is told something line by line and answers so. It ends when its standard input closes."""

    def __init__(self, script: str, *arguments: str, environ: dict[str, str], folder: str, core: set[int] | None) -> None:
        self._name = f"{script} {arguments[-1]}"
        self._errors = open(Path(folder) / f"{self._name}.err", "w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environ,
            cwd=folder,
            text=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, core)

    def hear(self) -> Any:
        """The next thing it says. Raises RuntimeError, with what it wrote to its standard error, when it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"{self._name} ended: {self._errors.read()[-2000:]}")
        return json.loads(line)

    def ask(self, question: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self.hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
