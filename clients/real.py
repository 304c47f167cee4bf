"""The features at a real model. What it says is its own: its form is checked, and the records of the gateway."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from clients.clients import Ask, Client, Heard, Raised
from clients.families import Family
from clients.story import TOOL

_MOST = 64  # tokens
_TOO_LONG = "river " * 6000  # more than the context of 4,096 tokens
_CLOSED_SECONDS = 10.0
_one_leaves = threading.Lock()


class RealCell:
    """One client at the embedded model. A feature is a method; it raises AssertionError or Raised where it fails."""

    def __init__(self, client: Client, family: Family, records: Path) -> None:
        self.client = client
        self.model = family.target("plain")
        self.records = records

    def _ask(self, text: str, stream: bool, **options: Any) -> Heard:
        ask = Ask(text, stream=stream, max_tokens=_MOST, exact=True, **options)
        return self.client.conversation(self.model, ask).send()

    def plain(self, stream: bool = False) -> None:
        heard = self._ask("Say only: yes", stream)
        assert heard.text.strip(), "it heard nothing"
        assert heard.finish, "it was not told why the answer ended"
        read, written = heard.usage
        assert read and written, f"the usage was told as {heard.usage}"
        assert written <= _MOST, f"{written} tokens were told of an answer that was limited to {_MOST}"

    def stream(self) -> None:
        self.plain(True)

    def tools(self) -> None:
        for stream in (False, True):
            heard = self._ask("What is the weather in Paris?", stream, tools=True)
            assert heard.calls == [(TOOL, {"city": "Paris"})], f"it heard the calls {heard.calls} and {heard.text!r}"

    def structured(self) -> None:
        heard = self._ask("Anna is 31 years old.", False, schema=True)
        found = json.loads(heard.text)
        assert found.keys() == {"name", "age"}, f"it heard {heard.text!r}"

    def errors(self) -> None:
        for model, text, status in ((self.model, _TOO_LONG, 400), ("local/no-such-model", "Hello", 404)):
            try:
                heard = self.client.conversation(model, Ask(text)).send()
            except Raised as raised:
                expected = self.client.errors[status]
                assert raised.kind in expected.split(), f"a {status} was raised as {raised}, not as {expected}"
                assert raised.status == status, f"a {status} was raised as {raised}"
            else:
                raise AssertionError(f"nothing was raised where a {status} was due, but {heard.text!r} heard")

    def cancel(self) -> None:
        with _one_leaves:
            before = self._cancelled()
            said = self.client.leave(self.model, Ask("Tell a long story about a river."))
            assert said, "it heard nothing before it left"
            deadline = time.monotonic() + _CLOSED_SECONDS
            while self._cancelled() == before:
                assert time.monotonic() < deadline, "no record says that the call was cancelled"
                time.sleep(0.02)

    def _cancelled(self) -> int:
        if not self.records.exists():
            return 0
        lines = self.records.read_text(encoding="utf-8").splitlines()
        return sum(1 for line in lines if '"local/' in line and '"outcome":"cancelled"' in line.replace('": "', '":"'))
