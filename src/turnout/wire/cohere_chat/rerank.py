"""Reranking beside chat, versions 1 and 2 (https://docs.cohere.com/reference/rerank, read 2026-11-21).

Version 1 could give documents back and took objects; version 2, which our base URL names, does neither. Both bill searches:
``search_units``, whose price is not per token (https://docs.cohere.com/docs/how-does-cohere-pricing-work, read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Ranking, RerankRequest, Usage
from turnout.wire.cohere_chat.faults import read_error, write_error
from turnout.wire.cohere_chat.words import WIRE_NAME
from turnout.wire.embedding_by_type import read_meta, write_meta
from turnout.wire.json_body import write
from turnout.wire.ranking_shape import RerankDialect, write_answer
from turnout.wire.shaped_codecs import ShapedRerankCodec, ShapedRerankServer

DIALECT = RerankDialect(
    wire=WIRE_NAME, max_tokens_per_doc="max_tokens_per_doc", returns=False, usage="meta", read_usage=read_meta, says_model=False
)
RERANK = ShapedRerankCodec(DIALECT, read_error)


class CohereRerankServer(ShapedRerankServer):
    def render(self, ranking: Ranking, request: RerankRequest) -> bytes:
        meta = _meta(ranking.usage, ranking.search_units)
        return write(write_answer(ranking, request, DIALECT, meta), "the answer")


def _meta(usage: Usage, search_units: float | None) -> dict[str, Any] | None:
    meta = write_meta(usage, WIRE_NAME)
    if usage.wire == WIRE_NAME or search_units is None:
        return meta
    return {"api_version": {"version": "2"}, "billed_units": {"search_units": search_units}}


RERANK_SERVER = CohereRerankServer(DIALECT, write_error)
