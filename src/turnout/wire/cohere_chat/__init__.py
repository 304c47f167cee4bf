"""Cohere's chat protocol, version 2, both directions (https://docs.cohere.com/reference/chat, read 2026-11-21).

What only this protocol can say goes in ``ChatRequest.extra``: ``safety_mode``, ``citation_options``, ``priority``.
"""

from turnout.rules import dialects, media
from turnout.rules.conversation import COHERE_CHAT
from turnout.wire import Wire
from turnout.wire.cohere_chat.answer_rules import ANSWERS
from turnout.wire.cohere_chat.codec import CohereChatCodec
from turnout.wire.cohere_chat.counting import COUNT
from turnout.wire.cohere_chat.embed import CohereEmbedCodec, CohereEmbedServer
from turnout.wire.cohere_chat.listing import MODELS, MODELS_SERVER
from turnout.wire.cohere_chat.relay import RELAY
from turnout.wire.cohere_chat.rerank import RERANK, RERANK_SERVER
from turnout.wire.cohere_chat.server import CohereChatServer

WIRE = Wire(
    name="cohere-chat",
    conversation=COHERE_CHAT,
    schemas=dialects.COHERE,
    media=media.COHERE_CHAT,
    chat=CohereChatCodec(),
    server=CohereChatServer(),
    embed=CohereEmbedCodec(),
    embed_server=CohereEmbedServer(),
    rerank=RERANK,
    rerank_server=RERANK_SERVER,
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
    count=COUNT,
)
