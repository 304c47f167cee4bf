"""A conversation that goes to another provider at every turn, with its tools, its thoughts and its sources."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from judges_requests import judge
from judges_rules import explained_request
from msgspec import Struct
from recorded_forms import BLOBS, DIALECT_FIELDS, THOUGHTS, calls, cites
from target_grammar import GRAMMARS, names_offered

from turnout.adapt.identity import rename
from turnout.adapt.preflight import problems
from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.types import (
    ChatRequest,
    Completion,
    DataSource,
    HttpRequest,
    HttpResponse,
    Image,
    Message,
    ReceiptLine,
    Target,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from turnout.wire import Wire

ORDER = tuple(GRAMMARS)
MODELS = {"bedrock-converse": "anthropic.claude-sonnet-4-5", "gemini": "gemini-3-pro"}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CITY = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOLS = (Tool(name="weather.look/up", description="Weather", parameters=CITY), Tool(name="trip-plan", parameters=CITY))


class Heard(Struct):
    """One request as its target got it, and the answer that it gave."""

    body: dict[str, Any]
    http: HttpRequest
    lines: list[ReceiptLine]
    answer: Completion

    @property
    def text(self) -> str:
        return self.http.body.decode()


class Conversation:
    def __init__(self) -> None:
        image = Image(DataSource(PIXEL, "image/png"))
        self.messages: list[Message] = [
            Message("system", (Text("Be brief."),)),
            Message("user", (Text("Where is this, and how is the weather?"), image)),
        ]
        self.turn = 0

    def ask(self, wire: Wire, *, for_calls: bool) -> Heard:
        """The whole conversation to ``wire``, which answers in its own form."""
        self.turn += 1
        assert wire.chat is not None
        provider = Provider(id=f"{wire.name}-provider", name=wire.name, wire=wire.name, base_url="https://acme.test")
        model = MODELS.get(wire.name, "m")
        request = ChatRequest(model=model, messages=tuple(self.messages), tools=TOOLS, max_output_tokens=100)
        lines: list[ReceiptLine] = []
        request, ids = rename(request, wire.conversation, lines, wire=wire.name, provider=provider.id)
        assert problems(request, wire, provider) == ()
        encoded = wire.chat.encode(request, provider, stream=False)
        assert encoded.http.body == wire.chat.encode(request, provider, stream=False).http.body
        body = json.loads(encoded.http.body)
        form = calls(wire.name, self.turn, *names_offered(wire.name, body)) if for_calls else cites(wire.name, self.turn)
        response = HttpResponse(status=200, body=json.dumps(form).encode())
        answer = wire.chat.decode(response, Target(provider.id, model))
        if ids is not None:
            answer = ids.restore_completion(answer)
        self.messages.append(answer.message)
        return Heard(body, encoded.http, [*lines, *encoded.lines], answer)

    def answer_calls(self, answer: Completion) -> None:
        """In the order in which they were made; some in one message, some in several."""
        results = [ToolResult(call.id, (Text(f'{{"for": "{call.name}"}}'),)) for call in answer.tool_calls]
        if self.turn % 2:
            self.messages.append(Message("tool", tuple(results)))
        else:
            self.messages += [Message("tool", (result,)) for result in results]

    @property
    def calls_made(self) -> int:
        return sum(isinstance(part, ToolCall) for message in self.messages for part in message.parts)


def tour(first: int) -> list[tuple[str, Heard, int]]:
    """Two rounds through all wires: each calls tools, and the next one answers with what they gave."""
    conversation, heard = Conversation(), []
    wires = [Registry().wires.get(name) for name in (*ORDER[first:], *ORDER[:first])]
    for at in range(2 * len(wires)):
        caller, other = wires[at % len(wires)], wires[(at + 1) % len(wires)]
        for wire, for_calls in ((caller, True), (other, False)):
            made = conversation.calls_made
            one = conversation.ask(wire, for_calls=for_calls)
            heard.append((wire.name, one, made))
            if for_calls:
                assert [call.name for call in one.answer.tool_calls] == [tool.name for tool in TOOLS]
                conversation.answer_calls(one.answer)
        conversation.messages.append(Message("user", (Text("And now?"),)))
    return heard


@pytest.fixture(scope="module", params=range(len(ORDER)), ids=ORDER)
def heard(request: pytest.FixtureRequest) -> list[tuple[str, Heard, int]]:
    return tour(request.param)


def test_every_target_accepts_what_it_hears(heard: list[tuple[str, Heard, int]]) -> None:
    for wire, one, made in heard:
        made_here, answered = GRAMMARS[wire](one.body)
        assert len(made_here) == len(answered) == made


def test_every_vendors_own_types_accept_it_too(heard: list[tuple[str, Heard, int]]) -> None:
    """But for what a dialect of Chat Completions said of its own answers, which goes back to it verbatim."""
    own = re.compile(rf"messages\.\d+\.\w+\.(tool_calls\.\d\.\w+\.)?({'|'.join(DIALECT_FIELDS)}): Extra inputs are not permitted")
    for wire, one, _ in heard:
        odd = [why for why in judge(wire)(one.http.body) if not explained_request(wire, why, one.http)]
        assert [why for why in odd if wire != "openai-chat" or not own.fullmatch(why)] == []


def test_what_a_provider_sealed_returns_to_it_as_it_was_and_to_nobody_else(heard: list[tuple[str, Heard, int]]) -> None:
    called: set[str] = set()  # wires that have sealed something
    returned: set[str] = set()
    for wire, one, _ in heard:
        for other in ORDER:
            for blob in BLOBS[other]:
                assert (json.dumps(blob) in one.text) is (other == wire and wire in called), (wire, blob)
            if other != wire:
                assert THOUGHTS[other] not in one.text
        if one.answer.tool_calls:
            called.add(wire)
        if wire in called and THOUGHTS[wire] in one.text:
            returned.add(wire)
    assert returned == set(ORDER)


def test_a_thought_that_stays_behind_is_told(heard: list[tuple[str, Heard, int]]) -> None:
    wire, one, _ = heard[1]
    assert any(line.fate == "dropped" and "reasoning of another provider" in line.reason for line in one.lines), wire


def test_ids_that_only_name_items_and_values_that_say_nothing_are_not_told_as_lost(heard: list[tuple[str, Heard, int]]) -> None:
    for _, one, _ in heard:
        for line in one.lines:
            assert not any(
                f": {name}" in line.reason or f", {name}" in line.reason for name in ("item", "id", "status", "index", "caller")
            ), line
