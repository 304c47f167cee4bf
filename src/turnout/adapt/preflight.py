"""What a target would refuse of a conversation, told before anything is sent.

Only what neither ``rename`` nor a codec puts right. A request that came in the target's own protocol is the target's to judge.
"""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.rules import ConversationRules
from turnout.types import ChatRequest, Message, Opaque, Part, Reasoning, Text, Tool, ToolCall, ToolChoice, ToolResult
from turnout.wire import Wire

_SYSTEM = ("system", "developer")


def problems(request: ChatRequest, wire: Wire, provider: Provider) -> tuple[str, ...]:
    """Sentences that say where and what to do; none for most conversations, which is found out quickly."""
    if request.origin is not None and request.origin.wire == wire.name:
        return ()
    rules = wire.conversation
    says, uses_tools, verbatim = False, False, False
    for message in request.messages:
        verbatim = verbatim or (message.origin is not None and _verbatim(message, wire))
        for part in message.parts:
            kind = type(part)
            if kind is ToolCall or kind is ToolResult:
                uses_tools = True
            if not says and (rules.blank_texts or _says(part)) and (rules.least != "turn" or message.role not in _SYSTEM):
                says = True
    found: list[str] = []
    if request.tools or request.tool_choice is not None:
        _tools(request, rules, provider, found)
    if not says and rules.least != "nothing" and not _is_stored(request, rules):
        what = "a message that says something" if rules.least == "message" else "somebody to speak besides the system"
        found.append(f"messages: {provider.name} wants {what}: add what the user says")
    if uses_tools and rules.results != "free":
        _Pairs(request, rules, provider, found).check()
    if verbatim:
        _verbatim_turns(request.messages, wire, provider, found)
    return tuple(found)


def _says(part: Part) -> bool:
    """False for what a codec leaves out, or sends to no avail."""
    if type(part) is Text:
        return bool(part.text) and not part.text.isspace()
    return type(part) is not Reasoning


def _is_stored(request: ChatRequest, rules: ConversationRules) -> bool:
    """True if the request goes on with a conversation that the provider holds."""
    extra = request.extra
    return extra is not None and any(extra.get(name) is not None for name in rules.stored)


def _verbatim(message: Message, wire: Wire) -> bool:
    """True for what a caller of ``wire`` said: codecs repeat it as it is."""
    return message.origin is not None and message.origin.provider is None and message.origin.wire == wire.protocol


# -- tools -----------------------------------------------------------------------------------------


def _tools(request: ChatRequest, rules: ConversationRules, provider: Provider, found: list[str]) -> None:
    names = [name for tool in request.tools or () if (name := _name(tool)) is not None]
    if rules.unique_names and len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        found += [f"tools: several are called {name!r}, and {provider.name} wants a name for each: rename them" for name in twice]
    choice = request.tool_choice
    if isinstance(choice, ToolChoice) and choice.mode == "named" and request.tools and choice.name not in names:
        offered = ", ".join(names) or "those of the provider"
        found.append(f"tool_choice: {choice.name!r} is none of the tools ({offered}): offer it, or choose another")
    elif isinstance(choice, ToolChoice) and choice.mode in ("named", "required") and not _offers(request):
        found.append("tool_choice: it asks for a call, and no tool is offered: offer one, or leave the choice out")


def _offers(request: ChatRequest) -> bool:
    return bool(request.tools) or "tools" in (request.extra or {})


def _name(tool: Tool | Opaque) -> str | None:
    if isinstance(tool, Tool):
        return tool.name
    value: Any = tool.value
    if isinstance(value, dict):
        custom = value.get("custom")
        name = custom.get("name") if isinstance(custom, dict) else value.get("name")
        return name if isinstance(name, str) else None
    return None


# -- calls and results -----------------------------------------------------------------------------


class _Pairs:
    """Calls and their results: each call answered, each result after its call, where ``rules`` want them."""

    def __init__(self, request: ChatRequest, rules: ConversationRules, provider: Provider, found: list[str]) -> None:
        self._messages = request.messages
        self._rules = rules
        self._provider = provider.name
        self._found = found
        self._stored = _is_stored(request, rules)
        self._open: dict[str, list[str]] = {}  # where calls without a result stand, by id
        self._answered: set[str] = set()
        self._spoke: str | None = None  # where somebody spoke while a call was open

    def check(self) -> None:
        seen = False
        answering = False
        for at, message in enumerate(self._messages):
            path = f"messages[{at}]"
            if message.role == "assistant":
                if (answering or self._rules.results == "next") and self._rules.results != "later":
                    self._end_turn()
                answering = False
                self._calls(message, path, seen)
            elif message.role not in _SYSTEM:
                answering = seen = True
                self._results(message, path)
            if message.role in _SYSTEM and self._open and self._spoke is None:
                self._spoke = path
        self._end_turn()

    def _calls(self, message: Message, path: str, seen: bool) -> None:
        for at, part in enumerate(message.parts):
            if not isinstance(part, ToolCall):
                continue
            self._open.setdefault(part.id, []).append(f"{path}.parts[{at}]")
            if self._rules.user_before_calls and not seen:
                seen = True
                self._found.append(
                    f"{path}.parts[{at}]: a tool is called before anybody spoke, which {self._provider} refuses: "
                    "begin with what the user said"
                )

    def _results(self, message: Message, path: str) -> None:
        said = False
        for at, part in enumerate(message.parts):
            if isinstance(part, ToolResult):
                self._result(part, f"{path}.parts[{at}]")
            else:
                said = True
        if said and self._open and self._spoke is None:
            self._spoke = path

    def _result(self, part: ToolResult, path: str) -> None:
        waiting = self._open.get(part.call_id)
        if waiting:
            waiting.pop(0)
            if not waiting:
                del self._open[part.call_id]
            self._answered.add(part.call_id)
            if self._spoke is not None and self._rules.results == "next":
                self._found.append(
                    f"{path}: {self._spoke} stands between the call {part.call_id!r} and its result, and {self._provider} wants "
                    "results next to their calls: move the result before it"
                )
        elif part.call_id in self._answered:
            if self._rules.single_results:
                self._found.append(
                    f"{path}: the call {part.call_id!r} has a result already, and {self._provider} takes one: join the two"
                )
        elif not self._stored:
            where = "before it" if self._rules.results == "later" else "in the turn before it"
            self._found.append(
                f"{path}: it answers the call {part.call_id!r}, which was not made {where}; {self._provider} refuses such "
                "a result: keep the call with it, or leave it out"
            )

    def _end_turn(self) -> None:
        for id, paths in self._open.items():
            for path in paths:
                self._found.append(
                    f"{path}: no result answers the call {id!r}, and {self._provider} refuses a conversation that leaves "
                    "a call open: add its ToolResult in the message after it, or take the call out"
                )
        self._open, self._answered, self._spoke = {}, set(), None


# -- what codecs repeat as a caller said it ----------------------------------------------------------


def _verbatim_turns(messages: tuple[Message, ...], wire: Wire, provider: Provider, found: list[str]) -> None:
    """In a conversation put together from several: turns that a caller of this very protocol said, at places that it refuses."""
    rules = wire.conversation
    turns = [(f"messages[{at}]", message) for at, message in enumerate(messages) if message.role not in _SYSTEM]
    last: Message | None = None
    for path, message in turns:
        verbatim = _verbatim(message, wire)
        if last is None and verbatim and rules.user_first and message.role == "assistant":
            found.append(f"{path}: {provider.name} wants the user to speak first: add a user's message before it")
        both = last is not None and verbatim and _verbatim(last, wire)
        if both and last is not None and rules.alternates and _side(last) == _side(message):
            found.append(
                f"{path}: {provider.name} wants user and assistant to take turns: join this message with the one before it"
            )
        if verbatim and not rules.blank_texts and any(isinstance(part, Text) and not part.text.strip() for part in message.parts):
            found.append(f"{path}: it holds a text that says nothing, which {provider.name} refuses: leave that text out")
        last = message
    if turns and not rules.blank_ends and turns[-1][1].role == "assistant" and _verbatim(turns[-1][1], wire):
        path, message = turns[-1]
        end = message.parts[-1] if message.parts else None
        if isinstance(end, Text) and end.text != end.text.rstrip():
            found.append(f"{path}: the beginning of the answer ends in white space, which {provider.name} refuses: cut it off")


def _side(message: Message) -> str:
    return "assistant" if message.role == "assistant" else "user"
