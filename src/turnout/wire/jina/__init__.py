"""Jina AI: embeddings and reranking, both directions (https://api.jina.ai/openapi.json, read 2026-11-21)."""

from turnout.wire import Wire
from turnout.wire.jina.embed import EMBED, EMBED_SERVER
from turnout.wire.jina.rerank import RERANK, RERANK_SERVER

WIRE = Wire(name="jina", embed=EMBED, embed_server=EMBED_SERVER, rerank=RERANK, rerank_server=RERANK_SERVER)
