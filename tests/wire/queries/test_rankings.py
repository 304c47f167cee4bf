"""Reranking: documents and scores, as each vendor writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from query_bodies import body, fates, provider, ranking, rerank, wire

from turnout.errors import RequestError, ServerFault
from turnout.types import Ranked, RerankRequest

DOCUMENTS = ("Nile", {"text": "Rhine"}, {"title": "Pond", "depth": 2})


def asked(**fields: Any) -> RerankRequest:
    return RerankRequest(**{"model": "m", "query": "longest", "documents": ("Nile", "Rhine"), **fields})


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("openai-chat", "/rerank", {"model": "m", "query": "longest", "documents": ["Nile", "Rhine"], "top_n": 1}),
        ("cohere-chat", "/rerank", {"model": "m", "query": "longest", "documents": ["Nile", "Rhine"], "top_n": 1}),
        ("voyage", "/rerank", {"model": "m", "query": "longest", "documents": ["Nile", "Rhine"], "top_k": 1}),
        ("jina", "/rerank", {"model": "m", "query": "longest", "documents": ["Nile", "Rhine"], "top_n": 1}),
        ("bedrock-converse", "/model/m/invoke", {"query": "longest", "documents": ["Nile", "Rhine"], "top_n": 1}),
    ],
)
def test_one_wish_for_a_ranking_in_each_vendors_words(name: str, url: str, expected: Any) -> None:
    encoded = rerank(name, asked(top_n=1))
    assert encoded.http.url == f"https://host.example/v1{url}"
    assert body(encoded) == expected
    assert encoded.lines == ()


def test_coheres_models_on_bedrock_want_a_version() -> None:
    codec = wire("bedrock-converse").rerank
    assert codec is not None
    encoded = codec.encode(asked(model="cohere.rerank-v3-5:0"), provider("bedrock-converse"))
    assert body(encoded)["api_version"] == 2


def test_objects_become_texts_where_documents_are_texts_and_that_is_told() -> None:
    encoded = rerank("voyage", asked(documents=DOCUMENTS))
    assert body(encoded)["documents"] == ["Nile", "Rhine", '{"title":"Pond","depth":2}']
    assert fates(encoded) == [("documents[1]", "mapped"), ("documents[2]", "approximated")]
    assert body(rerank("jina", asked(documents=DOCUMENTS)))["documents"] == list(DOCUMENTS)


def test_documents_are_added_from_the_request_where_a_provider_gives_only_their_places() -> None:
    request = asked(documents=DOCUMENTS, return_documents=True)
    encoded = rerank("cohere-chat", request)
    assert "return_documents" not in body(encoded)
    assert ("return_documents", "mapped") in fates(encoded)
    said = {"results": [{"index": 2, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.25}]}
    ranked = ranking("cohere-chat", said, request)
    assert ranked.results == (
        Ranked(index=2, relevance_score=0.5, document={"title": "Pond", "depth": 2}),
        Ranked(index=0, relevance_score=0.25, document="Nile"),
    )


def test_a_place_that_the_request_does_not_have_gets_no_document() -> None:
    said = {"results": [{"index": 9, "relevance_score": 0.5}]}
    assert ranking("cohere-chat", said, asked(return_documents=True)).results[0].document is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai-chat", {"model": "m", "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "Rhine"}}]}),
        (
            "cohere-chat",
            {
                "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "Rhine"}}],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
            },
        ),
        (
            "voyage",
            {"object": "list", "model": "m", "data": [{"index": 1, "relevance_score": 0.5, "document": "Rhine"}]},
        ),
    ],
)
def test_a_caller_of_another_protocol_gets_the_ranking_in_its_own(name: str, expected: Any) -> None:
    """The answer is Bedrock's, which knows neither the model nor the documents."""
    server = wire(name).rerank_server
    assert server is not None
    said = {"model": "m", "query": "longest", "documents": ["Nile", "Rhine"], "return_documents": True}
    request = server.parse(json.dumps(said).encode())
    from msgspec.structs import replace

    told = replace(ranking("bedrock-converse", {"results": [{"index": 1, "relevance_score": 0.5}]}), search_units=1)
    assert json.loads(server.render(told, request)) == expected


def test_the_scores_of_bedrocks_agents_are_understood_too() -> None:
    said = {"results": [{"index": 5, "relevanceScore": 0.30241215229034424}], "nextToken": "t"}
    ranked = ranking("bedrock-converse", said)
    assert ranked.results == (Ranked(index=5, relevance_score=0.30241215229034424),)
    assert ranked.extra == {"nextToken": "t"}


@pytest.mark.parametrize("item", [{"index": 0}, {"relevance_score": 1}, {"index": "0", "relevance_score": 1}, "Nile"])
def test_a_result_without_place_or_score_is_no_answer(item: Any) -> None:
    with pytest.raises(ServerFault):
        ranking("jina", {"results": [item]})


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"model": "m", "documents": []}, "query"),
        ({"model": "m", "query": "q"}, "documents"),
        ({"model": "m", "query": "q", "documents": ["Nile", 5]}, "documents"),
        ({"model": [], "query": "q", "documents": []}, "model"),
    ],
)
def test_what_is_wrong_with_a_callers_ranking_is_said(said: Any, wrong: str) -> None:
    server = wire("cohere-chat").rerank_server
    assert server is not None
    with pytest.raises(RequestError, match=wrong):
        server.parse(json.dumps(said).encode())
