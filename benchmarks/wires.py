"""Each wire's codec beside its vendor's SDK: takes the samples, and says them as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from figures import figure, ratio
from processes import Spoken
from wire_bytes import ANSWERS
from wire_vendors import VENDORS

MICRO = 1e6
OWN_STEPS = ("fit", "encode", "decode", "stream")
VENDOR_STEPS = ("decode", "stream")

Samples = dict[str, dict[str, list[float]]]  # wire -> "own STEP" or "vendor STEP" -> seconds, one a round


class Wires(NamedTuple):
    """Seconds of CPU: of a call, and for "stream" of a chunk."""

    samples: Samples
    missing: dict[str, str]  # wire -> why its vendor's SDK was not measured


def measure_wires(
    rounds: int,
    counts: dict[str, tuple[int, int]],
    chunks: int,
    environ: dict[str, str],
    folder: str,
    core: set[int] | None,
    say: Callable[[str], None],
) -> Wires:
    """``counts``: how often a step is done in a round, "whole" and "stream", by us and by a vendor's SDK."""
    found = Wires({wire: {} for wire in ANSWERS}, {})
    with ExitStack() as held:

        def start(*arguments: str) -> Spoken:
            worker = Spoken("wire_worker.py", str(chunks), *arguments, environ=environ, folder=folder, core=core)
            return held.enter_context(worker)

        say("starting each vendor's SDK")
        own = start("own", *ANSWERS)
        vendors = {wire: start("vendor", wire) for wire in VENDORS}
        if (why := own.hear()["failed"]) is not None:
            raise RuntimeError(f"the wires cannot be measured: {why}")
        for wire, vendor in list(vendors.items()):
            if (why := vendor.hear()["failed"]) is not None:
                del vendors[wire]
                found.missing[wire] = why
        for number in range(-1, rounds):  # one round is not counted: it warms up
            for wire, side, step in _turns(number):
                if side == "vendor" and wire not in vendors:
                    continue
                say(f"wires, round {number + 1} of {rounds}: {wire}, {side} {step}")
                worker = own if side == "own" else vendors[wire]
                count = counts["stream" if step == "stream" else "whole"][side == "vendor"]
                seconds = worker.ask({"wire": wire, "step": step, "count": count})
                if number >= 0:
                    units = chunks if step == "stream" else 1
                    found.samples[wire].setdefault(f"{side} {step}", []).append(seconds / units)
    return found


def _turns(number: int) -> Iterator[tuple[str, str, str]]:
    """Backwards in every second round."""
    turns = [
        (wire, side, step) for wire in ANSWERS for side, steps in (("own", OWN_STEPS), ("vendor", VENDOR_STEPS)) for step in steps
    ]
    return iter(turns if number % 2 else turns[::-1])


def rows(wires: Wires) -> list[list[str]]:
    """The first is the heading. Medians in µs; a ratio is taken within each round, and is the median of those."""
    told = [["", "fit", "encode", "decode", "SDK", "SDK / ours", "chunk", "SDK", "SDK / ours", "SDK"]]
    for wire, samples in wires.samples.items():
        cells = [wire, *(_micro(samples[f"own {step}"]) for step in ("fit", "encode"))]
        for step in ("decode", "stream"):
            own, vendor = samples[f"own {step}"], samples.get(f"vendor {step}")
            cells += [_micro(own), *(("", "") if vendor is None else (_micro(vendor), f"{ratio(vendor, own):.1f}"))]
        told.append([*cells, wires.missing.get(wire) or _named(VENDORS[wire][0])])
    return told


def note(chunks: int) -> str:
    return (
        "Per call: fit makes a request of 4 messages and 2 tools fit for a target, encode makes it bytes; decode reads an\n"
        f"  answer of a text and a call. Per chunk: one of the {chunks} events of a stream.\n"
        "  SDK: the vendor's own parsing of the same bytes, without HTTP."
    )


def _named(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return distribution


def _micro(seconds: list[float]) -> str:
    return f"{MICRO * figure(seconds).median:.1f}"
