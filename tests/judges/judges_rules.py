"""Where a vendor's SDK and we differ and both are right: by rule and with the reason, never by an exchange's id."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from judges_answers import has_word
from judges_requests import judge
from msgspec import Struct

from turnout.types import Completion, HttpRequest, Image, ToolCall


class RequestRule(Struct, frozen=True):
    """``fits``: the complaint and the request as it goes out -> True where the rule explains it."""

    wire: str
    reason: str
    fits: Callable[[str, HttpRequest], bool]


_SAMPLING = ("temperature", "top_p", "top_k")
_OLLAMA_IDS = (".tool_call_id: Extra inputs are not permitted", ".id: Extra inputs are not permitted")


def _says_video(http: HttpRequest) -> bool:
    """Without the parts of video the SDK has nothing against the request."""
    body = json.loads(http.body)
    for message in body["messages"]:
        if isinstance(message.get("content"), list):
            message["content"] = [part for part in message["content"] if part["type"] != "video_url"]
    return b'"video_url"' in http.body and not judge("openai-chat")(json.dumps(body).encode())


def _says_2023(http: HttpRequest) -> bool:
    """In a header to the vendor, in the body to the clouds that host its models."""
    said = http.headers.get("anthropic-version") or str(json.loads(http.body).get("anthropic_version"))
    return said in ("2023-06-01", "bedrock-2023-05-31", "vertex-2023-10-16")


REQUESTS = (
    *(
        RequestRule(
            wire,
            "the SDK says API version 2026-10-21, which refuses sampling parameters; our requests say one of 2023, which takes "
            "them: https://docs.claude.com/en/api/versioning (read 2026-11-21)",
            lambda complaint, http: (
                complaint in [f"{name}: Extra inputs are not permitted" for name in _SAMPLING] and _says_2023(http)
            ),
        )
        for wire in ("anthropic-messages", "anthropic-bedrock", "anthropic-vertex")
    ),
    RequestRule(
        "ollama",
        "the server names the calls it makes and takes the names back (ToolCall.ID and Message.ToolCallID in "
        "https://github.com/ollama/ollama/blob/main/api/types.go, read 2026-11-21); the SDK has not heard of it",
        lambda complaint, http: complaint.startswith("messages.") and complaint.endswith(_OLLAMA_IDS),
    ),
    RequestRule(
        "openai-chat",
        "video is a content part of compatible servers (https://docs.vllm.ai/en/latest/features/multimodal_inputs.html, read "
        "2026-11-21); which models of OpenAI see video is OpenAI's to say",
        lambda complaint, http: complaint.startswith("messages.") and _says_video(http),
    ),
    RequestRule(
        "bedrock-converse",
        "a caller who asks for no tokens means no limit to some servers and gets an error from others: the number is the caller's",  # noqa: E501
        lambda complaint, http: complaint.startswith("Invalid value for parameter inferenceConfig.maxTokens, value: 0,"),
    ),
)


def explained_request(wire: str, complaint: str, http: HttpRequest) -> bool:
    return any(rule.wire == wire and rule.fits(complaint, http) for rule in REQUESTS)


class AnswerRule(Struct, frozen=True):
    """``fits``: the complaint and the answer -> True where the rule explains it."""

    wires: tuple[str, ...]
    reason: str
    fits: Callable[[str, Completion], bool]


_CLAUDE = ("anthropic-messages", "anthropic-bedrock", "anthropic-vertex")
_ENDINGS = ("finish_reason", "stop_reason", "stopReason")
_STARTS = ("content", "tool_plan", "tool_calls", "citations")


def _asked_of_openai(completion: Completion) -> bool:
    calls = [part for part in completion.parts if isinstance(part, ToolCall)]
    return any(call.custom or (call.spelled or {}).get("type") == "function_call" for call in calls)


def _has_image(completion: Completion) -> bool:
    return any(isinstance(part, Image) for part in completion.parts)


ANSWERS = (
    *(
        AnswerRule(
            (wire,),
            "the answer has not ended, or for a reason that the protocol has no word for, and an honest word of another is "
            "better than a wrong one of its own: the SDK as its users have it takes any word",
            lambda complaint, completion, wire=wire: (
                any(name in complaint for name in _ENDINGS) and not has_word(wire, completion)
            ),
        )
        for wire in ("openai-chat", "mistral-chat", "cohere-chat", "bedrock-converse", *_CLAUDE)
    ),
    AnswerRule(
        _CLAUDE,
        "the SDK's types know images in requests only; one that a model made goes in the block that requests have, so that a "
        "caller can show it and say it back. Callers are told to expect what they do not know: "
        "https://docs.claude.com/en/api/versioning (read 2026-11-21)",
        lambda complaint, completion: "'image'" in complaint and _has_image(completion),
    ),
    AnswerRule(
        ("cohere-chat",),
        "the vendor begins a stream with the members of the message that is to come, empty, which its SDK has not heard of",
        lambda complaint, completion: (
            complaint
            in [f"MessageStartV2ChatStreamResponse.delta.message.{name}: Extra inputs are not permitted" for name in _STARTS]
        ),
    ),
    AnswerRule(
        ("cohere-chat",),
        "the vendor counts the tokens of reasoning there, which its SDK has not heard of",
        lambda complaint, completion: (
            complaint.endswith("usage.tokens.reasoning_tokens: Extra inputs are not permitted")
            and completion.usage.reasoning_tokens is not None
        ),
    ),
    AnswerRule(
        ("bedrock-converse",),
        "how long the model took is not known where an answer is rendered, and no number is better than a made-up one; the SDK "
        "gives its callers what there is",
        lambda complaint, completion: complaint == 'Missing required parameter in input: "metrics"',
    ),
    AnswerRule(
        ("mistral-chat",),
        "a call of free text, and the function_call of OpenAI's first years, answer requests for them, which Mistral's callers "
        "have no words for",
        lambda complaint, completion: ("calls:" in complaint or "tool_calls" in complaint) and _asked_of_openai(completion),
    ),
    AnswerRule(
        ("mistral-chat",),
        "a compatible server left out the arguments of a call that has none, and members of one protocol go as they came",
        lambda complaint, completion: (
            "function.arguments\n  Field required" in complaint
            and any(isinstance(part, ToolCall) and not part.arguments for part in completion.parts)
        ),
    ),
    AnswerRule(
        ("openai-chat",),
        "the vendor streams a call of free text as it says a whole one, and the SDK, whose types know those that come whole, "
        "gives its callers the object: https://github.com/openai/openai-python/issues/2530 (read 2026-11-21)",
        lambda complaint, completion: "tool_calls" in complaint and "'custom'" in complaint and _asked_of_openai(completion),
    ),
    AnswerRule(
        ("ollama",),
        "the server names the calls it makes (ToolCall.ID in https://github.com/ollama/ollama/blob/main/api/types.go, read "
        "2026-11-21); the SDK has not heard of it",
        lambda complaint, completion: (
            re.fullmatch(r"message\.tool_calls\.\d+\.id: Extra inputs are not permitted", complaint) is not None
        ),
    ),
    AnswerRule(
        ("ollama",),
        "the API gives images back as base64 (https://docs.ollama.com/api/chat, read 2026-11-21), which the SDK cannot read: "
        "its type for them is made for sending",
        lambda complaint, completion: "message.images" in complaint and _has_image(completion),
    ),
    AnswerRule(
        (*_CLAUDE, "mistral-chat"),
        "the provider counted nothing, and no count is better than a made-up zero",
        lambda complaint, completion: "usage" in complaint and completion.usage.total_tokens is None,
    ),
)


def explained_answer(wire: str, complaint: str, completion: Completion) -> bool:
    return any(wire in rule.wires and rule.fits(complaint, completion) for rule in ANSWERS)
