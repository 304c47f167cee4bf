"""How a model that takes no JSON schema is asked for an answer of one: as the arguments of a tool, as any JSON, or not at all.

The data is ``Model.limits.fields["response_format"]``. ``only`` says what stands in the place of a schema: "tool", "json_object"
or "text"; or "json_schema", where no other JSON can be asked for. Whichever way is taken, the answer is held to what was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from turnout.adapt.parameters import applies
from turnout.adapt.schemas import Check
from turnout.adapt.thinking import is_thinking, read_at
from turnout.catalog.schema import Limit, Model
from turnout.events import Event, ExtraReported, Finished, PartAdded, TextDelta, ToolCallDelta
from turnout.receipt import approximated, dropped
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    Part,
    ReceiptLine,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)

FIELD = "response_format"
_UNNAMED = "answer"
_CALL = "Give the answer by calling this."


class Form(Struct, frozen=True):
    """What is done to the answer: it has the arguments of ``tool`` for its text, if there is one, and meets ``check``."""

    check: Check
    tool: str | None = None

    def checks(self, fitted: tuple[Check, ...]) -> tuple[Check, ...]:
        """``fitted``, which are about the request as it is sent, and this form's own."""
        nulls = any(check.nulls for check in fitted if check.tool is not None)
        return (*(check for check in fitted if check.tool is None), replace(self.check, nulls=nulls))

    def restore(self, completion: Completion) -> Completion:
        """``completion`` as it would be of a model that takes the schema."""
        return replace(completion, choices=tuple(map(self._choice, completion.choices))) if self.tool is not None else completion

    def restoring(self) -> Callable[[Event], Event] | None:
        """The same for the events of one stream."""
        if self.tool is None:
            return None
        texts: set[tuple[int, int]] = set()  # choice and part

        def restore(event: Event) -> Event:
            if isinstance(event, Finished):
                return replace(event, finish=_finish(event.finish))
            if isinstance(event, ToolCallDelta):
                place = event.choice, event.index
                if event.name == self.tool:
                    texts.add(place)
                return TextDelta(event.arguments, event.index, event.choice) if place in texts else event
            if isinstance(event, PartAdded) and (part := self._part(event.part)) is not event.part:
                texts.add((event.choice, event.index))
                return replace(event, part=part)
            if isinstance(event, ExtraReported) and event.scope == "part" and (event.choice, event.index) in texts:
                return TextDelta("", event.index, event.choice)  # they are those of a call, which nobody made
            if isinstance(event, ExtraReported) and event.scope == "message":
                return replace(event, fields=_said(event.fields) or {})
            return event

        return restore

    def _choice(self, choice: Choice) -> Choice:
        parts = tuple(self._part(part) for part in choice.message.parts)
        finish = _finish(choice.finish) if choice.finish is not None else None
        message = replace(choice.message, parts=parts, extra=_said(choice.message.extra))
        return replace(choice, message=message, finish=finish)

    def _part(self, part: Part) -> Part:
        return Text(part.arguments) if isinstance(part, ToolCall) and part.name == self.tool else part


def reform(request: ChatRequest, model: Model, lines: list[ReceiptLine]) -> tuple[ChatRequest, Form | None]:
    """``request`` in the form that ``model`` takes; None if it takes the one that was asked for."""
    wanted = request.response_format
    limits = model.limits.fields.get(FIELD, ()) if model.limits is not None else ()
    if not isinstance(wanted, ResponseFormat) or wanted.kind == "text":
        return request, None
    schema = wanted.schema if wanted.kind == "json_schema" else None
    check = Check(schema=schema or {"type": "object"}, relaxed=True)
    for limit in limits:
        if not applies(limit, request, model) or not refuses(limit, wanted.kind):
            continue
        why = f"this model takes no {'schema' if wanted.kind == 'json_schema' else wanted.kind}{read_at(limit.source)}"
        if limit.only == "tool" and schema is not None and _fits_a_tool(request, schema, model):
            name = wanted.name or _UNNAMED
            lines.append(approximated("request", FIELD, f"asked for as the arguments of a tool, and checked here: {why}"))
            tool = Tool(name=name, description=wanted.description or _CALL, parameters=schema)
            choice = ToolChoice("named", name)
            return replace(request, response_format=None, tools=(tool,), tool_choice=choice), Form(check, name)
        if limit.only in ("tool", "json_object"):
            lines.append(approximated("request", FIELD, f"asked for as any JSON object, and checked here: {why}"))
            return replace(request, response_format=ResponseFormat(kind="json_object")), Form(check)
        lines.append(dropped("request", FIELD, f"not asked for, but checked here: {why}"))
        return replace(request, response_format=None), Form(check)
    return request, None


def refuses(limit: Limit, kind: str) -> bool:
    """True if ``limit``, of the field "response_format", holds against an answer's form of this kind."""
    return limit.unsupported or (limit.only is not None and (limit.only == "json_schema") != (kind == "json_schema"))


def _fits_a_tool(request: ChatRequest, schema: dict[str, Any], model: Model) -> bool:
    """A tool's arguments are an object. Beside tools of the caller's own nobody could tell a call from the answer, and few models
    can be made to call a tool while they think:
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use (read 2026-11-21)
    """
    alone = not request.tools and request.tool_choice is None and "tools" not in model.lacks
    thinks = is_thinking(request, model.limits.thinking if model.limits is not None else None)
    return alone and not thinks and (schema.get("type") == "object" or "properties" in schema)


def _said(extra: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what says that there is none: a message with a call may say so of its text, which it has now."""
    return {name: value for name, value in (extra or {}).items() if value is not None} or None


def _finish(finish: FinishReason) -> FinishReason:
    return FinishReason("stop") if finish.unified == "tool_calls" else finish
