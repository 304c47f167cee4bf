"""Counts as Prometheus reads them. Imports prometheus_client, so it is imported when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from turnout.telemetry.conventions import SECONDS, SECONDS_PER_TOKEN, SECONDS_TO_FIRST, TOKENS
from turnout.telemetry.counts import Counts, Histogram, Key

_CALL = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type")
_TOKENS = (*_CALL[:3], "gen_ai_token_type")
_TARGET = ("provider", "model")


class Family(Struct, frozen=True):
    """One metric: a field of ``Counts``, under its name, with its labels. ``bounds`` makes it a histogram."""

    field: str
    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


FAMILIES = (
    Family(
        "requests",
        "gen_ai_server_request_duration_seconds",
        "From a request's arrival to the end of its answer: what callers wait for.",
        _CALL,
        SECONDS,
    ),
    Family(
        "to_first",
        "gen_ai_server_time_to_first_token_seconds",
        "From a request's arrival to the first event of its stream.",
        _CALL,
        SECONDS_TO_FIRST,
    ),
    Family(
        "per_token",
        "gen_ai_server_time_per_output_token_seconds",
        "Of a stream: the time after its first event, by the tokens after the first.",
        _CALL,
        SECONDS_PER_TOKEN,
    ),
    Family(
        "attempts",
        "gen_ai_client_operation_duration_seconds",
        "One attempt at a provider, from sending to its end. A call has several when one fails.",
        _CALL,
        SECONDS,
    ),
    Family("tokens", "gen_ai_client_token_usage", "Tokens of a call, as its provider reported them.", _TOKENS, TOKENS),
    Family(
        "calls",
        "turnout_calls",
        "Finished calls, by how they ended and the status that the caller was sent.",
        ("operation", "wire", "lane", "outcome", "status"),
    ),
    Family("cost", "turnout_cost_dollars", "US dollars, of calls whose price is known.", _TARGET),
    Family("unpriced", "turnout_calls_without_price", "Calls that used tokens whose price is not known.", _TARGET),
    Family("fates", "turnout_receipt_lines", "What translation changed or left out, by what became of it.", ("fate",)),
    Family("refused", "turnout_calls_refused", "Calls refused with 429 because too many were waiting."),
    Family("dropped", "turnout_records_dropped", "Records that found a sink's queue full."),
    Family("reloads", "turnout_reloads", "Readings of the configuration after the first.", ("outcome",)),
)


def render(counts: Counts, accept: str = "") -> tuple[bytes, str]:
    """The page and its content type: Prometheus text, or OpenMetrics for who asks for it in ``accept``."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counted(counts))
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


class _Counted(Collector):
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            values = getattr(self._counts, family.field)
            if family.bounds:
                yield _histograms(family, values)
            else:
                counter = CounterMetricFamily(family.name, family.help, labels=family.labels)
                for key, value in values.items() if isinstance(values, dict) else [((), values)]:
                    counter.add_metric(key, float(value))
                yield counter
        gauges = self._counts.gauges
        yield GaugeMetricFamily("turnout_calls_in_flight", "Calls under way.", value=gauges.in_flight)
        yield GaugeMetricFamily("turnout_calls_waiting", "Calls that wait for their turn.", value=gauges.waiting)


def _histograms(family: Family, values: Mapping[Key, Histogram]) -> HistogramMetricFamily:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    names = [*map(str, map(float, family.bounds)), "+Inf"]
    for key, histogram in values.items():
        if any(histogram.counts):
            metric.add_metric(key, list(zip(names, _running(histogram.counts), strict=True)), histogram.total)
    return metric


def _running(counts: Sequence[int]) -> Iterator[int]:
    total = 0
    for count in counts:
        total += count
        yield total
