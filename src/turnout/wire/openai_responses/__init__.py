"""OpenAI Responses, both directions: items, not messages.

https://platform.openai.com/docs/api-reference/responses (read 2026-11-21)
"""

from turnout.wire import Wire
from turnout.wire.openai_responses.codec import OpenAIResponsesCodec
from turnout.wire.openai_responses.server import OpenAIResponsesServer

WIRE = Wire(name="openai-responses", chat=OpenAIResponsesCodec(), server=OpenAIResponsesServer())
