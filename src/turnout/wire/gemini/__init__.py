"""Gemini generateContent, both directions, as the Gemini API and Vertex AI speak it.

https://ai.google.dev/api/generate-content and https://cloud.google.com/vertex-ai/docs/reference/rest (read 2026-11-21)
"""

from turnout.wire import Wire
from turnout.wire.gemini.codec import GeminiCodec
from turnout.wire.gemini.server import GeminiServer

WIRE = Wire(name="gemini", chat=GeminiCodec(), server=GeminiServer())
