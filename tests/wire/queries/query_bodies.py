"""One request and its answer of every protocol that embeds or ranks, as they go over the wire, and the means to carry them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.types import Embeddings, EmbedRequest, HttpResponse, Ranking, RerankRequest, Target
from turnout.wire import Encoded, Wire

WIRES = Registry(environ={}).wires
HALF = "AAAAPwAAgL8="  # 0.5 and -1.0 as 32-bit floats in little-endian order


class Spoken(NamedTuple):
    """A wire, the model that its address names ("" where the body does), a request and its answer."""

    wire: str
    model: str
    request: dict[str, Any]
    answer: dict[str, Any]


def openai_answer(*vectors: Any, model: str = "m", **usage: int) -> dict[str, Any]:
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "model": model, "usage": usage or {"prompt_tokens": 5, "total_tokens": 5}}


PICTURE = "data:image/png;base64,iVBORw0KGgo="

EMBEDDINGS = [
    Spoken("openai-chat", "", {"model": "m", "input": "Nile", "dimensions": 2, "user": "u1"}, openai_answer([0.5, -1.0])),
    Spoken("openai-chat", "", {"model": "m", "input": [[8134, 7], [9]], "encoding_format": "base64"}, openai_answer(HALF, HALF)),
    Spoken(
        "openai-chat",
        "",
        {"model": "m", "input": [{"content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}], "input_type": "passage"},
        openai_answer([0.5, -1]) | {"id": "gen-1", "provider": "Elsewhere"},
    ),
    Spoken(
        "mistral-chat",
        "",
        {"model": "m", "input": ["Nile"], "output_dimension": 2, "output_dtype": "int8"},
        openai_answer([5, -1]),
    ),
    Spoken(
        "cohere-chat",
        "",
        {
            "model": "embed-v4.0",
            "texts": ["Nile", "Rhine"],
            "input_type": "search_query",
            "embedding_types": ["float", "ubinary", "base64"],
            "output_dimension": 2,
            "truncate": "START",
            "max_tokens": 100,
        },
        {
            "id": "e1",
            "embeddings": {"float": [[0.5, -1.0], [1.5, 2.0]], "ubinary": [[3], [4]], "base64": [HALF, HALF]},
            "texts": ["nile", "rhine"],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4}},
            "response_type": "embeddings_by_type",
        },
    ),
    Spoken(
        "cohere-chat",
        "",
        {"model": "embed-english-v3.0", "images": [PICTURE], "input_type": "image", "truncate": None},
        {"id": "e2", "embeddings": [[0.5, -1.0]], "meta": {"billed_units": {"images": 1}}, "response_type": "embeddings_floats"},
    ),
    Spoken(
        "gemini",
        "gemini-embedding-001",
        {"content": {"parts": [{"text": "Nile"}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2},
        {"embedding": {"values": [0.5, -1.0]}, "usageMetadata": {"promptTokenCount": 3}},
    ),
    Spoken(
        "gemini",
        "gemini-embedding-001",
        {
            "requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "Nile"}], "role": "user"}, "title": "A"},
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "Rhine"}]}, "taskType": "CLUSTERING"},
            ]
        },
        {"embeddings": [{"values": [0.5, -1.0]}, {"values": [1.5, 2.0], "shape": [2]}]},
    ),
    Spoken(
        "gemini",
        "gemini-embedding-2",
        {"content": {"parts": [{"text": "Nile"}]}, "embedContentConfig": {"taskType": "CLUSTERING", "autoTruncate": True}},
        {"embedding": {"values": [0.5]}},
    ),
    Spoken(
        "vertex-predict",
        "text-embedding-005",
        {
            "instances": [{"content": "Nile", "task_type": "RETRIEVAL_DOCUMENT", "title": "A"}],
            "parameters": {"outputDimensionality": 2, "autoTruncate": False},
        },
        {
            "predictions": [{"embeddings": {"values": [0.5, -1.0], "statistics": {"token_count": 2, "truncated": False}}}],
            "metadata": {"billableCharacterCount": 4},
        },
    ),
    Spoken(
        "ollama",
        "",
        {"model": "m", "input": ["Nile"], "truncate": False, "dimensions": 2, "options": {"num_ctx": 512}, "keep_alive": "5m"},
        {"model": "m", "embeddings": [[0.5, -1.0]], "total_duration": 31, "load_duration": 12, "prompt_eval_count": 3},
    ),
    Spoken("ollama", "", {"model": "m", "prompt": "Nile", "options": {}}, {"embedding": [0.5, -1.0]}),
    Spoken(
        "voyage",
        "",
        {
            "model": "m",
            "input": ["Nile"],
            "input_type": "document",
            "truncation": True,
            "output_dtype": "int8",
            "output_dimension": 2,
        },
        openai_answer([5, -1], total_tokens=3),
    ),
    Spoken(
        "voyage",
        "",
        {
            "model": "m",
            "inputs": [{"content": [{"type": "text", "text": "Nile"}, {"type": "image_base64", "image_base64": PICTURE}]}],
        },
        openai_answer([0.5, -1.0], total_tokens=3, image_pixels=50000, text_tokens=1),
    ),
    Spoken(
        "jina",
        "",
        {
            "model": "m",
            "input": [{"text": "Nile"}, {"image": "iVBORw0KGgo="}],
            "task": "retrieval.passage",
            "embedding_type": "base64",
            "late_chunking": False,
        },
        openai_answer(HALF, HALF),
    ),
    Spoken(
        "bedrock-converse",
        "amazon.titan-embed-text-v2:0",
        {"inputText": "Nile", "dimensions": 256, "normalize": True, "embeddingTypes": ["binary", "float"]},
        {"embedding": [0.5], "embeddingsByType": {"binary": [1], "float": [0.5]}, "inputTextTokenCount": 3},
    ),
    Spoken(
        "bedrock-converse",
        "amazon.titan-embed-image-v1",
        {"inputText": "Nile", "inputImage": "iVBORw0KGgo=", "embeddingConfig": {"outputEmbeddingLength": 256}},
        {"embedding": [0.5], "inputTextTokenCount": 3, "message": None},
    ),
    Spoken(
        "bedrock-converse",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        {
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "TEXT_RETRIEVAL",
                "embeddingDimension": 256,
                "text": {"value": "Nile", "truncationMode": "END"},
            },
        },
        {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5], "truncatedCharLength": 3}]},
    ),
    Spoken(
        "bedrock-converse",
        "cohere.embed-english-v3",
        {"texts": ["Nile"], "input_type": "clustering", "truncate": "NONE"},
        {"id": "b1", "embeddings": [[0.5]], "texts": ["nile"], "response_type": "embeddings_floats"},
    ),
]

RANKINGS = [
    Spoken(
        "openai-chat",
        "",
        {"model": "m", "query": "longest", "documents": ["Nile", {"text": "Rhine"}], "top_n": 1, "return_documents": True},
        {
            "id": "r1",
            "object": "rerank",
            "model": "m",
            "results": [{"index": 0, "relevance_score": 0.75, "document": {"text": "Nile"}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
        },
    ),
    Spoken(
        "cohere-chat",
        "",
        {"model": "rerank-v3.5", "query": "longest", "documents": ["Nile", "Rhine"], "max_tokens_per_doc": 512, "top_n": None},
        {
            "id": "r2",
            "results": [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 1e-05}],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
        },
    ),
    Spoken(
        "voyage",
        "",
        {
            "model": "rerank-2.5",
            "query": "longest",
            "documents": ["Nile"],
            "top_k": 1,
            "truncation": False,
            "return_documents": True,
        },
        {
            "object": "list",
            "data": [{"relevance_score": 0.75, "index": 0, "document": "Nile"}],
            "model": "rerank-2.5",
            "usage": {"total_tokens": 9},
        },
    ),
    Spoken(
        "jina",
        "",
        {"model": "m", "query": "longest", "documents": [{"text": "Nile"}, {"image": PICTURE}], "return_documents": False},
        {"model": "m", "results": [{"index": 1, "relevance_score": 0.75}], "usage": {"total_tokens": 9}, "object": "list"},
    ),
    Spoken(
        "bedrock-converse",
        "cohere.rerank-v3-5:0",
        {"query": "longest", "documents": ["Nile"], "top_n": 1, "api_version": 2},
        {"results": [{"index": 0, "relevance_score": 0.75}]},
    ),
]


def wire(name: str) -> Wire:
    return WIRES.get(name)


def provider(name: str, base_url: str = "https://host.example/v1", **settings: Any) -> Provider:
    return Provider(id="somebody", name="Somebody", wire=name, base_url=base_url, **settings)


def target(model: str = "m") -> Target:
    return Target("somebody", model)


def response(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=named, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def embed(name: str, request: EmbedRequest, **settings: Any) -> Encoded:
    codec = wire(name).embed
    assert codec is not None
    return codec.encode(request, provider(name, **settings))


def embeddings(name: str, body: Any, request: EmbedRequest | None = None, **headers: str) -> Embeddings:
    codec = wire(name).embed
    assert codec is not None
    return codec.decode(response(body, **headers), request or EmbedRequest(model="m", input=("Nile",)), target())


def rerank(name: str, request: RerankRequest, **settings: Any) -> Encoded:
    codec = wire(name).rerank
    assert codec is not None
    return codec.encode(request, provider(name, **settings))


def ranking(name: str, body: Any, request: RerankRequest | None = None) -> Ranking:
    codec = wire(name).rerank
    assert codec is not None
    return codec.decode(response(body), request or RerankRequest(model="m", query="q", documents=("Nile",)), target())


def body(encoded: Encoded) -> Any:
    return json.loads(encoded.http.body)


def fates(encoded: Encoded) -> list[tuple[str, str]]:
    return [(line.field, line.fate) for line in encoded.lines]
