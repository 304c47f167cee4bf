"""One embedded model for several workers: where its server is, told over a Unix socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from turnout.errors import ConfigError, Error, MissingExtra, ServerFault, TimedOut, TransportFailed, UnknownName
from turnout.gateway.lending import BorrowedServers, Lender
from turnout.transport.local_servers import LocalServers
from turnout.types import HttpRequest


class Known(LocalServers):
    """Servers that are there at once, or cannot be."""

    def __init__(self, failure: Error | None = None) -> None:
        super().__init__(environ={})
        self.failure = failure
        self.asked: list[str] = []
        self.port = 8001
        self.stopped = False

    def direct(self, request: HttpRequest, deadline: float) -> HttpRequest:
        self.asked.append(request.url)
        if self.failure is not None:
            raise self.failure
        url = f"http://127.0.0.1:{self.port}/" + request.url.split("/", 3)[3]
        return HttpRequest(method="GET", url=url, headers={"authorization": "Bearer s3cret"}, body=b"")

    def close(self) -> None:
        self.stopped = True


@pytest.fixture
def servers() -> Known:
    return Known()


@pytest.fixture
def borrowed(tmp_path: Path, servers: Known) -> Iterator[BorrowedServers]:
    lender = Lender(str(tmp_path / "models"), servers)
    yield BorrowedServers(str(tmp_path / "models"))
    lender.close()
    assert servers.stopped


def asking(model: str = "smollm2-135m") -> HttpRequest:
    headers = {"authorization": "Bearer mine", "x-kept": "1"}
    return HttpRequest(method="POST", url=f"local://{model}/v1/chat/completions", headers=headers, body=b"{}")


def soon() -> float:
    return time.monotonic() + 20


def test_a_worker_asks_the_server_that_another_process_runs(borrowed: BorrowedServers, servers: Known) -> None:
    directed = borrowed.direct(asking(), soon())
    assert directed.url == "http://127.0.0.1:8001/v1/chat/completions"
    assert directed.headers == {"authorization": "Bearer s3cret", "x-kept": "1"}
    assert servers.asked == ["local://smollm2-135m/"]


def test_a_model_in_a_file_is_named_by_its_path(borrowed: BorrowedServers, servers: Known) -> None:
    borrowed.direct(asking("%2Ftmp%2Fx.gguf"), soon())
    assert servers.asked == ["local://%2Ftmp%2Fx.gguf/"]


def test_what_was_told_a_moment_ago_is_believed_without_asking(borrowed: BorrowedServers) -> None:
    assert borrowed.direct_now(asking()) is None
    borrowed.direct(asking(), soon())
    now = borrowed.direct_now(asking())
    assert now is not None
    assert now.url.startswith("http://127.0.0.1:8001/")


def test_a_server_that_came_back_elsewhere_is_found(borrowed: BorrowedServers, servers: Known) -> None:
    borrowed.direct(asking(), soon())
    servers.port = 8002
    assert borrowed.direct(asking(), soon()).url.startswith("http://127.0.0.1:8002/")


@pytest.mark.parametrize("kind", [ConfigError, MissingExtra, UnknownName, TimedOut, TransportFailed])
def test_what_a_person_must_put_right_arrives_as_it_was_said(
    borrowed: BorrowedServers, servers: Known, kind: type[Error]
) -> None:
    servers.failure = kind("pip install 'turnout[local]'")
    with pytest.raises(kind, match="pip install") as raised:
        borrowed.direct(asking(), soon())
    assert type(raised.value) is kind


def test_an_error_that_has_no_place_here_is_a_failed_transport(borrowed: BorrowedServers, servers: Known) -> None:
    servers.failure = ServerFault("odd")
    with pytest.raises(TransportFailed, match="odd"):
        borrowed.direct(asking(), soon())


def test_a_worker_whose_lender_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(TransportFailed, match="local/smollm2-135m does not answer"):
        BorrowedServers(str(tmp_path / "models")).direct(asking(), soon())
