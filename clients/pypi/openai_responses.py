"""`openai`, Responses, without state at the server: sealed reasoning goes with the items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from clients.clients import Ask, Heard
from clients.pypi.chat_words import PICTURE, Person
from clients.pypi.openai_chat import ERRORS, raising
from clients.story import TOOL, TOOL_SCHEMA, TOOL_TEXT


class OpenAIResponses:
    name = "openai responses"
    wire = "openai-responses"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "completed", "calls": "completed"}
    errors: Mapping[int, str] = ERRORS
    broken: str | None = "failed"

    def __init__(self, url: str) -> None:
        from openai import OpenAI

        self.sdk = OpenAI(base_url=f"{url}/v1", api_key="-", max_retries=0, timeout=60)

    def conversation(self, model: str, ask: Ask) -> ResponsesConversation:
        return ResponsesConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), self.sdk.responses.create(model=model, input=first(ask), stream=True) as stream:
            return next(event.delta for event in stream if event.type == "response.output_text.delta")

    def close(self) -> None:
        self.sdk.close()


def first(ask: Ask) -> list[Any]:
    if not ask.image:
        return [{"role": "user", "content": ask.text}]
    return [
        {"role": "user", "content": [{"type": "input_text", "text": ask.text}, {"type": "input_image", "image_url": PICTURE}]}
    ]


class ResponsesConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options: dict[str, Any] = {"model": model, "max_output_tokens": ask.max_tokens, "store": False}
        if ask.tools:
            function = {"name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA, "strict": True}
            self.options["tools"] = [{"type": "function", **function}]
        if ask.exact:
            self.options["temperature"] = 0
        if ask.schema:
            self.options["text_format"] = Person
        if ask.think:
            self.options |= {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
        self.history = first(ask)
        self._calls: list[Any] = []

    def send(self) -> Heard:
        with raising():
            if self.ask.stream:
                with self.sdk.responses.stream(input=self.history, **self.options) as events:
                    answer = events.get_final_response()
            elif self.ask.schema:
                answer = self.sdk.responses.parse(input=self.history, **self.options)
            else:
                answer = self.sdk.responses.create(input=self.history, **self.options)
        if self.ask.schema:
            assert isinstance(answer.output_parsed, Person), f"nothing was parsed of {answer.output_text!r}"
        self.history += answer.output
        self._calls = [item for item in answer.output if item.type == "function_call"]
        thoughts = [
            part.text for item in answer.output if item.type == "reasoning" for part in (*item.summary, *(item.content or ()))
        ]
        return Heard(
            text=answer.output_text,
            reasoning="".join(thoughts),
            calls=[(call.name, json.loads(call.arguments)) for call in self._calls],
            finish=answer.status,
            usage=(answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else (None, None),
        )

    def results(self, texts: Iterable[str]) -> Heard:
        for call, text in zip(self._calls, texts, strict=True):
            self.history.append({"type": "function_call_output", "call_id": call.call_id, "output": text})
        return self.send()
