"""Recorded traffic of real providers, and of the llama.cpp server, through the wires that speak its protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnout.testing.conformance import Run
from turnout.testing.exchange import read_exchanges
from turnout.testing.report import report

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "open"
LLAMACPP = ROOT / "tests" / "fixtures" / "llamacpp"
COVERED = (
    "*chat.completions.jsonl",
    "*__messages.jsonl",
    "*__api.chat.jsonl",
    "*__v2.chat.jsonl",
    "*__responses.jsonl",
    "bedrock__converse*.jsonl",
    "bedrock__invoke.jsonl",
    "vertex__anthropic.*.jsonl",
    "writer__chat.jsonl",
    "[!d]*__*models.jsonl",  # not Deepgram's, which are of speech
    "deepseek__models.jsonl",
    "ollama__api.tags.jsonl",
    "ollama__api.show.jsonl",
    "*__messages.count_tokens.jsonl",
    "*__countTokens.jsonl",
    "openai__responses.input_tokens.jsonl",
    "openai__responses.get.jsonl",
    "ollama__api.generate.jsonl",
    "bedrock__count-tokens.jsonl",
    "cohere__v1.tokenize.jsonl",
)


def files(folder, patterns, absent):
    found = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return [pytest.param(path, id=path.stem) for path in found] or [pytest.param(None, marks=pytest.mark.skip(reason=absent))]


def survives(path):
    run = Run(read_exchanges(path))
    verdicts = list(run.verdicts())
    assert verdicts, f"no exchange of {path.name} is in a protocol that a wire speaks"
    assert all(verdict.outcome != "unexplained" for verdict in verdicts), "\n".join(report(verdicts, run.not_covered))


@pytest.mark.parametrize("path", files(CORPUS, COVERED, "the corpus of recorded traffic is not at ../shared/corpus/open"))
def test_recorded_traffic_goes_through_its_wire_with_nothing_lost(path):
    survives(path)


@pytest.mark.parametrize("path", files(LLAMACPP, COVERED, "nothing was recorded from llama.cpp in tests/fixtures/llamacpp"))
def test_what_the_embedded_server_says_goes_through_its_wire_with_nothing_lost(path):
    survives(path)
