"""The report of a conformance run, as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from turnout.testing.difference import shortened
from turnout.testing.rules import Rule
from turnout.testing.verdict import Verdict

_COLUMNS = ("exchanges", "decoded", "equal", "explained", "unexplained")
Endpoint = tuple[str, str]


def report(verdicts: Iterable[Verdict], not_covered: Mapping[Endpoint, int], *, verbose: bool = False) -> Iterator[str]:
    """Table, unexplained differences, explanations used, and the summary as the last line."""
    examined = list(verdicts)
    yield from _table(examined, not_covered)
    yield from _unexplained(examined)
    yield from _explanations(examined, verbose=verbose)
    yield summary(examined)


def summary(verdicts: Iterable[Verdict]) -> str:
    counts = _counted(verdicts)
    return (
        f"{counts['exchanges']} exchanges: {counts['decoded']} decoded, {counts['equal']} re-rendered equal, "
        f"{counts['explained']} explained, {counts['unexplained']} unexplained"
    )


def _counted(verdicts: Iterable[Verdict]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for verdict in verdicts:
        counts["exchanges"] += 1
        counts["decoded"] += verdict.decoded
        counts[verdict.outcome] += 1
    return counts


def _table(verdicts: list[Verdict], not_covered: Mapping[Endpoint, int]) -> Iterator[str]:
    rows: dict[Endpoint, list[Verdict]] = {}
    for verdict in verdicts:
        rows.setdefault((verdict.exchange.provider, verdict.exchange.endpoint), []).append(verdict)
    yield f"{'provider / endpoint':<50} " + " ".join(f"{name:>11}" for name in _COLUMNS)
    for endpoint in sorted({*rows, *not_covered}):
        name = " / ".join(endpoint)
        if endpoint in rows:
            counts = _counted(rows[endpoint])
            yield f"{name:<50} " + " ".join(f"{counts[column] or '.':>11}" for column in _COLUMNS)
        if endpoint in not_covered:
            yield f"{name:<50} {not_covered[endpoint]:>11} not covered yet"
    yield ""


def _unexplained(verdicts: list[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.unexplained:
            yield f"{verdict.exchange.id} ({verdict.wire})"
            for difference in verdict.unexplained:
                yield f"    {difference.check}: {difference.path or 'body'}"
                yield f"        expected {shortened(difference.expected)}"
                yield f"        got      {shortened(difference.got)}"
    if any(verdict.unexplained for verdict in verdicts):
        yield ""


def _explanations(verdicts: list[Verdict], *, verbose: bool) -> Iterator[str]:
    reasons: dict[str, Rule] = {}
    differences: Counter[str] = Counter()
    exchanges: dict[str, set[str]] = {}
    for verdict in verdicts:
        for finding in verdict.findings:
            if finding.rule is not None:
                name = finding.rule.name
                reasons[name] = finding.rule
                differences[name] += 1
                exchanges.setdefault(name, set()).add(verdict.exchange.id)
    for name, rule in sorted(reasons.items()):
        yield f"{name}: {differences[name]} differences in {len(exchanges[name])} exchanges: {rule.reason}"
        if verbose:
            yield from (f"    {identity}" for identity in sorted(exchanges[name]))
    if reasons:
        yield ""
