"""Every recorded conversation, said to every vendor, in a form that the vendor's own SDK has nothing against."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from judges_conversations import CONVERSATIONS
from judges_requests import judge
from judges_rules import explained_request
from judges_wires import JUDGED, Conversation, conversations, family, model_for, needs_corpus, sent
from msgspec.structs import replace

from turnout.errors import RequestError, Unsupported


def objections(conversation: Conversation, name: str) -> list[str]:
    own = family(conversation.wire) == family(name)
    request = replace(conversation.request, model=model_for(conversation.request, name))
    try:
        http = sent(request, name, stream=conversation.stream)
    except (Unsupported, RequestError):
        return []  # said in words, before anything is sent
    found = [complaint for complaint in judge(name)(http.body) if not explained_request(name, complaint, http)]
    if found and own:
        # what the SDK has against the caller's own words is the caller's: dialects have fields that it does not know
        callers = set(judge(name)(conversation.said))
        found = [complaint for complaint in found if complaint not in callers]
    return found


def report(found: Iterable[tuple[Conversation, list[str]]]) -> str:
    lines = [f"{'; '.join(complaints[:3])}\n    {conversation.said[:300]!r}" for conversation, complaints in found if complaints]
    return f"{len(lines)} conversations refused\n" + "\n".join(lines[:10])


@needs_corpus
@pytest.mark.parametrize("target", JUDGED)
@pytest.mark.parametrize("source", JUDGED)
def test_a_recorded_conversation_is_accepted_by_every_vendors_sdk(source: str, target: str) -> None:
    asked = [conversation for conversation in conversations() if conversation.wire == source]
    assert asked
    found = [(conversation, objections(conversation, target)) for conversation in asked]
    assert not any(complaints for _, complaints in found), report(found)


@needs_corpus
def test_few_recorded_conversations_are_refused_before_they_are_sent() -> None:
    """A wire that refused everything would please every judge."""
    judged = refused = 0
    for conversation in conversations():
        for target in JUDGED:
            try:
                sent(replace(conversation.request, model=model_for(conversation.request, target)), target, stream=False)
                judged += 1
            except (Unsupported, RequestError):
                refused += 1
    assert refused < judged / 10


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("target", JUDGED)
@pytest.mark.parametrize("feature", CONVERSATIONS)
def test_a_conversation_of_every_feature_is_accepted_by_every_vendors_sdk(feature: str, target: str, stream: bool) -> None:
    request = replace(CONVERSATIONS[feature], model=model_for(CONVERSATIONS[feature], target))
    try:
        http = sent(request, target, stream=stream)
    except Unsupported as error:
        assert feature in ("images", "documents"), error  # noqa: PT017 - which features a target may refuse
        return
    assert [complaint for complaint in judge(target)(http.body) if not explained_request(target, complaint, http)] == []


# -- that the judges can say no --------------------------------------------------------------------

_USER = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
_FINE = {
    "openai-chat": {"model": "m", "messages": [_USER]},
    "openai-responses": {"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
    "anthropic-bedrock": {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [_USER]},
    "anthropic-messages": {"model": "m", "max_tokens": 9, "messages": [_USER]},
    "anthropic-vertex": {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": [_USER]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "cohere-chat": {"model": "m", "messages": [_USER]},
    "ollama": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    "mistral-chat": {"model": "m", "messages": [_USER]},
    "bedrock-converse": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
}
# Where a conversation is in the body, and one wrong thing each about a block of it and about the whole.
_WRONG = {
    "openai-chat": ({"temperature": "hot"}, {"image": "x"}, {"type": "txt", "text": "Hi"}),
    "openai-responses": ({"store": "yes"}, {"image": "x"}, {"type": "text", "text": "Hi"}),
    "anthropic-bedrock": ({"stream": True}, {"image": "x"}, {"type": "text"}),
    "anthropic-messages": ({"max_tokens": "9"}, {"image": "x"}, {"type": "text"}),
    "anthropic-vertex": ({"anthropic_version": "2023-06-01"}, {"image": "x"}, {"type": "text"}),
    "gemini": ({"generationConfig": {"maxTokens": 9}}, {"image": "x"}, {"text": 1}),
    "cohere-chat": ({"k": "9"}, {"image": "x"}, {"type": "txt", "text": "Hi"}),
    "ollama": ({"options": {"max_tokens": 9}}, None, None),
    "mistral-chat": ({"tool_choice": "sometimes"}, {"image": "x"}, {"type": "txt", "text": "Hi"}),
    "bedrock-converse": ({"inferenceConfig": {"max_tokens": 9}}, {"image": "x"}, {"txt": "Hi"}),
}


def _with_block(body: dict[str, object], change: dict[str, object], *, whole: bool) -> dict[str, object]:
    said = json.loads(json.dumps(body))
    messages = said.get("messages") or said.get("input") or said.get("contents")
    blocks = messages[0].get("content") or messages[0].get("parts")
    blocks[0] = change if whole else {**blocks[0], **change}
    return said  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", JUDGED)
def test_a_judge_accepts_the_plainest_request(name: str) -> None:
    assert judge(name)(json.dumps(_FINE[name]).encode()) == []


@pytest.mark.parametrize("name", JUDGED)
def test_a_judge_refuses_what_its_vendor_does_not_know(name: str) -> None:
    fine = _FINE[name]
    wrong_field, more, other = _WRONG[name]
    said: list[dict[str, object]] = [{**fine, "made_up": 1}, {**fine, **wrong_field}]
    said += [] if more is None else [_with_block(fine, more, whole=False)]
    said += [] if other is None else [_with_block(fine, other, whole=True)]
    said += [{member: value for member, value in fine.items() if member not in ("messages", "input", "contents")}]
    accepted = [body for body in said if not judge(name)(json.dumps(body).encode())]
    # a request for Responses or Converse may do without messages, and says so in its types
    assert accepted in ([], [said[-1]] if name in ("openai-responses", "bedrock-converse", "ollama") else [])


def test_a_judge_looks_into_what_the_sdk_would_read_only_when_it_is_needed() -> None:
    """The SDK's lists of messages are lazy iterators: the last block of the last message must be looked at too."""
    for name in ("openai-chat", "anthropic-messages"):
        body = _FINE[name] | {
            "messages": [_USER, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": [{"type": "x"}]}]
        }
        assert judge(name)(json.dumps(body).encode()), name


def test_the_judge_of_converse_checks_words_and_patterns_which_its_sdk_leaves_to_the_service() -> None:
    call = {"toolUse": {"toolUseId": "call|1", "name": "look", "input": {}}}
    image = {"image": {"format": "bmp", "source": {"bytes": "aGk="}}}
    body = {"messages": [{"role": "assistant", "content": [call]}, {"role": "user", "content": [image]}]}
    complaints = judge("bedrock-converse")(json.dumps(body).encode())
    assert len(complaints) == 2
    assert "does not match" in complaints[0]
    assert "is none of png, jpeg" in complaints[1]
