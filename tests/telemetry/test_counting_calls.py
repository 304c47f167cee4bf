"""Finished calls as counts, and counts as the page that Prometheus reads."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from turnout.gateway.records import GatewayRecord
from turnout.telemetry.counts import Counts, Gauges, read_counts, write_counts
from turnout.telemetry.metrics import Metrics
from turnout.telemetry.prometheus import render
from turnout.telemetry.shared import SharedCounts
from turnout.types import Attempt, Cost, Fate, ReceiptLine, Target, Usage

LLAMA = Target("groq", "llama")
FATES: tuple[Fate, ...] = ("dropped", "dropped", "mapped")


def record(**changes: Any) -> GatewayRecord:
    facts: dict[str, Any] = {
        "id": "1",
        "time": 0.0,
        "wire": "openai-chat",
        "operation": "chat",
        "outcome": "ok",
        "status": 200,
        "seconds": 1.0,
        "target": LLAMA,
    }
    return GatewayRecord(**facts | changes)


def counted(*records: GatewayRecord, known: bool = True) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    counter = Metrics(lambda target: known)
    for one in records:
        counter.add(one)
    return page(counter.counts)


def page(counts: Counts) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = render(counts)[0].decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def labels(**values: str) -> frozenset[tuple[str, str]]:
    return frozenset(values.items())


CALL = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "groq", "gen_ai_request_model": "llama", "error_type": ""}


def test_a_call_is_timed_under_opentelemetrys_name_in_the_bucket_that_its_seconds_reach() -> None:
    samples = counted(record(seconds=0.64), record(seconds=0.65))
    name = "gen_ai_server_request_duration_seconds_bucket"
    assert [samples[name, labels(**CALL, le=le)] for le in ("0.32", "0.64", "1.28", "+Inf")] == [0, 1, 2, 2]
    assert samples["gen_ai_server_request_duration_seconds_sum", labels(**CALL)] == pytest.approx(1.29)


def test_attempts_are_timed_apart_from_the_call_and_by_what_became_of_each() -> None:
    failed = Attempt(target=LLAMA, seconds=0.2, error="RateLimited", status=429)
    samples = counted(record(attempts=(failed, Attempt(target=LLAMA, seconds=0.5, status=200))))
    assert samples["gen_ai_client_operation_duration_seconds_count", labels(**CALL | {"error_type": "RateLimited"})] == 1
    assert samples["gen_ai_client_operation_duration_seconds_sum", labels(**CALL)] == 0.5


def test_tokens_and_the_pace_of_a_stream_are_counted() -> None:
    usage = Usage(uncached_input_tokens=3, cache_read_tokens=2, text_output_tokens=11)
    samples = counted(record(seconds=3.0, first_event_seconds=1.0, usage=usage))
    side = {name: CALL[name] for name in list(CALL)[:3]}
    assert samples["gen_ai_client_token_usage_sum", labels(**side, gen_ai_token_type="input")] == 5
    assert samples["gen_ai_client_token_usage_sum", labels(**side, gen_ai_token_type="output")] == 11
    assert samples["gen_ai_server_time_to_first_token_seconds_sum", labels(**CALL)] == 1.0
    assert samples["gen_ai_server_time_per_output_token_seconds_sum", labels(**CALL)] == pytest.approx(0.2)


def test_a_price_that_is_not_known_is_counted_as_that_and_never_as_zero() -> None:
    usage = Usage(text_output_tokens=1)
    priced = Cost(total=Decimal("0.25"), buckets={}, source="test")
    samples = counted(record(usage=usage, cost=priced), record(usage=usage, cost=priced), record(usage=usage))
    assert samples["turnout_cost_dollars_total", labels(provider="groq", model="llama")] == 0.5
    assert samples["turnout_calls_without_price_total", labels(provider="groq", model="llama")] == 1


def test_what_translation_left_out_is_counted() -> None:
    lines = tuple(ReceiptLine("request", "top_k", fate, "why") for fate in FATES)
    samples = counted(record(receipt=lines))
    assert samples["turnout_receipt_lines_total", labels(fate="dropped")] == 2


def test_names_that_the_registry_does_not_know_share_one_label() -> None:
    samples = counted(*(record(target=Target("groq", f"made-up-{number}")) for number in range(5)), known=False)
    assert samples["gen_ai_server_request_duration_seconds_count", labels(**CALL | {"gen_ai_request_model": "other"})] == 5


def test_a_call_that_reached_no_model_is_counted_without_a_provider() -> None:
    samples = counted(record(target=None, outcome="ModelNotFound", status=404))
    nobody = {"gen_ai_provider_name": "", "gen_ai_request_model": "other", "error_type": "ModelNotFound"}
    assert samples["gen_ai_server_request_duration_seconds_count", labels(**CALL | nobody)] == 1


def test_series_are_bounded_even_when_every_name_is_known() -> None:
    counter = Metrics(lambda target: True, most_series=3)
    for number in range(20):
        target = Target("groq", str(number))
        counter.add(record(target=target, attempts=(Attempt(target=target, seconds=1.0),)))
    assert len(counter.counts.requests) == len(counter.counts.attempts) == 4
    assert sum(sum(histogram.counts) for histogram in counter.counts.requests.values()) == 20


def test_providers_have_the_names_that_opentelemetry_knows_them_by() -> None:
    samples = counted(record(target=Target("amazon-bedrock", "x")))
    assert any(("gen_ai_provider_name", "aws.bedrock") in names for _, names in samples)


def test_counts_survive_being_written_down_and_add_up() -> None:
    counter = Metrics(lambda target: True)
    counter.add(record(usage=Usage(text_output_tokens=1), cost=Cost(total=Decimal("0.1"), buckets={}, source="test")))
    counter.counts.gauges = Gauges(in_flight=2, waiting=1)
    again = read_counts(write_counts(counter.counts))
    assert again == counter.counts
    both = page(again.plus(counter.counts))
    assert both["gen_ai_server_request_duration_seconds_count", labels(**CALL)] == 2
    assert both["turnout_calls_in_flight", labels()] == 4


def test_who_takes_a_dead_process_place_counts_on_and_is_in_no_call_yet(tmp_path: Path) -> None:
    first = SharedCounts(str(tmp_path), 0)
    first.write(Counts(refused=3, gauges=Gauges(in_flight=7)))
    assert first.earlier() == Counts(refused=3)
    assert list(SharedCounts(str(tmp_path), 1).others()) == [Counts(refused=3, gauges=Gauges(in_flight=7))]
    assert list(first.others()) == []


def test_a_file_that_another_version_wrote_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.counts").write_bytes(b"\x93\x01\x02\x03")
    assert list(SharedCounts(str(tmp_path), 0).others()) == []


def test_who_asks_for_openmetrics_gets_it() -> None:
    written, kind = render(Counts(), "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert written.endswith(b"# EOF\n")
