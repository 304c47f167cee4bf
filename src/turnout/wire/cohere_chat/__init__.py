"""Cohere's chat protocol, version 2, both directions (https://docs.cohere.com/reference/chat, read 2026-11-21).

What only this protocol can say goes in ``ChatRequest.extra``: ``safety_mode``, ``citation_options``, ``priority``.
"""

from turnout.wire import Wire
from turnout.wire.cohere_chat.codec import CohereChatCodec
from turnout.wire.cohere_chat.server import CohereChatServer

WIRE = Wire(name="cohere-chat", chat=CohereChatCodec(), server=CohereChatServer())
