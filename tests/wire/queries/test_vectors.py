"""Numbers: as they came, and from base64 and to it without a loss."""

from __future__ import annotations

import json
from array import array
from base64 import b64encode

import pytest
from hypothesis import given, strategies as st
from query_bodies import HALF, body, embed, embeddings, openai_answer, wire

from turnout.types import Embedding, Embeddings, EmbedRequest, Origin
from turnout.types.embeddings import packed, unpacked

SINGLES = st.lists(st.floats(width=32, allow_nan=False), max_size=9)


@given(SINGLES)
def test_32_bit_floats_go_through_base64_and_back_exactly(vector: list[float]) -> None:
    text = packed(vector)
    assert text == b64encode(array("f", vector).tobytes()).decode()
    assert unpacked(text) == vector


@pytest.mark.parametrize(
    ("kind", "vector"),
    [("int8", [-128, 0, 127]), ("binary", [-128, 127]), ("uint8", [0, 255]), ("ubinary", [0, 255])],
)
def test_integers_of_eight_bits_go_through_base64_and_back_exactly(kind: str, vector: list[float]) -> None:
    assert unpacked(packed(vector, kind), kind) == vector


@pytest.mark.parametrize("text", ["AAA=", "not base64!", "AAAAPw"])
def test_a_text_that_holds_no_whole_floats_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 and struct say it in their own words
        unpacked(text)


def test_a_number_that_does_not_fit_its_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="int8"):
        packed([300], "int8")


def test_floats_are_held_and_written_with_every_digit() -> None:
    said = b"[-0.016586303710937501,0.1,1e-45,-0.0,2,123456789.12345679]"
    answer = json.dumps(openai_answer("VECTOR")).encode().replace(b'"VECTOR"', said)
    held = embeddings("openai-chat", answer)
    assert held.vectors == [json.loads(said)]
    server = wire("openai-chat").embed_server
    assert server is not None
    assert json.loads(server.render(held, EmbedRequest(model="m", input=("Nile",))))["data"][0]["embedding"] == json.loads(said)


def test_base64_stays_the_text_it_came_as_and_reads_as_numbers() -> None:
    held = embeddings("openai-chat", openai_answer(HALF), EmbedRequest(model="m", input=("Nile",), encoding_format="base64"))
    assert held.data[0].forms == {"float": HALF}
    assert held.vectors == [[0.5, -1.0]]


def test_a_text_that_nobody_asked_for_is_not_guessed_to_be_floats() -> None:
    held = embeddings("openai-chat", openai_answer("AAAAPw=="))
    assert held.data[0].forms == {"unknown": "AAAAPw=="}
    assert held.data[0].numbers == "AAAAPw=="
    with pytest.raises(ValueError, match="unknown"):
        _ = held.vectors


def test_eight_bit_integers_in_base64_read_as_integers() -> None:
    request = EmbedRequest(model="m", input=("Nile",), encoding_format="base64_int8")
    assert embeddings("openai-chat", openai_answer("9sYA"), request).vectors == [[-10, -58, 0]]


def test_vectors_stand_in_the_order_of_the_inputs() -> None:
    answer = openai_answer([1.0], [2.0])
    answer["data"][0]["index"], answer["data"][1]["index"] = 1, 0
    held = embeddings("openai-chat", answer)
    assert held.vectors == [[2.0], [1.0]]
    assert [item.index for item in held.data] == [1, 0]


FLOATS = Embeddings(data=(Embedding(index=0, forms={"float": [0.5, -1.0]}),), model="m", origin=Origin("gemini", "google"))


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("openai-chat", {"model": "m", "input": "Nile", "encoding_format": "base64"}, HALF),
        ("openai-chat", {"model": "m", "input": "Nile"}, [0.5, -1.0]),
        ("voyage", {"model": "m", "input": "Nile", "encoding_format": "base64"}, HALF),
        ("jina", {"model": "m", "input": "Nile", "embedding_type": "base64"}, HALF),
    ],
)
def test_a_caller_who_asks_for_base64_gets_it_of_any_provider(name: str, asked: dict[str, str], expected: object) -> None:
    server = wire(name).embed_server
    assert server is not None
    request = server.parse(json.dumps(asked).encode())
    assert json.loads(server.render(FLOATS, request))["data"][0]["embedding"] == expected


def test_a_caller_who_asks_for_a_list_gets_it_of_a_provider_that_wrote_base64() -> None:
    server = wire("gemini").embed_server
    assert server is not None
    told = embeddings("openai-chat", openai_answer(HALF), EmbedRequest(model="m", input=("Nile",), encoding_format="base64"))
    request = server.parse(b'{"content":{"parts":[{"text":"Nile"}]}}')
    assert json.loads(server.render(told, request))["embedding"] == {"values": [0.5, -1.0]}


def test_cohere_gives_several_kinds_of_numbers_for_each_text() -> None:
    answer = {"id": "e", "embeddings": {"int8": [[-5], [6]], "ubinary": [[200], [3]], "base64": [HALF, HALF]}}
    held = embeddings("cohere-chat", answer)
    assert held.data[0].forms == {"int8": [-5], "ubinary": [200], "base64": HALF}
    assert held.vectors == [[-5], [6]]


@pytest.mark.parametrize(
    ("name", "field"), [("cohere-chat", ("embedding_types", ["base64"])), ("jina", ("embedding_type", "base64"))]
)
def test_base64_is_a_kind_of_number_where_a_protocol_says_it_so(name: str, field: tuple[str, object]) -> None:
    encoded = embed(name, EmbedRequest(model="m", input=("Nile",), encoding_format="base64", input_type="query"))
    assert body(encoded)[field[0]] == field[1]
    assert [(line.field, line.fate) for line in encoded.lines] == [("encoding_format", "mapped")]


def test_a_kind_that_includes_base64_is_said_as_an_encoding_where_that_is_the_word() -> None:
    encoded = embed("openai-chat", EmbedRequest(model="m", input=("Nile",), embedding_types=("base64",)))
    assert body(encoded) == {"model": "m", "input": ["Nile"], "encoding_format": "base64"}
    assert [(line.field, line.fate) for line in encoded.lines] == [("embedding_types", "mapped")]
