"""A conversation, what is asked of a model, and what it answered."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from turnout.types.parts import CacheControl, Opaque, Origin, Part, Reasoning, Refusal, Text, ToolCall
from turnout.types.receipts import Receipt
from turnout.types.usage import Cost, Usage

Role = Literal["system", "developer", "user", "assistant", "tool"]
Unified = Literal["stop", "stop_sequence", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"]


class Target(Struct, frozen=True, omit_defaults=True, order=True):
    """Provider and model: the identity of health and price. Hashable; holds no secret."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Message(Struct, frozen=True, omit_defaults=True):
    """``spelled`` remembers which of two equivalent forms the origin's wire used, keyed by field: {"content": "list"}.

    A codec reads it only when the message returns to the wire it came from.
    """

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None

    @property
    def text(self) -> str:
        """Without what a model said on its way to the answer."""
        return "".join(part.text for part in self.parts if isinstance(part, Text) and part.phase != "commentary")


class Tool(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A function the model may call. ``parameters`` is a JSON Schema; None: the function takes none that we know of.

    ``spelled``: see ``Message``.
    """

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


class ToolChoice(Struct, frozen=True, omit_defaults=True):
    """``mode`` "named" asks for the tool ``name``. ``allowed``: the tools that may be called, of those offered; None: all."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None
    extra: dict[str, Any] | None = None
    allowed: tuple[str, ...] | None = None


class ResponseFormat(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What form the answer must have. ``schema`` is a JSON Schema, for kind "json_schema"."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    extra: dict[str, Any] | None = None


class ReasoningConfig(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How much to think. ``effort`` in the vendor's words ("low", "high"…); ``budget_tokens`` bounds it exactly."""

    enabled: bool | None = None
    effort: str | None = None
    budget_tokens: int | None = None
    extra: dict[str, Any] | None = None


class ChatRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything one call asks for. A field left None is not sent.

    ``extra`` goes verbatim to the origin's wire, or to any if origin is None. ``spelled``: see ``Message``.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool | Opaque, ...] | None = None
    tool_choice: ToolChoice | Opaque | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    n: int | None = None
    response_format: ResponseFormat | Opaque | None = None
    reasoning: ReasoningConfig | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    user: str | None = None
    service_tier: str | None = None
    stream_usage: bool | None = None  # ask for usage in a stream where the wire makes that a choice
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


class FinishReason(Struct, frozen=True, omit_defaults=True):
    """Why the model stopped: our word and the provider's. Nothing unknown becomes "stop"."""

    unified: Unified
    raw: str | None = None
    stop_sequence: str | None = None


class Choice(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One answer of the ``n`` asked for. ``logprobs`` in the provider's own form."""

    message: Message
    finish: FinishReason | None
    index: int = 0
    logprobs: Any = None
    extra: dict[str, Any] | None = None


class Attempt(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One HTTP exchange of a call. ``error`` is None for the one that answered. ``seconds``: from sending to its end.

    ``because``: what the plan's policy says of the place at which this target was tried; None where it was as listed.
    """

    target: Target
    seconds: float
    error: str | None = None
    status: int | None = None
    because: str | None = None


class Completion(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A whole answer, with what it used, what it cost, and what translation did to it.

    ``cost`` is None when no price is known. ``headers`` holds the rate-limit and request-id headers of the response.
    ``spelled``: see ``Message``.
    """

    id: str
    model: str
    choices: tuple[Choice, ...]
    usage: Usage = Usage()
    created: int | None = None  # seconds since 1970
    service_tier: str | None = None  # the tier that was billed
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    target: Target | None = None
    attempts: tuple[Attempt, ...] = ()
    cost: Cost | None = None
    receipt: Receipt | None = None
    headers: dict[str, str] | None = None
    spelled: dict[str, str] | None = None

    @property
    def message(self) -> Message:
        """The first choice's message, ready to append to the conversation."""
        return self.choices[0].message if self.choices else Message("assistant", ())

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.message.parts

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def refusal(self) -> str | None:
        return "".join(part.text for part in self.parts if isinstance(part, Refusal)) or None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def finish(self) -> FinishReason | None:
        return self.choices[0].finish if self.choices else None
