"""Requests for embeddings: each vendor's words for the same wish, and a line for what a vendor has no word for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from query_bodies import PICTURE, body, embed, fates, response, target, wire

from turnout.catalog.schema import Quirks
from turnout.errors import ContextTooLong, ModelNotFound, QuotaExhausted, RateLimited, RequestError, Unsupported
from turnout.types import Content, DataSource, EmbedRequest, Image, Text, UrlSource

IMAGE = Content((Image(DataSource("iVBORw0KGgo=", "image/png")),))
BOTH = Content((Text("A logo"), Image(DataSource("iVBORw0KGgo=", "image/png"))))


def asked(*inputs: Any, **fields: Any) -> EmbedRequest:
    return EmbedRequest(model="m", input=inputs or ("Nile",), **fields)


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("openai-chat", "https://host.example/v1/embeddings", {"model": "m", "input": ["Nile", "Rhine"], "dimensions": 8}),
        ("mistral-chat", "https://host.example/v1/embeddings", {"model": "m", "input": ["Nile", "Rhine"], "output_dimension": 8}),
        (
            "cohere-chat",
            "https://host.example/v1/embed",
            {"model": "m", "texts": ["Nile", "Rhine"], "input_type": "search_document", "output_dimension": 8},
        ),
        (
            "gemini",
            "https://host.example/v1/models/m:batchEmbedContents",
            {
                "requests": [
                    {
                        "model": "models/m",
                        "content": {"parts": [{"text": text}]},
                        "taskType": "RETRIEVAL_DOCUMENT",
                        "outputDimensionality": 8,
                    }
                    for text in ("Nile", "Rhine")
                ]
            },
        ),
        (
            "vertex-predict",
            "https://host.example/v1/models/m:predict",
            {
                "instances": [{"content": text, "task_type": "RETRIEVAL_DOCUMENT"} for text in ("Nile", "Rhine")],
                "parameters": {"outputDimensionality": 8},
            },
        ),
        ("ollama", "https://host.example/api/embed", {"model": "m", "input": ["Nile", "Rhine"], "dimensions": 8}),
        (
            "voyage",
            "https://host.example/v1/embeddings",
            {"model": "m", "input": ["Nile", "Rhine"], "input_type": "document", "output_dimension": 8},
        ),
        (
            "jina",
            "https://host.example/v1/embeddings",
            {"model": "m", "input": ["Nile", "Rhine"], "task": "retrieval.passage", "dimensions": 8},
        ),
    ],
)
def test_one_wish_in_each_vendors_words(name: str, url: str, expected: Any) -> None:
    encoded = embed(name, asked("Nile", "Rhine", dimensions=8, input_type="document"))
    assert encoded.http.method == "POST"
    assert encoded.http.url == url
    assert body(encoded) == expected
    has_word = name not in ("openai-chat", "mistral-chat", "ollama")
    assert fates(encoded) == ([] if has_word else [("input_type", "dropped")])


def test_one_text_is_one_content_of_gemini() -> None:
    encoded = embed("gemini", asked("Nile"))
    assert encoded.http.url == "https://host.example/v1/models/m:embedContent"
    assert body(encoded) == {"content": {"parts": [{"text": "Nile"}]}}


@pytest.mark.parametrize("base_url", ["http://localhost:11434", "http://localhost:11434/v1", "http://localhost:11434/api"])
def test_ollama_is_reached_at_whichever_of_its_addresses_was_written(base_url: str) -> None:
    assert embed("ollama", asked(), base_url=base_url).http.url == "http://localhost:11434/api/embed"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("amazon.titan-embed-text-v2:0", {"inputText": "Nile", "dimensions": 8}),
        ("amazon.titan-embed-image-v1", {"inputText": "Nile", "embeddingConfig": {"outputEmbeddingLength": 8}}),
        (
            "us.amazon.nova-2-multimodal-embeddings-v1:0",
            {
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {
                    "text": {"value": "Nile", "truncationMode": "NONE"},
                    "embeddingPurpose": "GENERIC_RETRIEVAL",
                    "embeddingDimension": 8,
                },
            },
        ),
        ("cohere.embed-v4:0", {"texts": ["Nile"], "input_type": "search_query", "output_dimension": 8}),
    ],
)
def test_bedrock_takes_the_body_of_the_models_maker(model: str, expected: Any) -> None:
    codec = wire("bedrock-converse").embed
    assert codec is not None
    from query_bodies import provider

    request = EmbedRequest(model=model, input=("Nile",), dimensions=8, input_type="query")
    encoded = codec.encode(request, provider("bedrock-converse", "https://bedrock.example"))
    assert encoded.http.url == f"https://bedrock.example/model/{model.replace(':', '%3A')}/invoke"
    assert body(encoded) == expected
    assert codec.inputs_per_call(request, provider("bedrock-converse")) == (96 if "cohere" in model else 1)


def test_bedrock_refuses_a_model_whose_body_nobody_knows_and_says_which_it_knows() -> None:
    codec = wire("bedrock-converse").embed
    assert codec is not None
    from query_bodies import provider

    with pytest.raises(Unsupported, match=r"acme\.embed-v1.*cohere\.embed"):
        codec.inputs_per_call(EmbedRequest(model="acme.embed-v1", input=("Nile",)), provider("bedrock-converse"))


def test_cohere_requires_a_purpose_and_a_request_without_one_is_told_which_was_taken() -> None:
    encoded = embed("cohere-chat", asked())
    assert body(encoded)["input_type"] == "search_document"
    assert fates(encoded) == [("input_type", "approximated")]


def test_a_purpose_without_a_word_of_its_own_becomes_the_nearest_and_says_so() -> None:
    encoded = embed("cohere-chat", asked(input_type="code_query"))
    assert body(encoded)["input_type"] == "search_query"
    assert fates(encoded) == [("input_type", "approximated")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cohere-chat", ("truncate", "START", [])),
        ("voyage", ("truncation", True, [("truncate", "approximated")])),
        ("ollama", ("truncate", True, [("truncate", "approximated")])),
        ("jina", ("truncate", True, [("truncate", "approximated")])),
        ("openai-chat", ("truncate", None, [("truncate", "dropped")])),
        ("gemini", ("truncate", None, [("truncate", "dropped")])),
    ],
)
def test_which_end_is_cut_is_said_where_a_protocol_can_say_it(name: str, expected: tuple[str, Any, Any]) -> None:
    field, value, lines = expected
    encoded = embed(name, asked(truncate="start", input_type="query" if name == "cohere-chat" else None))
    assert body(encoded).get(field) == value
    assert fates(encoded) == lines


def test_not_to_cut_is_what_openai_does_anyway() -> None:
    assert fates(embed("openai-chat", asked(truncate="none"))) == []


@pytest.mark.parametrize("name", ["cohere-chat", "gemini", "vertex-predict", "ollama", "voyage", "jina"])
def test_token_ids_mean_nothing_to_a_protocol_of_texts_and_are_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(Unsupported, match=r"input\[1\] is a list of token ids"):
        embed(name, asked("Nile", (8134, 7)))


def test_token_ids_go_to_the_protocol_that_has_them() -> None:
    assert body(embed("openai-chat", asked((8134, 7), "Nile")))["input"] == [[8134, 7], "Nile"]


@pytest.mark.parametrize(
    ("name", "input", "expected"),
    [
        ("cohere-chat", IMAGE, {"images": [PICTURE]}),
        (
            "cohere-chat",
            BOTH,
            {"inputs": [{"content": [{"type": "text", "text": "A logo"}, {"type": "image_url", "image_url": {"url": PICTURE}}]}]},
        ),
        (
            "gemini",
            BOTH,
            {"content": {"parts": [{"text": "A logo"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]}},
        ),
        (
            "voyage",
            BOTH,
            {"inputs": [{"content": [{"type": "text", "text": "A logo"}, {"type": "image_base64", "image_base64": PICTURE}]}]},
        ),
        ("voyage", Content((Image(UrlSource("https://a.example/b.png")),)), None),
        ("jina", IMAGE, {"input": [{"image": PICTURE}]}),
        ("openai-chat", IMAGE, {"input": [{"content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]}),
    ],
)
def test_an_image_goes_where_a_protocol_has_a_place_for_it(name: str, input: Content, expected: Any) -> None:
    encoded = embed(name, asked(input))
    written = body(encoded)
    if expected is None:
        assert written["inputs"] == [{"content": [{"type": "image_url", "image_url": "https://a.example/b.png"}]}]
        assert encoded.http.url == "https://host.example/v1/multimodalembeddings"
    else:
        assert {key: value for key, value in written.items() if key in expected} == expected


@pytest.mark.parametrize("name", ["mistral-chat", "vertex-predict", "ollama"])
def test_an_image_is_never_left_out_where_there_is_no_place_for_it(name: str) -> None:
    with pytest.raises(Unsupported, match=r"input\[0\]"):
        embed(name, asked(BOTH))


def test_an_input_of_several_texts_becomes_one_text_and_says_so() -> None:
    encoded = embed("ollama", asked(Content((Text("Nile"), Text("Rhine")))))
    assert body(encoded)["input"] == ["Nile\nRhine"]
    assert fates(encoded) == [("input[0]", "approximated")]


def test_a_field_of_another_protocol_stays_behind_with_a_line_unless_it_says_nothing() -> None:
    server = wire("ollama").embed_server
    assert server is not None
    request = server.parse(b'{"model":"m","input":"Nile","options":{"num_ctx":512},"keep_alive":null}')
    encoded = embed("openai-chat", request)
    assert body(encoded) == {"model": "m", "input": ["Nile"]}
    assert fates(encoded) == [("extra.options", "dropped")]


def test_what_a_person_adds_goes_verbatim_to_any_protocol() -> None:
    encoded = embed("voyage", asked(extra={"output_dtype": "int8"}))
    assert body(encoded) == {"model": "m", "input": ["Nile"], "output_dtype": "int8"}
    assert encoded.lines == ()


def test_nothing_that_was_not_asked_for_is_sent_not_even_null() -> None:
    assert body(embed("openai-chat", asked())) == {"model": "m", "input": ["Nile"]}
    assert body(embed("voyage", asked(encoding_format="float"))) == {"model": "m", "input": ["Nile"]}


def test_a_providers_own_name_for_a_field_is_data() -> None:
    encoded = embed("openai-chat", asked(dimensions=8), quirks=Quirks(rename={"dimensions": "size"}))
    assert body(encoded) == {"model": "m", "input": ["Nile"], "size": 8}
    assert fates(encoded) == [("dimensions", "mapped")]


@pytest.mark.parametrize(
    ("name", "said", "wrong"),
    [
        ("openai-chat", {"model": "m"}, "input"),
        ("openai-chat", {"model": 5, "input": "Nile"}, "model"),
        ("openai-chat", {"model": "m", "input": ["Nile", 5.5]}, r"input\[1\]"),
        ("cohere-chat", {"model": "m", "texts": "Nile"}, "texts"),
        ("cohere-chat", {"model": "m", "inputs": ["Nile"]}, "inputs"),
        ("gemini", {"content": "Nile"}, "content"),
        ("gemini", {"requests": [{"content": {"parts": ["Nile"]}}]}, r"requests\[0\]\.content\.parts\[0\]"),
        ("vertex-predict", {"instances": [{"text": "Nile"}]}, r"instances\[0\]"),
        ("ollama", {"model": "m", "input": 5}, "input"),
        ("bedrock-converse", {"prompt": "Nile"}, "inputText"),
        ("bedrock-converse", {"taskType": "SEGMENTED_EMBEDDING"}, "SINGLE_EMBEDDING"),
    ],
)
def test_what_is_wrong_with_a_callers_request_is_said_with_its_place(name: str, said: Any, wrong: str) -> None:
    server = wire(name).embed_server
    assert server is not None
    with pytest.raises(RequestError, match=wrong):
        server.parse(json.dumps(said).encode())


@pytest.mark.parametrize(
    ("name", "status", "said", "kind"),
    [
        ("voyage", 429, {"detail": "rate limit"}, RateLimited),
        ("voyage", 400, {"detail": "the text exceeds the context length"}, ContextTooLong),
        ("voyage", 404, {"detail": "no such model"}, ModelNotFound),
        ("jina", 400, {"detail": "Model 'x' not found", "code": "INPUT_MODEL_NOT_FOUND"}, ModelNotFound),
        ("jina", 403, {"error": {"code": "AUTHZ_INSUFFICIENT_BALANCE", "message": "no balance"}}, QuotaExhausted),
        ("cohere-chat", 400, {"message": "too many tokens"}, ContextTooLong),
        ("openai-chat", 404, {"error": {"code": "model_not_found", "message": "no such model"}}, ModelNotFound),
    ],
)
def test_a_refusal_is_the_error_that_says_who_has_to_act(name: str, status: int, said: Any, kind: type[Exception]) -> None:
    codec, server = wire(name).embed, wire(name).embed_server
    assert codec is not None
    assert server is not None
    error = codec.decode_error(response(said, status, retry_after="7"), target())
    assert type(error) is kind
    assert error.retry_after == 7.0
    assert (error.status, error.wire, error.body) == (status, name, said)
    assert server.render_error(error) == (status, json.dumps(said, separators=(",", ":")).encode())
