"""Recorded exchanges as test cases for the author of a wire."""

from __future__ import annotations

from pathlib import Path

from turnout.errors import ConfigError
from turnout.testing.exchange import Exchange, read_exchanges
from turnout.testing.reference import Reference
from turnout.testing.routes import route_of
from turnout.testing.rules import RULES, Rule
from turnout.testing.verdict import examine
from turnout.wire import Wire


class Case:
    """One exchange and the wire that has to carry it. ``str(case)`` is the exchange's id."""

    def __init__(self, wire: Wire, exchange: Exchange, reference: Reference | None, rules: tuple[Rule, ...]) -> None:
        self.wire = wire
        self.exchange = exchange
        self._reference = reference
        self._rules = rules

    def check(self) -> None:
        """Raises AssertionError that lists every difference no rule explains."""
        verdict = examine(self.exchange, self.wire, reference=self._reference, route=route_of(self.exchange), rules=self._rules)
        if verdict.unexplained:
            lines = "\n".join(f"  {difference}" for difference in verdict.unexplained)
            raise AssertionError(f"{self}: wire {self.wire.name} departs from the recorded exchange\n{lines}")

    def __str__(self) -> str:
        return self.exchange.id


def conformance_cases(
    wire: Wire, pattern: str | Path, *, reference: Reference | None = None, rules: tuple[Rule, ...] = RULES
) -> list[Case]:
    """A case for every exchange of ``wire`` in the files that ``pattern`` names ("fixtures/*.jsonl")::

        @pytest.mark.parametrize("case", conformance_cases(WIRE, "fixtures/*.jsonl"), ids=str)
        def test_the_wire_carries(case):
            case.check()

    Left out are exchanges whose address belongs to another built-in wire. ``reference`` is needed for a protocol that is
    not built in. Raises ConfigError if nothing is found: a test of nothing would pass.
    """
    path = Path(pattern)
    files = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
    cases = [
        Case(wire, exchange, reference, rules)
        for file in files
        for exchange in read_exchanges(file)
        if (route := route_of(exchange)) is None or route.wire == wire.name
    ]
    if not cases:
        raise ConfigError(f"no exchange of wire {wire.name!r} in {pattern} (looked from {Path.cwd()})")
    return cases
