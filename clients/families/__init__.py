"""Provider families: how each provider reads a request and says its answers, written by hand in the provider's own form.

A family stands for everything that a gateway must do to reach such a provider: the protocol, the address, the way to sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clients.story import Answer, Seen

MODEL_TIME = 1_790_000_000  # seconds since 1970: when every answer was made


class Family:
    """``lacks``: scene -> why this family cannot play it. ``others``: scene -> the model that plays it, where it is another."""

    replayed = True  # by the upstream; else it is a real model
    name: str
    provider: str
    wire: str
    model: str
    others: Mapping[str, str] = {}
    lacks: Mapping[str, str] = {}
    ids = ("call_paris01", "call_lyon002")
    content_type = "application/json"
    stream_type = "text/event-stream"
    signature = ""  # what its reasoning is sealed with
    environ: Mapping[str, str] = {}

    def settings(self, url: str) -> str:
        """TOML for the gateway's configuration; ``url`` is where the upstream plays this family."""
        return f'[providers.{self.provider}]\nbase_url = "{url}"\n'

    def target(self, scene: str) -> str:
        return f"{self.provider}/{self.others.get(scene, self.model)}"

    def signed(self, headers: Mapping[str, str]) -> bool:
        """Whether the request carries the credential in the way of this provider."""
        return headers.get("authorization", "").startswith("Bearer ")

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        raise NotImplementedError

    def refusal(self, body: dict[str, Any]) -> str | None:
        """Why this provider would refuse the request, by the rules of its own that a translation must keep."""
        return None

    def whole(self, answer: Answer, model: str) -> bytes:
        raise NotImplementedError

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        """A stream, of which the first piece holds the first text."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> bytes:
        raise NotImplementedError

    def error_headers(self, status: int) -> dict[str, str]:
        return {}


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sse(value: Any, event: str = "") -> bytes:
    named = f"event: {event}\n".encode() if event else b""
    return named + b"data: " + dumps(value) + b"\n\n"
