"""The kit judges a prompt's endpoint by the chat that it becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from turnout.registry import Registry
from turnout.testing import Exchange
from turnout.testing.routes import route_of
from turnout.testing.verdict import examine
from turnout.types import HttpRequest, HttpResponse
from turnout.wire import Wire

WIRE = Registry(environ={}).wires.get("ollama-generate")
ASKED = {"model": "m", "prompt": "Why?", "system": "Be brief.", "images": ["aGk="], "stream": False, "options": {"seed": 1}}
ANSWER = {"model": "m", "created_at": "2025-08-20T13:48:22Z", "response": "So.", "done": True}
ANSWER |= {"done_reason": "stop", "eval_count": 2}


def exchange(asked: dict[str, Any], *lines: dict[str, Any], status: int = 200) -> Exchange:
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    return Exchange(
        id="ollama.api.generate.1",
        provider="ollama",
        endpoint="api.generate",
        request=HttpRequest(method="POST", url="http://localhost:11434/api/generate", body=json.dumps(asked).encode()),
        response=HttpResponse(status=status, body=body),
        framing="json" if len(lines) == 1 else "ndjson",
    )


def outcome(recorded: Exchange, wire: Wire = WIRE) -> str:
    return examine(recorded, wire, route=route_of(recorded)).outcome


STREAM = (
    {"model": "m", "created_at": "2025-08-20T13:48:22Z", "response": "", "thinking": "Hm", "done": False},
    {"model": "m", "created_at": "2025-08-20T13:48:23Z", "response": "So.", "done": False},
    {"model": "m", "created_at": "2025-08-20T13:48:24Z", "response": "", "done": True, "done_reason": "stop", "eval_count": 2},
)


def test_a_prompt_and_its_answer_are_equal_whole_and_in_a_stream() -> None:
    assert outcome(exchange(ASKED, ANSWER)) == "equal"
    assert outcome(exchange({"model": "m", "prompt": "Why?"}, *STREAM)) == "equal"


def test_the_tokens_of_a_prompt_are_explained_as_what_no_chat_has() -> None:
    assert outcome(exchange(ASKED, ANSWER | {"context": [1, 2]})) == "explained"


def test_what_only_a_prompt_can_say_is_told_in_a_receipt_line() -> None:
    assert outcome(exchange(ASKED | {"template": "{{ .Prompt }}", "raw": True}, ANSWER)) == "equal"


def test_an_error_of_the_endpoint_keeps_its_status_and_words() -> None:
    assert outcome(exchange(ASKED, {"error": "model 'm' not found"}, status=404)) == "equal"


@pytest.mark.parametrize("lines", [(ANSWER,), STREAM], ids=["whole", "stream"])
def test_a_server_that_answers_as_a_chat_is_found_out(lines: tuple[dict[str, Any], ...]) -> None:
    chat = Registry(environ={}).wires.get("ollama").server
    assert outcome(exchange(ASKED, *lines), replace(WIRE, server=chat)) == "unexplained"
