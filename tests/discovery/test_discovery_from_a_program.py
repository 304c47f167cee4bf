"""Discovery, and finding a model by its name, from a program."""

from __future__ import annotations

import asyncio

import pytest
from model_server import listed

import turnout
from turnout.client.discover import discover, find_model, resolve_model
from turnout.errors import ConfigError, UnknownName
from turnout.types import Target


def test_a_model_is_found_by_a_part_of_its_name(desk):
    desk.write("box", more="    valid_models:\n      acme-large-2026: large\n")
    at = {"data_directory": str(desk.folder), "environ": {}}
    assert find_model("LARGE", **at) == [Target("box", "acme-large-2026")]
    assert find_model("4o", **at) == [Target("openai", "gpt-4o-2024-08-06")]
    assert find_model("nothing-like-it", **at) == []


def test_finding_a_model_is_a_word_of_the_library():
    assert turnout.find_model is find_model


def test_a_name_is_resolved_to_its_long_name(desk):
    at = {"data_directory": str(desk.folder), "environ": {}}
    assert resolve_model("openai/4.1-mini", **at) == Target("openai", "gpt-4.1-mini-2025-04-14")
    with pytest.raises(UnknownName):
        resolve_model("openai/none", **at)


def test_a_listed_model_is_asked_itself_although_another_is_called_so(desk, server, tmp_path):
    desk.write("box", more="    valid_models:\n      acme-2026: acme\n")
    server.lists["box"] = listed("acme-2026", "acme")
    discover(["box"], data_directory=str(desk.folder), environ={"TURNOUT_CACHE_DIR": str(tmp_path / "kept")})
    assert sorted(server.asked) == [("box", "acme"), ("box", "acme-2026")]


def test_inside_an_event_loop_it_says_what_to_use_instead():
    async def go():
        discover(["openai"], environ={})

    with pytest.raises(ConfigError, match="discovery_here"):
        asyncio.run(go())


def test_a_program_discovers_with_one_call(desk, server, tmp_path):
    desk.write("box")
    server.lists["box"] = listed("a")
    environ = {"HOME": str(tmp_path), "TURNOUT_CACHE_DIR": str(tmp_path / "kept")}
    steps = []
    found = discover(["box"], data_directory=str(desk.folder), environ=environ, report=steps.append)
    assert (found.success, found.providers[0].valid, found.saved) == (True, ("a",), str(desk.yaml))
    assert steps[-1].kind == "saved"
    assert len(list((tmp_path / "kept" / "lists").glob("*.json"))) == 1
    again = discover(["box"], data_directory=str(desk.folder), environ=environ, persist=False)
    assert again.providers[0].source == "disk"
