"""Providers and models that the catalog lists with this wire can be planned, with its address and its way to sign."""

from __future__ import annotations

import pytest

from turnout.config import Config
from turnout.registry import Registry
from turnout.types import ChatRequest, Message, Text

KEY = "k3y-aB4cD8eFgH12jK"
ENVIRONMENT = {"META_MODEL_API_KEY": KEY, "ZENMUX_API_KEY": KEY, "AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("meta/out-since-this-morning", "https://api.meta.ai/v1/responses"),
        ("zenmux/openai/gpt-5.1", "https://zenmux.ai/api/v1/responses"),
        ("amazon-bedrock/openai.gpt-5.4", "https://bedrock-mantle.us-east-1.api.aws/openai/v1/responses"),
    ],
)
def test_a_listed_provider_is_asked_at_its_address_with_its_key(model: str, url: str) -> None:
    (candidate,) = Registry(environ=ENVIRONMENT, config=Config()).plan(model).candidates
    request = ChatRequest(model=candidate.target.model, messages=(Message("user", (Text("Hi"),)),))
    http = candidate.codec.encode(request, candidate.provider, stream=False).http
    assert http.url == url
    steps = candidate.sign(http)
    with pytest.raises(StopIteration) as signed:
        next(steps)
    assert signed.value.value.headers["authorization"] == f"Bearer {KEY}"
