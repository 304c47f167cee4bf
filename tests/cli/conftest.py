"""A person's machine with nothing on it but what a test puts there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pseudo_terminal import PseudoTerminal
from upstream import KEY, Upstream

from turnout.cli import main

if TYPE_CHECKING:
    from chat_terminal import Terminal

PROVIDERS = """\
providers:
  openai:
    valid_models:
      gpt-4o-mini: mini
  box:
    base_api_url: http://127.0.0.1:9/v1
    valid_models:
      plain: plain
"""

Turnout = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """No key, no configuration, no colour wish, an empty home: for this process, and as a copy for others."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    for name in set(os.environ) - set(kept):
        monkeypatch.delenv(name)
    for name, value in {"HOME": str(tmp_path / "home"), "TERM": "dumb", "LANG": "C.UTF-8", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
        kept[name] = value
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    return kept


@pytest.fixture
def upstream(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A provider that answers; ``-m openai/...`` reaches it."""
    server = Upstream()
    for name, value in {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": KEY}.items():
        monkeypatch.setenv(name, value)
        environment[name] = value
    yield server
    server.close()


@pytest.fixture
def turnout(environment: dict[str, str]) -> Turnout:
    """Runs ``python -m turnout`` with these arguments, for its exit code and output."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
        options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
        command = [sys.executable, "-m", "turnout", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False, **options)

    return run


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts ``python -m turnout`` with these arguments in a terminal of its own."""
    started: list[PseudoTerminal] = []

    def start(*arguments: str, **variables: str) -> PseudoTerminal:
        started.append(PseudoTerminal([sys.executable, "-m", "turnout", *arguments], {**environment, **variables}))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def folder(environment: dict[str, str], tmp_path: Path) -> Path:
    """A data directory with the lists of two providers."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/openaicompat-providers.yaml").write_text(PROVIDERS)
    return tmp_path / "data"


@pytest.fixture
def chat_screen(upstream: Upstream, environment: dict[str, str], folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts ``turnout chat`` with these arguments in a terminal, and waits until it can be typed into."""
    from chat_terminal import LISTS, Terminal

    (folder / "openaicompat-providers.yaml").write_text(LISTS)
    environment["TURNOUT_DATA_DIR"] = str(folder)
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(environment, *arguments))
        opened[-1].greeting = opened[-1].ready()
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


class Done(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def turnout_here(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """As ``turnout``, but in this process: a start takes longer than most of what is tested so."""

    def run(*arguments: str, input: bytes = b"") -> Done:
        for name in {*os.environ, *environment} - {"PYTEST_CURRENT_TEST"}:
            if name in environment:
                monkeypatch.setenv(name, environment[name])
            else:
                monkeypatch.delenv(name)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input)))
        code = main(arguments)
        out, err = capsys.readouterr()
        return Done(code, out.encode(), err.encode())

    return run
