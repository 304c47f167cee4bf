"""Gemini generateContent, both directions, as the Gemini API and Vertex AI speak it.

https://ai.google.dev/api/generate-content and https://cloud.google.com/vertex-ai/docs/reference/rest (read 2026-11-21)
"""

from turnout.rules import dialects, media as media_rules
from turnout.rules.conversation import GEMINI
from turnout.wire import Wire
from turnout.wire.gemini.answer_rules import ANSWERS
from turnout.wire.gemini.codec import GeminiCodec
from turnout.wire.gemini.counting import COUNT, COUNT_SERVER
from turnout.wire.gemini.embed import GeminiEmbedCodec, GeminiEmbedServer
from turnout.wire.gemini.files import FILES
from turnout.wire.gemini.listing import MODELS, MODELS_SERVER
from turnout.wire.gemini.relay import RELAY
from turnout.wire.gemini.server import GeminiServer

WIRE = Wire(
    name="gemini",
    conversation=GEMINI,
    schemas=dialects.GEMINI,
    media=media_rules.GEMINI,
    chat=GeminiCodec(),
    server=GeminiServer(),
    embed=GeminiEmbedCodec(),
    embed_server=GeminiEmbedServer(),
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
    files=FILES,
    count=COUNT,
    count_server=COUNT_SERVER,
)
