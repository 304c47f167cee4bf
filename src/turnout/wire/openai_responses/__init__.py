"""OpenAI Responses, both directions: items, not messages.

https://platform.openai.com/docs/api-reference/responses (read 2026-11-21)
"""

from turnout.rules import dialects, media
from turnout.rules.conversation import OPENAI_RESPONSES
from turnout.wire import Wire
from turnout.wire.openai_responses.answer_rules import ANSWERS
from turnout.wire.openai_responses.codec import OpenAIResponsesCodec
from turnout.wire.openai_responses.counting import COUNT, COUNT_SERVER
from turnout.wire.openai_responses.files import FILES
from turnout.wire.openai_responses.listing import MODELS, MODELS_SERVER
from turnout.wire.openai_responses.relay import RELAY
from turnout.wire.openai_responses.server import OpenAIResponsesServer

WIRE = Wire(
    name="openai-responses",
    conversation=OPENAI_RESPONSES,
    schemas=dialects.OPENAI,
    media=media.OPENAI_RESPONSES,
    chat=OpenAIResponsesCodec(),
    server=OpenAIResponsesServer(),
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
    files=FILES,
    count=COUNT,
    count_server=COUNT_SERVER,
)
