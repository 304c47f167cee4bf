"""Unmodified clients of the vendors against a running gateway, in both lanes: the same tests on each."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import cohere
import httpx
import ollama
import openai
import pytest
from google import genai
from running_gateway import running

from turnout.gateway import Settings
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

OPENAI = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)
CALLS = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Paris\\"}"}},'
    b'{"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Lyon\\"}"}}]},'
    b'"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)
HEAD = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m",'
STREAM = (
    HEAD + b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
    HEAD + b'"choices":[{"index":0,"delta":{"content":"The "},"finish_reason":null}]}\n\n',
    HEAD + b'"choices":[{"index":0,"delta":{"content":"Loire"},"finish_reason":null}]}\n\n',
    HEAD + b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    HEAD + b'"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\ndata: [DONE]\n\n',
)
MODEL = "groq/llama-3.3-70b-versatile"
HELLO: Any = [{"role": "user", "content": "Name a river"}]


@pytest.fixture(params=["fast", "full"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(lane=request.param)


def test_openai_gets_a_whole_answer(settings: Settings) -> None:
    script = Script(OPENAI)
    with running(script, settings) as (url, gateway), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
        answer = raw.parse()
    record = gateway.records.get(raw.headers["x-request-id"])
    assert answer.choices[0].message.content == "The Loire"
    assert raw.headers["x-turnout-target"] == MODEL
    assert raw.headers["x-turnout-attempts"] == "1"
    assert raw.headers["x-turnout-cost"] == "0.00000335"
    assert raw.headers["x-turnout-receipt"] == "exact"
    assert record is not None
    assert (record.outcome, record.status, record.lane) == ("ok", 200, settings.lane)
    assert record.usage is not None
    assert (record.usage.input_tokens, record.usage.output_tokens) == (3, 2)
    assert json.loads(script.sent[0].body)["model"] == "llama-3.3-70b-versatile"


def test_openai_gets_a_stream_without_the_usage_that_it_did_not_ask_for(settings: Settings) -> None:
    script = Script(ScriptedStream(chunks=STREAM))
    with running(script, settings) as (url, gateway), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        chunks = list(stream)
    record = gateway.records.get(stream.response.headers["x-request-id"])
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "The Loire"
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert json.loads(script.sent[0].body)["stream_options"] == {"include_usage": True}
    assert record is not None
    assert record.usage is not None
    assert record.usage.output_tokens == 2
    assert record.first_event_seconds is not None
    assert script.open_bodies == 0


def test_openai_gets_the_usage_that_it_asked_for(settings: Settings) -> None:
    script = Script(ScriptedStream(chunks=STREAM))
    with running(script, settings) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        wanted: Any = {"include_usage": True}
        chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True, stream_options=wanted))
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 5


def test_a_stream_that_dies_never_ends_cleanly(settings: Settings) -> None:
    script = Script(ScriptedStream(chunks=STREAM[:3]))
    with running(script, settings) as (url, gateway), openai.OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0) as client:
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="ended before"):
            list(stream)
    record = gateway.records.get(stream.response.headers["x-request-id"])
    assert record is not None
    assert record.outcome == "StreamInterrupted"


def test_a_failure_before_output_goes_to_the_next_model_of_the_list(settings: Settings) -> None:
    script = Script(HttpResponse(status=401, body=b'{"error":{"message":"no"}}'), OPENAI)
    with running(script, settings) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        raw = client.chat.completions.with_raw_response.create(model=f"{MODEL}, openai/gpt-4o-mini", messages=HELLO)
    assert raw.headers["x-turnout-target"] == "openai/gpt-4o-mini"
    assert raw.headers["x-turnout-attempts"] == "2"


@pytest.mark.parametrize(
    ("status", "raised"), [(401, openai.AuthenticationError), (400, openai.BadRequestError), (404, openai.NotFoundError)]
)
def test_a_providers_refusal_is_the_clients_own_exception(settings: Settings, status: int, raised: type[Exception]) -> None:
    script = Script(HttpResponse(status=status, body=b'{"error":{"message":"it will not do","type":"x"}}'))
    with running(script, settings) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0) as client:
        with pytest.raises(raised, match="it will not do"):
            client.chat.completions.create(model=MODEL, messages=HELLO)


def test_an_unknown_model_is_told_with_what_to_do(settings: Settings) -> None:
    with running(Script(), settings) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0) as client:
        with pytest.raises(openai.NotFoundError, match=r"llama-3\.3-70b-versatil"):
            client.chat.completions.create(model="groqq/llama-3.3-70b-versatil", messages=HELLO)


def test_a_callers_key_is_asked_for_and_its_address_fields_are_ignored() -> None:
    script = Script(OPENAI)
    with running(script, Settings(api_key="team-key")) as (url, _):
        with openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError):
                stranger.chat.completions.create(model=MODEL, messages=HELLO)
        with openai.OpenAI(base_url=f"{url}/v1", api_key="team-key") as member:
            member.chat.completions.create(model=MODEL, messages=HELLO, extra_body={"base_url": "https://evil.example"})
    assert [sent.url for sent in script.sent] == ["https://api.groq.com/openai/v1/chat/completions"]


def test_anthropics_client_reaches_a_model_of_another_protocol() -> None:
    with running(Script(CALLS)) as (url, _), anthropic.Anthropic(base_url=url, api_key="-") as client:
        tools: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
        raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=100, messages=HELLO, tools=tools)
    answer = raw.parse()
    assert answer.stop_reason == "tool_use"
    assert [(block.name, block.input) for block in answer.content if block.type == "tool_use"] == [
        ("weather", {"city": "Paris"}),
        ("weather", {"city": "Lyon"}),
    ]
    assert raw.headers["x-turnout-receipt"] != ""


def test_anthropics_client_streams_from_a_model_of_another_protocol() -> None:
    with running(Script(ScriptedStream(chunks=STREAM))) as (url, _), anthropic.Anthropic(base_url=url, api_key="-") as client:
        with client.messages.stream(model=MODEL, max_tokens=100, messages=HELLO) as stream:
            said = "".join(stream.text_stream)
            done = stream.get_final_message()
    assert said == "The Loire"
    assert (done.usage.input_tokens, done.usage.output_tokens, done.stop_reason) == (3, 2, "end_turn")


def test_openais_responses_client_reaches_a_model_of_another_protocol() -> None:
    with running(Script(OPENAI)) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        assert client.responses.create(model=MODEL, input="Name a river").output_text == "The Loire"


def test_googles_client_reaches_a_model_of_another_protocol_whole_and_streamed() -> None:
    script = Script(OPENAI, ScriptedStream(chunks=STREAM))
    with running(script) as (url, _):
        client = genai.Client(api_key="-", http_options={"base_url": url})
        assert client.models.generate_content(model=MODEL, contents="Name a river").text == "The Loire"
        pieces = client.models.generate_content_stream(model=MODEL, contents="Name a river")
        assert "".join(piece.text or "" for piece in pieces) == "The Loire"
        client.close()


def test_coheres_client_reaches_a_model_of_another_protocol() -> None:
    with running(Script(OPENAI)) as (url, _), httpx.Client() as connections:
        answer = cohere.ClientV2(api_key="-", base_url=url, httpx_client=connections).chat(model=MODEL, messages=HELLO)
    assert answer.message.content is not None
    assert answer.message.content[0].text == "The Loire"  # type: ignore[union-attr]


def test_ollamas_client_reaches_a_model_of_another_protocol_whole_and_streamed() -> None:
    script = Script(OPENAI, ScriptedStream(chunks=STREAM))
    with running(script) as (url, _):
        client = ollama.Client(host=url)
        assert client.chat(model=MODEL, messages=HELLO).message.content == "The Loire"
        pieces = list(client.chat(model=MODEL, messages=HELLO, stream=True))
        client._client.close()  # it has no close of its own
    assert "".join(piece.message.content or "" for piece in pieces) == "The Loire"
    assert pieces[-1].done_reason == "stop"


def test_ollamas_client_generates_from_a_prompt_whole_and_streamed() -> None:
    script = Script(OPENAI, ScriptedStream(chunks=STREAM))
    with running(script) as (url, _):
        client = ollama.Client(host=url)
        whole = client.generate(model=MODEL, prompt="Name a river", context=[1, 2], stream=False)
        pieces = list(client.generate(model=MODEL, prompt="Name a river", system="Be brief", stream=True))
        client._client.close()  # it has no close of its own
    assert (whole.response, whole.done_reason, whole.eval_count) == ("The Loire", "stop", 2)
    assert "".join(piece.response or "" for piece in pieces) == "The Loire"
    assert (pieces[-1].done, pieces[-1].prompt_eval_count) == (True, 3)
    assert [message["role"] for message in json.loads(script.sent[1].body)["messages"]] == ["system", "user"]


def test_the_models_that_can_be_called_are_listed() -> None:
    with running(Script()) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        ids = [model.id for model in client.models.list()]
        assert client.models.retrieve(MODEL).id == MODEL
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("mistral/mistral-large-latest")
    assert MODEL in ids
    assert not any(id.startswith("mistral/") for id in ids)
