"""What holds for every protocol that embeds or ranks: what was understood is said again as it was, whatever bytes come."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace
from query_bodies import EMBEDDINGS, RANKINGS, Spoken, provider, response, target, wire

from turnout.errors import Error, RequestError
from turnout.testing.difference import compared
from turnout.types import EmbedRequest, RerankRequest

ALL = [("embed", spoken) for spoken in EMBEDDINGS] + [("rerank", spoken) for spoken in RANKINGS]
NAMES = [f"{operation}-{spoken.wire}-{number}" for number, (operation, spoken) in enumerate(ALL)]
EMPTY: dict[str, Any] = {
    "embed": EmbedRequest(model="m", input=("Nile",)),
    "rerank": RerankRequest(model="m", query="q", documents=("Nile",)),
}


def sides(operation: str, spoken: Spoken) -> tuple[Any, Any]:
    return getattr(wire(spoken.wire), operation), getattr(wire(spoken.wire), f"{operation}_server")


@pytest.mark.parametrize(("operation", "spoken"), ALL, ids=NAMES)
def test_a_request_of_a_caller_goes_to_the_same_protocol_as_it_came(operation: str, spoken: Spoken) -> None:
    codec, server = sides(operation, spoken)
    request = server.parse(json.dumps(spoken.request).encode())
    encoded = codec.encode(replace(request, model=request.model or spoken.model), provider(spoken.wire))
    assert list(compared("", spoken.request, json.loads(encoded.http.body))) == []
    assert [line for line in encoded.lines if line.fate in ("dropped", "approximated")] == []


@pytest.mark.parametrize(("operation", "spoken"), ALL, ids=NAMES)
def test_an_answer_goes_to_a_caller_of_the_same_protocol_as_it_came(operation: str, spoken: Spoken) -> None:
    codec, server = sides(operation, spoken)
    request = server.parse(json.dumps(spoken.request).encode())
    answer = codec.decode(response(spoken.answer), request, target())
    assert list(compared("", spoken.answer, json.loads(server.render(answer, request)))) == []


@pytest.mark.parametrize("asked", EMBEDDINGS, ids=[f"{spoken.wire}-{at}" for at, spoken in enumerate(EMBEDDINGS)])
@pytest.mark.parametrize("told", EMBEDDINGS, ids=[f"{spoken.wire}-{at}" for at, spoken in enumerate(EMBEDDINGS)])
def test_any_caller_gets_any_answer_in_its_own_protocol(asked: Spoken, told: Spoken) -> None:
    """The caller's own codec, which reads what providers say, reads what we say to the caller."""
    codec, server = sides("embed", asked)
    request = server.parse(json.dumps(asked.request).encode())
    theirs, callers = sides("embed", told)
    answer = theirs.decode(response(told.answer), callers.parse(json.dumps(told.request).encode()), target())
    answer = replace(answer, data=answer.data[: len(request.input)])
    rendered = codec.decode(response(server.render(answer, request)), request, target())
    assert len(rendered.data) == len(answer.data)


@pytest.mark.parametrize("asked", EMBEDDINGS, ids=[f"{spoken.wire}-{at}" for at, spoken in enumerate(EMBEDDINGS)])
@pytest.mark.parametrize("name", ["openai-chat", "cohere-chat", "gemini", "vertex-predict", "ollama", "voyage", "jina"])
def test_any_request_goes_to_any_protocol_or_is_refused_before_it_is_sent(asked: Spoken, name: str) -> None:
    codec, server = wire(name).embed, wire(name).embed_server
    assert codec is not None
    assert server is not None
    request = replace(sides("embed", asked)[1].parse(json.dumps(asked.request).encode()), model="m")
    try:
        encoded = codec.encode(request, provider(name))
    except Error:
        assert any(not isinstance(value, str) for value in request.input)  # token ids, or images
        return
    again = server.parse(encoded.http.body)
    assert len(again.input) == len(request.input)
    assert asked.wire == name or all(line.reason for line in encoded.lines)


# -- whatever bytes come ---------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.sampled_from(["", "a", "models/m", "AAAA", "\ud800"])
WORDS = sorted(
    {
        name
        for spoken in (*EMBEDDINGS, *RANKINGS)
        for whole in (spoken.request, spoken.answer)
        for name in {*whole, *(inner for value in whole.values() if isinstance(value, dict) for inner in value)}
    }
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def broken(draw: st.DrawFn, whole: Any) -> Any:
    """``whole`` with some member replaced, taken out or added."""
    if isinstance(whole, dict) and whole and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(whole)))
        return {**whole, name: draw(broken(whole[name]))}
    if isinstance(whole, list) and whole and draw(st.booleans()):
        at = draw(st.integers(0, len(whole) - 1))
        return [*whole[:at], draw(broken(whole[at])), *whole[at + 1 :]]
    return draw(JSON)


@pytest.mark.parametrize(("operation", "spoken"), ALL, ids=NAMES)
@given(data=st.data())
def test_only_the_error_tree_leaves_whatever_a_provider_answers(operation: str, spoken: Spoken, data: st.DataObject) -> None:
    codec, server = sides(operation, spoken)
    said = json.dumps(data.draw(broken(spoken.answer))).encode()
    request = server.parse(json.dumps(spoken.request).encode())
    with contextlib.suppress(Error):
        answer = codec.decode(response(said), request, target())
        server.render(answer, request)
        server.render(answer, EMPTY[operation])
        for _, other in (each for each in ALL if each[0] == operation):
            sides(operation, other)[1].render(answer, EMPTY[operation])


@pytest.mark.parametrize(("operation", "spoken"), ALL, ids=NAMES)
@given(data=st.data())
def test_only_the_error_tree_leaves_whatever_a_caller_asks(operation: str, spoken: Spoken, data: st.DataObject) -> None:
    _, server = sides(operation, spoken)
    said = json.dumps(data.draw(broken(spoken.request))).encode()
    with contextlib.suppress(RequestError):
        request = replace(server.parse(said), model=spoken.model or "m")
        for _, other in (each for each in ALL if each[0] == operation):
            with contextlib.suppress(Error):
                sides(operation, other)[0].encode(replace(request, model=other.model or "m"), provider(other.wire))


@pytest.mark.parametrize(("operation", "spoken"), ALL, ids=NAMES)
@pytest.mark.parametrize("said", [b"", b"\xff", b"[" * 100_000, b"null", b"[]", b"1e999", b'"a"', b"<html>"])
def test_what_is_no_json_object_is_an_error_that_says_so(operation: str, spoken: Spoken, said: bytes) -> None:
    codec, server = sides(operation, spoken)
    with pytest.raises(RequestError, match="JSON"):
        server.parse(said)
    with pytest.raises(Error, match="JSON"):
        codec.decode(response(said), EMPTY[operation], target())
    assert codec.decode_error(response(said, status=503), target()).status == 503
    status, body = server.render_error(RequestError("documents: expected a list"))
    assert status == 400
    assert b"documents: expected a list" in body
