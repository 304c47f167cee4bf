"""Several processes on one port: starts them, replaces those that die, passes signals on, and runs what they share."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from shutil import rmtree
from socket import socket, socketpair
from tempfile import mkdtemp
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import json
from msgspec.structs import replace

from turnout.errors import ConfigError, Error
from turnout.gateway.lending import Lender
from turnout.gateway.listening import bind, names
from turnout.gateway.resting import resting_in
from turnout.gateway.serving import ENDING, say, tell_mistakes, told_in
from turnout.gateway.settings import Settings
from turnout.gateway.snapshot import check
from turnout.gateway.worker import READY, Work

if TYPE_CHECKING:
    from turnout.registry import Registry

_SIGNALS = (*ENDING, *(getattr(signal, name) for name in ("SIGHUP", "SIGCHLD") if hasattr(signal, name)))
_BETWEEN_FAILURES = 1.0  # seconds, before another try to start a worker that died before it served
_BEYOND_DRAIN = 5.0  # seconds that a worker may take to end after its streams had to
_START = """
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from turnout.gateway.worker import main
sys.exit(main())
"""


def supervise(
    settings: Settings,
    *,
    host: str,
    port: int,
    drain_seconds: int,
    records: str | None,
    workers: int,
    snapshot: str | None = None,
) -> int:
    """As ``serve``. The records that can be asked for by id are off: they would be in one worker, and the question in another."""
    if os.name != "posix":
        raise ConfigError("several workers need Linux, macOS or another Unix: leave --workers out")
    if settings.limits.concurrent < workers:
        raise ConfigError(f"--concurrent {settings.limits.concurrent} leaves no call to some of the {workers} workers: raise it")
    from turnout.registry import Registry

    registry = Registry()
    registry.validate()
    tell_mistakes(registry)
    sockets = bind(host, port, workers)
    directory = mkdtemp(prefix="turnout-")  # for its owner only
    lender = Lender(os.path.join(directory, "models"))
    work = Work(
        settings=replace(settings, records_kept=0),
        place=0,
        sockets=[],
        channel=-1,
        directory=directory,
        lender=os.path.join(directory, "models"),
        drain_seconds=drain_seconds,
        records=records,
    )
    supervisor = _Supervisor(work, sockets, registry)
    try:
        with told_in(
            snapshot,
            lambda: supervisor.registry,
            workers=workers,
            resting=lambda: resting_in(directory, time.time()),
        ):
            return supervisor.run()
    finally:
        lender.close()
        rmtree(directory, ignore_errors=True)


class _Worker:
    """One process, from its start to its end."""

    def __init__(self, work: Work, listening: list[socket]) -> None:
        self.channel, theirs = socketpair()
        self.ready = False
        self.reload_when_ready = False
        inherited = [sock.fileno() for sock in listening]
        work = replace(work, sockets=inherited, channel=theirs.fileno())
        self.process = subprocess.Popen(  # noqa: S603 - this interpreter, with a text of ours
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            pass_fds=[*inherited, theirs.fileno()],
            process_group=0,  # a terminal's Ctrl-C comes from us, once
        )
        theirs.close()
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once, which whoever waits for it sees
            self.process.stdin.write(json.encode(sys.path) + b"\n" + json.encode(work) + b"\n")
            self.process.stdin.close()

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def has_answered(self) -> None:
        self.ready = self.channel.recv(1) == READY
        if self.ready and self.reload_when_ready:
            self.signal(signal.SIGHUP)


class _Supervisor:
    """``registry`` makes no calls: it says what is in force in the workers."""

    def __init__(self, work: Work, sockets: list[list[socket]], registry: Registry) -> None:
        self.registry = registry
        self._work = work
        self._sockets = sockets
        self._workers: dict[int, _Worker] = {}
        self._start_at: dict[int, float] = dict.fromkeys(range(len(sockets)), 0.0)  # places without a worker
        self._signals: list[int] = []
        self._served = False

    def run(self) -> int:
        woken, waker = socketpair()
        woken.setblocking(False)
        waker.setblocking(False)
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        wakeup = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        try:
            return self._watch(woken)
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, disposition in before.items():
                signal.signal(number, disposition)
            self._stop()
            woken.close()
            waker.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)

    def _watch(self, woken: socket) -> int:
        while True:
            while self._signals:
                number = self._signals.pop(0)
                if number in ENDING:
                    return 0
                if number != signal.SIGCHLD:
                    self._reload()
            if not self._bury():
                return 1
            now = time.monotonic()
            for place in [place for place, at in self._start_at.items() if at <= now]:
                del self._start_at[place]
                self._workers[place] = _Worker(self._work_at(place), self._sockets[place])
            starting = {worker.channel: worker for worker in self._workers.values() if not worker.ready}
            wait = max(0.0, min(self._start_at.values()) - now) if self._start_at else None
            readable, _, _ = select.select([woken, *starting], [], [], wait)
            for channel in readable:
                if channel is woken:
                    with suppress(BlockingIOError):
                        woken.recv(4096)
                else:
                    starting[channel].has_answered()
            self._announce()

    def _work_at(self, place: int) -> Work:
        settings = self._work.settings
        return replace(
            self._work, place=place, settings=replace(settings, limits=settings.limits.part(place, len(self._sockets)))
        )

    def _announce(self) -> None:
        if self._served or self._start_at or not all(worker.ready for worker in self._workers.values()):
            return
        self._served = True
        for name in names(self._sockets[0]):
            say(f"serving on {name} with {len(self._workers)} workers")

    def _bury(self) -> bool:
        """Makes room for the next of every worker that died. False if one died before any had served: so would the next."""
        for place, worker in list(self._workers.items()):
            if (status := worker.process.poll()) is None:
                continue
            worker.channel.close()
            del self._workers[place]
            if not (worker.ready or self._served):
                say(f"a worker ended with status {status} before it served")
                return False
            say(f"worker {place} ended with status {status} and is replaced")
            self._start_at[place] = time.monotonic() + (0.0 if worker.ready else _BETWEEN_FAILURES)
        return True

    def _reload(self) -> None:
        from turnout.registry import Registry

        registry = Registry()
        try:
            check(registry)
        except Error as error:
            say(f"the configuration was not reloaded, and the old one goes on: {error}")
            return
        self.registry = registry
        for worker in self._workers.values():
            if worker.ready:
                worker.signal(signal.SIGHUP)
            else:
                worker.reload_when_ready = True
        say("the configuration was read again")

    def _stop(self) -> None:
        for listening in (sock for sockets in self._sockets for sock in sockets):
            listening.close()  # what nobody will serve is refused, not kept waiting
        for worker in self._workers.values():
            worker.signal(signal.SIGTERM)
        until = time.monotonic() + self._work.drain_seconds + _BEYOND_DRAIN
        for worker in self._workers.values():
            try:
                worker.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.channel.close()
