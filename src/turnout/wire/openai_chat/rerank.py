"""Reranking beside chat: OpenAI has none, and who has it under this protocol's base URL took over Cohere's shape.

https://docs.together.ai/reference/rerank-1, https://openrouter.ai/docs/api/api-reference/rerank,
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#re-rank-api (read 2026-11-21)
"""

from __future__ import annotations

from turnout.wire.openai_chat.faults import read_error, write_error
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.ranking_shape import RerankDialect
from turnout.wire.shaped_codecs import ShapedRerankCodec, ShapedRerankServer

DIALECT = RerankDialect(wire=WIRE_NAME, objects=True)
RERANK = ShapedRerankCodec(DIALECT, read_error)
RERANK_SERVER = ShapedRerankServer(DIALECT, write_error)
