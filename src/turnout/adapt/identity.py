"""Ids of tool calls and names of tools, in words that the target accepts, and back again in its answer.

The map is a function of the request alone, so that the same conversation gives the same bytes. What is accepted stays as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from turnout.adapt.words import accepts, id_word, marked, name_word
from turnout.events import Event, PartAdded, ToolCallDelta
from turnout.receipt import mapped
from turnout.rules import ConversationRules
from turnout.types import (
    ChatRequest,
    Choice,
    Completion,
    Message,
    Opaque,
    Origin,
    Part,
    ReceiptLine,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)


class IdMap(Struct, frozen=True):
    """What was renamed for one request: the target's word to the caller's.

    Several words of the target may stand for one of the caller, who used an id twice; never the other way round.
    """

    calls: dict[str, str] = {}
    names: dict[str, str] = {}

    def restore_completion(self, completion: Completion) -> Completion:
        """``completion`` with the caller's words; the very same object where it holds none of the target's."""
        choices = tuple(self._restore_choice(choice) for choice in completion.choices)
        if all(new is old for new, old in zip(choices, completion.choices, strict=True)):
            return completion
        return replace(completion, choices=choices)

    def restore_event(self, event: Event) -> Event:
        """``event`` with the caller's words; the very same object where it holds none of the target's."""
        if type(event) is ToolCallDelta:
            if event.name in self.names or event.id in self.calls:
                return replace(event, id=self.calls.get(event.id, event.id), name=self.names.get(event.name, event.name))
        elif type(event) is PartAdded:
            part = self._restore_part(event.part)
            if part is not event.part:
                return replace(event, part=part)
        return event

    def _restore_choice(self, choice: Choice) -> Choice:
        parts = tuple(self._restore_part(part) for part in choice.message.parts)
        if all(new is old for new, old in zip(parts, choice.message.parts, strict=True)):
            return choice
        return replace(choice, message=replace(choice.message, parts=parts))

    def _restore_part(self, part: Part) -> Part:
        if type(part) is ToolCall and (part.name in self.names or part.id in self.calls):
            return replace(part, id=self.calls.get(part.id, part.id), name=self.names.get(part.name, part.name))
        return part


def rename(
    request: ChatRequest,
    rules: ConversationRules,
    lines: list[ReceiptLine],
    *,
    wire: str = "",
    provider: str | None = None,
) -> tuple[ChatRequest, IdMap | None]:
    """``request`` in words that ``rules`` accept, with a line for each that changed; the very same one if none did.

    An id that ``provider`` gave itself, over ``wire``, goes back as it came, whatever the rules say.
    """
    if not _departs(request, rules):
        return request, None
    renaming = _Renaming(request, rules, lines, wire, provider)
    renamed = renaming.request()
    return (renamed, IdMap(renaming.given_ids, renaming.given_names)) if renamed is not request else (request, None)


def _departs(request: ChatRequest, rules: ConversationRules) -> bool:
    """True if something may have to be renamed: most requests hold no tool at all, and of the others most none that needs it."""
    id_fits, name_fits = accepts(rules.ids), accepts(rules.names)
    if name_fits is not None and request.tools:
        for tool in request.tools:
            if type(tool) is Tool and not name_fits(tool.name):
                return True
    seen: set[str] | None = None
    for message in request.messages:
        for part in message.parts:
            kind = type(part)
            if kind is ToolCall:
                call: ToolCall = part  # type: ignore[assignment]
                seen = set() if seen is None else seen
                if call.id in seen or (id_fits and not id_fits(call.id)) or (name_fits and not name_fits(call.name)):
                    return True
                seen.add(call.id)
            elif kind is ToolResult:
                result: ToolResult = part  # type: ignore[assignment]
                if id_fits and not id_fits(result.call_id):
                    return True
                if result.name is not None and name_fits and not name_fits(result.name):
                    return True
    choice = request.tool_choice
    if name_fits is None or type(choice) is not ToolChoice:
        return False
    return (choice.name is not None and not name_fits(choice.name)) or not all(map(name_fits, choice.allowed or ()))


class _Renaming:
    """One request, renamed once. ``given_ids`` and ``given_names`` hold what the target hears, and whose word it is."""

    def __init__(
        self, request: ChatRequest, rules: ConversationRules, lines: list[ReceiptLine], wire: str, provider: str | None
    ) -> None:
        self._request = request
        self._rules = rules
        self._lines = lines
        self._home = Origin(wire, provider) if wire and provider is not None else None
        self._id_fits = accepts(rules.ids) or (lambda text: True)
        self._taken = {call_id for call_id, own in self._ids() if own or self._id_fits(call_id)}
        self._names = self._name_map()
        self._said: dict[str, int] = {}  # how often a call was made under an id
        self._turn: set[str] = set()  # ids of the calls of the turn in hand
        self._open: dict[str, deque[ToolCall]] = {}  # calls of it without a result, as they are renamed, by the caller's id
        self._last: dict[str, ToolCall] = {}  # the call that an id means, once all its results are there
        self._made: dict[tuple[str, int], str] = {}
        self.given_ids: dict[str, str] = {}
        self.given_names = {theirs: ours for ours, theirs in self._names.items()}

    def request(self) -> ChatRequest:
        messages: list[Message] = []
        answering = False
        for at, message in enumerate(self._request.messages):
            if message.role == "assistant" and answering:
                self._turn, self._open = set(), {}
            answering = message.role != "assistant"
            path = f"messages[{at}].parts"
            parts = tuple(self._part(part, message, f"{path}[{number}]") for number, part in enumerate(message.parts))
            same = all(new is old for new, old in zip(parts, message.parts, strict=True))
            messages.append(message if same else replace(message, parts=parts))
        changes = self._tools()
        if any(new is not old for new, old in zip(messages, self._request.messages, strict=True)):
            changes["messages"] = tuple(messages)
        return replace(self._request, **changes) if changes else self._request

    # -- ids -----------------------------------------------------------------------------------

    def _ids(self) -> Iterator[tuple[str, bool]]:
        for message in self._request.messages:
            for part in message.parts:
                if isinstance(part, ToolCall):
                    yield part.id, self._returns(part, message)
                elif isinstance(part, ToolResult):
                    yield part.call_id, False

    def _returns(self, call: ToolCall, message: Message) -> bool:
        """True if the target gave this id itself."""
        return self._home is not None and (call.origin or message.origin) == self._home

    def _part(self, part: Part, message: Message, path: str) -> Part:
        match part:
            case ToolCall():
                return self._call(part, message, path)
            case ToolResult():
                return self._result(part, path)
        return part

    def _call(self, call: ToolCall, message: Message, path: str) -> ToolCall:
        before = self._said.get(call.id, 0)
        self._said[call.id] = before + 1
        again = bool(before and self._rules.unique_ids) or (call.id in self._turn and bool(call.id))
        id = call.id
        if not self._returns(call, message) and (again or not self._id_fits(id)):
            id = self._new_id(call.id, before)
            why = "was used before" if again and call.id else "is not accepted as an id here" if call.id else "is no id"
            self._lines.append(mapped("request", f"{path}.id", f"{call.id!r} {why}: {id!r} is sent"))
        self._turn.add(call.id)
        renamed = self._renamed(call, id, f"{path}.name")
        self._open.setdefault(call.id, deque()).append(renamed)
        return renamed

    def _renamed(self, call: ToolCall, id: str, path: str) -> ToolCall:
        name = self._names.get(call.name, call.name)
        if name != call.name:
            self._tell_name(call.name, path)
        return call if id == call.id and name == call.name else replace(call, id=id, name=name)

    def _result(self, result: ToolResult, path: str) -> ToolResult:
        """A result follows its call: the first that waits for one under that id, else the last that had one."""
        waiting = self._open.get(result.call_id)
        call = waiting.popleft() if waiting else self._last.get(result.call_id)
        if call is not None:
            self._last[result.call_id] = call
            id = call.id
        else:
            id = result.call_id if self._id_fits(result.call_id) else self._new_id(result.call_id, 0)
        if id != result.call_id:
            self._lines.append(mapped("request", f"{path}.call_id", f"{id!r} is sent, as for the call {result.call_id!r}"))
        name = self._names.get(result.name, result.name) if result.name is not None else None
        if name != result.name and result.name is not None:
            self._tell_name(result.name, f"{path}.name")
        elif name is None and call is not None and self._rules.results_named and self._said.get(result.call_id, 0) > 1:
            name = call.name  # the id alone does not tell which
        return result if id == result.call_id and name == result.name else replace(result, call_id=id, name=name)

    def _new_id(self, id: str, before: int) -> str:
        """An id for the call that was made ``before`` times under ``id`` already: the same whenever it is asked for."""
        word = self._made.get((id, before))
        salt = 0
        while word is None:
            candidate = id_word(id, f"{before}\0{salt}\0{id}", self._rules.ids)
            if candidate not in self._taken:
                word = self._made[id, before] = candidate
                self._taken.add(word)
                self.given_ids[word] = id
            salt += 1
        return word

    # -- names ---------------------------------------------------------------------------------

    def _name_map(self) -> dict[str, str]:
        """The caller's name to the target's, for names that it refuses. A name has a digest only where it would not be alone."""
        fits = accepts(self._rules.names)
        if fits is None:
            return {}
        names = dict.fromkeys(self._all_names())
        refused = [name for name in names if not fits(name)]
        taken = {name for name in names if fits(name)}
        plain = [name_word(name, self._rules.names) for name in refused]
        given: dict[str, str] = {}
        for name, word in zip(refused, plain, strict=True):
            salt = 0
            while word in taken or (not salt and plain.count(word) > 1):
                word = marked(word, f"{salt}\0{name}", self._rules.names)
                salt += 1
            taken.add(word)
            given[name] = word
        return given

    def _all_names(self) -> Iterator[str]:
        for tool in self._request.tools or ():
            if isinstance(tool, Tool):
                yield tool.name
            elif isinstance(tool.value, dict) and isinstance(tool.value.get("name"), str):
                yield tool.value["name"]
        choice = self._request.tool_choice
        if isinstance(choice, ToolChoice):
            yield from choice.allowed or ()
            if choice.name is not None:
                yield choice.name
        for message in self._request.messages:
            for part in message.parts:
                if isinstance(part, (ToolCall, ToolResult)) and part.name is not None:
                    yield part.name

    def _tools(self) -> dict[str, object]:
        """The fields of the request that name tools, as far as they change."""
        changes: dict[str, object] = {}
        tools = self._request.tools or ()
        renamed: list[Tool | Opaque] = []
        for at, tool in enumerate(tools):
            if isinstance(tool, Tool) and tool.name in self._names:
                self._tell_name(tool.name, f"tools[{at}].name")
                tool = replace(tool, name=self._names[tool.name])
            renamed.append(tool)
        if any(new is not old for new, old in zip(renamed, tools, strict=True)):
            changes["tools"] = tuple(renamed)
        choice = self._request.tool_choice
        if isinstance(choice, ToolChoice):
            name = self._names.get(choice.name, choice.name) if choice.name is not None else None
            allowed = tuple(self._names.get(it, it) for it in choice.allowed) if choice.allowed is not None else None
            if name != choice.name or allowed != choice.allowed:
                self._lines.append(mapped("request", "tool_choice", "it follows the names of the tools"))
                changes["tool_choice"] = replace(choice, name=name, allowed=allowed)
        return changes

    def _tell_name(self, name: str, path: str) -> None:
        why = f"{name!r} is not accepted as the name of a tool here: {self._names[name]!r} is sent, and given back in the answer"
        self._lines.append(mapped("request", path, why))
