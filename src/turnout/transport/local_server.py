"""An embedded model's server as its owner sees it: started when first asked for, stopped with its owner."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from turnout.errors import ConfigError, Error, MissingExtra, TimedOut, TransportFailed

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    from turnout.transport.local_child import ChildSettings

INSTALL = "pip install 'turnout[local]'"

SLOTS = 4  # calls served at the same time; more wait their turn
CONTEXT_TOKENS = 4096  # of each slot; 23 KB a token for SmolLM2-135M, 131 KB for an 8B model with grouped queries

_MAX_ANSWER_BYTES = 64 * 1024  # of what the process says about its start


class Endpoint(Struct, frozen=True):
    base_url: str  # http://127.0.0.1:PORT
    key: str  # a bearer token, new for every process, so that other users of the machine cannot use the server

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url})"


class EmbeddedServer:
    """llama.cpp's server on a loopback port, in a process of its own. Any thread may ask; the first one starts it.

    ``chat_template`` replaces the one inside the weights. ``verbose`` lets llama.cpp's log through to standard error.
    A process that ends by itself, or that belongs to the process we were forked from, is replaced at the next ask.
    """

    def __init__(
        self,
        weights: Path,
        *,
        name: str = "",
        chat_template: str = "",
        host: str = "127.0.0.1",
        slots: int = SLOTS,
        context_tokens: int = CONTEXT_TOKENS,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.weights = weights
        self._name = name or weights.stem
        self._chat_template = chat_template
        self._host = host
        self._slots = slots
        self._context_tokens = context_tokens
        self._threads = threads
        self._verbose = verbose
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._launch: _Launch | None = None
        self._closed = False

    def ready(self) -> Endpoint | None:
        """Where it answers, or None when it is not running (yet). Never waits."""
        launch = self._launch
        if launch is None or not launch.serves(os.getpid()):
            return None
        return launch.endpoint

    def endpoint(self, deadline: float) -> Endpoint:
        """Where it answers, started if need be. ``deadline`` is on ``time.monotonic()``.

        Raises TimedOut when loading outlasts the deadline (it goes on, and a later ask finds it further), MissingExtra
        without xllamacpp, ConfigError for weights that llama.cpp refuses, TransportFailed when the process dies.
        """
        with self._own_lock():
            if self._closed:
                raise ConfigError(f"the embedded server of {self.weights.name} is closed; make a new client")
            if self._launch is None or not self._launch.serves(self._owner):
                self._launch = _Launch(self._settings(), self.weights)
            launch = self._launch
        return launch.wait(deadline)

    def close(self) -> None:
        """Ends the process at once; calls under way break off. Closing twice is fine."""
        with self._own_lock():
            self._closed = True
            launch, self._launch = self._launch, None
        if launch is not None:
            launch.stop()

    def _own_lock(self) -> threading.Lock:
        if self._owner != os.getpid():  # after a fork: a thread that is not here may have held the old one
            self._lock, self._owner = threading.Lock(), os.getpid()
        return self._lock

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settings(self) -> ChildSettings:
        import secrets
        import sys

        return {
            "sys_path": list(sys.path),
            "weights": str(self.weights),
            "name": self._name,
            "chat_template": self._chat_template,
            "fit": not self._chat_template,
            "host": self._host,
            "slots": self._slots,
            "context_tokens": self._context_tokens,
            "threads": self._threads or usable_cpus(),
            "key": secrets.token_urlsafe(32),
            "verbose": self._verbose,
        }


class _Launch:
    """One process, from its start to its end."""

    def __init__(self, settings: ChildSettings, weights: Path) -> None:
        import json
        import subprocess
        import sys
        import tempfile

        if not sys.executable:
            raise ConfigError("the embedded model runs in a Python of its own, and sys.executable does not say where Python is")
        self.endpoint: Endpoint | None = None
        self._owner = os.getpid()
        self._weights = weights
        self._key = settings["key"]
        self._failure: Error | None = None
        self._answered = threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the thread that reads it
        # In a group of its own: Ctrl-C in a terminal is meant for the program, not for the model.
        own_group: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {"creationflags": 0x200}
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of ours
            [sys.executable, "-I", "-S", os.path.join(os.path.dirname(__file__), "local_child.py")],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if settings["verbose"] else self._errors,
            **own_group,
        )
        self.stop = weakref.finalize(self, _end, self._process, self._owner)  # also at the interpreter's exit
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once; whoever reads its answer sees that too
            self._process.stdin.write(json.dumps(settings).encode() + b"\n")
        threading.Thread(target=self._read, name="turnout-local-start", daemon=True).start()

    def serves(self, owner: int) -> bool:
        return self._owner == owner and self._process.poll() is None

    def wait(self, deadline: float) -> Endpoint:
        if not self._answered.wait(max(0.0, deadline - time.monotonic())):
            raise TimedOut(f"loading {self._weights.name} takes longer than the time left for the call; it goes on, so try again")
        if self.endpoint is None:
            assert self._failure is not None
            raise type(self._failure)(str(self._failure))  # a new one for each thread that waits
        return self.endpoint

    def _read(self) -> None:
        import json

        assert self._process.stdout is not None
        try:
            answer: dict[str, str] = json.loads(self._process.stdout.readline(_MAX_ANSWER_BYTES) or b"{}")
        except ValueError:
            answer = {}
        self._process.stdout.close()
        if "base_url" in answer:
            self.endpoint = Endpoint(answer["base_url"], self._key)
        else:
            self._failure = self._explain(answer)
        self._errors.close()
        self._answered.set()

    def _explain(self, answer: dict[str, str]) -> Error:
        import subprocess

        if "missing" in answer:
            if "libgomp" in answer["missing"]:  # the wheel for Linux does not bring it
                return MissingExtra("llama.cpp needs the OpenMP runtime: apt-get install libgomp1, or dnf install libgomp")
            return MissingExtra(f"the embedded model needs llama.cpp: {INSTALL} ({answer['missing']})")
        self._errors.seek(0)
        log = self._errors.read(_MAX_ANSWER_BYTES).decode(errors="replace")
        _, _, reason = log.partition("error loading model: ")
        reason = (reason or log.strip().rpartition("\n")[2]).partition("\n")[0].strip() or answer.get("failed", "")
        if "failed" in answer:
            return ConfigError(f"llama.cpp cannot load {self._weights}: {reason}")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5.0)
        status = self._process.returncode
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return TransportFailed(
            f"the embedded server ended with {how} while it loaded {self._weights.name}: {reason or 'it said nothing'}; "
            "is there enough memory? TURNOUT_LOG=debug shows what llama.cpp says"
        )


def _end(process: Popen[bytes], owner: int) -> None:
    from subprocess import TimeoutExpired

    assert process.stdin is not None
    if os.getpid() != owner:  # a fork of the owner lets go of its copy; the server is not its to stop
        process.returncode = 0
        process.stdin.close()
        return
    process.kill()  # it keeps nothing, so there is nothing to ask it to save
    process.stdin.close()
    with suppress(TimeoutExpired):
        process.wait(timeout=5.0)


def usable_cpus() -> int:
    """How many threads llama.cpp should compute with: the processors this process may use, and no second thread of a core.

    More threads than processors are far slower than too few, for they wait for each other by spinning.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        # https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files (read 2026-11-21): "$MAX $PERIOD" in microseconds
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
        cpus = min(cpus, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no cgroup, or "max": no limit
    return cpus if cpus <= 4 else cpus // 2
