"""`openai`, Chat Completions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.pypi.chat_words import Person, first, options

ERRORS = {400: "BadRequestError", 404: "NotFoundError", 429: "RateLimitError", 500: "InternalServerError"}


@contextmanager
def raising() -> Iterator[None]:
    import openai

    try:
        yield
    except openai.APIError as error:
        raise Raised(type(error).__name__, getattr(error, "status_code", None), str(error)) from error


class OpenAIChat:
    name = "openai chat"
    wire = "openai-chat"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "stop", "calls": "tool_calls"}
    errors: Mapping[int, str] = ERRORS
    broken: str | None = None

    def __init__(self, url: str) -> None:
        from openai import OpenAI

        self.sdk = OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0, timeout=60)

    def conversation(self, model: str, ask: Ask) -> ChatConversation:
        return ChatConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), self.sdk.chat.completions.create(model=model, messages=first(ask), stream=True) as stream:
            return next(text for chunk in stream if chunk.choices and (text := chunk.choices[0].delta.content))

    def close(self) -> None:
        self.sdk.close()


class ChatConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options = options(model, ask, limit="max_completion_tokens")
        self.history = first(ask)

    def send(self) -> Heard:
        completions = self.sdk.chat.completions
        with raising():
            if self.ask.stream:
                usage = {"include_usage": True}
                with completions.stream(messages=self.history, stream_options=usage, **self.options) as events:
                    answer = events.get_final_completion()
            elif self.ask.schema:
                answer = completions.parse(messages=self.history, **self.options)
            else:
                answer = completions.create(messages=self.history, **self.options)
        message = answer.choices[0].message
        self.history.append(message)
        if self.ask.schema:
            assert isinstance(message.parsed, Person), f"nothing was parsed of {message.content!r}"
        return Heard(
            text=message.content or "",
            reasoning=getattr(message, "reasoning_content", None) or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or ()],
            finish=answer.choices[0].finish_reason,
            usage=(answer.usage.prompt_tokens, answer.usage.completion_tokens) if answer.usage else (None, None),
        )

    def results(self, texts: Iterable[str]) -> Heard:
        calls = self.history[-1].tool_calls
        for call, text in zip(calls, texts, strict=True):
            self.history.append({"role": "tool", "tool_call_id": call.id, "content": text})
        return self.send()
