"""Types to ask for, answers of OpenAI's protocol that say or miss them, and both clients behind one function."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Struct

from turnout.client import AsyncClient, Client
from turnout.config import Config
from turnout.records import CallRecord
from turnout.registry import Registry
from turnout.testing.transport import Script, Scripted
from turnout.types import HttpResponse

KEY = "sk-4vJ8Qm2ZtXc9RbNw"
PROVIDERS = ("OPENAI", "ANTHROPIC", "GOOGLE", "GROQ", "DEEPSEEK", "PERPLEXITY", "MISTRAL", "COHERE", "XAI", "TOGETHER")
KEYS = dict.fromkeys((f"{name}_API_KEY" for name in PROVIDERS), KEY)
KEYS |= {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "eu-west-1"}


class Pet(Struct):
    name: str
    kind: Literal["cat", "dog"]


class Person(Struct):
    """Somebody in the text."""

    name: Annotated[str, Meta(max_length=20)]
    age: Annotated[int, Meta(ge=0)]
    pets: list[Pet] = []


@dataclass
class Town:
    name: str
    people: int = 0


class River(TypedDict):
    name: str
    km: int


ANNA = Person("Anna", 31)
SAID = '{"name":"Anna","age":31}'


def completion(
    text: str | None = None,
    call: str | None = None,
    *,
    finish: str | None = None,
    usage: tuple[int, int] | None = (100, 10),
    **more: Any,
) -> HttpResponse:
    """An answer that says ``text``, or calls the tool Person with ``call``. ``usage``: tokens in and out."""
    message: dict[str, Any] = {"role": "assistant", "content": text, **more}
    if call is not None:
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": {"name": "Person", "arguments": call}}]
    ended = finish or ("tool_calls" if call is not None else "stop")
    body: dict[str, Any] = {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1763740000,
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "finish_reason": ended}],
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return HttpResponse(status=200, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def refused(message: str, status: int = 400) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode())


class Asked:
    """Both clients with a scripted transport: what they answer, what was sent, and the records."""

    def __init__(self, kind: str, *script: Scripted, **settings: Any) -> None:
        self.kind = kind
        self.script = Script(*script)
        self.records: list[CallRecord] = []
        own = {"registry": Registry(environ=KEYS, config=Config()), "sinks": [self.records.append], "model": "openai/gpt-4o"}
        self._settings: dict[str, Any] = {**own, **settings}

    def chat(self, prompt: Any = "Anna is 31 years old.", **options: Any) -> Any:
        if self.kind == "sync":
            with Client(transport=self.script, **self._settings) as client:
                return client.chat(prompt, **options)

        async def run() -> Any:
            async with AsyncClient(transport=self.script.asynchronous, **self._settings) as client:
                return await client.chat(prompt, **options)

        return asyncio.run(run())

    @property
    def sent(self) -> list[Any]:
        return [json.loads(request.body) for request in self.script.sent]
