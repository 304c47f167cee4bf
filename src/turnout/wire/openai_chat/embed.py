"""Embeddings beside chat, under the same base URL (https://platform.openai.com/docs/api-reference/embeddings, read 2026-11-21).

Azure, Mistral, OpenRouter, Perplexity, vLLM, llama.cpp and Ollama's second endpoint speak it too. ``input_type`` is a field of
OpenRouter's and NVIDIA's and unknown to OpenAI itself, so it goes out only when a caller of this protocol wrote it.
"""

from __future__ import annotations

from turnout.wire.embedding_shape import EmbedDialect
from turnout.wire.openai_chat.faults import read_error, write_error
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.shaped_codecs import ShapedEmbedCodec, ShapedEmbedServer

DIALECT = EmbedDialect(wire=WIRE_NAME, user="user", tokens=True, content="openai")
# Mistral refuses fields that it does not know: https://docs.mistral.ai/api/#tag/embeddings (read 2026-11-21)
_MISTRAL = EmbedDialect(wire=WIRE_NAME, dimensions=("output_dimension", "dimensions"), types="output_dtype")

EMBED = ShapedEmbedCodec(DIALECT, read_error)
EMBED_SERVER = ShapedEmbedServer(DIALECT, write_error)
MISTRAL_EMBED = ShapedEmbedCodec(_MISTRAL, read_error)
MISTRAL_EMBED_SERVER = ShapedEmbedServer(_MISTRAL, write_error)
