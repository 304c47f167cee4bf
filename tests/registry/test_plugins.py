"""Things from entry points: found by name, and a broken one breaks its own name only."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnout.config import Config, ConfigFile
from turnout.errors import ConfigError, UnknownName
from turnout.plugins import Lazy
from turnout.registry import Registry


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with one wire that works and one that does not."""
    folder = tmp_path / "acme_wires-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-wires\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[turnout.wires]\nacme-chat = acme_wire:WIRE\nacme-broken = acme_absent:WIRE\n")
    (tmp_path / "acme_wire.py").write_text("from stub_wire import CHAT as WIRE\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_built_in_name_is_imported_when_asked_for() -> None:
    things: Lazy[object] = Lazy("thing", "turnout.nothing", {"parse": "json:loads"})
    assert "parse" in things
    assert things.get("parse") is things.get("parse")


def test_an_unknown_name_is_refused_with_the_nearest_or_all() -> None:
    things: Lazy[object] = Lazy("wire", "turnout.nothing", {"openai-chat": "a:b", "gemini": "c:d"})
    with pytest.raises(UnknownName, match="unknown wire 'openai-chta'; did you mean 'openai-chat'"):
        things.get("openai-chta")
    with pytest.raises(UnknownName, match="unknown wire 'zzz'; known are gemini, openai-chat"):
        things.get("zzz")


def test_an_installed_wire_serves_a_users_provider(distribution: Path) -> None:
    tables = {"providers": {"acme": {"wire": "acme-chat", "base_url": "https://llm.acme", "auth": "none"}}}
    registry = Registry(environ={}, config=Config((ConfigFile("user file", "f", tables),)))
    (candidate,) = registry.plan("acme/x").candidates
    assert candidate.provider.base_url == "https://llm.acme"
    assert "acme-chat" in registry.wires.names()


def test_a_broken_plugin_breaks_its_own_name_and_says_whose_it_is(distribution: Path) -> None:
    wires: Lazy[object] = Lazy("wire", "turnout.wires", {"parse": "json:loads"})
    with pytest.raises(ConfigError, match="wire 'acme-broken' of acme-wires does not load: ModuleNotFoundError"):
        wires.get("acme-broken")
    assert wires.get("acme-chat") is not None
    assert wires.get("parse") is not None
