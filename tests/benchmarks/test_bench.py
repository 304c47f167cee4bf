"""That `make bench` measures what it says, on tiny counts. What it measures is never asserted: a busy machine is no defect."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from figures import figure, least_over, over, ratio
from report import report, targets
from rounds import MODES, OWN, PEERS, STEPS, Measured, Samples
from startup import BARE
from subjects import KINDS, SUBJECTS
from wire_bytes import ANSWERS, said
from wire_vendors import VENDORS
from wire_worker import measure, own_steps
from wires import OWN_STEPS, VENDOR_STEPS, Wires, rows
from worker import Worker

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHUNKS = 12
KEYS = [f"{kind} {mode}" for kind in KINDS for mode in MODES]


class Run:
    def __init__(self, printed: str, written: dict[str, Any]) -> None:
        self.printed = printed
        self.targets: dict[str, dict[str, Any]] = written.pop("targets")
        self.amounts: dict[str, Any] = written["amounts"]
        written["wires"] = Wires(**written["wires"])
        self.measured = Measured(**written)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("bench") / "samples.json"
    counts = {"rounds": 2, "starts": 1, "calls": 2, "streams": 1, "chunks": CHUNKS}
    options = [part for name, count in counts.items() for part in (f"--{name}", str(count))]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "run.py"), *options, "--json", str(file)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Run(done.stdout, json.loads(file.read_text()))


def installed(run: Run) -> list[str]:
    return [name for name in PEERS if name not in run.measured.missing]


def test_every_subject_is_measured_in_every_round_of_every_kind(run: Run) -> None:
    expected = {*OWN, *installed(run)}
    for samples in (run.measured.cpu, run.measured.wall):
        assert list(samples) == KEYS
        for key in KEYS:
            assert set(samples[key]) == (expected if key == "whole sync" else expected - set(STEPS))
            assert {len(taken) for taken in samples[key].values()} == {2}
    assert all(seconds > 0 for subjects in run.measured.wall.values() for taken in subjects.values() for seconds in taken)


def test_every_start_is_measured_from_a_fresh_interpreter(run: Run) -> None:
    for starts in (run.measured.import_seconds, run.measured.answer_seconds):
        assert set(starts) == {BARE, "turnout", *(set(installed(run)) - {"httpx"})}
        assert all(len(taken) == 1 and taken[0] > 0 for taken in starts.values())


def test_the_bare_transport_reads_each_stream_in_at_least_one_and_at_most_as_many_pieces_as_it_has_chunks(run: Run) -> None:
    assert set(run.measured.reads) == set(KEYS) - {"whole sync", "whole async"}
    assert all(1 <= reads <= CHUNKS for reads in run.measured.reads.values())


def test_turnouts_own_cost_is_what_it_took_less_what_the_bare_transport_took(run: Run) -> None:
    for kind, unit in (("one whole answer", "call"), ("a stream whose chunks come one by one", "chunk")):
        name = {"call": "whole", "chunk": "paced"}[unit]
        for mode in MODES:
            target = run.targets[f"{kind}, {mode}: CPU per {unit} over the bare transport"]
            cpu = run.measured.cpu[f"{name} {mode}"]
            differences = sorted(own - bare for own, bare in zip(cpu["turnout"], cpu["bare transport"], strict=True))
            assert target["median"] == pytest.approx(1e6 * sum(differences) / 2)
            assert target["least"] == pytest.approx(1e6 * (min(cpu["turnout"]) - min(cpu["bare transport"])))
            assert target["met"] is (target["median"] <= target["bound"])


def test_every_wire_is_measured_in_every_round_beside_its_vendors_sdk(run: Run) -> None:
    wires = run.measured.wires
    own = {f"own {step}" for step in OWN_STEPS}
    assert set(wires.samples) == set(ANSWERS) == set(VENDORS)
    for wire, samples in wires.samples.items():
        assert set(samples) == own | (set() if wire in wires.missing else {f"vendor {step}" for step in VENDOR_STEPS})
        assert {len(taken) for taken in samples.values()} == {2}
        assert f"\n  {wire}" in run.printed


@pytest.mark.parametrize("wire", VENDORS)
def test_the_sdk_of_each_vendor_that_is_installed_reads_what_we_say_it_said(run: Run, wire: str) -> None:
    if find_spec(VENDORS[wire][0].replace("google-genai", "google.genai")) is None:
        pytest.skip(f"{VENDORS[wire][0]} is not installed")
    assert wire not in run.measured.wires.missing


def test_a_ratio_is_that_of_the_same_bytes_in_the_same_round() -> None:
    own = {f"own {step}": [1e-6, 2e-6] for step in OWN_STEPS}
    measured = {"ollama": own | {f"vendor {step}": [3e-6, 6e-6] for step in VENDOR_STEPS}, "gemini": own}
    _, ollama, gemini = rows(Wires(measured, {"gemini": "not installed"}))
    assert ollama[:9] == ["ollama", "1.5", "1.5", "1.5", "4.5", "3.0", "1.5", "4.5", "3.0"]
    assert gemini == ["gemini", "1.5", "1.5", "1.5", "", "", "1.5", "", "", "not installed"]


def test_a_wire_that_reads_something_else_than_was_said_is_not_timed() -> None:
    with pytest.raises(AssertionError, match="ollama: decode read 'Lyon'"):
        measure({"ollama": {"decode": lambda: "Lyon"}}, {"ollama": {"decode": "Paris"}}, "ollama", "decode", 1)


@pytest.mark.parametrize("wire", ANSWERS)
def test_a_stream_has_as_many_events_as_asked_and_says_the_text_that_is_expected(wire: str) -> None:
    pieces = ANSWERS[wire][1](CHUNKS)
    assert len(pieces) == CHUNKS
    assert own_steps(wire, CHUNKS)["stream"]() == said(wire, CHUNKS) != ""


def test_the_output_ends_with_every_target_and_its_verdict(run: Run) -> None:
    _, _, ending = run.printed.partition("\nTargets\n")
    lines = ending.splitlines()
    for name, target in run.targets.items():
        (line,) = [line for line in lines if line.strip().startswith(name)]
        assert line.endswith("NOT met") is not target["met"]
        assert line.endswith("met")
    assert len(lines) == 1 + len(run.targets) + 1  # what the columns are, and how to read them


def test_a_peer_without_figures_has_rows_that_say_why(run: Run) -> None:
    without: dict[str, Samples] = {
        field: {key: {name: taken for name, taken in subjects.items() if name != "openai"} for key, subjects in samples.items()}
        for field, samples in (("cpu", run.measured.cpu), ("wall", run.measured.wall))
    }
    starts = {
        field: {name: taken for name, taken in getattr(run.measured, field).items() if name != "openai"}
        for field in ("import_seconds", "import_bytes", "answer_seconds", "answer_bytes")
    }
    missing = {**run.measured.missing, "openai": "not installed"}
    printed = report(read(run)._replace(missing=missing, **without, **starts), {"turnout": "0"}, "a machine")
    rows = [line.split(maxsplit=1) for line in printed.splitlines() if line.startswith("  openai ")]
    assert rows == [["openai", "not installed"]] * (1 + len(KEYS))


def read(run: Run) -> Measured:
    from rounds import Amounts

    return run.measured._replace(amounts=Amounts(**run.amounts))


def test_targets_come_from_the_samples_alone(run: Run) -> None:
    assert [(target.name, target.met) for target in targets(read(run))] == [
        (name, target["met"]) for name, target in run.targets.items()
    ]


def test_a_subject_that_does_not_get_the_answer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        def answer(self, kind: str) -> str:
            return "Lyon"

    monkeypatch.setitem(SUBJECTS, "deaf", lambda origin, chunks: Deaf())
    with closing(Worker("http://127.0.0.1:9", CHUNKS, ["deaf"])) as worker:
        with pytest.raises(AssertionError, match="deaf answered a whole call with 'Lyon'"):
            worker.measure("deaf", "whole", "sync", 1)


def test_differences_are_taken_round_by_round() -> None:
    slow_in_the_second_round = ([10.0, 110.0, 12.0], [1.0, 101.0, 2.0])
    assert over(*slow_in_the_second_round) == (9.0, 9.0, 10.0)
    assert least_over(*slow_in_the_second_round) == 9.0
    assert figure([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    assert ratio([2.0, 30.0], [1.0, 10.0]) == 2.5
