"""One real embedded server for all tests of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded_model import soon

from turnout.errors import MissingExtra
from turnout.transport.local_server import EmbeddedServer, Endpoint
from turnout.transport.local_weights import weights

_REQUIRED = os.environ.get("TURNOUT_TEST_LOCAL") == "required"  # set where the extra must be there; read before it is removed


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The weights of the embedded model."""
    try:
        import xllamacpp  # noqa: F401
    except ImportError:
        if _REQUIRED:
            raise
        pytest.skip("xllamacpp is not installed: `make test` installs it, or pip install 'turnout[local]'")
    try:
        return weights("smollm2-135m", os.environ)
    except MissingExtra as error:
        if _REQUIRED:
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def server(smollm2: Path) -> Iterator[EmbeddedServer]:
    """As it runs behind local/smollm2-135m. Shared: a test that stops one makes its own."""
    template = Path(__file__).parents[2] / "src/turnout/transport/smollm2.jinja"
    with EmbeddedServer(smollm2, name="smollm2-135m", chat_template=template.read_text()) as server:
        yield server


@pytest.fixture
def endpoint(server: EmbeddedServer) -> Endpoint:
    return server.endpoint(soon())


@pytest.fixture
def make_server(smollm2: Path) -> Iterator[Callable[..., EmbeddedServer]]:
    """A server of the test's own, small, stopped after it."""
    made: list[EmbeddedServer] = []

    def make(path: Path = smollm2, **settings: Any) -> EmbeddedServer:
        made.append(EmbeddedServer(path, **{"slots": 1, "context_tokens": 512, "threads": 1, **settings}))
        return made[-1]

    yield make
    for server in made:
        server.close()
