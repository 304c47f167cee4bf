"""`cohere`, chat v2."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.pypi.chat_words import first
from clients.story import PERSON_SCHEMA, TOOL, TOOL_SCHEMA, TOOL_TEXT


@contextmanager
def raising() -> Iterator[None]:
    from cohere.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        raise Raised(type(error).__name__, error.status_code, str(error)) from error


class Cohere:
    name = "cohere"
    wire = "cohere-chat"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "COMPLETE", "calls": "TOOL_CALL"}
    errors: Mapping[int, str] = {
        400: "BadRequestError",
        404: "NotFoundError",
        429: "TooManyRequestsError",
        500: "InternalServerError ApiError",
    }  # the latter for a 502
    broken: str | None = "ERROR"

    def __init__(self, url: str) -> None:
        import cohere
        import httpx

        self._http = httpx.Client(timeout=60)
        self.sdk = cohere.ClientV2(
            api_key="-", base_url=url, httpx_client=self._http, max_retries=0, log_warning_experimental_features=False
        )

    def conversation(self, model: str, ask: Ask) -> CohereConversation:
        return CohereConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), closing(self.sdk.chat_stream(model=model, messages=first(ask))) as stream:
            return next(event.delta.message.content.text for event in stream if event.type == "content-delta")

    def close(self) -> None:
        self._http.close()


class CohereConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options: dict[str, Any] = {"model": model, "max_tokens": ask.max_tokens}
        if ask.tools:
            function = {"name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA}
            self.options["tools"] = [{"type": "function", "function": function}]
        if ask.exact:
            self.options["temperature"] = 0
        if ask.schema:
            self.options["response_format"] = {"type": "json_object", "schema": PERSON_SCHEMA}
        if ask.think:
            self.options["thinking"] = {"type": "enabled", "token_budget": 2048}
        self.history = first(ask)
        self._calls: list[Any] = []

    def send(self) -> Heard:
        with raising():
            return self._streamed() if self.ask.stream else self._whole()

    def _whole(self) -> Heard:
        answer = self.sdk.chat(messages=self.history, **self.options)
        message = answer.message
        self.history.append(message)
        self._calls = message.tool_calls or []
        return Heard(
            text="".join(part.text for part in message.content or () if part.type == "text"),
            reasoning="".join(part.thinking for part in message.content or () if part.type == "thinking"),
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in self._calls],
            finish=answer.finish_reason,
            usage=_usage(answer.usage),
        )

    def _streamed(self) -> Heard:
        heard = Heard()
        content: dict[int, dict[str, Any]] = {}
        plan = ""
        calls: dict[int, dict[str, Any]] = {}
        for event in self.sdk.chat_stream(messages=self.history, **self.options):
            match event.type:
                case "content-start":
                    content[event.index] = {"type": event.delta.message.content.type, "said": ""}
                case "content-delta":
                    said = event.delta.message.content
                    content[event.index]["said"] += said.text or said.thinking or ""
                case "tool-plan-delta":
                    plan += event.delta.message.tool_plan
                case "tool-call-start":
                    calls[event.index] = event.delta.message.tool_calls.model_dump()
                case "tool-call-delta":
                    calls[event.index]["function"]["arguments"] += event.delta.message.tool_calls.function.arguments
                case "message-end":
                    heard.finish = event.delta.finish_reason
                    heard.usage = _usage(event.delta.usage)
        parts = [{"type": part["type"], part["type"]: part["said"]} for part in content.values()]
        message: dict[str, Any] = {"role": "assistant"}
        if parts:
            message["content"] = parts
        if calls:
            message["tool_calls"] = list(calls.values())
        if plan:
            message["tool_plan"] = plan
        self.history.append(message)
        self._calls = list(calls.values())
        heard.text = "".join(part["text"] for part in parts if part["type"] == "text")
        heard.reasoning = "".join(part["thinking"] for part in parts if part["type"] == "thinking")
        heard.calls = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls.values()]
        return heard

    def results(self, texts: Iterable[str]) -> Heard:
        for call, text in zip(self._calls, texts, strict=True):
            id = call["id"] if isinstance(call, dict) else call.id
            documents = [{"type": "document", "document": {"data": {"weather": text}}}]
            self.history.append({"role": "tool", "tool_call_id": id, "content": text if id else documents})
        return self.send()


def _usage(usage: Any) -> tuple[int | None, int | None]:
    tokens = usage.tokens if usage else None
    if tokens is None:
        return None, None
    return tuple(None if count is None else int(count) for count in (tokens.input_tokens, tokens.output_tokens))  # type: ignore[return-value]
