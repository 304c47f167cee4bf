"""Embeddings: OpenAI's shape with words of Jina's own. An input is a text or an image, each an object where both occur."""

from __future__ import annotations

from turnout.wire.embedding_shape import EmbedDialect
from turnout.wire.jina.faults import WIRE_NAME, read_error, write_error
from turnout.wire.shaped_codecs import ShapedEmbedCodec, ShapedEmbedServer

DIALECT = EmbedDialect(
    wire=WIRE_NAME,
    dimensions=("dimensions",),
    types="embedding_type",
    types_include_base64=True,
    input_type="task",
    input_types={
        "query": ("retrieval.query",),
        "document": ("retrieval.passage",),
        "similarity": ("text-matching",),
        "classification": ("classification",),
        "clustering": ("separation", "clustering"),
        "code_query": ("code.query", "nl2code.query"),
    },
    truncate="truncate",
    content="jina",
)
EMBED = ShapedEmbedCodec(DIALECT, read_error)
EMBED_SERVER = ShapedEmbedServer(DIALECT, write_error)
