"""Mistral's chat: OpenAI Chat with words, chunks and refusals of its own. It is read as the other dialects are."""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.rules import dialects
from turnout.rules.conversation import MISTRAL_CHAT
from turnout.rules.media import MediaRules, Takes
from turnout.types import ChatRequest, HttpRequest, ReceiptLine
from turnout.wire import Encoded, Wire
from turnout.wire.openai_chat.answer_rules import MISTRAL_ANSWERS
from turnout.wire.openai_chat.codec import OpenAIChatCodec, encode_body
from turnout.wire.openai_chat.embed import MISTRAL_EMBED, MISTRAL_EMBED_SERVER
from turnout.wire.openai_chat.files import MISTRAL_FILES
from turnout.wire.openai_chat.listing import MISTRAL_MODELS_SERVER, MODELS
from turnout.wire.openai_chat.mistral_requests import fit
from turnout.wire.openai_chat.mistral_server import MistralChatServer
from turnout.wire.openai_chat.relay import MISTRAL_RELAY
from turnout.wire.openai_chat.request_writer import write_request
from turnout.wire.openai_chat.words import WIRE_NAME, is_own

# https://docs.mistral.ai/capabilities/vision, …/capabilities/document_ai/document_qna and …/capabilities/audio (read 2026-11-21)
_MEDIA = MediaRules(
    image=Takes(places=("url", "data")),
    audio=Takes(places=("data",)),
    video=None,
    document=Takes(places=("url", "data", "file")),
    source="https://docs.mistral.ai/capabilities/vision",
)


class MistralChatCodec(OpenAIChatCodec):
    """Stateless: one instance serves every provider that speaks this dialect."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body = fit(write_request(request, provider, stream, lines), is_own(request.origin), lines)
        http = HttpRequest(
            method="POST",
            url=f"{provider.base_url}/chat/completions",
            headers={"content-type": "application/json", **provider.headers},
            body=encode_body(body),
        )
        return Encoded(http, tuple(lines))


WIRE = Wire(
    name="mistral-chat",
    dialect_of=WIRE_NAME,
    conversation=MISTRAL_CHAT,
    schemas=dialects.MISTRAL,
    media=_MEDIA,
    chat=MistralChatCodec(),
    server=MistralChatServer(),
    embed=MISTRAL_EMBED,
    embed_server=MISTRAL_EMBED_SERVER,
    answers=MISTRAL_ANSWERS,
    relay=MISTRAL_RELAY,
    models=MODELS,
    models_server=MISTRAL_MODELS_SERVER,
    files=MISTRAL_FILES,
)
