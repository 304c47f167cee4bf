"""`mistralai`, chat."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.pypi.chat_words import Person, first, options
from clients.story import TOOL


@contextmanager
def raising() -> Iterator[None]:
    from mistralai.client.errors import MistralError

    try:
        yield
    except MistralError as error:
        raise Raised(type(error).__name__, error.status_code, f"{error.message} {error.body}") from error


class Mistral:
    name = "mistralai"
    wire = "mistral-chat"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "stop", "calls": "tool_calls"}
    errors: Mapping[int, str] = {400: "SDKError", 404: "SDKError", 429: "SDKError", 500: "SDKError"}
    broken: str | None = "error"

    def __init__(self, url: str) -> None:
        from mistralai.client import Mistral as SDK

        self.sdk = SDK(api_key="-", server_url=f"{url}/mistral", timeout_ms=60_000)

    def conversation(self, model: str, ask: Ask) -> MistralConversation:
        return MistralConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), self.sdk.chat.stream(model=model, messages=opening(ask)) as stream:
            return next(text for event in stream if (text := event.data.choices[0].delta.content))

    def close(self) -> None:
        self.sdk.__exit__(None, None, None)


def opening(ask: Ask) -> list[Any]:
    return first(ask, image=str)  # the address alone


class MistralConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options = options(model, ask, limit="max_tokens")
        self.history = opening(ask)
        self._calls: list[Any] = []

    def send(self) -> Heard:
        with raising():
            return self._streamed() if self.ask.stream else self._whole()

    def _whole(self) -> Heard:
        ask = self.sdk.chat.parse if self.ask.schema else self.sdk.chat.complete
        answer = ask(messages=self.history, **self.options)
        message = answer.choices[0].message
        if self.ask.schema:
            assert isinstance(message.parsed, Person), f"nothing was parsed of {message.content!r}"
        self.history.append(message)
        self._calls = message.tool_calls or []
        text, reasoning = _said(message.content)
        usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
        return Heard(text, reasoning, _made(self._calls), answer.choices[0].finish_reason, usage)

    def _streamed(self) -> Heard:
        heard = Heard()
        calls: dict[int, Any] = {}
        ask = self.sdk.chat.parse_stream if self.ask.schema else self.sdk.chat.stream
        with ask(messages=self.history, **self.options) as stream:
            for event in stream:
                if event.data.usage is not None:
                    heard.usage = (event.data.usage.prompt_tokens, event.data.usage.completion_tokens)
                for choice in event.data.choices:
                    text, reasoning = _said(choice.delta.content)
                    heard.text += text
                    heard.reasoning += reasoning
                    heard.finish = choice.finish_reason or heard.finish
                    for call in choice.delta.tool_calls or ():
                        if call.index in calls:
                            calls[call.index].function.arguments += call.function.arguments
                        else:
                            calls[call.index] = call
        self._calls = list(calls.values())
        heard.calls = _made(self._calls)
        content: Any = heard.text
        if heard.reasoning:
            content = [{"type": "thinking", "thinking": [{"type": "text", "text": heard.reasoning}]}]
            content += [{"type": "text", "text": heard.text}] if heard.text else []
        self.history.append({"role": "assistant", "content": content, "tool_calls": self._calls or None})
        return heard

    def results(self, texts: Iterable[str]) -> Heard:
        for call, text in zip(self._calls, texts, strict=True):
            self.history.append({"role": "tool", "tool_call_id": call.id, "name": TOOL, "content": text})
        return self.send()


def _made(calls: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(call.function.name, json.loads(it) if isinstance(it := call.function.arguments, str) else it) for call in calls]


def _said(content: Any) -> tuple[str, str]:
    """Text, and what was thought."""
    if not isinstance(content, list):
        return content or "", ""
    thoughts = "".join(piece.text for chunk in content if chunk.type == "thinking" for piece in chunk.thinking)
    return "".join(chunk.text for chunk in content if chunk.type == "text"), thoughts
