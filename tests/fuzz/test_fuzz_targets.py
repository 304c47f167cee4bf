"""The short form of `make fuzz`: the same few thousand inputs every time, for everything that reads bytes."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from plain import findings
from seeds import read_seed, seeds
from surroundings import Fuzzed
from targets import known_wires, takes, targets

from turnout.registry import WIRES

POOL = list(seeds())
TARGETS = {target.name: target for target in targets()}
INPUTS = 60
RUN = Path(__file__).parents[2] / "fuzz" / "run.py"


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_the_error_tree_leaves_whatever_bytes_come(name: str) -> None:
    tried, found = findings(TARGETS[name], POOL, INPUTS)
    assert tried == INPUTS
    assert [str(finding) for finding in found] == []


def test_every_protocol_that_is_spoken_is_fuzzed_in_every_direction_it_has() -> None:
    for name, wire in zip(WIRES, known_wires(), strict=True):
        for field in wire.__struct_fields__:
            if hasattr(getattr(wire, field), "decode") or hasattr(getattr(wire, field), "parse"):
                assert any(target.startswith(f"{name}.{field}") for target in TARGETS)


def test_every_seed_is_well_formed_and_of_use() -> None:
    for seed in POOL:
        again = read_seed(seed.wire, seed.kind, seed.framing, seed.data) if seed.framing != "events" else seed
        assert again == seed
        assert any(target.takes(seed) for target in TARGETS.values())


def test_answers_and_requests_have_seeds_in_every_protocol() -> None:
    for wire in known_wires():
        kinds = {"chat": ("answer", "error", "stream"), "server": ("request",)}
        wanted = [kind for field in wire.__struct_fields__ if getattr(wire, field) is not None for kind in kinds.get(field, ())]
        for kind in wanted:
            assert any(takes(wire, kind)(seed) for seed in POOL), f"no seed {kind} for {wire.name}"


def test_a_defect_is_found_and_told_with_the_bytes_that_show_it() -> None:
    def run(data: bytes) -> None:
        if b"\xff" in data:
            raise KeyError("missing")

    _, found = findings(Fuzzed("broken", run, lambda seed: seed.kind == "answer"), POOL, 2000)
    assert found
    assert {type(finding.error) for finding in found} == {KeyError}
    assert str(found[0]).startswith("broken: KeyError: 'missing'")
    assert all(b"\xff" in finding.data for finding in found)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has wheels for Linux only")
def test_a_guided_run_ends_in_time_and_says_how_much_it_did() -> None:
    command = [sys.executable, str(RUN), "--seconds", "1", "--only", "framing.ndjson"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "executions for 1 targets; defects in: none" in ended.stdout
    assert not ended.stdout.startswith("framing.ndjson 0 ")
