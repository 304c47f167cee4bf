"""Reranking: Cohere's shape with words of Voyage's own; documents are texts, and come back as texts."""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.input_usage import read_tokens
from turnout.wire.ranking_shape import RerankDialect
from turnout.wire.shaped_codecs import ShapedRerankCodec, ShapedRerankServer
from turnout.wire.voyage.faults import WIRE_NAME, read_error, write_error

DIALECT = RerankDialect(
    wire=WIRE_NAME, top_n="top_k", truncate="truncation", document_object=False, results="data", list_object=True
)


def _usage(usage: Usage, wire: str) -> dict[str, Any] | None:
    if usage.raw is not None and usage.wire == wire:
        return usage.raw
    used = read_tokens(usage)
    return None if used is None else {"total_tokens": used}


RERANK = ShapedRerankCodec(DIALECT, read_error)
RERANK_SERVER = ShapedRerankServer(DIALECT, write_error, _usage)
