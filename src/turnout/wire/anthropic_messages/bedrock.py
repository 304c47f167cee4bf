"""Claude on Amazon Bedrock by InvokeModel: ``/model/MODEL/invoke`` and ``/invoke-with-response-stream``.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html (read
2026-11-21). A stream is AWS's binary one, whose events carry the protocol's own, base64.
"""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.rules import dialects
from turnout.rules.conversation import ANTHROPIC_MESSAGES
from turnout.types import ChatRequest, HttpRequest, ReceiptLine, Target
from turnout.wire import Encoded, StreamRenderer, Wire
from turnout.wire.anthropic_messages.answer_rules import ANSWERS
from turnout.wire.anthropic_messages.bedrock_stream import AnthropicBedrockDecoder, AnthropicBedrockRenderer
from turnout.wire.anthropic_messages.codec import AnthropicMessagesCodec
from turnout.wire.anthropic_messages.hosted_counting import BedrockCountCodec
from turnout.wire.anthropic_messages.hosts import HOSTED_MEDIA, HostedServer, encoded, joined, segment, write_hosted
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.aws_events import CONTENT_TYPE

VERSION = "bedrock-2023-05-31"

# The table of beta headers on the page above, and those that the pages on compaction and tool use beside it name.
BETAS = frozenset(
    {
        "compact-2026-01-12",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dev-full-thinking-2025-05-14",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    }
)


class AnthropicBedrockCodec(AnthropicMessagesCodec):
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body, betas = write_hosted(request, provider, stream, VERSION, BETAS, lines)
        body.pop("stream", None)  # the address says it
        if betas:
            already = body.get("anthropic_beta")
            body["anthropic_beta"] = joined(already if isinstance(already, list) else (), betas)
        method = "invoke-with-response-stream" if stream else "invoke"
        http = HttpRequest(
            method="POST",
            url=f"{provider.base_url}/model/{segment(request.model)}/{method}",
            headers={
                "content-type": "application/json",
                "accept": CONTENT_TYPE if stream else "application/json",
                **provider.headers,
            },
            body=encoded(body),
        )
        return Encoded(http, tuple(lines))

    def decoder(self, target: Target) -> AnthropicBedrockDecoder:  # type: ignore[override]  # as StreamDecoder
        return AnthropicBedrockDecoder(target)


class AnthropicBedrockServer(HostedServer):
    """Stateless: one instance serves every caller."""

    def renderer(self, request: ChatRequest) -> StreamRenderer:  # type: ignore[override]
        return AnthropicBedrockRenderer(super().renderer(request))


WIRE = Wire(
    name="anthropic-bedrock",
    dialect_of=WIRE_NAME,
    conversation=ANTHROPIC_MESSAGES,
    schemas=dialects.ANTHROPIC,
    media=HOSTED_MEDIA,
    chat=AnthropicBedrockCodec(),
    server=AnthropicBedrockServer(),
    answers=ANSWERS,
    count=BedrockCountCodec(VERSION, BETAS),
)
