"""What fuzzing found once, in the fewest bytes that showed it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fuzz_surroundings import TARGET

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.events import Event, ExtraReported, Finished, ToolCallDelta, fold
from turnout.registry import Registry
from turnout.types import ChatRequest, FinishReason, HttpResponse, Upload
from turnout.wire import Wire

VIDEO = Upload(data=b"\0", filename="a.mp4", media_type="video/mp4")
GOOGLE = Provider(id="google", name="Google", wire="gemini", base_url="https://g.test/v1beta")


def wire(name: str) -> Wire:
    return Registry(environ={}).wires.get(name)


def streamed(name: str, data: bytes) -> tuple[list[Event], Error | None]:
    chat = wire(name).chat
    assert chat is not None
    decoder, seen = chat.decoder(TARGET), []
    try:
        for event in decoder.feed(data):
            seen.append(event)  # noqa: PERF402 - what came before a failure counts
    except Error as error:
        return seen, error
    return seen, None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "openai-chat",
            b'data: {"choices":[{"index":0,"delta":{"content":"Bl"}}]}\n\n'
            b'data: {"choices":[{"index":0,"delta":{"content":"\xff"}}]}\n\n',
        ),
        ("ollama", b'{"message":{"role":"assistant","content":"Bl"}}\n{"message":{"role":"assistant","content":"\xff"}}\n'),
    ],
    ids=["openai-chat", "ollama"],
)
def test_text_that_is_no_utf_8_is_the_servers_fault_after_what_came_before(name: str, data: bytes) -> None:
    seen, failure = streamed(name, data)
    assert fold(seen).text == "Bl"
    assert isinstance(failure, ServerFault)
    assert "is not JSON" in str(failure)


CALLS: list[Any] = [{"name": 1, "arguments": "{}"}, {"name": "look", "arguments": {"at": 1}}, {"name": None}, [], "look", 0]


@pytest.mark.parametrize("call", CALLS, ids=json.dumps)
def test_a_function_call_whose_members_are_no_text_is_kept_as_it_was(call: Any) -> None:
    openai = wire("openai-chat")
    assert openai.chat is not None
    assert openai.server is not None
    said = {"role": "assistant", "content": None, "function_call": call}
    answer = json.dumps({"id": "c", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}).encode()
    completion = openai.chat.decode(HttpResponse(status=200, body=answer), TARGET)
    assert completion.choices[0].message.extra == {"content": None, "function_call": call}
    assert json.loads(openai.server.render(completion))["choices"][0]["message"] == said


@pytest.mark.parametrize("call", CALLS, ids=json.dumps)
def test_a_streamed_function_call_whose_members_are_no_text_reaches_a_caller_as_it_was(call: Any) -> None:
    delta = json.dumps({"choices": [{"index": 0, "delta": {"function_call": call}}]}).encode()
    seen, failure = streamed("openai-chat", b"data: " + delta + b"\n\n")
    assert failure is None
    server = wire("openai-chat").server
    assert server is not None
    renderer = server.renderer(ChatRequest(model="m", messages=()))
    sent = b"".join(renderer.render(event) or b"" for event in seen)
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in sent.splitlines() if line.startswith(b"data: {")]
    assert [said["function_call"] for said in deltas if "function_call" in said] == [call]


def held(state: Any, **more: Any) -> bool:
    """Whether a file can be used, as Gemini's answer about it says."""
    files = wire("gemini").files
    assert files is not None
    file = {"name": "files/abc", "uri": "https://g.test/v1beta/files/abc", "state": state, **more}
    return files.decode(HttpResponse(status=200, body=json.dumps({"file": file}).encode()), VIDEO, GOOGLE).ready


def test_a_file_that_is_being_prepared_is_not_ready_and_an_active_one_is() -> None:
    assert not held("PROCESSING")
    assert held("ACTIVE")


@pytest.mark.parametrize("state", [None, 2, [], {}, ["ACTIVE"], {"state": "PROCESSING"}, "NEWER"], ids=json.dumps)
def test_a_files_state_that_nobody_knows_does_not_keep_it_from_being_used(state: Any) -> None:
    assert held(state)


@pytest.mark.parametrize("error", [None, "broken", [], {}, {"message": None}, {"message": {}}], ids=json.dumps)
def test_a_file_that_failed_is_refused_whatever_its_reason_looks_like(error: Any) -> None:
    with pytest.raises(RequestError, match=r"a\.mp4: Google could not make use of it"):
        held("FAILED", error=error)


@pytest.mark.parametrize("kind", [[], {}, ["function"]], ids=json.dumps)
def test_a_tool_whose_type_is_no_text_is_left_out_for_mistral_and_said_so(kind: Any) -> None:
    mistral = wire("mistral-chat")
    assert mistral.chat is not None
    assert mistral.server is not None
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [{"type": kind}]}
    request, stream = mistral.server.parse(json.dumps(body).encode())
    provider = Provider(id="acme", name="Acme", wire="mistral-chat", base_url="https://acme.test/v1")
    encoded = mistral.chat.encode(request, provider, stream=stream)
    assert "tools" not in json.loads(encoded.http.body)
    assert [line.reason for line in encoded.lines] == ["Mistral has no such tool"]


@pytest.mark.parametrize("name", [[], {}, None, "look"], ids=json.dumps)
def test_only_tools_that_are_allowed_by_name_are_told_to_mistral_whatever_the_names_are(name: Any) -> None:
    mistral = wire("mistral-chat")
    assert mistral.chat is not None
    assert mistral.server is not None
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": name}}]}
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed},
    }
    request, stream = mistral.server.parse(json.dumps(body).encode())
    provider = Provider(id="acme", name="Acme", wire="mistral-chat", base_url="https://acme.test/v1")
    sent = json.loads(mistral.chat.encode(request, provider, stream=stream).http.body)
    assert [tool["function"]["name"] for tool in sent["tools"]] == (["look"] if name == "look" else [])


MESSAGES: list[Any] = [
    "deepseek",
    True,
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Blue"}]},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": [[]]}, {"type": "text", "text": "Blue"}]},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": 1}]},
    {"role": "assistant", "content": 5, "reasoning_content": "Hm."},
]


@pytest.mark.parametrize("message", MESSAGES, ids=json.dumps)
@pytest.mark.parametrize("caller", ["mistral-chat", "openai-chat"])
def test_a_message_of_no_form_that_mistral_writes_reaches_callers_as_it_came(caller: str, message: Any) -> None:
    mistral, server = wire("mistral-chat").chat, wire(caller).server
    assert mistral is not None
    assert server is not None
    body = json.dumps({"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
    completion = mistral.decode(HttpResponse(status=200, body=body), TARGET)
    assert json.loads(server.render(completion))["choices"][0]["message"] == message


def test_a_call_whose_function_is_overwritten_by_another_form_is_still_one_call_for_mistrals_callers() -> None:
    server = wire("mistral-chat").server
    assert server is not None
    renderer = server.renderer(ChatRequest(model="m", messages=()))
    said = [
        ToolCallDelta(0, "call00000", "look", '{"a'),
        ExtraReported({"function": 5}, "part", 0, 0),
        ToolCallDelta(0, "", "", '":1}'),
        Finished(FinishReason("tool_calls")),
    ]
    sent = b"".join(renderer.render(event) for event in said) + renderer.finish()
    chunks = [json.loads(line[6:]) for line in sent.splitlines() if line.startswith(b"data: {")]
    (call,) = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert (call["id"], call["function"]["arguments"]) == ("call00000", '{"a":1}')
