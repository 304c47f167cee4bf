"""Who waits while others write has its findings written with those of all who wait."""

from __future__ import annotations

import asyncio
import threading

import pytest

from turnout.client.saving import Saving
from turnout.discovery import Finding
from turnout.errors import ConfigError


class Disk:
    """Write number n begins ``begun[n]`` and ends after ``may_end[n]``. ``written`` holds what each wrote."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.begun = [threading.Event() for _ in range(4)]
        self.may_end = [threading.Event() for _ in range(4)]
        self._begun = 0

    def save(self, findings):
        number, self._begun = self._begun, self._begun + 1
        self.begun[number].set()
        assert self.may_end[number].wait(60)
        self.written.append([finding.provider for finding in findings])
        return f"write {number}"

    def let_go(self) -> None:
        for event in self.may_end:
            event.set()


def begin(saving, *names):
    return [asyncio.create_task(saving.save([Finding(provider=name)])) for name in names]


def run(act):
    disk = Disk()

    async def go():
        saving = Saving(disk.save)
        first = begin(saving, "first")
        await asyncio.to_thread(disk.begun[0].wait, 60)
        others = begin(saving, "second", "third", "fourth")
        await asyncio.sleep(0)  # they wait now
        return await act(disk, saving, first[0], others)

    return disk, asyncio.run(go())


def test_those_who_wait_are_written_together_and_each_hears_it():
    async def act(disk, saving, first, others):
        disk.let_go()
        return await asyncio.gather(first, *others)

    disk, heard = run(act)
    assert disk.written == [["first"], ["second", "third", "fourth"]]
    assert heard == ["write 0", "write 1", "write 1", "write 1"]


def test_whoever_is_cancelled_while_it_waits_has_nothing_saved_and_holds_up_nobody():
    async def act(disk, saving, first, others):
        others[0].cancel()
        await asyncio.wait(others[:1])
        disk.let_go()
        return await asyncio.gather(first, *others, return_exceptions=True)

    disk, heard = run(act)
    assert disk.written == [["first"], ["third", "fourth"]]
    assert isinstance(heard[1], asyncio.CancelledError)
    assert heard[2:] == ["write 1", "write 1"]


def test_whoever_is_cancelled_while_it_writes_for_others_leaves_them_to_the_next():
    async def act(disk, saving, first, others):
        disk.may_end[0].set()
        await asyncio.to_thread(disk.begun[1].wait, 60)  # the second writes for all three
        others[0].cancel()
        await asyncio.wait(others[:1])
        disk.let_go()
        return await asyncio.gather(*others, return_exceptions=True)

    disk, heard = run(act)
    assert isinstance(heard[0], asyncio.CancelledError)
    assert heard[1:] == ["write 2", "write 2"]
    assert ["third", "fourth"] in disk.written


def test_one_failure_is_raised_to_each_of_those_who_waited():
    def save(findings):
        raise ConfigError("the disk is full")

    async def go():
        saving = Saving(save)
        return await asyncio.gather(*begin(saving, "one", "two", "three"), return_exceptions=True)

    assert [str(error) for error in asyncio.run(go())] == ["the disk is full"] * 3
    with pytest.raises(ConfigError):
        asyncio.run(Saving(save).save([]))
