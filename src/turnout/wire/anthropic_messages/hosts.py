"""What the clouds that host Claude have in common: the address names the model, the body the version of the protocol.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy and …/claude-on-vertex-ai (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import RequestError
from turnout.receipt import dropped
from turnout.rules.media import ANTHROPIC_MESSAGES, MediaRules, Takes
from turnout.types import ChatRequest, ReceiptLine
from turnout.wire.anthropic_messages.requests import read_request, write_request
from turnout.wire.anthropic_messages.server import AnthropicMessagesServer
from turnout.wire.json_body import request_object
from turnout.wire.unsealing import opened

_encode_json = msgspec.json.Encoder().encode

# No files are kept there, and no URL is fetched: https://platform.claude.com/docs/en/build-with-claude/vision, and the notes
# on platforms in …/build-with-claude/files (read 2026-11-21)
HOSTED_MEDIA = MediaRules(
    image=Takes(places=("data",), types=ANTHROPIC_MESSAGES.image.types if ANTHROPIC_MESSAGES.image else ()),
    audio=None,
    video=None,
    document=Takes(places=("data", "text"), types=("application/pdf", "text/plain")),
    source="https://platform.claude.com/docs/en/build-with-claude/vision",
)


def write_hosted(
    request: ChatRequest, provider: Provider, stream: bool, version: str, known_betas: frozenset[str], lines: list[ReceiptLine]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body without the model, and the betas that this host knows. It refuses a request that asks for one it does not know.

    What a program asks for itself goes as it is; a caller of Anthropic's own protocol asks for what Anthropic knows.
    """
    if not request.model:
        raise RequestError("a call needs the name of a model", param="model")
    body, betas = write_request(request, provider, stream, lines)
    del body["model"]
    said = body.pop("anthropic_version", None)
    family = version.partition("-")[0]
    body["anthropic_version"] = said if isinstance(said, str) and said.startswith(f"{family}-") else version
    if request.origin is None:
        return body, betas
    kept = tuple(name for name in betas if name in known_betas)
    unknown = (name for name in betas if name not in known_betas)
    lines.extend(dropped("request", "extra.betas", f"{provider.name} refuses the beta {name!r}") for name in unknown)
    return body, kept


def joined(first: Iterable[Any], then: Iterable[str]) -> list[Any]:
    """Both, each once, in order."""
    return list(dict.fromkeys((*first, *then)))


def encoded(body: dict[str, Any]) -> bytes:
    try:
        return _encode_json(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"the request cannot be written as JSON: {error}") from error


def segment(model: str) -> str:
    """A model's name as one segment of a path: ARNs hold slashes and colons."""
    from urllib.parse import quote  # 6 ms; only who calls a cloud pays it

    return quote(model, safe="@", errors="replace")


class HostedServer(AnthropicMessagesServer):
    """Stateless: one instance serves every caller. The address names the model: ``parse`` gives "" unless the body does too."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "anthropic_version, max_tokens and messages")
        request, stream = read_request({"model": "", **fields}, body)
        return opened(request, body), stream
