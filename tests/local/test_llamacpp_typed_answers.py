"""Objects out of the real llama.cpp server: what it says is the small model's, that it is of the type is the grammar's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from turnout.client import AsyncClient, Client
from turnout.config import Config, ConfigFile
from turnout.errors import InvalidAnswer
from turnout.registry import Registry
from turnout.transport.local_server import Endpoint

QUESTION = "What is the colour of an apple?"
ASKED: dict[str, Any] = {"temperature": 0, "max_output_tokens": 60}


class Look(msgspec.Struct):
    colour: Literal["red", "green"]
    weight: int


@dataclass
class Named:
    colour: Literal["red", "green"]
    ripe: bool = True


class Model(pydantic.BaseModel):
    colour: Literal["red", "green"]


@pytest.fixture
def bound(endpoint: Endpoint) -> dict[str, Any]:
    """What both clients are made with: the server as a provider of each of its protocols."""
    wires = ("openai-chat", "openai-responses", "anthropic-messages")
    tables = {wire: {"wire": wire, "base_url": f"{endpoint.base_url}/v1", "auth": "bearer"} for wire in wires}
    config = Config((ConfigFile("user file", "turnout.toml", {"providers": tables}),))
    return {"registry": Registry(environ={}, config=config), "api_key": endpoint.key, "timeout": 60}


Looks = Annotated[list[Look], msgspec.Meta(min_length=1, max_length=2)]


@pytest.mark.parametrize(("wanted", "kind"), [(Look, Look), (Named, Named), (Model, Model), (Looks, list)])
@pytest.mark.parametrize("mode", [None, "json_schema", "tools"])
def test_an_answer_is_an_object_of_the_type(bound: dict[str, Any], wanted: Any, kind: type, mode: str | None) -> None:
    with Client(model="openai-chat/smollm2-135m", **bound) as client:
        done = client.chat(QUESTION, response_model=wanted, mode=mode, **(ASKED | {"max_output_tokens": 120}))
    assert isinstance(done.parsed, kind)
    assert done.usage.output_tokens
    assert str(done.target) == "openai-chat/smollm2-135m"


@pytest.mark.parametrize("wire", ["openai-chat", "openai-responses", "anthropic-messages"])
def test_each_protocol_gives_an_object_as_the_call_of_a_tool(bound: dict[str, Any], wire: str) -> None:
    async def run() -> Look:
        async with AsyncClient(model=f"{wire}/smollm2-135m", **bound) as client:
            return (await client.chat(QUESTION, response_model=Look, mode="tools", **ASKED)).parsed

    assert isinstance(asyncio.run(run()), Look)


def test_what_never_fits_is_asked_three_times_and_all_of_it_is_counted(bound: dict[str, Any]) -> None:
    class Unlikely(msgspec.Struct):
        colour: Literal["red", "green"]

        def __post_init__(self) -> None:
            raise ValueError("no colour is good enough")

    with Client(model="openai-chat/smollm2-135m", **bound) as client, pytest.raises(InvalidAnswer) as raised:
        client.chat(QUESTION, response_model=Unlikely, mode="json_schema", **ASKED)
    assert raised.value.problems == ("no colour is good enough",) * 3
    assert len(raised.value.completion.attempts) == 3
    assert "colour" in raised.value.text
