"""OpenAI Chat Completions and its dialects, both directions.

https://platform.openai.com/docs/api-reference/chat (read 2026-11-21)
"""

from turnout.rules import dialects, media
from turnout.rules.conversation import OPENAI_CHAT
from turnout.wire import Wire
from turnout.wire.openai_chat.answer_rules import ANSWERS
from turnout.wire.openai_chat.codec import OpenAIChatCodec
from turnout.wire.openai_chat.embed import EMBED, EMBED_SERVER
from turnout.wire.openai_chat.files import FILES
from turnout.wire.openai_chat.listing import MODELS, MODELS_SERVER
from turnout.wire.openai_chat.relay import RELAY
from turnout.wire.openai_chat.rerank import RERANK, RERANK_SERVER
from turnout.wire.openai_chat.server import OpenAIChatServer

WIRE = Wire(
    name="openai-chat",
    conversation=OPENAI_CHAT,
    schemas=dialects.OPENAI,
    media=media.OPENAI_CHAT,
    chat=OpenAIChatCodec(),
    server=OpenAIChatServer(),
    embed=EMBED,
    embed_server=EMBED_SERVER,
    rerank=RERANK,
    rerank_server=RERANK_SERVER,
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
    files=FILES,
)
