"""A conversation for a provider of this protocol: messages to input items, in the order they were said.

What a caller of this very protocol said goes back as it was said; anything else is said in the plainest items there are.
"""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError
from turnout.receipt import approximated, dropped
from turnout.types import Message, Opaque, Part, Reasoning, ReceiptLine, Refusal, Text, ToolCall, ToolResult
from turnout.wire.openai_responses.content import write_input, write_own_content
from turnout.wire.openai_responses.input import RESULTS
from turnout.wire.openai_responses.items import Item, write_call, write_own_items
from turnout.wire.openai_responses.words import call_id, deep_merge, is_own, said_in

_LED_TO = ("message", "function_call", "custom_tool_call")


class InputWriter:
    """``stored``: whether the provider keeps answers, so that an item which it said may be named by its id alone."""

    def __init__(self, provider: str, lines: list[ReceiptLine], *, stored: bool) -> None:
        self._provider = provider
        self._lines = lines
        self._stored = stored
        self._free_text: set[str] = set()  # ids of calls to tools that take text instead of JSON
        self._unnamed_calls = 0
        self._unnamed_results = 0
        self.instructions: str | None = None
        self.items: list[Any] = []

    def write(self, messages: tuple[Message, ...]) -> None:
        for at, message in enumerate(messages):
            path = f"messages[{at}]"
            if (message.spelled or {}).get("system") == "instructions" and self._own(message) and self.instructions is None:
                self.instructions = message.text
            elif message.role == "assistant":
                self._assistant(message, path)
            else:
                self._other(message, path)

    # -- what the model said -------------------------------------------------------------------

    def _assistant(self, message: Message, path: str) -> None:
        self._leave_name(message, path)
        if names := said_in(message.extra):
            why = "an item has no place for" if message.origin is None else "fields of another protocol:"
            self._lines.append(dropped("request", f"{path}.extra", f"{why} {names}"))
        parts = list(message.parts)
        while parts:
            own = self._own_part(parts[0], message)
            run = next((at for at, part in enumerate(parts) if self._own_part(part, message) is not own), len(parts))
            base = len(message.parts) - len(parts)
            said, parts = parts[:run], parts[run:]
            if own:
                self._own_items(said, message, path, followed=any(map(_is_said, parts)))
            else:
                for at, part in enumerate(said, base):
                    self._foreign(part, message, f"{path}.parts[{at}]")

    def _own_items(self, parts: list[Part], message: Message, path: str, *, followed: bool) -> None:
        """``followed``: what the model said goes on in the words of another protocol, to whose caller it was said."""
        items = write_own_items(parts)
        origin = parts[0].origin or message.origin
        verbatim = origin is not None and origin.provider is None
        self._free_text |= {part.id for part in parts if isinstance(part, ToolCall) and part.custom}
        self.items += items if verbatim else self._replayed(items, path, followed)

    def _replayed(self, items: list[Any], path: str, followed: bool) -> list[Any]:
        """Items of this provider's own answers, in a form that it accepts.

        A reasoning item needs its sealed content where nothing is stored, and the item that it led to behind it; what an
        item was that lost its reasoning is said without its id, which would ask for that reasoning
        (https://platform.openai.com/docs/guides/reasoning, read 2026-11-21).
        """
        kept: list[Any] = []
        lost = False
        for at, item in enumerate(items):
            if isinstance(item, dict) and item.get("type") == "reasoning":
                led = followed or any(not isinstance(it, dict) or it.get("type") != "reasoning" for it in items[at + 1 :])
                why = ""
                if not led:
                    why = "nothing followed it"
                elif not item.get("id"):
                    why = "it has no id, which this protocol asks for"
                elif not (self._stored or item.get("encrypted_content") or item.get("content")):
                    why = "its sealed content was not asked for, and nothing is stored"
                if why:
                    lost = True
                    self._lines.append(dropped("request", f"{path}.reasoning", f"reasoning is not sent again: {why}"))
                    continue
            elif lost and isinstance(item, dict) and item.get("type") in _LED_TO:
                item = {name: value for name, value in item.items() if name != "id"}
            kept.append(item)
        return kept

    def _foreign(self, part: Part, message: Message, path: str) -> None:
        match part:
            case Text() | Refusal():
                self._foreign_text(part, path)
            case ToolCall():
                self.items.append(self._call(part, path))
            case ToolResult():
                self._result(part, message, path)
            case Reasoning():
                self._lines.append(dropped("request", path, "reasoning of another provider is not sent: it could not be read"))
            case Opaque():
                why = "a block that means something only to the provider it came from"
                self._lines.append(dropped("request", path, why))
            case _:
                kind = type(part).__name__.lower()
                self._lines.append(dropped("request", path, f"this protocol has no place for {kind} in what the model said"))

    def _foreign_text(self, part: Text | Refusal, path: str) -> None:
        if isinstance(part, Refusal):
            self._lines.append(approximated("request", path, "a refusal is said as text"))
        if not part.text:
            return
        item: Item = {"role": "assistant", "content": part.text}
        if isinstance(part, Text):
            if part.phase is not None:
                item["phase"] = part.phase
            if part.citations:
                self._lines.append(dropped("request", f"{path}.citations", "citations of another provider are not sent back"))
        self._leave_marks(part, path)
        self.items.append(item)

    def _call(self, part: ToolCall, path: str) -> Item:
        id = call_id(part.id)
        if not id:
            self._unnamed_calls += 1
            id = f"call_unnamed_{self._unnamed_calls}"
        if part.custom:
            self._free_text.add(part.id)
        self._leave_marks(part, path)
        item = write_call(part) | {"call_id": id}
        if not part.custom and not part.arguments.strip():
            item["arguments"] = "{}"  # the protocol wants JSON
        return item

    # -- what others said ----------------------------------------------------------------------

    def _other(self, message: Message, path: str) -> None:
        self._leave_name(message, path)
        if message.role == "tool" and not any(isinstance(part, (ToolResult, Opaque)) for part in message.parts):
            raise RequestError(f"{path}: a tool message must hold a ToolResult, which names the call it answers", param=path)
        if self._own(message) and not any(isinstance(part, ToolResult) for part in message.parts):
            self.items += self._own_message(message)
            return
        content: list[Any] = []
        for at, part in enumerate(message.parts):
            if isinstance(part, ToolResult):
                self._flush(message, content, path)
                content = []
                self._result(part, message, f"{path}.parts[{at}]")
            elif isinstance(part, (ToolCall, Reasoning)):
                self._lines.append(dropped("request", f"{path}.parts[{at}]", f"only the model says this, not the {message.role}"))
            elif (written := write_input(part, message.origin, self._provider, self._lines, f"{path}.parts[{at}]")) is not None:
                content.append(written)
        self._flush(message, content, path)

    def _own_message(self, message: Message) -> list[Any]:
        if message.parts and all(isinstance(part, Opaque) and part.slot is None for part in message.parts):
            return [part.value for part in message.parts if isinstance(part, Opaque)]
        spelled = message.spelled or {}
        item: Item = {} if spelled.get("type") == "absent" else {"type": "message"}
        item["role"] = message.role
        only = message.parts[0] if len(message.parts) == 1 else None
        if spelled.get("content") == "string" and isinstance(only, Text):
            item["content"] = only.text
        else:
            item["content"] = [written for part in message.parts if (written := write_own_content(part)) is not None]
        return [item | (message.extra or {})]

    def _flush(self, message: Message, content: list[Any], path: str) -> None:
        if not content:
            return
        role = "user" if message.role == "tool" else message.role
        item: Item = {"role": role, "content": _bare(content)}
        if message.extra and message.origin is None:
            item = deep_merge(item, message.extra)
        elif names := said_in(message.extra):
            self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
        self.items.append(item)

    def _result(self, part: ToolResult, message: Message, path: str) -> None:
        own = self._own_part(part, message)
        spelled = (part.spelled or {}) if own else {}
        kind = spelled.get("type") or RESULTS[part.call_id in self._free_text and not own]
        item: Item = {"type": kind, "call_id": part.call_id if own else self._answered(part)}
        if own:
            content = [written for item_ in part.parts if (written := write_own_content(item_)) is not None]
            if "output" not in (part.extra or {}):
                item["output"] = _bare(content) if spelled.get("output") == "string" else content
            item |= {} if part.name is None else {"name": part.name}
            self.items.append(item | (part.extra or {}))
            return
        origin = part.origin or message.origin
        written = [
            write_input(it, origin, self._provider, self._lines, f"{path}.parts[{at}]") for at, it in enumerate(part.parts)
        ]
        item["output"] = _bare([content for content in written if content is not None]) or ""
        if part.is_error:
            self._lines.append(approximated("request", f"{path}.is_error", "OpenAI Responses cannot mark a result as an error"))
        self._leave_marks(part, path)
        self.items.append(item)

    def _answered(self, part: ToolResult) -> str:
        """The id of the call that ``part`` answers. Calls without ids are answered in their order."""
        id = call_id(part.call_id)
        if not id:
            self._unnamed_results += 1
            id = f"call_unnamed_{self._unnamed_results}"
        return id

    # -- whose it is ---------------------------------------------------------------------------

    def _own(self, message: Message) -> bool:
        return is_own(message.origin, self._provider)

    def _own_part(self, part: Part, message: Message) -> bool:
        return is_own(part.origin or message.origin, self._provider)

    def _leave_name(self, message: Message, path: str) -> None:
        if message.name is not None:
            self._lines.append(dropped("request", f"{path}.name", "this protocol does not name who speaks"))

    def _leave_marks(self, part: Part, path: str) -> None:
        if part.cache_control is not None:
            self._lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
        if names := said_in(part.extra):
            self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))


def _is_said(part: Part) -> bool:
    """True for what becomes an item: a call, a text."""
    return isinstance(part, ToolCall) or (isinstance(part, (Text, Refusal)) and bool(part.text))


def _bare(content: list[Any]) -> Any:
    """The plain string that one unadorned text stands for; anything else stays a list."""
    if len(content) == 1 and isinstance(content[0], dict) and content[0].keys() == {"type", "text"}:
        return content[0]["text"]
    return content
