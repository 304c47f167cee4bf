"""Ollama's own chat protocol, both directions (https://docs.ollama.com/api/chat, read 2026-11-21).

What only this protocol can say goes in ``ChatRequest.extra``: ``{"options": {"num_ctx": 32768}}`` for the context, which
the server otherwise chooses and silently cuts the prompt to, ``{"truncate": False}`` for an error in place of that cut, and
``keep_alive`` for how long the model stays loaded.
"""

from turnout.wire import Wire
from turnout.wire.ollama.codec import OllamaCodec
from turnout.wire.ollama.server import OllamaServer

WIRE = Wire(name="ollama", chat=OllamaCodec(), server=OllamaServer())
