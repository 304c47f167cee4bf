"""`anthropic`, Messages."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.pypi.chat_words import Person
from clients.story import PNG, TOOL, TOOL_SCHEMA, TOOL_TEXT


@contextmanager
def raising() -> Iterator[None]:
    import anthropic

    try:
        yield
    except anthropic.APIError as error:
        raise Raised(type(error).__name__, getattr(error, "status_code", None), str(error)) from error


class Anthropic:
    name = "anthropic"
    wire = "anthropic-messages"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "end_turn", "calls": "tool_use"}
    errors: Mapping[int, str] = {400: "BadRequestError", 404: "NotFoundError", 429: "RateLimitError", 500: "InternalServerError"}
    broken: str | None = None

    def __init__(self, url: str) -> None:
        from anthropic import Anthropic as SDK

        self.sdk = SDK(base_url=url, api_key="-", max_retries=0, timeout=60)

    def conversation(self, model: str, ask: Ask) -> MessagesConversation:
        return MessagesConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), self.sdk.messages.stream(model=model, max_tokens=ask.max_tokens, messages=first(ask)) as stream:
            return next(iter(stream.text_stream))

    def close(self) -> None:
        self.sdk.close()


def first(ask: Ask) -> list[Any]:
    if not ask.image:
        return [{"role": "user", "content": ask.text}]
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    return [{"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": ask.text}]}]


class MessagesConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options: dict[str, Any] = {"model": model, "max_tokens": ask.max_tokens}
        if ask.tools:
            self.options["tools"] = [{"name": TOOL, "description": TOOL_TEXT, "input_schema": TOOL_SCHEMA}]
        if ask.exact:
            self.options["extra_body"] = {"temperature": 0}  # no longer a parameter of the SDK
        if ask.schema:
            self.options["output_format"] = Person
        if ask.think:
            self.options["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        self.history = first(ask)

    def send(self) -> Heard:
        with raising():
            if self.ask.stream:
                with self.sdk.messages.stream(messages=self.history, **self.options) as events:
                    answer = events.get_final_message()
            elif self.ask.schema:
                answer = self.sdk.messages.parse(messages=self.history, **self.options)
            else:
                answer = self.sdk.messages.create(messages=self.history, **self.options)
        if self.ask.schema:
            assert isinstance(answer.parsed_output, Person), f"nothing was parsed of {answer.content!r}"
        self.history.append({"role": "assistant", "content": answer.content})
        usage = answer.usage
        read = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Heard(
            text="".join(block.text for block in answer.content if block.type == "text"),
            reasoning="".join(block.thinking for block in answer.content if block.type == "thinking"),
            calls=[(block.name, block.input) for block in answer.content if block.type == "tool_use"],
            finish=answer.stop_reason,
            usage=(read, usage.output_tokens),
        )

    def results(self, texts: Iterable[str]) -> Heard:
        calls = [block for block in self.history[-1]["content"] if block.type == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in zip(calls, texts, strict=True)
        ]
        self.history.append({"role": "user", "content": results})
        return self.send()
