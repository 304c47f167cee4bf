"""Where records go: a file, whatever happens to its disk, and sinks that fail."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace

from turnout.errors import ConfigError
from turnout.gateway.jsonl import JsonlSink
from turnout.gateway.records import GatewayRecord, Records
from turnout.types import ReceiptLine


def record(number: int) -> GatewayRecord:
    id = str(number)
    return GatewayRecord(id=id, time=1.0, wire="openai-chat", operation="chat", outcome="ok", status=200, seconds=0.5)


def test_every_record_is_a_line_once_the_sink_is_closed(tmp_path: Path) -> None:
    first, second = JsonlSink(str(tmp_path / "calls")), JsonlSink(str(tmp_path / "calls"))
    for number in range(200):
        (first if number % 2 else second)(record(number))
    first.close()
    second.close()
    lines = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert sorted(int(line["id"]) for line in lines) == list(range(200))
    assert first.dropped == second.dropped == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_told_once_and_counted_and_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    sink = JsonlSink("/dev/full")
    for number in range(30):
        sink(record(number))
    sink.close()
    assert sink.dropped == 30
    assert [line.levelno for line in caplog.records] == [logging.ERROR]
    assert "No space left" in caplog.text


def test_a_sink_that_fails_fails_no_call_and_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def broken(record: GatewayRecord) -> None:
        raise ValueError("no more room")

    records = Records((broken, lambda record: told.append(record.id)), 2)
    for number in range(3):
        records.add(record(number))
    assert told == ["0", "1", "2"]
    assert len(caplog.records) == 1
    assert records.get("0") is None
    assert records.get("2") == record(2)


def test_a_file_that_cannot_be_written_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"records cannot be written to .*missing/calls: No such file"):
        JsonlSink(str(tmp_path / "missing" / "calls"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name needs a Unix")
def test_a_disk_that_stands_still_holds_up_no_call_and_what_waits_is_bounded(tmp_path: Path) -> None:
    """A pipe that nobody reads for a while is such a disk."""
    pipe = tmp_path / "calls"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    sink = JsonlSink(str(pipe))
    for number in range(30_000):
        sink(record(number))
    assert sink.dropped >= 30_000 - 2 * 10_000  # what the thread holds, and what waits for it
    kept = 30_000 - sink.dropped
    os.set_blocking(reader, True)
    lines: list[bytes] = []

    def read() -> None:
        with os.fdopen(reader, "rb") as file:
            lines.extend(file)

    reading = Thread(target=read)
    reading.start()
    sink.close()
    reading.join(20)
    assert len(lines) == kept
    assert json.loads(lines[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="a bound on the size of files that can be lifted again")
def test_a_line_that_a_full_disk_cut_off_spoils_no_other(tmp_path: Path) -> None:
    script = f"""
import resource
from test_record_sinks import JsonlSink, record
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
sink = JsonlSink({str(tmp_path / "calls")!r})
for number in range(30):
    sink(record(number))
while not sink.dropped:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
sink(record(30))
sink.close()
print(sink.dropped)
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parent, check=True
    )
    *whole, torn, last = (tmp_path / "calls").read_text().splitlines()
    assert [json.loads(line)["id"] for line in whole] == [str(number) for number in range(len(whole))]
    assert json.loads(last)["id"] == "30"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        json.loads(torn)
    assert run.stdout == "30\n"


def test_a_model_that_a_caller_made_up_is_kept_no_longer_than_a_name_may_be() -> None:
    records = Records((), 2)
    records.add(replace(record(1), model="x" * 5000))
    kept = records.get("1")
    assert kept is not None
    assert kept.model == "x" * 512 + "…"


def test_a_receipt_of_thousands_of_lines_is_counted_whole_and_kept_in_part() -> None:
    lines = tuple(ReceiptLine("request", f"messages[{number}].cache_control", "dropped", "why") for number in range(5000))
    counted: list[GatewayRecord] = []
    told: list[GatewayRecord] = []
    records = Records((told.append,), 2, counted.append)
    records.add(replace(record(1), receipt=lines))
    kept = records.get("1")
    assert kept is not None
    assert kept == told[0]
    assert (kept.receipt, kept.receipt_lines_left_out) == (lines[:1000], 4000)
    assert counted[0].receipt == lines


def test_an_id_that_is_used_again_is_the_last_to_go() -> None:
    records = Records((), 2)
    for number in (1, 2, 1, 3):
        records.add(record(number))
    assert records.get("1") is not None
    assert records.get("2") is None
