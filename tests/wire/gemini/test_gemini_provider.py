"""The built-in provider: a name that people know leads to Gemini's own protocol, signed as it wants."""

from __future__ import annotations

import pytest

from turnout.registry import Registry
from turnout.types import ChatRequest, HttpRequest, Message, Text


def signed(name: str, environ: dict[str, str]) -> HttpRequest:
    candidate = Registry(environ=environ).plan(name).candidates[0]
    request = ChatRequest(model=candidate.target.model, messages=(Message("user", (Text("Hi"),)),))
    steps = candidate.sign(candidate.codec.encode(request, candidate.provider, stream=True).http)
    try:
        next(steps)
    except StopIteration as end:
        http: HttpRequest = end.value
        return http
    raise AssertionError("a key in a header needs no exchange")


@pytest.mark.parametrize("name", ["google/gemini-2.5-flash", "gemini/gemini-2.5-flash"])
def test_a_gemini_model_is_asked_in_its_own_protocol(name: str) -> None:
    http = signed(name, {"GEMINI_API_KEY": "AIzaSyB3kQ9vT2mWn8LrX5cD1fG7hJ4pZ0aSe6U"})
    base = "https://generativelanguage.googleapis.com/v1beta"
    assert http.url == f"{base}/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert http.headers["x-goog-api-key"] == "AIzaSyB3kQ9vT2mWn8LrX5cD1fG7hJ4pZ0aSe6U"
    assert "authorization" not in http.headers


def test_another_providers_gemini_model_is_asked_in_it_too() -> None:
    http = signed("opencode/gemini-3-flash", {"OPENCODE_API_KEY": "sk-aB3kQ9vT2mWn8LrX5cD1fG7"})
    assert http.url == "https://opencode.ai/zen/v1/models/gemini-3-flash:streamGenerateContent?alt=sse"
    assert http.headers["x-goog-api-key"] == "sk-aB3kQ9vT2mWn8LrX5cD1fG7"
