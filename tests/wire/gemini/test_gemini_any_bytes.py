"""Whatever bytes come, only the error tree leaves, and what was understood is said again as it was."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from gemini_wire import (
    CODEC,
    GOOGLE,
    SERVER,
    TARGET,
    answer,
    chunk,
    decode,
    encode,
    pieces,
    render,
    rendered,
    sse,
    until_it_breaks,
)
from hypothesis import given, strategies as st

from turnout.errors import Error
from turnout.events import fold
from turnout.testing.difference import compared
from turnout.types import HttpResponse

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "STOP", "user", "model", "$.a[0]", "c2ln"])
NAMES = st.sampled_from(
    [
        *("candidates", "content", "parts", "role", "text", "thought", "thoughtSignature", "functionCall", "name", "args", "id"),
        *("partialArgs", "jsonPath", "stringValue", "willContinue", "finishReason", "index", "usageMetadata", "promptTokenCount"),
        *("contents", "tools", "functionDeclarations", "parameters", "type", "nullable", "properties", "toolConfig", "error"),
        *("functionCallingConfig", "mode", "generationConfig", "thinkingConfig", "thinkingBudget", "responseSchema", "details"),
        *(
            "functionResponse",
            "response",
            "inlineData",
            "mimeType",
            "data",
            "fileData",
            "fileUri",
            "promptFeedback",
            "blockReason",
        ),
        *(
            "groundingMetadata",
            "groundingChunks",
            "groundingSupports",
            "segment",
            "groundingChunkIndices",
            "web",
            "uri",
            "endIndex",
        ),
        *(
            "systemInstruction",
            "responseId",
            "modelVersion",
            "createTime",
            "logprobsResult",
            "model",
            "stopSequences",
            "retryDelay",
        ),
    ]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
PARTS = st.lists(OBJECTS | st.builds(lambda text: {"text": text}, st.text(max_size=3)), max_size=3)


@given(OBJECTS, PARTS)
def test_a_request_is_refused_or_said_again_as_it_was(fields: dict[str, Any], parts: list[Any]) -> None:
    body = fields | {"contents": [{"role": "user", "parts": parts}]}
    with contextlib.suppress(Error):
        request, _ = SERVER.parse(json.dumps(body).encode())
        assert list(compared("again", body, encode(request))) == []


@given(OBJECTS, PARTS, OBJECTS)
def test_an_answer_is_refused_or_rendered_as_it_came(fields: dict[str, Any], parts: list[Any], candidate: dict[str, Any]) -> None:
    body = answer(*parts) | fields
    if "candidates" not in fields:
        body["candidates"][0] |= candidate
    with contextlib.suppress(Error):
        assert list(compared("again", body, render(decode(body)))) == []


@given(st.lists(st.tuples(OBJECTS, PARTS, OBJECTS), max_size=4), st.booleans(), st.integers(1, 40))
def test_a_stream_means_the_same_however_it_is_cut(said: list[tuple[Any, Any, Any]], as_array: bool, size: int) -> None:
    objects = [chunk(*parts, **candidate) | fields for fields, parts, candidate in said if "content" not in candidate]
    body = json.dumps(objects).encode() if as_array else sse(*objects)
    seen, failure = until_it_breaks(body)
    again, same_failure = until_it_breaks(*pieces(body, size))
    assert (seen, repr(failure)) == (again, repr(same_failure))
    fold(seen)
    rendered(*seen)


@given(st.binary(max_size=60), st.sampled_from([200, 400, 429, 500]))
def test_any_bytes_give_an_answer_or_an_error(body: bytes, status: int) -> None:
    with contextlib.suppress(Error):
        CODEC.decode(HttpResponse(status=status, body=body), TARGET)
    with contextlib.suppress(Error):
        CODEC.encode(SERVER.parse(body)[0], GOOGLE, stream=False)
    SERVER.render_error(CODEC.decode_error(HttpResponse(status=status, body=body), TARGET))
    until_it_breaks(body)


@given(VALUES, st.sampled_from([400, 404, 429, 503]))
def test_any_error_body_is_an_error_and_is_told(body: Any, status: int) -> None:
    error = CODEC.decode_error(HttpResponse(status=status, body=json.dumps(body).encode()), TARGET)
    assert error.status == status
    SERVER.render_error(error)
