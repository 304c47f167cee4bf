"""The load generator objects to whatever is no right answer, and the upstream's answers are what a provider would say."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from programs import built, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "it can be built here")

STRICT = ("-Wall", "-Wextra", "-Werror")
EVENTS = 5
MANY = 3  # answers, after which a load ends
BODY = b'{"answer":"The Loire","fp_":1}'
STREAM = b'data: {"a":1}\n\ndata: [DONE]\n\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="module")
def program(folder: Path) -> Path:
    (folder / "body.json").write_text('{"model":"m"}')
    (folder / "headers").write_text("authorization: Bearer of-the-benchmark\r\n")
    return built("load", folder, *STRICT)


def sized(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


class Server:
    """Says ``says(n)`` to the n-th request, and hangs up after each if it ``closes``. ``heard`` holds the requests."""

    def __init__(self, listening: socket.socket, says: Callable[[int], bytes], closes: bool) -> None:
        self.port: int = listening.getsockname()[1]
        self.heard: list[bytes] = []
        self._listening = listening
        self._says = says
        self._closes = closes
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while received := connection.recv(65536):
                    self.heard.append(received)
                    connection.sendall(self._says(len(self.heard)))
                    if self._closes:
                        return
            except OSError:
                return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in (self._accepting, *self._threads):
            thread.join(20)


@contextmanager
def serving(says: bytes | Callable[[int], bytes], *, closes: bool = False) -> Iterator[Server]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(listening, says if callable(says) else lambda _: says, closes)
    try:
        yield server
    finally:
        server.close()


def run(program: Path, port: int, end: str, *, seconds: float = 20.0, rate: int = 0, connections: int = 1) -> dict[str, Any]:
    files = [str(program.parent / name) for name in ("body.json", "headers")]
    given = [str(port), "/v1/chat/completions", *files, end, str(connections), str(seconds), str(rate), str(MANY)]
    done = subprocess.run([str(program), *given], capture_output=True, text=True, timeout=60, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def counted(said: dict[str, Any]) -> tuple[int, int, int]:
    return said["right"], said["wrong"], said["broken"]


@pytest.mark.parametrize("rate", [0, 1000])
@pytest.mark.parametrize(
    ("answer", "end"), [(sized(BODY), '"fp_'), (chunked(STREAM[:15], STREAM[15:]), "[DONE]")], ids=["whole", "stream"]
)
def test_right_answers_are_counted_as_right(program: Path, answer: bytes, end: str, rate: int) -> None:
    with serving(answer) as server:
        said = run(program, server.port, end, rate=rate)
    assert counted(said) == (MANY, 0, 0)
    assert 0 <= said["p50"] <= said["p99"] <= said["max"]
    assert said["seconds"] > 0
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"\r\nauthorization: Bearer of-the-benchmark\r\n" in head
    assert (b"\r\ncontent-length: %d" % len(body)) in head
    assert json.loads(body) == {"model": "m"}


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (sized(BODY, "500 Internal Server Error"), '"fp_'),
        (sized(BODY, "429 Too Many Requests"), '"fp_'),
        (sized(b'{"error":{"message":"no"}}'), '"fp_'),
        (sized(BODY[:10]), '"fp_'),
        (sized(b""), '"fp_'),
        (sized(BODY + b"and more", length=len(BODY)), '"fp_'),
        (sized(BODY) * 2, '"fp_'),
        (chunked(STREAM[:15]), "[DONE]"),
        (chunked(b'data: {"error":{"message":"cut"}}\n\n'), "[DONE]"),
    ],
    ids=["500", "429", "another body", "cut short", "nothing", "too much", "twice", "no last event", "an error inside"],
)
def test_an_answer_that_ended_and_is_not_right_is_counted_as_wrong(program: Path, answer: bytes, end: str) -> None:
    with serving(answer) as server:
        said = run(program, server.port, end)
    assert counted(said) == (0, MANY, 0)
    assert (said["p50"], said["max"]) == (0, 0)


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (b"", '"fp_'),
        (b"HTTP/1.1 200 OK\r\ncontent-le", '"fp_'),
        (sized(BODY, length=len(BODY) + 10), '"fp_'),
        (chunked(STREAM, end=b""), "[DONE]"),
    ],
    ids=["at once", "in its head", "in its body", "before the last chunk"],
)
def test_an_answer_that_breaks_off_is_counted_as_broken(program: Path, answer: bytes, end: str) -> None:
    with serving(answer, closes=True) as server:
        said = run(program, server.port, end)
    assert counted(said) == (0, 0, MANY)


def test_an_answer_that_lost_its_middle_is_wrong_however_it_ends(program: Path) -> None:
    whole, holed = sized(b"." * 1000 + BODY), sized(b"." * 500 + BODY)
    with serving(lambda number: holed if number == 2 else whole) as server:
        assert counted(run(program, server.port, '"fp_')) == (2, 1, 0)


@pytest.mark.parametrize(("rate", "late"), [(0, 2), (1000, 100)])
def test_requests_that_are_never_answered_are_late(program: Path, rate: int, late: int) -> None:
    with serving(b"") as server:
        said = run(program, server.port, '"fp_', seconds=0.2, rate=rate, connections=2)
    assert counted(said) == (0, 0, 0)
    assert said["late"] >= late


def test_a_load_without_a_server_fails_with_a_sentence(program: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run(program, port, "}")
    assert "load: connect: Connection refused" in failed.value.stderr


# -- the upstream ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def upstream(folder: Path) -> Iterator[int]:
    program = built("upstream", folder, *STRICT)
    with subprocess.Popen([str(program), "0", str(EVENTS)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready, port = process.stdout.readline().split()
        assert ready == "ready"
        yield int(port)
        process.kill()


def request(stream: bool, *, chunks: bool = False) -> bytes:
    body = json.dumps({"model": "mock-1", "stream": stream, "messages": [{"role": "user", "content": "x" * 3000}]}).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: upstream\r\n"
    if chunks:
        return head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def answered(port: int, *pieces: bytes, answers: int = 1) -> list[tuple[bytes, bytes]]:
    """Head and body of each of the ``answers`` to what ``pieces`` ask on one connection."""
    found: list[tuple[bytes, bytes]] = []
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, connection.makefile("rb") as reader:
        for piece in pieces:
            connection.sendall(piece)
        while len(found) < answers:
            head = b"".join(iter(reader.readline, b"\r\n"))
            if b"content-length: " in head:
                body = reader.read(int(head.partition(b"content-length: ")[2].split()[0]))
            else:
                body = b""
                while size := int(reader.readline(), 16):
                    body += reader.read(size)
                    assert reader.read(2) == b"\r\n"
                assert reader.read(2) == b"\r\n"
            found.append((head, body))
    return found


def test_the_upstreams_whole_answer_is_a_completion_to_openais_own_types(upstream: int) -> None:
    ((head, body),) = answered(upstream, request(False))
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
    completion = ChatCompletion.model_validate(json.loads(body), strict=True)
    assert completion.choices[0].message.content.startswith("Paris")  # type: ignore[union-attr]
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert b'"fp_' in body[-128:], "the load looks for it there"


def test_the_upstreams_stream_is_chunks_to_openais_own_types_with_usage_and_an_end(upstream: int) -> None:
    ((head, body),) = answered(upstream, request(True))
    assert b"content-type: text/event-stream" in head
    *events, last, rest = body.decode().split("\n\n")
    assert (last, rest) == ("data: [DONE]", "")
    assert len(events) == EVENTS
    chunks = [ChatCompletionChunk.model_validate(json.loads(event.removeprefix("data: "))) for event in events]
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == " word2 word3"
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices] == [None, None, None, "stop"]
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.completion_tokens, usage.total_tokens) == (EVENTS, EVENTS + 24)


@pytest.mark.parametrize("stream", [False, True])
def test_the_upstream_answers_a_request_in_pieces_in_chunks_and_behind_another(upstream: int, stream: bool) -> None:
    asked = request(stream)
    plain = answered(upstream, asked)[0]
    assert answered(upstream, asked[:20], asked[20:2000], asked[2000:])[0] == plain
    assert answered(upstream, request(stream, chunks=True))[0] == plain
    assert answered(upstream, asked + asked, answers=2) == [plain, plain]


@pytest.mark.parametrize("given", [["9"], ["9", "2"], ["9", "none"]])
def test_the_upstream_says_how_it_is_called(folder: Path, upstream: int, given: list[str]) -> None:
    done = subprocess.run([str(folder / "upstream"), *given], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: upstream PORT EVENTS, of which there are at least 3\n")
