"""Which field a refusal is about, by each vendor's own words."""

from __future__ import annotations

import pytest

from turnout.adapt.refusals import lesson
from turnout.catalog.schema import Limit
from turnout.errors import AuthenticationFailed, ContextTooLong, Error, RateLimited, RequestError, ServerFault
from turnout.types import ChatRequest, HttpResponse, Message, ReasoningConfig, Target, Text
from turnout.wire.openai_chat.faults import read_error

TARGET = Target("acme", "m")
REQUEST = ChatRequest(
    model="m",
    messages=(Message("user", (Text("hi"),)),),
    temperature=0.3,
    top_p=0.5,
    top_k=5,
    stop=("x",),
    seed=1,
    frequency_penalty=0.1,
    presence_penalty=0.1,
    logprobs=True,
    top_logprobs=2,
    max_output_tokens=100000,
    parallel_tool_calls=False,
    reasoning=ReasoningConfig(effort="low"),
    user="u",
    extra={"logit_bias": {}, "safety_settings": []},
)


def limits(message: str, **facts: object) -> dict[str, Limit] | None:
    found = lesson(RequestError(f"acme/m: HTTP 400: {message}", status=400, target=TARGET, **facts), REQUEST)  # type: ignore[arg-type]
    return found.limits if found is not None else None


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("Unsupported parameter: 'temperature' is not supported with this model.", {"temperature"}),
        ("Unknown parameter: 'top_k'.", {"top_k"}),
        ("Unrecognized request argument supplied: top_k", {"top_k"}),
        ("Argument not supported on this model: presencePenalty", {"presence_penalty"}),
        ("Argument not supported on this model: stop", {"stop"}),
        ("Model grok-4.5 does not support parameter presencePenalty.", {"presence_penalty"}),
        ("property 'logprobs' is unsupported", {"logprobs"}),
        ("property 'body.frequency_penalty' is unsupported", {"frequency_penalty"}),
        ("`logprobs` is not supported with this model", {"logprobs"}),
        ("`temperature` is deprecated for this model.", {"temperature"}),
        ("seed: Extra inputs are not permitted", {"seed"}),
        ("The model returned the following errors: top_k: Extra inputs are not permitted", {"top_k"}),
        (
            '{"detail":[{"type":"extra_forbidden","loc":["body","frequency_penalty"],"msg":"Extra inputs"}]}',
            {"frequency_penalty"},
        ),
        (
            '{"object":"error","message":"{\\"detail\\":[{\\"type\\":\\"extra_forbidden\\",\\"loc\\":[\\"body\\",\\"user\\"]}]}"}',
            {"user"},
        ),
        ("[{'type': 'extra_forbidden', 'loc': ['body', 'seed'], 'msg': 'Extra inputs are not permitted'}]", {"seed"}),
        (
            "1 validation error for ChatCompletionRequest\ntop_k\n  Extra inputs are not permitted [type=extra_forbidden]",
            {"top_k"},
        ),
        ('Invalid JSON payload received. Unknown name "frequency_penalty": Cannot find field.', {"frequency_penalty"}),
        ("Invalid JSON payload received. Unknown name \"topK\" at 'generation_config': Cannot find field.", {"top_k"}),
        ("Penalty is not enabled for models/gemini-2.5-flash", {"frequency_penalty", "presence_penalty"}),
        ("Logprobs is not enabled for models/gemini-2.5-pro", {"logprobs", "top_logprobs"}),
        (
            "Malformed: #: extraneous key [logit_bias] is not permitted\n#: extraneous key [top_k] is not permitted\n"
            "#: extraneous key [stream] is not permitted",
            {"top_k", "extra.logit_bias"},
        ),
        ("Unsupported parameter: 'logit_bias'", {"extra.logit_bias"}),
        ("Unsupported parameter: 'reasoning_effort' is not supported with this model.", {"reasoning"}),
    ],
)
def test_each_vendors_refusal_of_a_field_names_it(message, fields):
    found = limits(message)
    assert found is not None
    assert found.keys() == fields
    assert all(limit.unsupported and not limit.beside for limit in found.values())


def test_the_param_of_the_error_counts_where_its_code_says_that_it_is_unsupported():
    assert (limits("no", param="top_p", code="unsupported_parameter") or {}).keys() == {"top_p"}
    assert limits("no", param="top_p", code="invalid_value") is None


def test_a_field_that_is_taken_at_its_default_keeps_that():
    said = "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is supported."
    assert limits(said, param="temperature", code="unsupported_value") == {
        "temperature": Limit(only=1.0, source="learned from acme/m")
    }


def test_moonshot_says_the_one_value_that_is_taken():
    assert limits("invalid temperature: only 1 is allowed for this model") == {
        "temperature": Limit(only=1.0, source="learned from acme/m")
    }


def test_of_two_fields_that_exclude_each_other_the_second_goes():
    found = limits("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    assert found == {"top_p": Limit(unsupported=True, beside="temperature", source="learned from acme/m")}


@pytest.mark.parametrize(
    ("message", "field", "least", "most"),
    [
        ("max_tokens: 128001 > 64000, which is the maximum allowed number of", "max_output_tokens", None, 64000),
        ("max_tokens is too large: 100000. This model supports at most 16384", "max_output_tokens", None, 16384),
        ("`max_tokens` must be less than or equal to `8192`, the maximum value for", "max_output_tokens", None, 8192),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", "max_output_tokens", 1, 8192),
        (
            "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 "
            "(inclusive) to 8193 (exclusive).",
            "max_output_tokens",
            1,
            8192,
        ),
    ],
)  # fmt: skip
def test_a_bound_is_read_from_the_refusal(message, field, least, most):
    assert limits(message) == {field: Limit(least=least, most=most, source="learned from acme/m")}


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported parameter: 'tools'",
        "Unsupported parameter: 'messages'",
        "Unsupported parameter: 'model'",
        "Unsupported parameter: 'response_format'",
        "Unsupported parameter: 'max_tokens'",
        "Unsupported parameter: 'service_tier'",
        "Unsupported parameter: 'safety_settings'",
        "messages.0.seed: Extra inputs are not permitted",
        "tools.0.custom.stop: Extra inputs are not permitted",
        "messages: at least one is wanted",
        "property 'messages.1.assistant.user' is unsupported",
        "messages.0.seed is not supported by this model",
        "#/toolConfig/tools/1/toolSpec/inputSchema/json: extraneous key [user] is not permitted",
        'extra_forbidden","loc":["body","messages",3,"assistant","reasoning_content"]',
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'model' instead.",
        "temperature must be a number",
        "",
    ],
)
def test_what_may_not_be_left_out_and_what_is_about_something_else_teaches_nothing(message):
    assert limits(message) is None


@pytest.mark.parametrize(
    "error",
    [
        ContextTooLong("max_tokens is too large: 5. This model supports at most 4", status=400, target=TARGET),
        AuthenticationFailed("property 'seed' is unsupported", status=401, target=TARGET),
        RateLimited("property 'seed' is unsupported", status=429, target=TARGET),
        ServerFault("property 'seed' is unsupported", status=500, target=TARGET),
        RequestError("property 'seed' is unsupported", target=TARGET),
        RequestError("property 'seed' is unsupported", status=400),
    ],
)
def test_only_a_targets_refusal_of_the_request_teaches(error: Error):
    assert lesson(error, REQUEST) is None


HOSTILE = [
    b"",
    b"\xff\x00",
    b"[" * 5000,
    b'{"error":{"message":' + b'"a: ' * 3000 + b'"}}',
    b'{"error":{"message":"' + b"'" * 9000 + b'"}}',
]


@pytest.mark.parametrize("body", HOSTILE)
def test_whatever_bytes_come_nothing_is_raised_and_nothing_hangs(body):
    assert lesson(read_error(HttpResponse(status=400, body=body), TARGET), REQUEST) is None
