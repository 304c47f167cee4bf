"""Every recorded exchange of the shared corpus, when it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnout.testing import conformance_cases
from turnout.testing.case import Case
from turnout.wire.gemini import WIRE

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "open"
FILES = ("gemini__generateContent", "gemini__streamGenerateContent", "vertex__generateContent", "vertex__streamGenerateContent")


@pytest.mark.parametrize("name", FILES)
def test_recorded_exchanges_are_carried_whole(name: str) -> None:
    if not (CORPUS / f"{name}.jsonl").exists():
        pytest.skip(f"no recordings at {CORPUS}")
    cases: list[Case] = conformance_cases(WIRE, CORPUS / f"{name}.jsonl")
    for case in cases:
        case.check()
