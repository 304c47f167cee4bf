"""What packages offer under the entry-point groups: loaded by name, and what is wrong with one is its own affair."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from turnout.cli import main
from turnout.config import Config, ConfigFile
from turnout.engine.policy.cheapest import CHEAPEST
from turnout.errors import ConfigError, UnknownProviderError
from turnout.plugins import GROUPS, Lazy, survey
from turnout.plugins.points import group_points
from turnout.registry import ProviderRegistry, Registry

ROW = '{"wire": "openai-chat", "base_url": "https://llm.acme/v1", "auth": "none", "models": {"m": {"context_tokens": 9}}}'

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution on the path: a module NAME of this ``source``, with these entry points by group."""

    def install(name: str, source: str, **points: dict[str, str]) -> None:
        folder = tmp_path / name
        info = folder / f"{name}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        groups = [
            f"[turnout.{group}]\n" + "".join(f"{key} = {place}\n" for key, place in of.items()) for group, of in points.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups))
        (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, name, raising=False)

    return install


def names(*files: ConfigFile, **environ: str) -> Registry:
    return Registry(environ=environ, config=Config(files))


def test_a_packages_provider_is_called_by_the_name_of_its_entry_point(install: Install) -> None:
    install("acme_one", f"ROW = {ROW}", providers={"acme": "acme_one:ROW"})
    registry = names()
    (candidate,) = registry.plan("ACME/m").candidates
    assert candidate.provider.base_url == "https://llm.acme/v1"
    assert candidate.model is not None
    assert candidate.model.context_tokens == 9
    assert registry.provider_sources("acme")["base_url"] == "plugin acme_one 1.2"
    assert [str(model.target) for model in registry.models("acme")] == ["acme/m"]
    assert [str(target) for target in registry.serving("m") if target.provider == "acme"] == ["acme/m"]
    assert "acme" in registry.provider_ids()


def test_the_name_of_an_entry_point_counts_in_any_case(install: Install) -> None:
    install("acme_loud", f"ROW = {ROW}", providers={"AcmeLoud": "acme_loud:ROW"})
    registry = names()
    assert registry.provider("ACMELOUD").id == registry.provider("acmeloud").id == "acmeloud"
    assert "acmeloud" in registry.provider_ids()


def test_a_provider_may_be_a_row_or_a_marked_factory(install: Install) -> None:
    source = (
        "from turnout.catalog.schema import Provider\n"
        "from turnout.registry import register_provider\n"
        "ROW = Provider(id='x', name='Row', wire='openai-chat', base_url='https://row', auth='none', headers={'a': 'b'})\n"
        "@register_provider(Provider(id='x', name='Made', wire='', base_url=''))\n"
        "def make(**given):\n"
        "    return ('made', given['model'])\n"
    )
    install("acme_two", source, providers={"row": "acme_two:ROW", "made": "acme_two:make"})
    providers = ProviderRegistry(names())
    row = providers.get("row")
    assert (row.id, row.name, row.headers) == ("row", "Row", {"a": "b"})
    assert providers.create_client("made", model="m") == ("made", "m")
    assert providers.stats().loaded == 1


def test_a_file_may_tune_a_packages_provider_and_takes_its_place_when_it_says_all(install: Install) -> None:
    install("acme_three", f"ROW = {ROW}", providers={"acme": "acme_three:ROW", "own": "acme_three:ABSENT"})
    tables = {"acme": {"timeout": 7.0}, "own": {"wire": "openai-chat", "base_url": "https://own", "auth": "none"}}
    registry = names(ConfigFile("user file", "turnout.toml", {"providers": tables}))
    assert registry.provider("acme").timeout == 7.0
    assert registry.plan("own/x").candidates[0].provider.base_url == "https://own"
    assert "acme_three" in sys.modules


def test_nothing_built_in_can_be_shadowed(install: Install) -> None:
    source = f"ROW = {ROW}\nWIRE = EXAMPLES = object()\n"
    points = {
        "providers": {"openai": "thief:ROW", "kimi": "thief:ROW"},
        "wires": {"openai-chat": "thief:WIRE"},
        "auths": {"bearer": "thief:WIRE"},
        "policies": {"cheapest": "thief:WIRE"},
        "commands": {"ask": "thief:WIRE"},
    }
    install("thief", source, **points)
    registry = names(OPENAI_API_KEY="sk-proj-4vJ8Qm2ZtXc9RbNw", KIMI_API_KEY="k-4vJ8Qm2ZtXc9RbNw")
    assert registry.plan("openai/x").candidates[0].provider.base_url == "https://api.openai.com/v1"
    assert registry.plan("kimi/x").candidates[0].provider.base_url == "https://api.moonshot.ai/v1"
    assert "kimi" not in registry.provider_ids()
    assert registry.policies.get("cheapest") is CHEAPEST
    assert "thief" not in sys.modules
    found = {(plugin.kind, plugin.name): plugin for plugin in survey(registry.plugin_tables())}
    assert {plugin.state for plugin in found.values()} == {"shadows"}
    assert found["wire", "openai-chat"].reason == "the wire 'openai-chat' is built in; that of thief is never loaded"
    assert "thief" not in sys.modules


def test_a_name_that_two_packages_offer_is_neithers(install: Install) -> None:
    install("acme_four", f"ROW = {ROW}", providers={"acme": "acme_four:ROW"})
    install("acme_five", f"ROW = {ROW}", providers={"acme": "acme_five:ROW", "other": "acme_five:ROW"})
    registry = names()
    for _ in range(2):
        with pytest.raises(ConfigError, match="provider 'acme' of acme_five and acme_four is offered by acme_five and acme_four"):
            registry.plan("acme/x")
    assert "acme_four" not in sys.modules
    assert registry.plan("other/x").candidates
    assert sorted(
        (plugin.distribution, plugin.state) for plugin in survey(registry.plugin_tables()) if plugin.name == "acme"
    ) == [
        ("acme_five", "contested"),
        ("acme_four", "contested"),
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no licence')", "does not load: RuntimeError: no licence"),
        ("import absent_library", "does not load: ModuleNotFoundError: No module named 'absent_library'"),
        ("raise SystemExit(3)", "does not load: SystemExit: 3"),
        ("ROW = 7", "does not fit: a provider is a Provider, a table or a function marked by register_provider"),
        ("ROW = {'wire': 'openai-chat', 'base_url': 7}", "does not fit: Expected `str`, got `int`"),
        ("ROW = {'wire': 'openai-chat', 'base_url': 'https://x', 'colour': 'red'}", "does not fit: "),
        ("other = 1", "does not load: AttributeError"),
    ],
)
def test_a_broken_provider_breaks_its_own_name_and_is_named(install: Install, source: str, said: str) -> None:
    install("broken", source, providers={"acme": "broken:ROW"})
    registry = names(GROQ_API_KEY="gsk_9fJ2mQx7LwT0aB4cD8eF")
    for _ in range(2):
        with pytest.raises(ConfigError) as raised:
            registry.plan("acme/x")
        assert f"provider 'acme' of broken {said}" in str(raised.value)
    assert registry.usable("acme")[0] is False
    assert registry.plan("groq/x").candidates
    assert "acme" in registry.provider_ids()
    assert "acme" not in [provider.id for provider in registry.providers()]
    assert registry.serving("llama-3.3-70b-versatile")
    assert [(failure.name, failure.distribution) for failure in registry.failures()] == [("acme", "broken")]
    assert ProviderRegistry(registry).stats().failed == 1


@pytest.mark.parametrize("group", ["wires", "auths", "sinks", "policies", "commands"])
def test_a_broken_thing_of_any_group_is_named_by_its_survey(install: Install, group: str) -> None:
    install("broken", "raise RuntimeError('no licence')", **{group: {"acme-x": "broken:THING"}})
    from turnout.cli.commands import plugin_tables

    (found,) = survey({**names().plugin_tables(), **plugin_tables()})
    assert (found.group, found.name, found.version, found.state) == (f"turnout.{group}", "acme-x", "1.2", "broken")
    assert found.reason == f"{GROUPS[found.group]} 'acme-x' of broken does not load: RuntimeError: no licence"


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("wires", "a wire is a turnout.wire.Wire, and this is a int"),
        ("auths", "it must be callable, and this is a int"),
        ("sinks", "it must be callable, and this is a int"),
        ("policies", "a policy has an order, and this is a int"),
        ("commands", "it has no add_arguments and no run and no EXAMPLES"),
    ],
)
def test_a_thing_that_is_not_of_its_group_is_refused(install: Install, group: str, said: str) -> None:
    install("odd", "THING = 7", **{group: {"acme-x": "odd:THING"}})
    from turnout.cli.commands import plugin_tables

    (found,) = survey({**names().plugin_tables(), **plugin_tables()})
    assert found.reason == f"{found.kind} 'acme-x' of odd does not fit: {said}"


def test_an_unknown_provider_is_refused_with_the_names_of_packages_among_the_nearest(install: Install) -> None:
    install("acme_six", f"ROW = {ROW}", providers={"acmecorp": "acme_six:ROW"})
    with pytest.raises(UnknownProviderError, match="did you mean 'acmecorp'"):
        names().plan("acmecrop/x")


def test_packages_are_asked_for_nothing_where_none_offers_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "plain-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nturnout = turnout.cli:main\n")
    by_path = [finder for finder in sys.meta_path if finder is PathFinder or not hasattr(finder, "find_distributions")]
    monkeypatch.setattr(sys, "meta_path", by_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "absent")])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **given: pytest.fail("the slow way was taken"))
    assert group_points("turnout.wires") == {}


def test_a_package_in_an_archive_is_found_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed_acme.py", "parse = len")
        archive.writestr("packed-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: packed\nVersion: 1.0\n")
        archive.writestr("packed-1.0.dist-info/entry_points.txt", "[turnout.sinks]\npacked = packed_acme:parse\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    sinks: Lazy[object] = Lazy("sink", "turnout.sinks", {})
    assert sinks.get("packed") is len


def test_the_command_names_what_is_wrong_and_goes_on(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("broken", "raise RuntimeError('no licence')", providers={"acme": "broken:ROW"}, wires={"gemini": "broken:ROW"})
    assert main(["plugins"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "provider\tacme\tbroken\t1.2\tbroken\tprovider 'acme' of broken does not load: RuntimeError: no licence" in lines
    assert "wire\tgemini\tbroken\t1.2\tshadows\tthe wire 'gemini' is built in; that of broken is never loaded" in lines
    assert main(["plugins", "--json"]) == 1
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"broken", "shadows"}
    assert main(["providers", "acme", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["usable"]) == ("acme", False)
    assert "no licence" in row["reason"]
    main(["doctor", "--offline"])
    out = capsys.readouterr().out
    assert "plugins that do not work" in out
    assert "! provider 'acme' of broken does not load: RuntimeError: no licence" in out


def test_no_key_is_shown_of_what_a_package_says(
    install: Install, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_API_KEY", "acme-4vJ8Qm2ZtXc9RbNw")
    install("broken", "import os\nraise RuntimeError('bad ' + os.environ['ACME_API_KEY'])", providers={"acme": "broken:ROW"})
    for command in (
        ["plugins"],
        ["plugins", "--json"],
        ["providers", "acme", "--json"],
        ["doctor", "--offline"],
        ["ask", "-m", "acme/x", "hi"],
    ):
        main(command)
        found = capsys.readouterr()
        assert "bad [ACME_API_KEY]" in found.out + found.err
        assert "acme-4vJ8Qm2ZtXc9RbNw" not in found.out + found.err


def test_a_thing_is_loaded_once_however_many_threads_ask_for_it(install: Install) -> None:
    source = "loads = []\ndef __getattr__(name):\n    loads.append(name)\n    return print\n"
    install("acme_slow", source, sinks={"acme": "acme_slow:SINK"})
    sinks: Lazy[object] = Lazy("sink", "turnout.sinks", {})
    begun = threading.Barrier(8)

    def ask(_: int) -> object:
        begun.wait()
        return sinks.get("acme")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [print] * 8
    assert sys.modules["acme_slow"].loads == ["SINK"]


def test_without_packages_the_command_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnout.plugins.points.group_points", lambda group: {})
    assert main(["plugins"]) == 0
    found = capsys.readouterr()
    assert found.out == ""
    assert "no installed package offers anything" in found.err
