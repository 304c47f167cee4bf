"""What each provider asks of a conversation, written down from its documentation and error messages, to judge request bodies by.

Each function asserts it of one body, and gives the calls and the results that it found, in order: how each names its call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

Found = tuple[list[str], list[str]]
WORD = re.compile(r"[a-zA-Z0-9_-]+")


def _answered(calls: list[str], results: list[str]) -> None:
    assert sorted(calls) == sorted(results), (calls, results)
    assert len(set(calls)) == len(calls), calls


def anthropic(body: dict[str, Any]) -> Found:
    turns = [(turn["role"], turn["content"]) for turn in body["messages"]]
    assert turns[0][0] == "user"
    assert turns[-1][0] == "user"
    found: Found = ([], [])
    for (role, content), (after, answer) in pairwise([*turns, ("", [])]):
        assert role != after
        if isinstance(content, str):
            assert content.strip()
            continue
        calls = [block["id"] for block in content if block["type"] == "tool_use"]
        for block in content:
            match block["type"]:
                case "text":
                    assert block["text"].strip()
                case "thinking":
                    assert role == "assistant"
                    assert block["signature"]
                case "tool_use":
                    assert re.fullmatch("[a-zA-Z0-9_-]{1,128}", block["name"])
                    assert isinstance(block["input"], dict)
                    assert WORD.fullmatch(block["id"])
        if calls:
            first = answer[: len(calls)]
            assert all(block["type"] == "tool_result" for block in first)
            _answered(calls, [block["tool_use_id"] for block in first])
            found[0].extend(calls)
            found[1].extend(block["tool_use_id"] for block in first)
    assert len(set(found[0])) == len(found[0])
    return found


def bedrock(body: dict[str, Any]) -> Found:
    turns = [(turn["role"], turn["content"]) for turn in body["messages"]]
    assert turns[0][0] == "user"
    assert turns[-1][0] == "user"
    found: Found = ([], [])
    for (role, content), (after, answer) in pairwise([*turns, ("", [])]):
        assert role != after
        assert content
        calls = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
        for block in content:
            if "text" in block:
                assert block["text"].strip()
            if "toolUse" in block:
                assert isinstance(block["toolUse"]["input"], dict)
                assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", block["toolUse"]["name"])
            if "reasoningText" in block.get("reasoningContent", {}):
                assert block["reasoningContent"]["reasoningText"]["signature"]
        if calls:
            assert body["toolConfig"]["tools"]
            results = [block["toolResult"]["toolUseId"] for block in answer[: len(calls)]]
            _answered(calls, results)
            found[0].extend(calls)
            found[1].extend(results)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", id) for id in found[0])
    assert len(set(found[0])) == len(found[0])
    return found


def _chat(messages: list[dict[str, Any]], name: str, most: int | None) -> Found:
    """Calls of an assistant, and right behind them one tool message for each."""
    found: Found = ([], [])
    rest = iter(enumerate(messages))
    for at, message in rest:
        assert message["role"] != "tool", "a result without its call"
        calls = message.get("tool_calls") or []
        for call in calls:
            assert re.fullmatch(name, call["function"]["name"])
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert 0 < len(call["id"]) <= (most or len(call["id"]))
        ids = [call["id"] for call in calls]
        results = [answer["tool_call_id"] for answer in messages[at + 1 : at + 1 + len(ids)] if answer["role"] == "tool"]
        _answered(ids, results)
        found[0].extend(ids)
        found[1].extend(results)
        for _ in ids:
            next(rest)
    return found


def openai_chat(body: dict[str, Any]) -> Found:
    assert all(message.get("content") or message.get("tool_calls") for message in body["messages"])
    return _chat(body["messages"], "[a-zA-Z0-9_-]{1,64}", 40)


def cohere(body: dict[str, Any]) -> Found:
    assert body["messages"][-1]["role"] in ("user", "tool")
    return _chat(body["messages"], "[a-zA-Z_][a-zA-Z0-9_]*", None)


def openai_responses(body: dict[str, Any]) -> Found:
    found: Found = ([], [])
    items = body["input"]
    for item, after in pairwise([*items, {"type": "end"}]):
        match item.get("type"):
            case "function_call":
                assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", item["name"])
                assert isinstance(json.loads(item["arguments"]), dict)
                assert 0 < len(item["call_id"]) <= 64
                found[0].append(item["call_id"])
            case "function_call_output":
                assert item["call_id"] in found[0], "a result before its call"
                found[1].append(item["call_id"])
            case "reasoning":
                assert after.get("type") in ("message", "function_call"), "reasoning without what it led to"
    _answered(*found)
    return found


def gemini(body: dict[str, Any]) -> Found:
    found: Found = ([], [])
    contents = body["contents"]
    assert contents[0]["role"] == "user"
    assert all("text" in part for part in body["systemInstruction"]["parts"])
    for at, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if not calls:
            continue
        assert content["role"] == "model"
        assert contents[at - 1]["role"] == "user"
        assert calls[0].get("thoughtSignature"), "the first call of a turn is signed, from the third generation on"
        answers = [part["functionResponse"] for part in contents[at + 1]["parts"] if "functionResponse" in part]
        made = [part["functionCall"] for part in calls]
        assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_.-]{0,63}", call["name"]) for call in made)
        assert all(isinstance(answer["response"], dict) for answer in answers)
        assert [(call.get("id"), call["name"]) for call in made] == [(answer.get("id"), answer["name"]) for answer in answers]
        found[0].extend(f"{at}.{number}" for number in range(len(made)))
        found[1].extend(f"{at}.{number}" for number in range(len(answers)))
    return found


def ollama(body: dict[str, Any]) -> Found:
    found: Found = ([], [])
    waiting: list[tuple[str | None, str]] = []
    for at, message in enumerate(body["messages"]):
        assert isinstance(message["content"], str)
        if message["role"] == "tool":
            call = (message.get("tool_call_id"), message["tool_name"])
            assert call in waiting
            waiting.remove(call)
            found[1].append(call[1])
            continue
        assert not waiting, "a call was not answered"
        for call in message.get("tool_calls", ()):
            assert isinstance(call["function"]["arguments"], dict)
            waiting.append((call.get("id"), call["function"]["name"]))
            found[0].append(call["function"]["name"])
        assert len(set(waiting)) == len(waiting), at
    return found


GRAMMARS: dict[str, Callable[[dict[str, Any]], Found]] = {
    "anthropic-messages": anthropic,
    "bedrock-converse": bedrock,
    "cohere-chat": cohere,
    "gemini": gemini,
    "ollama": ollama,
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
}


def names_offered(wire: str, body: dict[str, Any]) -> Iterable[str]:
    """The names of the tools, as the target hears them."""
    match wire:
        case "gemini":
            return [function["name"] for group in body["tools"] for function in group["functionDeclarations"]]
        case "bedrock-converse":
            return [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]]
        case "openai-chat" | "cohere-chat" | "ollama":
            return [tool["function"]["name"] for tool in body["tools"]]
    return [tool["name"] for tool in body["tools"]]
