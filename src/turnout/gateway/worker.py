"""One of several processes that serve the same port. Its work comes as JSON on standard input; see ``workers``."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from shutil import rmtree
from socket import socket

from msgspec import Struct, json

from turnout.errors import Error
from turnout.gateway.app import Gateway, own_transport
from turnout.gateway.jsonl import JsonlSink
from turnout.gateway.lending import BorrowedServers
from turnout.gateway.resting import SharedResting
from turnout.gateway.serving import Server, say
from turnout.gateway.settings import Settings
from turnout.telemetry.shared import SharedCounts

_BETWEEN_WRITES = 0.5  # seconds: how old the counts of the other workers may be

READY = b"r"


class Work(Struct, frozen=True, kw_only=True):
    settings: Settings
    place: int
    sockets: list[int]  # file descriptors to listen on
    channel: int  # one too: we write READY to it, and end when its other side is gone
    directory: str  # for what the workers share
    lender: str  # the Unix socket of who runs the embedded model
    drain_seconds: int
    records: str | None = None


def main() -> int:
    work = json.decode(sys.stdin.buffer.readline(), type=Work)
    try:
        return _serve(work)
    except Error as error:
        say(f"worker {work.place} cannot serve: {error}")
        return 1


def _serve(work: Work) -> int:
    sink = JsonlSink(work.records) if work.records is not None else None
    gateway = Gateway(
        work.settings,
        transport=own_transport(BorrowedServers(work.lender)),
        sinks=(sink,) if sink is not None else (),
        shared=SharedCounts(work.directory, work.place),
    )
    resting = SharedResting(work.directory, work.place)

    def started() -> None:
        os.write(work.channel, READY)
        asyncio.get_running_loop().add_reader(work.channel, orphaned)
        write()

    def orphaned() -> None:
        asyncio.get_running_loop().remove_reader(work.channel)
        server.should_exit = True
        rmtree(work.directory, ignore_errors=True)  # who would have done it is gone

    def write() -> None:
        if server.should_exit:
            return
        asyncio.get_running_loop().call_later(_BETWEEN_WRITES, write)
        with suppress(OSError):  # a full disk: the others see older counts
            gateway.counting.write()
            resting.write(gateway.snapshot.registry.resting())

    server = Server(gateway, work.drain_seconds, on_start=started, quiet=True)
    try:
        gateway.snapshot.registry.validate()  # read now: later the file may be another
        return server.run_on([socket(fileno=number) for number in work.sockets])
    finally:
        with suppress(OSError):  # or nobody is left who shares it
            gateway.counting.write()
        if sink is not None:
            sink.close()
