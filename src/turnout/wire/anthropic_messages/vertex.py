"""Claude on Vertex AI: ``publishers/anthropic/models/MODEL:rawPredict`` and ``:streamRawPredict``, the latter as SSE.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude (read 2026-11-21)
"""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.rules import dialects
from turnout.rules.conversation import ANTHROPIC_MESSAGES
from turnout.types import ChatRequest, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded, Wire
from turnout.wire.anthropic_messages.answer_rules import ANSWERS
from turnout.wire.anthropic_messages.codec import AnthropicMessagesCodec
from turnout.wire.anthropic_messages.counting import COUNT_SERVER
from turnout.wire.anthropic_messages.faults import error_of
from turnout.wire.anthropic_messages.hosted_counting import VertexCountCodec
from turnout.wire.anthropic_messages.hosts import HOSTED_MEDIA, HostedServer, encoded, joined, segment, write_hosted
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.json_text import read_json

VERSION = "vertex-2023-10-16"

# https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude and the pages on features of
# https://platform.claude.com/docs that name this platform (read 2026-11-21)
BETAS = frozenset(
    {
        "compact-2026-01-12",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
        "web-search-2025-03-05",
    }
)


class AnthropicVertexCodec(AnthropicMessagesCodec):
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body, betas = write_hosted(request, provider, stream, VERSION, BETAS, lines)
        headers = {"content-type": "application/json", **provider.headers}
        if betas:
            always = headers.get("anthropic-beta")
            headers["anthropic-beta"] = ",".join(joined((always,) if always else (), betas))
        method = "streamRawPredict" if stream else "rawPredict"
        url = f"{provider.base_url}/models/{segment(request.model)}:{method}"
        return Encoded(HttpRequest(method="POST", url=url, headers=headers, body=encoded(body)), tuple(lines))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        try:
            body = read_json(response.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            body = None
        if isinstance(body, list) and len(body) == 1:  # the platform's own refusals come in an array
            return error_of(body[0], response.status, target, headers=response.headers)
        return super().decode_error(response, target)


WIRE = Wire(
    name="anthropic-vertex",
    dialect_of=WIRE_NAME,
    conversation=ANTHROPIC_MESSAGES,
    schemas=dialects.ANTHROPIC,
    media=HOSTED_MEDIA,
    chat=AnthropicVertexCodec(),
    server=HostedServer(),
    answers=ANSWERS,
    count=VertexCountCodec(VERSION, BETAS),
    count_server=COUNT_SERVER,
)
