"""The short form of `make fuzz`: the same few thousand inputs every time, for everything that reads bytes from outside."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from fuzz_chance import findings
from fuzz_growth import FACTOR, growing, work
from fuzz_seeds import read_seed, seeds
from fuzz_surroundings import Fuzzed
from fuzz_targets import known_wires, takes, targets

from turnout.registry import WIRES

POOL = list(seeds())
TARGETS = {target.name: target for target in targets()}
COMPARABLE = [  # dialects read the same bytes in the same way
    target
    for target in targets(all_pairs=True)
    if target.name.endswith((".decoder", "server.parse", "_server")) and target.name.partition(".")[0] in {it.wire for it in POOL}
]
INPUTS = 50
RUN = Path(__file__).with_name("fuzz_run.py")


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_the_error_tree_leaves_whatever_bytes_come(name: str) -> None:
    assert [str(finding) for finding in findings(TARGETS[name], POOL, INPUTS)] == []


@pytest.mark.parametrize("target", COMPARABLE, ids=lambda target: target.name)
def test_work_grows_with_the_size_of_what_comes_and_no_faster(target: Fuzzed) -> None:
    """Counted in lines of Python, which are the same on every machine."""
    grows = "repeated" if target.name.endswith("decoder") else "items"
    for case in (case for seed in POOL if target.takes(seed) for case in growing(seed) if case.where.endswith(grows)):
        small, large = work(target, case.made(5)), work(target, case.made(5 * FACTOR))
        assert large < 2 * FACTOR * small, f"{case.where}: {small} lines became {large} with {FACTOR} times the size"


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
            assert any(takes(wire, kind)(seed) for seed in POOL), (
                f"no seed: write tests/fuzz/seeds/{wire.name}/{kind}.FRAMING by hand"
            )


def test_a_defect_is_found_and_told_with_the_bytes_that_show_it() -> None:
    def run(data: bytes) -> None:
        if b"\xff" in data:
            raise KeyError("missing")

    found = findings(Fuzzed("broken", run, lambda seed: seed.kind == "answer"), POOL, 2000)
    assert found
    assert {type(finding.error) for finding in found} == {KeyError}
    assert str(found[0]).startswith("broken: KeyError at test_fuzz_short.py:")
    assert all(b"\xff" in finding.data for finding in found)


def test_work_that_grows_with_the_square_of_the_size_is_seen() -> None:
    def run(data: bytes) -> None:
        for at in range(len(data)):
            for _ in range(at):
                pass

    target = Fuzzed("slow", run, lambda seed: True)
    assert work(target, b"x" * 10 * FACTOR) > 2 * FACTOR * work(target, b"x" * 10)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has wheels for Linux only")
def test_a_guided_run_ends_in_time_and_says_how_much_it_did(tmp_path: Path) -> None:
    command = [sys.executable, str(RUN), "--seconds", "1", "--only", "framing.ndjson", "--keep", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "branches\ndefects: 0\n" in ended.stdout
    assert "time grew faster than the size in 0" in ended.stdout
    assert not ended.stdout.startswith("0 inputs")
