"""Both drivers fetch an address on behalf of a request, and only from the public internet."""

from __future__ import annotations

import asyncio
import time

import pytest

from turnout.client.line import Line
from turnout.client.line_async import Line as AsyncLine
from turnout.client.settings import Settings
from turnout.effects import Steps, fetch
from turnout.engine.plan import Plan
from turnout.errors import RequestError
from turnout.records import CallRecord
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse, Timeouts


class Asking:
    """A call that asks for one address and for nothing else."""

    recorded = True

    def __init__(self, url: str) -> None:
        self._url = url
        self.deadline = time.monotonic() + 10.0

    def steps(self) -> Steps[HttpResponse]:
        return (yield from fetch(self._url, ("image/*",), 1000, Timeouts(), self.deadline))

    def record(self, outcome: str) -> CallRecord:
        raise AssertionError(f"recorded as {outcome}")


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/cat.png", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"])
def test_what_is_not_on_the_public_internet_is_refused_by_either_driver_without_the_transport(kind: str, url: str) -> None:
    registry = Registry(environ={})
    plan: Plan = registry.plan("local/smollm2-135m")
    settings = Settings(registry, None, None, None, None, None, ())
    call, script = Asking(url), Script()

    async def on_a_loop() -> None:
        async with AsyncLine(call, plan, script.asynchronous, settings) as line:
            await line.run(call.steps())

    def run() -> None:
        if kind == "async":
            asyncio.run(on_a_loop())
            return
        with Line(call, plan, script, settings) as line:
            line.run(call.steps())

    with pytest.raises(RequestError, match=r"not on the public internet|only http:// and https://"):
        run()
    assert script.sent == []
