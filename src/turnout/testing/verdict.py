"""What the checks say of one exchange: equal, explained or unexplained."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from turnout.testing.checks import differences, subjects
from turnout.testing.difference import Difference
from turnout.testing.exchange import Exchange
from turnout.testing.operations import checks_of
from turnout.testing.reference import Reference
from turnout.testing.routes import Route
from turnout.testing.rules import RULES, Rule, explanation
from turnout.wire import Wire


class Finding(Struct, frozen=True):
    difference: Difference
    rule: Rule | None


class Verdict(Struct, frozen=True, kw_only=True):
    """``findings`` in the order of the checks; ``decoded`` says that the response came out as the answer or error it is."""

    exchange: Exchange
    wire: str
    findings: tuple[Finding, ...]

    @property
    def decoded(self) -> bool:
        return not any(finding.difference.check == "decodes" and finding.rule is None for finding in self.findings)

    @property
    def outcome(self) -> Literal["equal", "explained", "unexplained"]:
        if not self.findings:
            return "equal"
        return "explained" if all(finding.rule for finding in self.findings) else "unexplained"

    @property
    def unexplained(self) -> list[Difference]:
        return [finding.difference for finding in self.findings if finding.rule is None]


def examine(
    exchange: Exchange,
    wire: Wire,
    *,
    reference: Reference | None = None,
    route: Route | None = None,
    rules: tuple[Rule, ...] = RULES,
) -> Verdict:
    """Runs every check. Raises ConfigError if ``wire`` lacks a direction or no reference for it is known."""
    if route is not None and route.operation != "chat":
        asked = checks_of(route.operation)(exchange, wire, route)
        findings = tuple(Finding(difference, explanation(difference, rules)) for difference in asked)
        return Verdict(exchange=exchange, wire=wire.name, findings=findings)
    found: list[Difference] = []
    answers = subjects(exchange, wire, reference, route)
    if len(answers) > 1:
        found.append(Difference("one answer", "", 1, len(answers)))
    for subject in answers:
        found += differences(subject)
    findings = tuple(Finding(difference, explanation(difference, rules)) for difference in found)
    return Verdict(exchange=exchange, wire=wire.name, findings=findings)
