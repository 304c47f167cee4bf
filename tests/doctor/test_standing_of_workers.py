"""What the snapshot of a gateway with several workers says: what all of them know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from turnout.cli.doctor.here import Gateway
from turnout.cli.doctor.shown import _by
from turnout.config import Config, ConfigFile
from turnout.discovery.standing import Resting, read_standing
from turnout.errors import ConfigError
from turnout.gateway.resting import SharedResting, resting_in
from turnout.gateway.standing_file import StandingFile
from turnout.registry import Registry
from turnout.types import Target

KEYED = {"OPENAI_API_KEY": "sk-4vJ8Qm2ZtXc9RbNw"}
ONE, OTHER = Target("openai", "gpt-4o"), Target("groq", "openai/gpt-oss-20b")


def eventually(holds: Callable[[], bool]) -> None:
    """Asks until it holds; what another thread or process does by itself has no other end to wait for."""
    until_then = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until_then, "it never came true"
        Event().wait(0.01)  # between two looks at a disk


def test_each_worker_says_its_own_and_a_target_is_named_once_with_how_many_leave_it_alone(tmp_path):
    SharedResting(str(tmp_path), 0, now=lambda: 100.0).write([(ONE, 20.0), (OTHER, 5.0)])
    SharedResting(str(tmp_path), 1, now=lambda: 101.0).write([(ONE, 30.0)])
    SharedResting(str(tmp_path), 2, now=lambda: 101.0).write([])
    assert resting_in(str(tmp_path), 102.0) == (Resting("openai/gpt-4o", 29.0, 2), Resting("groq/openai/gpt-oss-20b", 3.0, 1))


def test_a_rest_that_is_over_is_not_told_whoever_wrote_it_last(tmp_path):
    SharedResting(str(tmp_path), 0, now=lambda: 100.0).write([(ONE, 20.0)])
    assert resting_in(str(tmp_path), 120.5) == ()


def test_a_worker_that_takes_a_dead_ones_place_leaves_nothing_alone_yet(tmp_path):
    SharedResting(str(tmp_path), 0, now=lambda: 100.0).write([(ONE, 20.0)])
    SharedResting(str(tmp_path), 0, now=lambda: 101.0).write([])
    assert resting_in(str(tmp_path), 102.0) == ()


def test_nothing_is_written_while_nothing_has_changed(tmp_path):
    shared = SharedResting(str(tmp_path), 0, now=lambda: 100.0)
    shared.write([(ONE, 20.0)])
    (tmp_path / "0.resting").unlink()
    shared.write([(ONE, 19.9)])
    assert not (tmp_path / "0.resting").exists()
    shared.write([(ONE, 40.0)])
    assert (tmp_path / "0.resting").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": "b"}', b"\xff"])
def test_a_workers_file_that_cannot_be_read_hides_no_others(tmp_path, content):
    (tmp_path / "0.resting").write_bytes(content)
    (tmp_path / "1.resting.new").write_bytes(b'{"never/whole": 1e12}')
    SharedResting(str(tmp_path), 1, now=lambda: 100.0).write([(ONE, 20.0)])
    assert [one.target for one in resting_in(str(tmp_path), 101.0)] == ["openai/gpt-4o"]


def test_the_snapshot_has_what_the_workers_said_last(tmp_path):
    path, registry = tmp_path / "standing.json", Registry(environ=KEYED, config=Config())
    said: list[Resting] = []
    file = StandingFile(str(path), lambda: registry, every=0.01, workers=3, resting=lambda: tuple(said))
    try:
        said.append(Resting("openai/gpt-4o", 12.0, 2))
        eventually(lambda: (standing := read_standing(path.read_bytes())) is not None and standing.resting == tuple(said))
    finally:
        file.close()
    told = json.loads(path.read_text())
    assert (told["workers"], told["initialized_providers"].count("openai")) == (3, 1)
    assert _by(2, Gateway(str(path), True, "", (), 3)) == " by 2 of 3 workers"
    assert _by(1, Gateway(str(path), True, "")) == ""


def test_a_configuration_that_turns_out_wrong_does_not_end_the_snapshot(tmp_path):
    files = (ConfigFile("user file", "/x.toml", {"models": {"openai/m": {"price": 7}}}),)
    registry, asked = Registry(environ=KEYED, config=Config()), Event()
    wrong = Registry(environ=KEYED, config=Config(files))
    with pytest.raises(ConfigError):
        StandingFile(str(tmp_path / "other.json"), lambda: wrong)
    in_force = [registry]

    def current() -> Registry:
        if in_force[0] is wrong:
            asked.set()
        return in_force[0]

    file = StandingFile(str(tmp_path / "standing.json"), current, every=0.01)
    try:
        in_force[0] = wrong
        assert asked.wait(20)
        (tmp_path / "standing.json").unlink()
        in_force[0] = registry
        eventually((tmp_path / "standing.json").exists)
    finally:
        file.close()


def test_the_workers_of_a_gateway_tell_what_they_leave_alone(tmp_path: Path) -> None:
    snapshot = tmp_path / "standing.json"
    (tmp_path / "turnout.toml").write_text('[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\nkey_required = false\n')
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", "--workers", "2", "--snapshot", str(snapshot)]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        "TURNOUT_CONFIG_DIR": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ, cwd=tmp_path) as gateway:
        try:
            assert gateway.stderr is not None
            url = next(line for line in gateway.stderr if "serving on " in line).split()[3]
            told = json.loads(snapshot.read_text())
            assert (told["workers"], told["pid"], told["resting"]) == (2, gateway.pid, [])
            assert "openai" in told["initialized_providers"]
            (shared,) = tmp_path.glob("turnout-*")
            for _ in range(3):
                ask(url)
            eventually(lambda: [one.target for one in resting_in(str(shared), time.time())] == ["openai/gpt-4o"])
        finally:
            gateway.terminate()
            gateway.communicate(timeout=30)


def ask(url: str) -> None:
    body = json.dumps({"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"content-type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    refused.value.close()
