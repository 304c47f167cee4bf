"""The doors of a worker: a bound on calls at once, a bounded queue before it in order of arrival, and an honest wait."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from turnout.errors import RateLimited
from turnout.gateway import Limits
from turnout.gateway.admission import Admission


async def turns() -> None:
    """Lets everybody who can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_waits_comes_in_when_a_call_ends_and_in_order() -> None:
    async def play() -> None:
        doors, came = Admission(Limits(concurrent=1, waiting=2)), []

        async def call(name: str) -> None:
            await doors.enter()
            came.append(name)

        began = await doors.enter()
        waiting = [asyncio.create_task(call(name)) for name in ("first", "second")]
        await turns()
        assert (doors.active, doors.waiting, came) == (1, 2, [])
        doors.leave(began)
        await turns()
        assert (doors.active, doors.waiting, came) == (1, 1, ["first"])
        doors.leave(began)
        await asyncio.gather(*waiting)
        doors.leave(began)
        assert (doors.active, doors.waiting, came) == (0, 0, ["first", "second"])

    asyncio.run(play())


def test_who_goes_while_he_waits_leaves_no_gap() -> None:
    async def play() -> None:
        doors = Admission(Limits(concurrent=1, waiting=2))
        began = await doors.enter()
        gone, stays = asyncio.create_task(doors.enter()), asyncio.create_task(doors.enter())
        await turns()
        gone.cancel()
        await turns()
        assert doors.waiting == 1
        doors.leave(began)
        await stays
        assert (doors.active, doors.waiting) == (1, 0)

    asyncio.run(play())


def test_who_goes_just_as_his_turn_comes_passes_it_on() -> None:
    async def play() -> None:
        doors = Admission(Limits(concurrent=1, waiting=2))
        began = await doors.enter()
        gone, stays = asyncio.create_task(doors.enter()), asyncio.create_task(doors.enter())
        await turns()
        doors.leave(began)  # his place is given
        gone.cancel()  # and he goes before he knows
        await stays
        assert (doors.active, doors.waiting) == (1, 0)
        doors.leave(began)
        assert doors.active == 0

    asyncio.run(play())


def test_who_finds_the_queue_full_is_refused_and_counted() -> None:
    async def play() -> None:
        doors = Admission(Limits(concurrent=2, waiting=0))
        await doors.enter()
        await doors.enter()
        with pytest.raises(RateLimited, match="2 calls are under way here and 0 wait") as refused:
            await doors.enter()
        assert (refused.value.status, refused.value.retry_after, doors.refused) == (429, 1, 1)

    asyncio.run(play())


def test_who_waits_too_long_is_refused() -> None:
    async def play() -> None:
        doors = Admission(Limits(concurrent=1, waiting=1, waiting_seconds=0.02))
        await doors.enter()
        with pytest.raises(RateLimited):
            await doors.enter()
        assert (doors.active, doors.waiting, doors.refused) == (1, 0, 1)

    asyncio.run(play())


def test_the_wait_that_is_told_is_what_calls_take_and_how_many_are_before() -> None:
    async def play() -> int:
        doors = Admission(Limits(concurrent=4, waiting=7))
        for _ in range(200):  # calls of 40 s
            await doors.enter()
            doors.leave(monotonic() - 40)
        for _ in range(4):
            await doors.enter()
        queue = [asyncio.create_task(doors.enter()) for _ in range(7)]
        await turns()
        with pytest.raises(RateLimited) as refused:
            await doors.enter()
        for waiting in queue:
            waiting.cancel()
        await asyncio.gather(*queue, return_exceptions=True)
        assert refused.value.retry_after is not None
        return int(refused.value.retry_after)

    assert asyncio.run(play()) == 80  # seven before, and he: twice the four places
