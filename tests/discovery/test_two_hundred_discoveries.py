"""Two hundred discoveries at once against providers of which one in ten fails."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from model_server import CUT, KEY, RESET, listed, refused, said

from turnout.config.provider_lists import read_yaml
from turnout.config.provider_lists_writing import save_findings

FAULTS = [refused(500, f"down; your key was {KEY}"), CUT, RESET, refused(429, "slow down"), (200, "no list")]
NAMES = [f"p{number}" for number in range(200)]
FAILING = NAMES[::10]


@pytest.fixture
def many(desk, server):
    """Two hundred providers with two models each; one list in ten fails, and one question in ten."""
    desk.write(*NAMES)
    for number, name in enumerate(NAMES):
        server.lists[name] = listed(f"{name}-chats", f"{name}-not")
        server.chats[name, f"{name}-not"] = said("no")
        if number % 10 == 5:
            server.chats[name, f"{name}-chats"] = FAULTS[number // 10 % 4]
    for at, name in enumerate(FAILING):
        server.lists[name] = FAULTS[at % len(FAULTS)]
    return desk


def test_two_hundred_discoveries_at_once_save_each_success_whole_and_nothing_of_a_failure(many, server):
    before = read_yaml(str(many.yaml))["providers"]
    writes = []

    def save(findings):
        writes.append(len(findings))
        return save_findings(str(many.folder), findings)

    async def go():
        async with many.discovery(save=save, seconds=60) as discovery:
            return await asyncio.gather(*(discovery.discover([name]) for name in NAMES))

    results = dict(zip(NAMES, asyncio.run(go()), strict=True))
    after = read_yaml(str(many.yaml))["providers"]
    assert {name for name, result in results.items() if not result.success} == set(FAILING)
    for number, name in enumerate(NAMES):
        if name in FAILING:
            assert after[name] == before[name]
        else:
            chats = {} if number % 10 == 5 else {f"{name}-chats": f"{name}-chats"}
            assert after[name].get("valid_models", {}) == chats
            assert after[name]["invalid_models"] == [f"{name}-not"]
    assert sum(writes) == len(NAMES) - len(FAILING)
    assert len(writes) < 100  # those who wait are written together
    assert server.most_at_once <= 16
    assert KEY not in repr(results) + repr(many.steps)


def test_one_discovery_of_two_hundred_of_which_one_in_ten_fails_saves_nothing(many):
    before = many.yaml.read_bytes()
    discovered = many.discover(*NAMES, settings={"seconds": 60})
    assert not discovered.success
    assert sum(outcome.error is not None for outcome in discovered.providers) == len(FAILING)
    assert many.yaml.read_bytes() == before


def test_what_two_hundred_lists_leave_in_memory_is_their_names(desk, server):
    desk.write("warm", *NAMES)
    much = {"description": "x" * 20_000}
    for name in ("warm", *NAMES):
        server.lists[name] = (200, {"data": [{"id": f"{name}-{number}", **much} for number in range(5)]})

    async def go():
        async with desk.discovery() as discovery:
            await discovery.discover(["warm"], ask_models=False)
            tracemalloc.start()
            try:
                await asyncio.gather(*(discovery.discover([name], ask_models=False) for name in NAMES))
                return tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()

    left, peak = asyncio.run(go())
    assert left < 8_000_000  # what was said is 20 MB
    assert peak < 30_000_000
