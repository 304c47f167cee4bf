"""Every example runs, on the embedded model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))

pytest.importorskip("xllamacpp", reason="the embedded model is not installed: pip install 'turnout[local]'")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_as_it_stands(example: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", example], capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_there_are_examples() -> None:
    assert EXAMPLES
