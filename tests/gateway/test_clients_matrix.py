"""The short form of `make clients`: official clients at providers of other protocols, replayed, through a gateway on sockets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_gateway import running

sys.path.insert(0, str(Path(__file__).parents[2]))  # `clients` stands beside `tests`

from clients.clients import Client
from clients.families.table import FAMILIES
from clients.features import Cell
from clients.ground import environ, settings
from clients.matrix import Outcome, show
from clients.pypi.table import PYPI
from clients.story import TOOL_SCHEMA, Seen, Unlike, answer, prompt
from clients.upstream import Upstream

FAMILY = {family.name: family for family in FAMILIES}
# Each client at a provider of another protocol, with what breaks first when a translation is wrong.
CELLS = [
    ("openai chat", "anthropic", "parallel"),
    ("openai chat", "mistral", "reasoning"),
    ("openai chat", "bedrock", "structured"),
    ("openai responses", "gemini", "reasoning"),
    ("openai responses", "responses", "reasoning"),
    ("anthropic", "deepseek", "reasoning"),
    ("anthropic", "responses", "tools"),
    ("anthropic", "invoke-claude", "reasoning"),
    ("google-genai", "gemini", "reasoning"),
    ("google-genai", "cohere", "images"),
    ("cohere", "openai", "structured"),
    ("mistralai", "azure", "parallel"),
    ("mistralai", "ollama", "stream"),
    ("ollama", "vertex", "tools"),
    ("boto3 bedrock", "openai", "images"),
    ("boto3 bedrock", "vertex-claude", "parallel"),
    ("openai chat", "ollama", "cancel"),
    ("anthropic", "cohere", "cancel"),
]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(FAMILIES) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def url(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "turnout.toml").write_text(settings(upstream, FAMILIES), encoding="utf-8")
    with running(None, TURNOUT_CONFIG_DIR=str(folder), **environ(FAMILIES)) as (url, _):
        yield url


@pytest.fixture(scope="module")
def clients(url: str) -> Iterator[dict[str, Client]]:
    made: dict[str, Client] = {name: PYPI[name](url) for name in {name for name, _, _ in CELLS}}
    yield made
    for client in made.values():
        client.close()


@pytest.mark.parametrize(("client", "family", "scene"), CELLS, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.filterwarnings("ignore")  # the clients' own
def test_an_official_client_plays_a_feature_at_a_provider_of_another_protocol(
    clients: dict[str, Client], upstream: Upstream, client: str, family: str, scene: str
) -> None:
    getattr(Cell(clients[client], FAMILY[family], upstream), scene)()


def test_a_request_that_lost_something_on_the_way_is_refused_by_the_upstream() -> None:
    asked = Seen(texts=[prompt("parallel", "x1")])
    with pytest.raises(Unlike, match="the tool weather and its schema did not arrive"):
        answer(asked, ids=("a", "b"), thinks=True)
    asked.tools["weather"] = TOOL_SCHEMA
    assert len(answer(asked, ids=("a", "b"), thinks=True)[3].calls) == 2
    asked.calls = [("a", {"city": "Paris"}), ("b", {"city": "Lyon"})]
    asked.results = [("a", "21 degrees"), ("b", "18 degrees")]
    with pytest.raises(Unlike, match="'Paris': '21 degrees'"):
        answer(asked, ids=("a", "b"), thinks=True)


def test_the_matrix_hides_no_cell() -> None:
    table = {
        ("one", "here"): Outcome(passed=["plain", "tools"]),
        ("one", "there"): Outcome(passed=["plain"], lacking={"tools": "it calls none"}),
        ("two", "here"): Outcome(passed=["plain"], failed={"tools": "it heard nothing"}),
        ("two", "there"): Outcome(passed=["plain", "tools"]),
    }
    printed = show(table, {"three": "no node"}, 1.0)
    assert [line.split() for line in printed.splitlines()[1:4]] == [
        ["one", "2", "1-"],
        ["two", "1/2", "!", "2"],
        ["three", "no", "node"],
    ]
    assert "- tools: it calls none (1 cells)" in printed
    assert "! two at here, tools: it heard nothing" in printed
    assert "6 passed, 1 failed, 1 not to be had" in printed
