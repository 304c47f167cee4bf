"""Takes the samples: every subject in its turn, round after round, so that what disturbs the machine disturbs all alike."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import NamedTuple

from processes import Spoken, cores, environment
from startup import ANSWERS, IMPORTS, start
from subjects import KINDS
from wires import Wires, measure_wires

MODES = ("sync", "async")

# what is measured in one process; the first module must be installed for it
OWN = ("bare transport", "turnout", "no socket", "turnout, no socket", "plan", "encode", "decode")
PEERS = {"httpx": "httpx", "openai": "openai", "litellm": "litellm", "any-llm-sdk": "any_llm"}
STEPS = ("plan", "encode", "decode")

Say = Callable[[str], None]


class Amounts(NamedTuple):
    """How much of everything. Peers cost more, so they are asked ``peer_share`` times as often."""

    rounds: int = 12
    starts: int = 4  # rounds of fresh interpreters
    calls: int = 200  # whole answers a round
    streams: int = 5  # a round
    chunks: int = 200  # of a stream
    peer_share: float = 0.2


QUICK = Amounts(rounds=3, starts=2, calls=50, streams=2)

Key = str  # "KIND MODE"
Samples = dict[Key, dict[str, list[float]]]


class Measured(NamedTuple):
    """Samples, one a round, by what was done and by subject. Seconds are per call, or per chunk of a stream."""

    amounts: Amounts
    missing: dict[str, str]  # subject -> why it was not measured
    import_seconds: dict[str, list[float]]
    import_bytes: dict[str, list[float]]
    answer_seconds: dict[str, list[float]]  # until the first answer of a fresh interpreter
    answer_bytes: dict[str, list[float]]
    cpu: Samples
    wall: Samples
    reads: dict[Key, float]  # of a stream, by the bare transport
    pinned: bool
    wires: Wires


def measure(amounts: Amounts, folder: str, say: Say) -> Measured:
    """Runs everything. ``folder`` is an empty one, for what the measured processes write. ``say`` hears of progress."""
    environ = environment(folder)
    own_core, measured_core = cores() or (None, None)
    missing = {name: "not installed" for name, module in PEERS.items() if find_spec(module) is None}
    measured = Measured(amounts, missing, {}, {}, {}, {}, {}, {}, {}, measured_core is not None, Wires({}, {}))
    with ExitStack() as held:
        mock = held.enter_context(Spoken("mock_upstream.py", str(amounts.chunks), environ=environ, folder=folder, core=own_core))
        origin = f"http://127.0.0.1:{mock.hear()}"
        _measure_starts(measured, f"{origin}/whole/v1", environ, folder, say)
        workers: dict[str, Spoken] = {}
        for names in (OWN, *((name,) for name in PEERS if name not in missing)):
            say(f"starting {names[0]}")
            arguments = (origin, str(amounts.chunks), *names)
            worker = held.enter_context(Spoken("worker.py", *arguments, environ=environ, folder=folder, core=measured_core))
            why = worker.hear()["failed"]
            if why is None:
                workers |= dict.fromkeys(names, worker)
            else:
                _leave_out(measured, names[0], why)
        _measure_calls(measured, workers, say)
    counts = {"whole": _shares(amounts, amounts.calls), "stream": _shares(amounts, amounts.streams)}
    wires = measure_wires(amounts.rounds, counts, amounts.chunks, environ, folder, measured_core, say)
    return measured._replace(wires=wires)


def _shares(amounts: Amounts, most: int) -> tuple[int, int]:
    """How often we do something in a round, and how often a peer."""
    return most, max(1, round(most * amounts.peer_share))


def _measure_starts(measured: Measured, url: str, environ: dict[str, str], folder: str, say: Say) -> None:
    amounts, missing = measured.amounts, measured.missing
    for number in range(-1, amounts.starts):  # one round is not counted: it compiles the modules
        for name in _alternating(list(IMPORTS), number):
            if name in missing:
                continue
            say(f"fresh interpreters, round {number + 1} of {amounts.starts}: {name}")
            answer = f"URL = {url!r}\n{IMPORTS[name]}\n{ANSWERS[name]}"
            try:
                imported, answered = start(IMPORTS[name], environ, folder), start(answer, environ, folder)
            except subprocess.CalledProcessError as error:
                _leave_out(measured, name, f"failed: {(error.stderr.strip() or 'it did not say why').splitlines()[-1]}")
                continue
            if number < 0:
                continue
            for one, seconds, sizes in (
                (imported, measured.import_seconds, measured.import_bytes),
                (answered, measured.answer_seconds, measured.answer_bytes),
            ):
                seconds.setdefault(name, []).append(one.seconds)
                if one.resident_bytes is not None:
                    sizes.setdefault(name, []).append(one.resident_bytes)


def _measure_calls(measured: Measured, workers: dict[str, Spoken], say: Say) -> None:
    amounts = measured.amounts
    for number in range(-1, amounts.rounds):  # one round is not counted: it warms up
        for kind, mode, subject in _turns(list(workers), number):
            if subject not in workers:
                continue
            say(f"calls, round {number + 1} of {amounts.rounds}: {subject}, {kind} {mode}")
            most = amounts.calls if kind == "whole" else amounts.streams
            count = _shares(amounts, most)[subject in PEERS]
            took = workers[subject].ask({"subject": subject, "kind": kind, "mode": mode, "count": count})
            if "failed" in took:
                del workers[subject]
                _leave_out(measured, subject, f"failed: {took['failed']}")
                continue
            if number < 0:
                continue
            units = count if kind == "whole" else count * amounts.chunks
            key = f"{kind} {mode}"
            for samples, seconds in ((measured.cpu, took["cpu"]), (measured.wall, took["wall"])):
                samples.setdefault(key, {}).setdefault(subject, []).append(seconds / units)
            if subject == "bare transport" and kind != "whole":
                measured.reads[key] = took["reads"] / count


def _leave_out(measured: Measured, subject: str, why: str) -> None:
    """A peer that does not work has no figures, only the reason. Raises RuntimeError when it is not a peer but ours."""
    if subject not in PEERS:
        raise RuntimeError(f"{subject} cannot be measured: {why}")
    measured.missing[subject] = why
    starts = (measured.import_seconds, measured.import_bytes, measured.answer_seconds, measured.answer_bytes)
    for by_subject in (*starts, *measured.cpu.values(), *measured.wall.values()):
        by_subject.pop(subject, None)


def _turns(subjects: Sequence[str], number: int) -> Iterator[tuple[str, str, str]]:
    for kind in KINDS:
        for mode in MODES:
            for subject in _alternating(subjects, number):
                if subject not in STEPS or (kind, mode) == ("whole", "sync"):
                    yield kind, mode, subject


def _alternating(names: Sequence[str], number: int) -> Sequence[str]:
    """Backwards in every second round, so that nobody always follows the same neighbour."""
    return names if number % 2 else names[::-1]
