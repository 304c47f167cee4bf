"""The real llama.cpp server, asked what it serves and how many tokens it counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from turnout.client import Client
from turnout.config import Config
from turnout.registry import Registry

MODEL = "local/smollm2-135m"


@pytest.fixture(scope="module")
def client(smollm2: Path) -> Iterator[Client]:
    with Client(Registry(config=Config()), model=MODEL) as client:
        yield client


def test_the_embedded_server_says_what_it_serves(client: Client) -> None:
    (model,) = client.models("local")
    assert model.id == "smollm2-135m"
    assert model.owned_by == "llamacpp"


def test_what_is_counted_is_what_a_call_uses(client: Client) -> None:
    prompt = {"prompt": "Name three rivers", "system": "Answer in French"}
    counted = client.count_tokens(**prompt)
    used = client.chat(**prompt, max_output_tokens=1, temperature=0).usage
    assert counted.input_tokens == used.input_tokens
    assert counted.of == "request"


def test_tools_are_counted_too(client: Client) -> None:
    tool = {"type": "function", "function": {"name": "weather", "description": "Of a city", "parameters": {"type": "object"}}}
    assert client.count_tokens("hello", tools=[tool]).input_tokens > client.count_tokens("hello").input_tokens
