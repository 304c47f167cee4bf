"""What the clients of OpenAI's chat protocol and of those like it say alike."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from clients.clients import Ask
from clients.story import PNG, TOOL, TOOL_SCHEMA, TOOL_TEXT

PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()


class Person(BaseModel):
    name: str
    age: int


def first(ask: Ask, image: Callable[[str], Any] = lambda url: {"url": url}) -> list[Any]:
    """The first message. ``image`` says a picture's address as the client wants it."""
    if not ask.image:
        return [{"role": "user", "content": ask.text}]
    picture = {"type": "image_url", "image_url": image(PICTURE)}
    return [{"role": "user", "content": [{"type": "text", "text": ask.text}, picture]}]


def options(model: str, ask: Ask, *, limit: str) -> dict[str, Any]:
    """All but the messages. ``limit`` is what the client calls the most tokens of an answer."""
    said: dict[str, Any] = {"model": model, limit: ask.max_tokens}
    if ask.tools:
        function = {"name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA, "strict": True}
        said["tools"] = [{"type": "function", "function": function}]
    if ask.exact:
        said["temperature"] = 0
    if ask.schema:
        said["response_format"] = Person
    if ask.think:
        said["reasoning_effort"] = "low"
    return said
