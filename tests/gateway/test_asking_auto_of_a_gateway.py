"""``auto`` as a model that callers of a gateway name, and what its list says of a model's price and limits."""

from __future__ import annotations

import json

import pytest
from raw_http import exchange, get, post
from running_gateway import ENVIRON, running

from turnout.gateway import Settings
from turnout.testing.transport import Script
from turnout.types import HttpResponse

KEY = "k-4vJ8Qm2ZtXc9RbNw"
ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)


@pytest.fixture(params=["fast", "full"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(lane=request.param)


def asking(model: str) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Name a river"}]}).encode()


@pytest.mark.parametrize("said", ["auto", "AUTO"])
def test_a_caller_of_a_gateway_may_ask_for_auto(settings: Settings, said: str) -> None:
    script = Script(ANSWER)
    with running(script, settings, GLM_API_KEY=KEY, GLM_PREFERRED_MODELS="GLM-4.6") as (url, _):
        status, headers, body = exchange(url, post("/v1/chat/completions", asking(said)))
    assert (status, headers["x-turnout-target"]) == (200, "zai/glm-4.6")
    assert json.loads(body)["choices"][0]["message"]["content"] == "The Loire"
    assert json.loads(script.sent[0].body)["model"] == "glm-4.6"


def test_auto_stands_in_a_list_of_a_callers_fallbacks(settings: Settings) -> None:
    script = Script(HttpResponse(status=404, body=b'{"error":{"message":"no such model"}}'), ANSWER)
    with running(script, settings, GLM_API_KEY=KEY) as (url, _):
        status, headers, _body = exchange(url, post("/v1/chat/completions", asking("groq/none, auto")))
    assert (status, headers["x-turnout-target"]) == (200, "zai/glm-4.5-flash")


def test_a_caller_of_a_gateway_where_nobody_is_set_up_is_told_so(settings: Settings) -> None:
    with running(Script(), settings, **dict.fromkeys(ENVIRON, "")) as (url, _):
        status, _headers, body = exchange(url, post("/v1/chat/completions", asking("auto")))
    error = json.loads(body)["error"]
    assert status == 404
    assert "model 'auto' cannot be called here: At least one API configuration is required" in error["message"]


def test_the_list_of_a_gateway_says_what_a_model_costs_and_how_much_of_it_there_is() -> None:
    with running(Script()) as (url, _):
        _status, _headers, whole = exchange(url, get("/v1/models"))
        _status, _headers, one = exchange(url, get("/v1/models/openai/gpt-4"))
    row = json.loads(one)
    assert row["rate_limits"] == {"requests_per_minute": 3500, "tokens_per_minute": 200000, "concurrent_requests": 500}
    assert (row["pricing"]["prompt"], row["pricing"]["completion"]) == ("0.00003", "0.00006")
    rows = {listed["id"]: listed for listed in json.loads(whole)["data"]}
    assert rows["openai/gpt-4"] == row
    assert "rate_limits" not in rows["openai/gpt-4.1"]
