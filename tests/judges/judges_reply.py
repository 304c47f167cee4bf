"""The answer that an SDK gets to its next call, handed to it by a mock transport of its own HTTP library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct


class Reply(Struct):
    """What the next call is answered, whatever it asks."""

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""

    def put(self, status: int, content_type: str, body: bytes) -> None:
        self.status, self.content_type, self.body = status, content_type, body

    def handler(self, library: Any) -> Callable[[Any], Any]:
        """For the mock transport of httpx or httpx2, which are alike."""
        return lambda request: library.Response(self.status, headers={"content-type": self.content_type}, content=self.body)
