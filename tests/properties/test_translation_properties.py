"""Whatever chance makes anyone say: said in a protocol and understood again, it means the same; streamed or whole, as well."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from said import CHAT, SPOKEN, TARGET, acme, completions, decoded, meaning, requests, told

from turnout.adapt import prepare
from turnout.events import fold
from turnout.types import ChatRequest, Completion, HttpResponse, Message

CUTS = st.lists(st.integers(1, 30), min_size=1, max_size=4)
EXAMPLES = 30


@pytest.mark.parametrize("name", CHAT)
@settings(max_examples=EXAMPLES)
@given(request=requests())
def test_a_request_that_was_encoded_is_understood_as_it_was_meant(name: str, request: ChatRequest) -> None:
    wire = SPOKEN[name]
    assert wire.chat is not None
    assert wire.server is not None
    prepared = prepare(request, wire, acme(wire), None)
    encoded = wire.chat.encode(prepared.request, acme(wire), stream=False)
    again, _ = wire.server.parse(encoded.http.body)
    assert meaning(again.messages) == meaning(request.messages)
    assert [tool.name for tool in again.tools or ()] == [tool.name for tool in request.tools or ()]
    lines = {line.field for line in (*prepared.lines, *encoded.lines)}
    for field in ("max_output_tokens", "temperature", "top_p", "stop"):
        wanted = getattr(request, field)
        assert wanted is None or getattr(again, field) == wanted or field in lines


@pytest.mark.parametrize("name", CHAT)
@settings(max_examples=EXAMPLES)
@given(completion=completions())
def test_an_answer_that_was_rendered_is_read_as_it_was_meant(name: str, completion: Completion) -> None:
    wire = SPOKEN[name]
    assert wire.chat is not None
    assert wire.server is not None
    again = wire.chat.decode(HttpResponse(status=200, body=wire.server.render(completion)), TARGET)
    assert of(again) == of(completion)


@pytest.mark.parametrize("name", CHAT)
@settings(max_examples=EXAMPLES)
@given(completion=completions(), written=CUTS, read=CUTS)
def test_a_stream_that_was_rendered_folds_to_what_was_meant_at_any_cutting(
    name: str, completion: Completion, written: list[int], read: list[int]
) -> None:
    wire = SPOKEN[name]
    assert wire.server is not None
    renderer = wire.server.renderer(ChatRequest(model="m", messages=(), stream_usage=True))
    body = b"".join(renderer.render(event) for event in told(completion, written)) + renderer.finish()
    events, failure = decoded(wire, body, read)
    assert failure is None
    assert of(fold(events)) == of(completion)
    assert events == decoded(wire, body, [len(body)])[0]


def of(completion: Completion) -> dict[str, Any]:
    usage = completion.usage
    return {
        # Gemini's streams end with an empty text, which says nothing
        "said": [it for it in meaning((Message("assistant", completion.parts),)) if it != ("assistant", "")],
        "finish": completion.finish and completion.finish.unified,
        "usage": (usage.input_tokens or 0, usage.output_tokens or 0),
    }
