"""From what a person types to a ChatRequest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Union

from turnout.errors import RequestError
from turnout.types import (
    ChatRequest,
    Message,
    Opaque,
    Part,
    ReasoningConfig,
    ResponseFormat,
    Text,
    Tool,
    ToolChoice,
)

Prompt = Union[str, ChatRequest, Message, Sequence[Part], None]


class Options(TypedDict, total=False):
    """What may be said beside the prompt. Every field of ``ChatRequest`` has its plain form here."""

    messages: Sequence[Message | Mapping[str, Any]]  # Message, or a dict as OpenAI Chat writes it
    system: str
    tools: Sequence[Tool | Mapping[str, Any]]  # Tool, or a dict as OpenAI Chat writes it
    tool_choice: ToolChoice | str  # "auto", "none", "required", or a tool's name
    parallel_tool_calls: bool
    max_output_tokens: int
    temperature: float
    top_p: float
    top_k: int
    stop: str | Sequence[str]
    seed: int
    frequency_penalty: float
    presence_penalty: float
    n: int
    response_format: ResponseFormat | Mapping[str, Any]  # or a JSON Schema
    reasoning: ReasoningConfig | str  # or an effort: "low", "medium", "high"
    logprobs: bool
    top_logprobs: int
    user: str
    service_tier: str
    extra: dict[str, Any]  # sent verbatim in the provider's own protocol


def build(model: str, prompt: Prompt, options: Mapping[str, Any]) -> ChatRequest:
    """The request for ``prompt``. Raises RequestError for an option nobody knows, with the nearest names, or a wrong type."""
    if isinstance(prompt, ChatRequest):
        if options:
            raise RequestError(f"a ChatRequest is complete: put {_listed(options)} into it instead of beside it")
        return prompt
    fields = dict(options)
    messages = [_message(message) for message in fields.pop("messages", None) or ()]
    system = fields.pop("system", None)
    if system is not None:
        messages.insert(0, Message("system", (Text(_text("system", system)),)))
    if prompt is not None:
        messages.append(_prompt(prompt))
    if not messages:
        raise RequestError("nothing to say: give a prompt, or messages=[…]")
    for name, value in fields.items():
        if name not in Options.__annotations__:
            raise RequestError(_unknown(name))
        if value is not None and name in _READ:
            fields[name] = _READ[name](value)
    return ChatRequest(model=model, messages=tuple(messages), **fields)


def _prompt(prompt: Prompt) -> Message:
    if isinstance(prompt, str):
        return Message("user", (Text(prompt),))
    if isinstance(prompt, Message):
        return prompt
    if isinstance(prompt, (list, tuple)) and all(hasattr(part, "origin") for part in prompt):
        return Message("user", tuple(prompt))
    raise RequestError(f"a prompt is a string, a Message or a list of parts, not {type(prompt).__name__}")


def _message(message: Message | Mapping[str, Any]) -> Message:
    if isinstance(message, Message):
        return message
    if isinstance(message, Mapping):
        from turnout.wire.openai_chat.messages import read_message

        return read_message(dict(message), "messages[]")
    raise RequestError(f"a message is a Message or a dict with role and content, not {type(message).__name__}")


def _tools(tools: Sequence[Any]) -> tuple[Tool | Opaque, ...]:
    return tuple(_tool(tool) for tool in tools)


def _tool(tool: Any) -> Tool | Opaque:
    if isinstance(tool, (Tool, Opaque)):
        return tool
    if isinstance(tool, Mapping):
        from turnout.wire.openai_chat.request_reader import read_tool

        return read_tool(dict(tool), "tools[]")
    raise RequestError(f"a tool is a Tool or a dict with type and function, not {type(tool).__name__}")


def _tool_choice(choice: Any) -> ToolChoice:
    if isinstance(choice, ToolChoice):
        return choice
    name = _text("tool_choice", choice)
    match name:
        case "auto" | "none" | "required":
            return ToolChoice(name)
        case _:
            return ToolChoice("named", name)


def _stop(stop: Any) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _response_format(wanted: Any) -> ResponseFormat:
    if isinstance(wanted, ResponseFormat):
        return wanted
    if isinstance(wanted, Mapping):
        schema = dict(wanted)
        return ResponseFormat(kind="json_schema", schema=schema, name=str(schema.get("title") or "answer"))
    raise RequestError(f"response_format is a ResponseFormat or a JSON Schema as a dict, not {type(wanted).__name__}")


def _reasoning(wanted: Any) -> ReasoningConfig:
    return wanted if isinstance(wanted, ReasoningConfig) else ReasoningConfig(effort=_text("reasoning", wanted))


_READ = {
    "tools": _tools,
    "tool_choice": _tool_choice,
    "stop": _stop,
    "response_format": _response_format,
    "reasoning": _reasoning,
}


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise RequestError(f"{name} is a string, not {type(value).__name__}")
    return value


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names))


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # 4 ms: only for a mistake

    near = get_close_matches(name, Options.__annotations__, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "a field of the provider's own goes into extra={…}"
    return f"unknown option {name!r}; {hint}"
