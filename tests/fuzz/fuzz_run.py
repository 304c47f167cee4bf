"""Feeds everything that reads bytes from outside what nobody would send, for a while, and says what left it that should not.

    python tests/fuzz/fuzz_run.py [--seconds N] [--only NAME] [--corpus DIR] [--keep DIR]          (make fuzz SECONDS=N)

For most of the time atheris mutates seeds, sees what code an input reaches, and keeps those that reach more. Then seeds are made
large in one place each, to see that time grows no faster than size; and schemathesis asks a running gateway what its own
description allows and what it does not. The exit code is 1 when something was found; an input of the first kind is then a file in
``.cache/fuzz/findings``, to be made a test of.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from random import Random
from zlib import crc32

KEPT = Path(__file__).parents[2] / ".cache" / "fuzz"
SLOWEST = 10  # seconds that one input may take: more is a hang
MOST_MEMORY = 2048  # MiB
LONGEST = 8_000  # bytes of an input
NUMBER = 2  # bytes at the beginning of an input: which target it is for


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="all in all (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="NAME", help="the targets whose name begins with this")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="also begin from recorded exchanges")
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="DIR", help="for what was found; emptied first")
    parser.add_argument("--share", default="0/1", help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.corpus is not None and not chosen.corpus.is_dir():
        chosen.corpus = None
    if chosen.inside:
        _inside(chosen)  # does not return
    shutil.rmtree(chosen.keep, ignore_errors=True)
    (chosen.keep / "findings").mkdir(parents=True)
    return 1 if _guided(chosen) + _grow(chosen) + _served(chosen) else 0


def _guided(chosen: argparse.Namespace) -> int:
    """One process for each core, each with its share of the targets. How many defects there were."""
    if find_spec("atheris") is None:
        print(
            "atheris is not installed, because it has wheels for Linux only: nothing but the short form, in `make test`, mutates."
        )
        return 0
    from fuzz_targets import targets

    jobs = min(os.cpu_count() or 1, len(targets(chosen.only)))
    command = [sys.executable, __file__, "--inside", "--seconds", str(chosen.seconds * 0.6), "--only", chosen.only]
    command += ["--keep", str(chosen.keep)]
    if chosen.corpus is not None:
        command += ["--corpus", str(chosen.corpus)]
    logs = [chosen.keep / f"log-{job}.txt" for job in range(jobs)]
    running = []
    for job, log in enumerate(logs):
        with log.open("wb") as to:
            running.append(subprocess.Popen([*command, "--share", f"{job}/{jobs}"], stdout=to, stderr=subprocess.STDOUT))
    found = 0
    for process, log in zip(running, logs, strict=True):
        process.wait()
        said = log.read_text(errors="replace")
        reached, runs = re.findall(r"cov: (\d+)", said), re.search(r"number_of_executed_units: (\d+)", said)
        print(f"{int(runs[1]) if runs else 0:,} inputs reached {reached[-1] if reached else '?'} branches", flush=True)
        if process.returncode:
            found += 1
            print("  " + "\n  ".join(said.splitlines()[-40:]))
    for file in sorted((chosen.keep / "findings").glob("*.txt")):
        found += 1
        print(f"{file.read_text()}\n  kept as {file.with_suffix('')}")
    print(f"defects: {found}", flush=True)
    return found


def _inside(chosen: argparse.Namespace) -> None:
    import atheris

    with atheris.instrument_imports(include=["turnout"]):
        from fuzz_mutation import mutated
        from fuzz_targets import targets

        every = targets(chosen.only)
    from fuzz_chance import seeds_of, tried
    from fuzz_seeds import recorded, seeds

    pool = [*seeds(), *(recorded(chosen.corpus) if chosen.corpus is not None else ())]
    share, _, shares = chosen.share.partition("/")
    mine = every[int(share) :: int(shares)] or every
    used = [seeds_of(target, pool) for target in mine]
    folder, kept = chosen.keep / "begin" / share, chosen.keep / "findings"
    folder.mkdir(parents=True)
    for number, begun in enumerate(used):
        for at, seed in enumerate(begun):
            (folder / f"{number:04}-{at:04}").write_bytes(number.to_bytes(NUMBER) + seed.data)
    seen: set[str] = set()

    def run(data: bytes) -> None:
        if len(data) < NUMBER:
            return
        finding = tried(mine[int.from_bytes(data[:NUMBER]) % len(mine)], data[NUMBER:])
        if finding is not None and finding.place not in seen:
            seen.add(finding.place)
            file = kept / f"{finding.target}-{crc32(finding.data):08x}"
            file.write_bytes(finding.data)
            Path(f"{file}.txt").write_text(str(finding))

    def mutate(data: bytes, most: int, chance: int) -> bytes:
        """Half the time as bytes are changed, and half the time as the values that they are."""
        draw = Random(chance)
        if draw.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        number = draw.randrange(len(mine))
        return (number.to_bytes(NUMBER) + mutated(draw.choice(used[number]), used[number], draw))[:most]

    options = [
        *(f"-max_total_time={max(1, round(chosen.seconds))}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MOST_MEMORY}"),
        *(f"-max_len={LONGEST}", "-print_final_stats=1", f"-artifact_prefix={kept}/"),
    ]
    atheris.Setup(["turnout", *options, str(folder)], run, custom_mutator=mutate)
    atheris.Fuzz()


def _grow(chosen: argparse.Namespace) -> int:
    """How many of the ways to grow that the time sufficed for take time that grows faster than the size."""
    from fuzz_growth import growing, measured
    from fuzz_seeds import seeds
    from fuzz_targets import targets

    every = targets(chosen.only, all_pairs=True)
    cases = [(target, case) for target in every for seed in seeds() if target.takes(seed) for case in growing(seed)]
    Random().shuffle(cases)
    gc.freeze()  # what is there now need not be looked at before each measurement
    until = time.monotonic() + chosen.seconds * 0.2
    tried = found = 0
    for target, case in cases:
        if time.monotonic() > until:
            break
        tried += 1
        if (growth := measured(target, case)) is not None:
            found += 1
            print(f"  {growth}", flush=True)
    print(f"{tried:,} of {len(cases):,} ways to grow were tried; time grew faster than the size in {found}")
    return found


def _served(chosen: argparse.Namespace) -> int:
    """1 if a gateway, or its protocol, failed at anything that was asked of it."""
    if not "gateway".startswith(chosen.only):
        return 0
    sys.path.append(str(Path(__file__).parents[1] / "gateway"))
    from fuzz_gateway import refusing

    options = ["--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--continue-on-failure"]
    options += ["--max-time", str(max(1, round(chosen.seconds * 0.2))), "--warnings", "off", "--no-color"]
    options += ["--header", "x-turnout-model: openai/gpt-4o-mini"]
    with refusing() as (url, upstream):
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json", *options]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = re.search(r"\d+ generated.*", ended.stdout)
    print(f"gateway: {told[0] if told else 'nothing was asked'}; {upstream.asked:,} went on to a provider", flush=True)
    if ended.returncode:
        print(ended.stdout + ended.stderr)
    return 1 if ended.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
