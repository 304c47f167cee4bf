"""What was measured, as tables for a person; and the targets, computed from the same samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from figures import Figure, figure, least_over, over, ratio
from rounds import MODES, PEERS, STEPS, Measured
from startup import BARE, IMPORTS
from wires import note, rows

MICRO = 1e6
MILLI = 1e3
MEBI = 1 / 2**20

IMPORT_TARGET_MS = 40.0  # over the bare interpreter
CALL_TARGET_US = 30.0  # own CPU over the bare transport
CHUNK_TARGET_US = 3.0

_COMPARED = ("bare transport", "turnout", *PEERS)
_KINDS = {  # title and unit of each table, and its target
    "whole": ("one whole answer", "call", CALL_TARGET_US),
    "paced": ("a stream whose chunks come one by one", "chunk", CHUNK_TARGET_US),
    "burst": ("a stream whose chunks come all at once", "chunk", CHUNK_TARGET_US),
}


class Target(NamedTuple):
    """One promise about Turnout's own cost."""

    name: str
    figure: Figure
    least: float  # the difference of the least samples
    bound: float
    unit: str

    @property
    def met(self) -> bool:
        """The median decides."""
        return self.figure.median <= self.bound

    @property
    def met_at_least(self) -> bool:
        """What an undisturbed machine might say: it decides nothing, since the least samples flatter."""
        return self.least <= self.bound


def targets(measured: Measured) -> list[Target]:
    imports = measured.import_seconds["turnout"], measured.import_seconds[BARE]
    own, least = _in(MILLI, over(*imports)), MILLI * least_over(*imports)
    found = [Target("import, over the bare interpreter", own, least, IMPORT_TARGET_MS, "ms")]
    for kind, (title, unit, bound) in _KINDS.items():
        for mode in MODES:
            cpu = measured.cpu[f"{kind} {mode}"]
            calls = cpu["turnout"], cpu["bare transport"]
            own, least = _in(MICRO, over(*calls)), MICRO * least_over(*calls)
            found.append(Target(f"{title}, {mode}: CPU per {unit} over the bare transport", own, least, bound, "µs"))
    return found


def report(measured: Measured, versions: dict[str, str], machine: str) -> str:
    amounts = measured.amounts
    pinned = "on one core, the mock upstream on another" if measured.pinned else "on no core in particular"
    blocks = [
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"{machine}. Figures are medians (least … most) of {amounts.rounds} rounds; in each of them every subject has its turn,\n"
        f"in a process of its own, {pinned}. CPU is that process's own, all its threads.",
        *_starts(measured),
        *_calls(measured),
        *_without_socket(measured),
        *_wires(measured),
        *_targets(measured),
    ]
    return "\n\n".join(blocks)


def _starts(measured: Measured) -> Iterator[str]:
    rows = [["", "import, ms", "x turnout", "MiB", "first answer, ms", "x turnout", "MiB"]]
    for name in IMPORTS:
        if name not in measured.import_seconds:
            rows.append([name, measured.missing[name]])
            continue
        cells = []
        for seconds, sizes in (
            (measured.import_seconds, measured.import_bytes),
            (measured.answer_seconds, measured.answer_bytes),
        ):
            if name == BARE:
                own, times = figure(seconds[BARE]), ""
                size = figure(sizes[BARE]) if sizes else None
            else:
                own = over(seconds[name], seconds[BARE])
                times = f"{own.median / over(seconds['turnout'], seconds[BARE]).median:.1f}"
                size = over(sizes[name], sizes[BARE]) if sizes else None
            cells += [_spread(_in(MILLI, own)), times, "unknown" if size is None else f"{size.median * MEBI:.1f}"]
        rows.append([name, *cells])
    title = f"A fresh interpreter: wall time and resident memory over the bare one, {measured.amounts.starts} rounds"
    yield _table(title, rows, "The first row is the bare interpreter itself. First answer: import, client, one call to the mock.")


def _calls(measured: Measured) -> Iterator[str]:
    for kind, (title, unit, _) in _KINDS.items():
        for mode in MODES:
            cpu, wall = measured.cpu[f"{kind} {mode}"], measured.wall[f"{kind} {mode}"]
            bare = cpu["bare transport"]
            rows = [["", "CPU", "over bare transport", "x turnout", "wall"]]
            for name in _COMPARED:
                if name not in cpu:
                    rows.append([name, measured.missing[name]])
                    continue
                own = "" if name == "bare transport" else _spread(_in(MICRO, over(cpu[name], bare)))
                times = f"{ratio(cpu[name], cpu['turnout']):.2f}"
                rows.append([name, _spread(_in(MICRO, figure(cpu[name]))), own, times, _spread(_in(MICRO, figure(wall[name])))])
            note = (
                "Bare transport: the bytes that turnout sends, by the same HTTP client, undecoded; httpx: the peers' HTTP client."
            )
            if kind != "whole":
                reads = measured.reads[f"{kind} {mode}"]
                note = f"The bare transport got the {measured.amounts.chunks} chunks in {reads:.0f} reads."
            yield _table(f"{title[0].upper()}{title[1:]}, {mode}: µs per {unit}", rows, note)


def _without_socket(measured: Measured) -> Iterator[str]:
    rows = [["", *(f"{title}, per {unit}" for title, unit, _ in _KINDS.values())]]
    for mode in MODES:
        cells = []
        for kind in _KINDS:
            cpu = measured.cpu[f"{kind} {mode}"]
            cells.append(_spread(_in(MICRO, over(cpu["turnout, no socket"], cpu["no socket"]))))
        rows.append([mode, *cells])
    whole = measured.cpu["whole sync"]
    steps = ", ".join(f"{name} {MICRO * figure(whole[name]).median:.1f}" for name in STEPS)
    note = f"By themselves, over and over: {steps}. The rest is the engine, the price, the receipt and the record."
    yield _table("Turnout without a socket, answers replayed from memory: CPU in µs", rows, note)


def _wires(measured: Measured) -> Iterator[str]:
    title = "Each wire's codec beside its vendor's SDK on the same bytes: CPU in µs"
    yield _table(title, rows(measured.wires), note(measured.amounts.chunks))


def _targets(measured: Measured) -> Iterator[str]:
    rows = [["", "least of each side", "", "target", "median (least … most)", ""]]
    for target in targets(measured):
        verdicts = ["met" if met else "NOT met" for met in (target.met_at_least, target.met)]
        bound = f"<= {target.bound:g} {target.unit}"
        rows.append([target.name, f"{target.least:.1f}", verdicts[0], bound, _spread(target.figure), verdicts[1]])
    note = "The median decides. The least samples of both sides are shown for a machine that is busy with something else."
    yield _table("Targets", rows, note)


def _table(title: str, rows: Sequence[Sequence[str]], note: str) -> str:
    """The first column to the left, the others to the right; a row of two cells says why there are no figures."""
    full = [row for row in rows if len(row) > 2]
    widths = [max(len(row[at]) for row in full) for at in range(len(full[0]))]
    widths[0] = max(len(row[0]) for row in rows)
    lines = [title]
    for row in rows:
        if len(row) == 2:
            lines.append(f"  {row[0]:<{widths[0]}}  {row[1]}")
        else:
            cells = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
            lines.append(f"  {row[0]:<{widths[0]}}  " + "  ".join(cells))
    return "\n".join((*lines, f"  {note}"))


def _in(unit: float, seconds: Figure) -> Figure:
    return Figure(*(unit * value for value in seconds))


def _spread(value: Figure) -> str:
    median, least, most = (f"{number:.1f}" if abs(number) < 100 else f"{number:.0f}" for number in value)
    return f"{median} ({least} … {most})"
