"""Voyage AI: embeddings and reranking, both directions.

https://docs.voyageai.com/reference/embeddings-api, https://docs.voyageai.com/reference/multimodal-embeddings-api and
https://docs.voyageai.com/reference/reranker-api (read 2026-11-21)
"""

from turnout.wire import Wire
from turnout.wire.voyage.embed import EMBED, EMBED_SERVER
from turnout.wire.voyage.rerank import RERANK, RERANK_SERVER

WIRE = Wire(name="voyage", embed=EMBED, embed_server=EMBED_SERVER, rerank=RERANK, rerank_server=RERANK_SERVER)
