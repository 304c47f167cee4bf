"""Where a vendor's SDK and we differ and both are right: by rule and with the reason, never by an exchange's id."""

from __future__ import annotations

import json
from collections.abc import Callable

from judges_requests import judge
from msgspec import Struct

from turnout.types import Completion, HttpRequest, Image


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


REQUESTS = (
    RequestRule(
        "anthropic-messages",
        "the SDK says API version 2026-10-21, which refuses sampling parameters; our requests say 2023-06-01, which takes them: "
        "https://docs.claude.com/en/api/versioning (read 2026-11-21)",
        lambda complaint, http: (
            http.headers["anthropic-version"] == "2023-06-01"
            and complaint in [f"{name}: Extra inputs are not permitted" for name in _SAMPLING]
        ),
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


def _unfinished(completion: Completion) -> bool:
    finish = completion.choices[0].finish if completion.choices else None
    return finish is None or finish.unified in ("other", "error")


ANSWERS = (
    AnswerRule(
        ("openai-chat", "anthropic-messages"),
        "the answer has not ended, or for a reason that the protocol has no word for, and an honest word of another is better than "  # noqa: E501
        "a wrong one of its own: both vendors tell their callers to expect words they do not know",
        lambda complaint, completion: ("finish_reason" in complaint or "stop_reason" in complaint) and _unfinished(completion),
    ),
    AnswerRule(
        ("cohere-chat", "ollama"),
        "the protocol has no word for an answer that was withheld, and a plain stop would be a lie",
        lambda complaint, completion: complaint.startswith("finish: expected content_filter"),
    ),
    AnswerRule(
        ("ollama",),
        "the API gives images back as base64 (https://docs.ollama.com/api/chat, read 2026-11-21), which the SDK cannot read: "
        "its type for them is made for sending",
        lambda complaint, completion: "message.images" in complaint and any(isinstance(part, Image) for part in completion.parts),
    ),
    AnswerRule(
        ("anthropic-messages",),
        "the provider counted nothing, and no count is better than a made-up zero",
        lambda complaint, completion: "usage" in complaint and completion.usage.total_tokens is None,
    ),
)


def explained_answer(wire: str, complaint: str, completion: Completion) -> bool:
    return any(wire in rule.wires and rule.fits(complaint, completion) for rule in ANSWERS)
