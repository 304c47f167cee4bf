"""Reranking: Cohere's shape. Documents may be objects with a text or an image, and come back unless that is declined."""

from __future__ import annotations

from turnout.wire.jina.faults import WIRE_NAME, read_error, write_error
from turnout.wire.ranking_shape import RerankDialect
from turnout.wire.shaped_codecs import ShapedRerankCodec, ShapedRerankServer

DIALECT = RerankDialect(wire=WIRE_NAME, objects=True, returns_unasked=True)
RERANK = ShapedRerankCodec(DIALECT, read_error)
RERANK_SERVER = ShapedRerankServer(DIALECT, write_error)
