"""OpenAI Chat Completions and its dialects, both directions.

https://platform.openai.com/docs/api-reference/chat (read 2026-11-21)
"""

from turnout.wire import Wire
from turnout.wire.openai_chat.codec import OpenAIChatCodec
from turnout.wire.openai_chat.server import OpenAIChatServer

WIRE = Wire(name="openai-chat", chat=OpenAIChatCodec(), server=OpenAIChatServer())
