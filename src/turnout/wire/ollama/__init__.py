"""Ollama's own chat protocol, both directions (https://docs.ollama.com/api/chat, read 2026-11-21).

What only this protocol can say goes in ``ChatRequest.extra``: ``{"options": {"num_ctx": 32768}}`` for the context, which
the server otherwise chooses and silently cuts the prompt to, ``{"truncate": False}`` for an error in place of that cut, and
``keep_alive`` for how long the model stays loaded.
"""

from turnout.rules import dialects, media
from turnout.rules.conversation import OLLAMA
from turnout.wire import Wire
from turnout.wire.ollama.answer_rules import ANSWERS
from turnout.wire.ollama.codec import OllamaCodec
from turnout.wire.ollama.embed import OllamaEmbedCodec, OllamaEmbedServer
from turnout.wire.ollama.listing import MODELS, MODELS_SERVER
from turnout.wire.ollama.relay import RELAY
from turnout.wire.ollama.server import OllamaServer

WIRE = Wire(
    name="ollama",
    conversation=OLLAMA,
    schemas=dialects.OLLAMA,
    media=media.OLLAMA,
    chat=OllamaCodec(),
    server=OllamaServer(),
    embed=OllamaEmbedCodec(),
    embed_server=OllamaEmbedServer(),
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
)
