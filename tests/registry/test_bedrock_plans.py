"""Amazon Bedrock by its name: where it is, which protocol it speaks, and what proves who asks."""

from __future__ import annotations

import pytest
from registries import refusal, signed

from turnout.config import Config
from turnout.registry import Registry
from turnout.wire.bedrock_converse import WIRE

KEY = "ABSKQmVkcm9ja0FQSUtleS0x"
MODEL = "amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def registry(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
    ],
)
def test_the_region_is_the_one_of_the_environment(environ: dict[str, str], region: str) -> None:
    (candidate,) = registry(**environ).plan(MODEL).candidates
    assert candidate.provider.base_url == f"https://bedrock-runtime.{region}.amazonaws.com"
    assert candidate.codec is WIRE.chat


def test_a_region_is_asked_for_and_not_guessed() -> None:
    assert "needs AWS_REGION or AWS_DEFAULT_REGION" in str(refusal(registry().plan, MODEL))


def test_an_api_key_is_sent_as_a_bearer_token() -> None:
    (candidate,) = registry(AWS_REGION="eu-west-1", AWS_BEARER_TOKEN_BEDROCK=KEY).plan(MODEL).candidates
    assert signed(candidate).headers == {"authorization": f"Bearer {KEY}"}


def test_its_short_name_is_the_same_provider() -> None:
    (candidate,) = registry(AWS_REGION="eu-west-1").plan(MODEL.removeprefix("amazon-")).candidates
    assert str(candidate.target) == MODEL


@pytest.mark.parametrize(
    ("environ", "installed", "usable", "reason"),
    [
        ({"AWS_BEARER_TOKEN_BEDROCK": KEY}, False, True, "key from AWS_BEARER_TOKEN_BEDROCK"),
        ({}, True, True, "signs with the AWS credentials"),
        ({}, False, False, "pip install 'turnout[aws]'"),
    ],
)
def test_it_is_usable_with_a_key_or_with_the_extra_that_signs(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], installed: bool, usable: bool, reason: str
) -> None:
    monkeypatch.setattr("turnout.registry.known._installed", lambda module: installed)
    found, said = registry(AWS_REGION="eu-west-1", **environ).usable("bedrock")
    assert found is usable
    assert reason in said
