"""Whatever bytes come, nothing but an Error leaves this wire."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given, settings, strategies as st
from responses_wire import (
    ACME,
    CODEC,
    SERVER,
    TARGET,
    added,
    answer,
    begun,
    call,
    completed,
    done,
    message,
    output_text,
    rendered,
    sse,
    text_deltas,
)

from turnout.errors import Error
from turnout.events import Event, fold
from turnout.types import HttpResponse

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gA"}
_NAMES = ("type", "id", "item", "text", "delta", "content", "summary", "output_index", "part", "response", "role", "output")
_FIELDS = ("output_index", "content_index", "item", "part", "delta", "annotation", "response", "logprobs", "error")
_WORDS = ("message", "reasoning", "function_call", "function_call_output", "output_text", "input_image", "assistant", "user")

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)
_kinds = [event["type"] for event in [*begun(), added(0, {}), done(0, {}), *text_deltas(0, "m", "x"), completed()]]
_kinds += ["response.output_text.annotation.added", "response.function_call_arguments.delta", "error", "keepalive"]
_plausible = st.sampled_from([0, 1, "x", message(output_text("x")), call("c"), THOUGHT, answer(call("c"))])
_event = st.fixed_dictionaries(
    {"type": st.sampled_from(_kinds)},
    optional=dict.fromkeys(
        ("output_index", "content_index", "item", "part", "delta", "annotation", "response", "logprobs", "error"),
        _json | _plausible,
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_event, max_size=6))
def test_of_a_streams_decoder(happened: list[dict[str, Any]]) -> None:
    decoder = CODEC.decoder(TARGET)
    seen: list[Event] = []
    with contextlib.suppress(Error):
        seen.extend(decoder.feed(sse(*happened)))
        seen.extend(decoder.close())
    fold(seen)
    rendered(seen)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | _json.map(lambda value: json.dumps(value).encode()))
def test_of_a_codec(body: bytes) -> None:
    for status in (200, 400):
        response = HttpResponse(status=status, body=body)
        assert isinstance(CODEC.decode_error(response, TARGET), Error)
        with contextlib.suppress(Error):
            SERVER.render(CODEC.decode(response, TARGET))


@settings(max_examples=200, deadline=None)
@given(st.lists(_json | _plausible, max_size=3))
def test_of_an_answer_with_any_output(output: list[Any]) -> None:
    body = json.dumps(answer(*output)).encode()
    assert json.loads(SERVER.render(CODEC.decode(HttpResponse(status=200, body=body), TARGET)))["output"] == output


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({"model": st.text(max_size=3)}, optional={"input": _json, "tools": _json, "text": _json}))
def test_of_a_server(body: dict[str, Any]) -> None:
    with contextlib.suppress(Error):
        request, stream = SERVER.parse(json.dumps(body).encode())
        assert json.loads(CODEC.encode(request, ACME, stream=stream).http.body).keys() <= body.keys()
