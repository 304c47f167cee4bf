"""Where records go: a file, whatever happens to its disk, and sinks that fail."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from turnout.errors import ConfigError
from turnout.gateway.jsonl import JsonlSink
from turnout.gateway.records import GatewayRecord, Records


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
