"""A report as a person reads it."""

from __future__ import annotations

import sys

from turnout.cli.doctor.here import Embedded, Finding, Gateway, Report, State


def lines_of(report: Report, *, everything: bool) -> list[str]:
    lines = [
        f"turnout {report.turnout} · Python {report.python} · {report.platform}",
        "",
        *section("configuration", [*report.config_files, *_wrong(report.config_error)], "no file"),
        *section("default model", [report.default_model, *_wrong(report.default_model_error)]),
        *section("embedded model", _embedded_lines(report.embedded)),
    ]
    if report.remembered is not None and (report.remembered.targets or report.remembered.error):
        told = f"targets: {report.remembered.targets}, in {report.remembered.file}"
        lines += section("measured", _wrong(report.remembered.error) or [told])
    if report.gateway is not None:
        resting = [
            f"! {one.target} failed several times in a row: left alone for {one.seconds:.0f} s{_by(one.workers, report.gateway)}"
            for one in report.gateway.resting
        ]
        lines += section("gateway", [report.gateway.note if report.gateway.used else f"! {report.gateway.note}", *resting])
    if report.plugins:
        lines += section("plugins that do not work", [f"! {plugin.reason}" for plugin in report.plugins])
    titles: dict[State, str] = {
        "usable": "usable",
        "failing": "set up, but asked in vain",
        "wrong": "set up, but not usable",
        "unset": "not set up",
    }
    for state, title in titles.items():
        found = [finding for finding in report.providers if finding.state == state]
        if state == "unset" and not everything:
            lines.append(f"{len(found)} more providers are not set up; `turnout doctor --all` says what each needs")
        elif found or state == "usable":
            width = max((len(finding.id) for finding in found), default=0)
            rows = [f"{finding.id:<{width}}  {_told(finding)}" for finding in found]
            lines += section(f"{title} ({len(found)})", rows, "none: set a provider's key, or `turnout local pull`")
    return lines


def _by(workers: int, gateway: Gateway) -> str:
    return f" by {workers} of {gateway.workers} workers" if gateway.workers > 1 else ""


def section(title: str, rows: list[str], without: str = "") -> list[str]:
    from turnout.cli.terminal import is_terminal, printable, styled

    rows = [printable(row) if is_terminal(sys.stdout) else row for row in rows or [without]]
    return [
        styled(title, "bold", sys.stdout),
        *(f"  {styled(row, 'yellow', sys.stdout) if row.startswith('!') else row}" for row in rows),
        "",
    ]


def _told(finding: Finding) -> str:
    health, by = finding.health, "" if finding.said_by == "here" else ", says the gateway"
    if health is None:
        return finding.reason + by
    if health.error is not None:
        return f"{_first_line(health.error)}\n      {health.remedy}"
    facts = [finding.reason + by]
    if health.seconds is not None:
        facts.append(f"{health.models} models in {health.seconds * 1000:.0f} ms")
    if health.authenticated:
        facts.append("it takes the key")
    return " · ".join(facts) + (f"\n      {health.remedy}" if health.remedy else "")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _wrong(error: str | None) -> list[str]:
    return [f"! {error}"] if error else []


def _embedded_lines(embedded: Embedded) -> list[str]:
    engine = f"llama.cpp bindings: xllamacpp {embedded.engine}" if embedded.engine else "llama.cpp bindings: none"
    return [engine, f"weights: {embedded.weights or 'none'}", *_wrong(embedded.reason)]
