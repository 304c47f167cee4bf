"""What embedding and ranking used: what was counted, and what is billed where that is another number."""

from __future__ import annotations

from typing import Any

import pytest
from query_bodies import embeddings, openai_answer, ranking


@pytest.mark.parametrize(
    ("name", "answer", "counted"),
    [
        ("openai-chat", openai_answer([0.5], prompt_tokens=7, total_tokens=7), 7),
        ("voyage", openai_answer([0.5], total_tokens=12), 12),
        ("ollama", {"embeddings": [[0.5]], "prompt_eval_count": 3}, 3),
        ("ollama", {"embeddings": [[0.5]]}, None),
        ("gemini", {"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 11, "totalTokenCount": 11}}, 11),
        ("gemini", {"embedding": {"values": [0.5]}}, None),
        ("vertex-predict", {"predictions": [{"embeddings": {"values": [1], "statistics": {"token_count": 4.0}}}]}, 4),
        ("bedrock-converse", {"embedding": [0.5], "inputTextTokenCount": 3}, 3),
    ],
)
def test_tokens_are_those_that_the_provider_counted(name: str, answer: dict[str, Any], counted: int | None) -> None:
    assert embeddings(name, answer).usage.input_tokens == counted


def test_bedrock_counts_in_a_header_what_an_answer_does_not_say() -> None:
    header = {"x_amzn_bedrock_input_token_count": "10"}
    held = embeddings("bedrock-converse", {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]}, **header)
    assert held.usage.input_tokens == 10


def test_cohere_bills_texts_and_images_by_prices_of_their_own() -> None:
    def billed(**units: int) -> int | None:
        used = embeddings("cohere-chat", {"id": "e", "embeddings": {"float": [[1]]}, "meta": {"billed_units": units}}).usage
        assert used.input_tokens is None  # what was counted is not said
        return used.billed.input_tokens if used.billed is not None else None

    assert billed(input_tokens=7, image_tokens=0) == 7
    assert billed(input_tokens=7, image_tokens=258) is None


def test_search_units_are_no_tokens() -> None:
    said = {"results": [], "meta": {"billed_units": {"search_units": 2}}}
    ranked = ranking("cohere-chat", said)
    assert ranked.search_units == 2
    assert ranked.usage.input_tokens is None
    assert ranked.usage.raw == said["meta"]


def test_a_ranking_that_counts_tokens_has_no_search_units() -> None:
    ranked = ranking("voyage", {"object": "list", "data": [], "usage": {"total_tokens": 57}})
    assert ranked.search_units is None
    assert ranked.usage.input_tokens == 57
