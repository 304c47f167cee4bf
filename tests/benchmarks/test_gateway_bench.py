"""What `make bench-gateway` reckons and prints, and what it starts its peers with."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from loads import LOADS, Load, Measured, interleaved, measured, table
from peers import Peer, peers
from ruamel.yaml import YAML

from turnout.cli import serve

SAID = {"right": 900, "wrong": 3, "broken": 2, "late": 1, "seconds": 3.0, "p50": 1.5, "p99": 4.25, "max": 9.0}
HERE = Peer("no gateway", [], 9910)
OWN = Peer("turnout, fast", ["turnout"], 9913)
OTHER = Peer("other", ["other"], 9914)


def row(per_second: float, *, p50: float = 1.0, p99: float = 2.0, failed: int = 0) -> Measured:
    return Measured(per_second, 100.0, p50, p99, failed, 40.0)


def test_only_right_answers_count_and_all_others_have_failed() -> None:
    result = measured(SAID, cpu=0.9, memory=44.0)
    assert result == Measured(per_second=300.0, cpu_us=pytest.approx(1000.0), p50=1.5, p99=4.25, failed=6, memory=44.0)


def test_a_gateway_that_answers_nothing_rightly_divides_nothing_by_zero() -> None:
    result = measured(SAID | {"right": 0}, cpu=0.5, memory=0.0)
    assert (result.per_second, result.cpu_us, result.failed) == (0.0, 500_000.0, 6)


def test_the_first_round_counts_for_nothing_and_the_others_take_turns() -> None:
    asked: list[tuple[str, float]] = []

    def measure(peer: Peer, seconds: float) -> Measured | None:
        asked.append((peer.name, seconds))
        return row(len(asked)) if peer is not OTHER else None

    results = interleaved([HERE, OWN, OTHER], measure, rounds=2, seconds=3.0)
    assert asked == [(name, seconds) for seconds in (1.0, 3.0, 3.0) for name in ("no gateway", "turnout, fast", "other")]
    assert {name: [one.per_second for one in rows] for name, rows in results.items()} == {
        "no gateway": [4, 7],
        "turnout, fast": [5, 8],
    }


def cells(printed: str, name: str) -> list[str]:
    (line,) = [line for line in printed.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()


def test_the_table_gives_medians_ratios_and_every_failure() -> None:
    results = {
        HERE.name: [row(90_000.0)],
        OWN.name: [row(5_000.0, failed=1), row(7_000.0), row(6_000.0, failed=2)],
        OTHER.name: [row(300.0, p50=20.0, p99=50.0), row(200.0, p50=40.0, p99=70.0)],
    }
    printed = table(Load("whole answers"), [HERE, OWN, OTHER, Peer("absent", ["x"], 1)], results)
    assert printed.splitlines()[0] == "whole answers: median of 3 rounds; p50 and p99 in ms; MiB of all its processes"
    assert cells(printed, "turnout, fast") == ["6,000", "1.00", "x", "100", "1.00", "2.00", "40", "3"]
    assert cells(printed, "other") == ["250", "24.00", "x", "100", "30.00", "60.00", "40", "0"]
    assert cells(printed, "absent") == ["not", "measured"]


def test_at_a_given_rate_the_times_are_those_that_a_gateway_adds() -> None:
    results = {HERE.name: [row(1_000.0, p50=0.2, p99=0.5)], OWN.name: [row(1_000.0, p50=0.6, p99=3.5)]}
    printed = table(Load("steady", rate=1000), [HERE, OWN], results)
    assert "added p50 and p99 in ms" in printed
    assert cells(printed, "turnout, fast")[4:6] == ["0.40", "3.00"]
    assert cells(printed, "no gateway")[4:6] == ["0.20", "0.50"]


def test_a_peer_that_answered_nothing_is_compared_with_nothing() -> None:
    printed = table(Load("streams"), [OWN, OTHER], {OWN.name: [row(3_000.0)], OTHER.name: [row(0.0, failed=9)]})
    assert cells(printed, "other")[:2] == ["0", "-"]
    assert cells(printed, "other")[-1] == "9"


def test_a_table_without_any_measurement_says_so() -> None:
    assert cells(table(Load("streams"), [OTHER], {}), "other") == ["not", "measured"]


def test_the_loads_are_whole_streamed_long_large_and_steady() -> None:
    assert {(load.stream, load.connections) for load in LOADS} >= {(False, 64), (False, 256), (True, 64), (True, 256)}
    assert any(load.stream and load.events == 2000 for load in LOADS)
    assert any(load.padding == 400_000 for load in LOADS)
    assert any(load.rate == 1000 for load in LOADS)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peers")


@pytest.fixture(scope="module")
def all_peers(scratch: Path) -> list[Peer]:
    return peers(9910, scratch)


def test_every_peer_has_a_port_and_a_name_of_its_own_and_says_what_is_missing(all_peers: list[Peer]) -> None:
    ports = [peer.port for peer in all_peers if not peer.embedded]
    assert len(set(ports)) == len(ports)
    names = [peer.name for peer in all_peers]
    assert len(set(names)) == len(names)
    assert {"no gateway", "haproxy", "nginx", "turnout, fast", "turnout, full", "litellm", "portkey"} <= set(names)
    for peer in all_peers:
        assert not peer.missing or any(remedy in peer.missing for remedy in ("apt-get install", "npm ci", "make ")), peer


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_peer_is_asked_is_a_request_of_its_protocol(all_peers: list[Peer], stream: bool) -> None:
    for peer in all_peers:
        body: dict[str, Any] = json.loads(peer.body(stream))
        assert (body["model"], body.get("stream", False)) == (peer.model, stream)
        assert body["messages"][0]["content"] == "What is the capital of France?"
        assert ("max_tokens" in body) is (peer.path == "/v1/messages")


def test_a_padded_prompt_is_longer_by_the_padding(all_peers: list[Peer]) -> None:
    for peer in all_peers:
        plain, padded = (json.loads(peer.body(False, padding))["messages"][0]["content"] for padding in (0, 400_000))
        assert len(padded) - len(plain) == 400_000


def test_litellms_and_tensorzeros_files_are_what_they_claim_to_be_and_lead_to_the_upstream(
    all_peers: list[Peer], scratch: Path
) -> None:
    litellm = YAML(typ="safe").load(scratch / "litellm.yaml")
    assert litellm["model_list"][0]["litellm_params"]["api_base"] == "http://127.0.0.1:9910/v1"
    tensorzero = tomllib.loads((scratch / "tensorzero.toml").read_text())
    assert tensorzero["models"]["mock"]["providers"]["mock"]["api_base"] == "http://127.0.0.1:9910/v1/"
    assert tensorzero["functions"]["ask"]["variants"]["only"]["model"] == "mock"


def test_turnout_is_started_as_its_command_line_takes_it_with_records_and_without_limits_of_its_own(
    all_peers: list[Peer],
) -> None:
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    own = [peer for peer in all_peers if peer.name.startswith("turnout")]
    chosen = [parser.parse_args(peer.command[4:]) for peer in own]
    assert [peer.command[1:4] for peer in own] == [["-m", "turnout", "serve"]] * 3
    assert [(options.port, options.lane) for options in chosen] == [(9913, "fast"), (9914, "full"), (9915, "fast")]
    assert all(options.records and options.workers == 1 and options.concurrent == 1000 for options in chosen)


@pytest.mark.parametrize(("program", "check"), [("haproxy", ["-c", "-f", "haproxy.cfg"]), ("nginx", ["-t", "-c", "nginx.conf"])])
def test_a_proxys_own_check_finds_nothing_wrong_with_its_file(
    all_peers: list[Peer], scratch: Path, program: str, check: list[str]
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: apt-get install {program}")
    command = [program, *check[:-1], str(scratch / check[-1])]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=scratch, check=False)
    assert run.returncode == 0, run.stderr
