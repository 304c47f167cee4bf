"""The page docs/reference/translation.md: what each wire does to each thing a request or an answer can say, tried on the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ORDER = ("dropped", "approximated", "mapped")  # the worst fate of a probe's lines is its cell
MARKS = {"dropped": "dropped", "approximated": "approx.", "mapped": "mapped", "refused": "refused"}


def page() -> str:
    from turnout.registry import WIRES, Registry
    from turnout.testing import probes

    registry = Registry(environ={})
    wires = [wire for wire in map(registry.wires.get, WIRES) if wire.chat is not None]
    servers = [wire for wire in wires if wire.server is not None]
    notes: dict[str, int] = {}
    lines = [
        "# Translation, field by field\n",
        "What happens to each thing that a request or an answer of *another* protocol says. What stays in its own protocol is",
        "carried verbatim. An empty cell: carried exactly. *mapped*: the same meaning under another name or in another place.",
        "*approx.*: the nearest thing, which is not the same. *refused*: the call ends with `Unsupported` before anything is",
        "sent. The numbers refer to the reasons below. The limits of single models come on top ([parameters](../parameters.md));",
        '`translation="strict"` refuses what is not exact or mapped.\n',
        "## Requests: from a caller of another protocol to a provider of this one\n",
        *_table("", [wire.name for wire in wires], [[name, *_sent(name, wires, notes)] for name in probes.requests()]),
        "\n## Answers: from a provider of another protocol to a caller of this one\n",
        *_table("", [wire.name for wire in servers], [[name, *_said(name, servers, notes)] for name in probes.answers()]),
        "\n## Reasons\n",
        *(f"{number}. {reason}" for reason, number in notes.items()),
    ]
    return "\n".join(lines) + "\n"


def _sent(name: str, wires: Sequence[Any], notes: dict[str, int]) -> list[str]:
    from turnout.adapt import prepare
    from turnout.catalog.schema import Provider
    from turnout.errors import Unsupported
    from turnout.testing import probes

    request = probes.requests()[name]
    cells = []
    for wire in wires:
        provider = Provider(id="a-provider", name="the provider", wire=wire.name, base_url="https://provider.example")
        try:
            prepared = prepare(request, wire, provider, None)
            encoded = wire.chat.encode(prepared.request, provider, stream=False)
        except Unsupported as refusal:
            cells.append(_cell([("refused", str(refusal))], notes))
            continue
        probed = [(line.fate, line.reason) for line in (*prepared.lines, *encoded.lines)]
        cells.append(_cell(probed, notes))
    return cells


def _said(name: Any, wires: Sequence[Any], notes: dict[str, int]) -> list[str]:
    from turnout.adapt.answers import departures
    from turnout.testing import probes

    answer = probes.answers()[name]
    return [_cell([(line.fate, line.reason) for line in departures(answer, wire)], notes) for wire in wires]


def _cell(lines: Sequence[tuple[str, str]], notes: dict[str, int]) -> str:
    if not lines:
        return ""
    worst = min((fate for fate, _ in lines), key=lambda fate: ORDER.index(fate) if fate in ORDER else -1)
    numbers = sorted({notes.setdefault(reason, len(notes) + 1) for fate, reason in lines if fate == worst})
    return f"{MARKS[worst]} {', '.join(map(str, numbers))}"


def _table(corner: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {corner} | {' | '.join(columns)} |",
        "|---" * (len(columns) + 1) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
