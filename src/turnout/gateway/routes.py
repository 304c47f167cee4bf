"""Which path speaks which protocol. Covering one more protocol is one more row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Operation = Literal["chat", "embed", "rerank", "count", "models", "model"]


class Route(Struct, frozen=True, kw_only=True):
    """``path`` may hold {model}, which takes what is there up to what follows it, slashes included.

    ``streams``: the path, and not the body, says whether the answer is streamed, and so. ``provider``: whose models this
    protocol's clients mean by a bare name.
    """

    method: str
    path: str
    operation: Operation
    wire: str
    provider: str
    streams: bool | None = None
    header: bytes = b""  # a header that tells this protocol's clients from others at the same path


def _chat(path: str, wire: str, provider: str, streams: bool | None = None) -> Route:
    return Route(method="POST", path=path, operation="chat", wire=wire, provider=provider, streams=streams)


def _post(path: str, operation: Operation, wire: str, provider: str) -> Route:
    return Route(method="POST", path=path, operation=operation, wire=wire, provider=provider)


def _get(path: str, operation: Operation, wire: str, provider: str, header: bytes = b"") -> Route:
    return Route(method="GET", path=path, operation=operation, wire=wire, provider=provider, header=header)


ROUTES = (
    _chat("/v1/chat/completions", "openai-chat", "openai"),
    _chat("/mistral/v1/chat/completions", "mistral-chat", "mistral"),
    _chat("/v1/responses", "openai-responses", "openai"),
    _chat("/v1/messages", "anthropic-messages", "anthropic"),
    _chat("/v1beta/models/{model}:generateContent", "gemini", "google", streams=False),
    _chat("/v1beta/models/{model}:streamGenerateContent", "gemini", "google", streams=True),
    _chat("/v1/models/{model}:generateContent", "gemini", "google", streams=False),
    _chat("/v1/models/{model}:streamGenerateContent", "gemini", "google", streams=True),
    _chat("/v2/chat", "cohere-chat", "cohere"),
    _chat("/api/chat", "ollama", "ollama"),
    _chat("/api/generate", "ollama-generate", "ollama"),
    _chat("/model/{model}/converse", "bedrock-converse", "amazon-bedrock", streams=False),
    _chat("/model/{model}/converse-stream", "bedrock-converse", "amazon-bedrock", streams=True),
    _post("/v1/embeddings", "embed", "openai-chat", "openai"),
    _post("/mistral/v1/embeddings", "embed", "mistral-chat", "mistral"),
    _post("/v2/embed", "embed", "cohere-chat", "cohere"),
    _post("/api/embed", "embed", "ollama", "ollama"),
    _post("/v1beta/models/{model}:embedContent", "embed", "gemini", "google"),
    _post("/v1beta/models/{model}:batchEmbedContents", "embed", "gemini", "google"),
    _post("/v2/rerank", "rerank", "cohere-chat", "cohere"),
    _post("/v1/rerank", "rerank", "openai-chat", "cohere"),
    _post("/v1/messages/count_tokens", "count", "anthropic-messages", "anthropic"),
    _post("/v1beta/models/{model}:countTokens", "count", "gemini", "google"),
    _post("/v1/responses/input_tokens", "count", "openai-responses", "openai"),
    _get("/v1/models", "models", "anthropic-messages", "anthropic", b"anthropic-version"),
    _get("/v1/models", "models", "gemini", "google", b"x-goog-api-client"),
    _get("/v1/models", "models", "openai-chat", "openai"),
    _get("/mistral/v1/models", "models", "mistral-chat", "mistral"),
    _get("/mistral/v1/models/{model}", "model", "mistral-chat", "mistral"),
    _get("/v1/models/{model}", "model", "anthropic-messages", "anthropic", b"anthropic-version"),
    _get("/v1/models/{model}", "model", "gemini", "google", b"x-goog-api-client"),
    _get("/v1/models/{model}", "model", "openai-chat", "openai"),
    _get("/v1beta/models", "models", "gemini", "google"),
    _get("/v1beta/models/{model}", "model", "gemini", "google"),
    _get("/api/tags", "models", "ollama", "ollama"),
)


class Routes:
    """Finds a request's route. A path without {model} is one look-up."""

    def __init__(self, rows: tuple[Route, ...] = ROUTES) -> None:
        self.rows = rows
        self._exact: dict[str, list[Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for row in rows:
            if "{model}" in row.path:
                before, after = row.path.split("{model}")
                self._patterns.append((re.compile(re.escape(before) + "(.+)" + re.escape(after), re.DOTALL), row))
            else:
                self._exact.setdefault(row.path, []).append(row)

    def at(self, path: str) -> list[tuple[Route, str]]:
        """Every route of ``path``, as its server decoded it, whatever its method, with the model that the path names."""
        exact = self._exact.get(path)
        if exact is not None:
            return [(row, "") for row in exact]
        return [(row, found[1]) for pattern, row in self._patterns if (found := pattern.fullmatch(path))]

    def kin(self, path: str, headers: Mapping[bytes, bytes]) -> Route:
        """A route of ``path``, or whose path begins most like it: its protocol is what whoever asks there speaks."""
        there = [row for row, _ in self.at(path) if not row.header or row.header in headers]
        asked = path.split("/")

        def alike(row: Route) -> tuple[int, bool]:
            pairs = list(zip(asked, row.path.split("/"), strict=False))
            same = next((at for at, (mine, theirs) in enumerate(pairs) if mine != theirs), len(pairs))
            return same, bool(row.header)

        return max(there or [row for row in self.rows if not row.header or row.header in headers], key=alike)

    def find(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> tuple[Route, str] | None:
        exact = self._exact.get(path)
        if exact is not None and len(exact) == 1 and exact[0].method == method:
            return exact[0], ""
        for row, model in self.at(path):
            if row.method == method and (not row.header or row.header in headers):
                return row, model
        return None
