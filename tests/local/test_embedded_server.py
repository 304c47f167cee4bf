"""The embedded server's life: started once, found by many, stopped with its owner."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest
from embedded_model import LOAD_SECONDS, Answer, post, soon

from turnout.errors import ConfigError, MissingExtra, TimedOut
from turnout.transport.local_server import EmbeddedServer, Endpoint

Make = Callable[..., EmbeddedServer]

HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
ENDLESS = {"messages": [{"role": "user", "content": "Count"}], "max_tokens": 100_000, "ignore_eos": True}


def pid(server: EmbeddedServer) -> int:
    assert server._launch is not None
    return server._launch._process.pid


@contextmanager
def end_of(process: int) -> Iterator[Callable[[], bool]]:
    """Waits for the end of a process that need not be a child."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("needs pidfd (Linux)")
    handle = os.pidfd_open(process)
    try:
        yield lambda: bool(select.select([handle], [], [], LOAD_SECONDS)[0])
    finally:
        os.close(handle)


def test_it_answers_whoever_has_the_key(endpoint: Endpoint) -> None:
    assert post(endpoint, "/v1/chat/completions", HELLO).status == 200


@pytest.mark.parametrize("key", ["", "guessed"])
def test_it_refuses_whoever_has_not(endpoint: Endpoint, key: str) -> None:
    assert post(endpoint, "/v1/chat/completions", HELLO, key=key).status == 401


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_key_is_nowhere_that_other_users_can_look(server: EmbeddedServer, endpoint: Endpoint) -> None:
    process = Path("/proc") / str(pid(server))
    assert endpoint.key.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert endpoint.key not in repr(endpoint)


def test_it_listens_on_loopback_only(endpoint: Endpoint) -> None:
    assert endpoint.base_url.startswith("http://127.0.0.1:")


def test_it_is_called_by_its_models_name(endpoint: Endpoint) -> None:
    assert post(endpoint, "/v1/chat/completions", HELLO).json["model"] == "smollm2-135m"


def test_many_threads_that_ask_at_once_start_one_process(make_server: Make) -> None:
    server = make_server()
    found: list[Endpoint] = []
    threads = [threading.Thread(target=lambda: found.append(server.endpoint(soon()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({(endpoint.base_url, endpoint.key) for endpoint in found}) == 1


def test_nothing_runs_before_it_is_asked_for(make_server: Make) -> None:
    assert make_server().ready() is None


def test_a_deadline_ends_the_wait_and_not_the_loading(make_server: Make) -> None:
    server = make_server()
    with pytest.raises(TimedOut, match="it goes on, so try again"):
        server.endpoint(time.monotonic())
    loading = pid(server)
    assert server.endpoint(soon()) == server.ready()
    assert pid(server) == loading


def test_a_process_that_died_is_replaced(make_server: Make) -> None:
    server = make_server()
    first = server.endpoint(soon())
    with end_of(pid(server)) as ended:
        os.kill(pid(server), signal.SIGKILL)
        assert ended()
    assert server.ready() is None
    second = server.endpoint(soon())
    assert second.key != first.key
    assert post(second, "/v1/chat/completions", HELLO).status == 200


def test_closing_ends_the_process_with_a_whole_answer_under_way(make_server: Make) -> None:
    server = make_server(context_tokens=8192)
    endpoint = server.endpoint(soon())
    outcome: list[Answer | Exception] = []

    def call() -> None:
        try:
            outcome.append(post(endpoint, "/v1/chat/completions", ENDLESS))
        except (OSError, HTTPException) as error:
            outcome.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    with end_of(pid(server)) as ended:
        server.close()
        assert ended()
    caller.join()
    assert isinstance(outcome[0], Exception)


def test_closing_while_it_loads_ends_the_wait(make_server: Make) -> None:
    server = make_server()
    with pytest.raises(TimedOut):
        server.endpoint(time.monotonic())
    with end_of(pid(server)) as ended:
        server.close()
        assert ended()


def test_a_closed_server_does_not_start_again(make_server: Make) -> None:
    server = make_server()
    server.close()
    server.close()
    with pytest.raises(ConfigError, match="is closed; make a new client"):
        server.endpoint(soon())


def test_weights_that_llama_cpp_refuses_give_its_reason(make_server: Make, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 4096)
    with pytest.raises(ConfigError, match=r"llama\.cpp cannot load .*broken\.gguf: .*failed to load model"):
        make_server(path).endpoint(soon())


def test_an_interpreter_without_llama_cpp_says_what_to_install(make_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "site-packages" not in entry])
    with pytest.raises(MissingExtra, match=r"pip install 'turnout\[local\]'"):
        make_server().endpoint(soon())


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_ctrl_c_in_the_terminal_does_not_reach_it(server: EmbeddedServer, endpoint: Endpoint) -> None:
    assert os.getpgid(pid(server)) != os.getpgid(0)


def test_more_calls_than_slots_all_get_their_answer(endpoint: Endpoint) -> None:
    answers: list[Answer] = []
    body = {**HELLO, "max_tokens": 16, "ignore_eos": True}
    threads = [threading.Thread(target=lambda: answers.append(post(endpoint, "/v1/chat/completions", body))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.json["usage"]["completion_tokens"] for answer in answers] == [16] * 12


# What becomes of it when its owner ends: each in an interpreter of its own.

OWNER = """
import http.client, json, os, signal, sys, time
from pathlib import Path
from turnout.transport.local_server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), slots=1, context_tokens=4096, threads=1)
endpoint = server.endpoint(time.monotonic() + 60)
def ask(tokens, stream):
    connection = http.client.HTTPConnection(endpoint.base_url.removeprefix("http://"), timeout=60)
    headers = {"authorization": f"Bearer {endpoint.key}", "content-type": "application/json"}
    body = {"messages": [{"role": "user", "content": "Count"}], "max_tokens": tokens, "ignore_eos": True, "stream": stream}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    return connection.getresponse()
under_way = ask(4000, True)
under_way.read(1)
print(server._launch._process.pid, flush=True)
sys.stdin.readline()
"""
ENDINGS = {
    "it returns": "",
    "it closes the server": "server.close()",
    "it exits": "sys.exit(0)",
    "it exits at once": "os._exit(0)",
    "it is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "it is terminated": "os.kill(os.getpid(), signal.SIGTERM)",
}


def owner(weights: Path, ending: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", OWNER + ending, str(weights)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_it_ends_with_its_owner_when(ending: str, smollm2: Path) -> None:
    with owner(smollm2, ending) as process:
        assert process.stdout is not None
        with end_of(int(process.stdout.readline())) as ended:
            _, errors = process.communicate("\n", timeout=LOAD_SECONDS)
            assert ended()
    assert "server" not in errors
    assert "subprocess" not in errors


FORK = """
child = os.fork()
if child == 0:
    try:
        own = server.endpoint(time.monotonic() + 60)
        assert own != endpoint
        endpoint = own
        assert ask(4, False).status == 200
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
under_way.close()
assert ask(4, False).status == 200
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_starts_its_own_and_leaves_the_parents_alone(smollm2: Path) -> None:
    with owner(smollm2, FORK.replace("os.fork()", "__import__('warnings').simplefilter('ignore') or os.fork()")) as process:
        _, errors = process.communicate("\n", timeout=LOAD_SECONDS)
    assert process.returncode == 0, errors
    assert errors == ""
