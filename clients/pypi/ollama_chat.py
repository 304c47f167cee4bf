"""`ollama`, chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.story import PERSON_SCHEMA, PNG, TOOL, TOOL_SCHEMA, TOOL_TEXT


@contextmanager
def raising() -> Iterator[None]:
    import ollama

    try:
        yield
    except ollama.ResponseError as error:
        raise Raised(type(error).__name__, error.status_code, error.error) from error


class Ollama:
    name = "ollama"
    wire = "ollama"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "stop", "calls": "stop"}
    errors: Mapping[int, str] = {400: "ResponseError", 404: "ResponseError", 429: "ResponseError", 500: "ResponseError"}
    broken: str | None = None

    def __init__(self, url: str) -> None:
        import ollama

        self.sdk = ollama.Client(host=url, timeout=60)

    def conversation(self, model: str, ask: Ask) -> OllamaConversation:
        return OllamaConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        stream: Any = self.sdk.chat(model=model, messages=first(ask), stream=True)
        with raising(), closing(stream):
            return next(text for part in stream if (text := part.message.content))

    def close(self) -> None:
        self.sdk._client.close()  # it has no close of its own


def first(ask: Ask) -> list[Any]:
    return [{"role": "user", "content": ask.text, **({"images": [PNG]} if ask.image else {})}]


class OllamaConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options: dict[str, Any] = {"model": model, "stream": ask.stream, "options": {"num_predict": ask.max_tokens}}
        if ask.tools:
            function = {"name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA}
            self.options["tools"] = [{"type": "function", "function": function}]
        if ask.exact:
            self.options["options"]["temperature"] = 0
        if ask.schema:
            self.options["format"] = PERSON_SCHEMA
        if ask.think:
            self.options["think"] = "low"
        self.history = first(ask)

    def send(self) -> Heard:
        with raising():
            answer: Any = self.sdk.chat(messages=self.history, **self.options)
            parts = list(answer) if self.ask.stream else [answer]
        heard = Heard(
            text="".join(part.message.content or "" for part in parts),
            reasoning="".join(part.message.thinking or "" for part in parts),
            calls=[
                (call.function.name, dict(call.function.arguments)) for part in parts for call in part.message.tool_calls or ()
            ],
            finish=parts[-1].done_reason,
            usage=(parts[-1].prompt_eval_count, parts[-1].eval_count),
        )
        if self.ask.stream:
            calls = [call for part in parts for call in part.message.tool_calls or ()]
            said = {"role": "assistant", "content": heard.text, "thinking": heard.reasoning or None, "tool_calls": calls or None}
            self.history.append({name: value for name, value in said.items() if value is not None})
        else:
            self.history.append(parts[0].message)
        return heard

    def results(self, texts: Iterable[str]) -> Heard:
        self.history += [{"role": "tool", "content": text, "tool_name": TOOL} for text in texts]
        return self.send()
