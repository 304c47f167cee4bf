"""The rules of docs/architecture.md, as tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "turnout"
PAGE = "docs/architecture.md, 'What imports what'"

LAYERS = [
    "types",
    "errors",
    "events",
    "receipt",
    "session",
    "records",
    "effects",
    "catalog",
    "cost",
    "rules",
    "wire",
    "adapt",
    "auth",
    "engine",
    "structured",
    "discovery",
    "telemetry",
    "config",
    "plugins",
    "registry",
    "transport",
    "prompt",
    "client",
    "api",
    "store",
    "gateway",
    "cli",
]
PURE = LAYERS[: LAYERS.index("structured") + 1]
PERFORMING = {"os", "time", "random", "socket", "ssl", "asyncio", "threading", "logging", "subprocess", "httptools", "http"}
MAY_READ = {"catalog/read.py", "auth/secrets.py"}  # files and keys; nothing else of what performs

MODULES = sorted(SRC.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ([f"turnout.{name.name}" for name in node.names] if node.module == "turnout" else [node.module])
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def layer(path: Path) -> str:
    return path.relative_to(SRC).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_module_imports_only_to_its_left(path: Path) -> None:
    here = layer(path)
    if here in ("__init__", "__main__", "testing"):
        return
    assert here in LAYERS, f"{here} is no layer of {PAGE}: give it its place in LAYERS and on that page"
    for name in imported(path):
        if name.startswith("turnout.") and name != "turnout.__version__":
            there = name.split(".")[1]
            assert LAYERS.index(there) <= LAYERS.index(here), f"{path.name} ({here}) imports {name}; see {PAGE}"


@pytest.mark.parametrize("path", [path for path in MODULES if layer(path) in PURE], ids=lambda path: str(path.relative_to(SRC)))
def test_what_decides_performs_nothing(path: Path) -> None:
    if str(path.relative_to(SRC)) in MAY_READ:
        return
    performing = {name for name in imported(path) if name.split(".")[0] in PERFORMING}
    assert not performing, f"{path.name} is pure but imports {sorted(performing)}; see {PAGE}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_no_module_is_longer_than_500_lines(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= 500, f"{path.name} has {lines} lines: look for its second subject"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_module_says_its_subject_in_its_first_line(path: Path) -> None:
    source = path.read_text()
    assert not source.strip() or ast.get_docstring(ast.parse(source)), f"{path} has no docstring"


def test_importing_turnout_pulls_in_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = "asyncio httptools tomllib importlib.metadata difflib argparse http email logging xllamacpp prompt_toolkit rich"
    script = (
        "import sys, turnout; from turnout import Client, AsyncClient\n"
        f"print(' '.join(name for name in {heavy.split()!r} if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == []
