"""`google-genai`, generateContent. It calls no function by itself here: the history is its user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.pypi.chat_words import Person
from clients.story import PNG, TOOL, TOOL_SCHEMA, TOOL_TEXT


@contextmanager
def raising() -> Iterator[None]:
    from google.genai import errors

    try:
        yield
    except errors.APIError as error:
        raise Raised(type(error).__name__, error.code, str(error)) from error


class GoogleGenai:
    name = "google-genai"
    wire = "gemini"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "STOP", "calls": "STOP"}
    errors: Mapping[int, str] = {400: "ClientError", 404: "ClientError", 429: "ClientError", 500: "ServerError"}
    broken: str | None = None

    def __init__(self, url: str) -> None:
        from google import genai

        self.sdk = genai.Client(api_key="-", http_options={"base_url": url, "timeout": 60_000})

    def conversation(self, model: str, ask: Ask) -> GenaiConversation:
        return GenaiConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), closing(self.sdk.models.generate_content_stream(model=model, contents=first(ask))) as stream:
            return next(text for chunk in stream if (text := chunk.text))

    def close(self) -> None:
        self.sdk.close()


def first(ask: Ask) -> list[Any]:
    from google.genai import types

    parts = [types.Part.from_text(text=ask.text)]
    if ask.image:
        parts.insert(0, types.Part.from_bytes(data=PNG, mime_type="image/png"))
    return [types.Content(role="user", parts=parts)]


class GenaiConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        from google.genai import types

        self.sdk = sdk
        self.model = model
        self.ask = ask
        options: dict[str, Any] = {"max_output_tokens": ask.max_tokens}
        if ask.tools:
            declared = types.FunctionDeclaration(name=TOOL, description=TOOL_TEXT, parameters_json_schema=TOOL_SCHEMA)
            options["tools"] = [types.Tool(function_declarations=[declared])]
            options["automatic_function_calling"] = types.AutomaticFunctionCallingConfig(disable=True)
        if ask.exact:
            options["temperature"] = 0
        if ask.schema:
            options |= {"response_mime_type": "application/json", "response_schema": Person}
        if ask.think:
            options["thinking_config"] = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW)
        self.config = types.GenerateContentConfig(**options)
        self.history = first(ask)

    def send(self) -> Heard:
        from google.genai import types

        models = self.sdk.models
        with raising():
            if self.ask.stream:
                answers = list(models.generate_content_stream(model=self.model, contents=self.history, config=self.config))
            else:
                answers = [models.generate_content(model=self.model, contents=self.history, config=self.config)]
        if self.ask.schema and not self.ask.stream:
            assert isinstance(answers[0].parsed, Person), f"nothing was parsed of {answers[0].text!r}"
        parts = [
            part for it in answers if it.candidates and it.candidates[0].content for part in it.candidates[0].content.parts or ()
        ]
        self.history.append(types.Content(role="model", parts=parts))
        finish = next((it.candidates[0].finish_reason for it in reversed(answers) if it.candidates), None)
        usage = answers[-1].usage_metadata
        out = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0) if usage else None
        return Heard(
            text="".join(part.text for part in parts if part.text and not part.thought),
            reasoning="".join(part.text for part in parts if part.text and part.thought),
            calls=[(part.function_call.name, part.function_call.args) for part in parts if part.function_call],
            finish=finish.name if finish else None,
            usage=(usage.prompt_token_count if usage else None, out),
        )

    def results(self, texts: Iterable[str]) -> Heard:
        from google.genai import types

        calls = [part.function_call for part in self.history[-1].parts if part.function_call]
        parts = []
        for call, text in zip(calls, texts, strict=True):
            answered = types.FunctionResponse(id=call.id, name=call.name, response={"result": text})
            parts.append(types.Part(function_response=answered))
        self.history.append(types.Content(role="user", parts=parts))
        return self.send()
