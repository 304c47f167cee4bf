"""Chat: a request of any protocol, answered by any provider; read and written anew, or passed on where both speak the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from turnout.adapt.answers import departures
from turnout.engine.call import Call
from turnout.engine.relay import RelayCall
from turnout.errors import ConfigError, Error, RequestError, Unsupported
from turnout.events import Started
from turnout.gateway.attendant import Attendant
from turnout.gateway.names import Choice, told
from turnout.registry import Operation
from turnout.types import Attempt, ChatRequest
from turnout.wire import ChatServer, StreamRenderer, Wire
from turnout.wire.relaying import Passing, read_passing
from turnout.wire.seals import holds_envelopes

if TYPE_CHECKING:
    from turnout.client.aio import AsyncClient, Line
    from turnout.gateway.exchange import Exchange
    from turnout.gateway.settings import Settings
    from turnout.gateway.snapshot import Snapshot

MODELS_HEADER = b"x-turnout-model"  # what to call instead of the body's model: a name, or a list "a, b"
_FORWARDED = (b"anthropic-beta",)  # headers that are part of a protocol and go with its bytes
_UNLIMITED = frozenset({"model", "messages", "input", "contents", "system", "instructions", "stream", "stream_options"})
_COMMENT = b": keep-alive\n\n"


async def chat(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    """Raises an Error for whatever went wrong before the answer began."""
    route = exchange.route
    wire = snapshot.wire(route.wire)
    assert wire.server is not None
    named = exchange.header(MODELS_HEADER)
    rules = wire.relay
    refused: list[Attempt] | None = None  # what was tried in the fast lane
    if rules is not None and settings.lane == "fast" and settings.translation == "lenient":
        passing = read_passing(body, rules)
        exchange.stream = passing.stream if route.streams is None else route.streams
        choice = chosen(exchange, named or exchange.path_model or passing.model, snapshot, wire)
        if choice.passes and _untouched(passing, choice) and not _is_array(exchange) and not holds_envelopes(body):
            if route.streams:
                passing = Passing(passing.members, passing.model, True)
            exchange.lane = "fast"
            try:
                await _relay(exchange, passing, choice, wire, wire.server, snapshot.client, settings)
                return
            except (RequestError, Unsupported) as error:
                refused = _taught(error, exchange, choice, wire.server, body)
                if refused is None:
                    raise
            exchange.lane = "full"  # where the field that was refused is left out
    request, stream = wire.server.parse(body)
    exchange.stream = stream if route.streams is None else route.streams
    choice = chosen(exchange, named or exchange.path_model or request.model, snapshot, wire)
    if request.model != exchange.model:
        request = replace(request, model=exchange.model)
    call = Call(request, choice.plan, settings.translation, keeps_content=False)
    call.attempts.extend(refused or ())
    exchange.call = call
    line = snapshot.client.line(call, choice.plan)
    if exchange.stream:
        renderer = _renderer(exchange, wire.server, request)
        await _stream(exchange, call, line, settings, _Rendered(renderer, exchange, wire.protocol), _framing(exchange))
        return
    completion = exchange.identified(await exchange.awaited(line, call.complete()), wire.protocol)
    lines = departures(completion, wire)
    await exchange.answer(wire.server.render(completion), completion, lines)
    exchange.note("ok", None, completion, lines)


def chosen(exchange: Exchange, model: str, snapshot: Snapshot, wire: Wire, operation: Operation = "chat") -> Choice:
    """Whom ``model`` stands for. Raises what the caller is told of a name that is no good here."""
    exchange.model = model
    try:
        choice = snapshot.names.choose(model, exchange.route, wire, operation)
    except ConfigError as error:
        raise told(error, model) from error
    exchange.alike = choice.passes
    return choice


def _untouched(passing: Passing, choice: Choice) -> bool:
    """True if the target takes the body as it is: no member that it calls otherwise or refuses, and one answer only."""
    members = passing.members
    if choice.touched and not choice.touched.isdisjoint(members):
        return False
    if choice.limited and not members.keys() <= _UNLIMITED:
        return False
    count = members.get("n")
    return count is None or bytes(count) in (b"1", b"null")


def _taught(error: Error, exchange: Exchange, choice: Choice, server: ChatServer, body: bytes) -> list[Attempt] | None:
    """The attempts that were made, if ``error`` says of a field that it can be left out; None: the caller is told of it."""
    learned, call = choice.plan.learned, exchange.call
    candidate = next((one for one in choice.plan.candidates if one.target == error.target), None)
    if learned is None or not isinstance(call, RelayCall) or candidate is None or exchange.started:
        return None
    request = replace(server.parse(body)[0], stream_usage=True)  # which the fast lane asks for
    return call.attempts if learned.learn(candidate, error, request) else None


async def _relay(
    exchange: Exchange,
    passing: Passing,
    choice: Choice,
    wire: Wire,
    server: ChatServer,
    client: AsyncClient,
    settings: Settings,
) -> None:
    assert wire.relay is not None
    headers = {name.decode(): value for name in _FORWARDED if (value := exchange.header(name)) is not None}
    call = RelayCall(passing, wire.relay, exchange.model, choice.plan, headers)
    exchange.call = call
    line = client.line(call, choice.plan)
    if exchange.stream:
        renderer = server.renderer(ChatRequest(model=exchange.model, messages=()))
        await _stream(exchange, call, line, settings, _Passed(renderer), wire.relay.framing)
        return
    relayed = await exchange.awaited(line, call.complete())
    await exchange.answer(relayed.body, relayed.completion)
    exchange.note("ok", None, relayed.completion)


class _Rendered:
    """Events as the caller's protocol says them."""

    def __init__(self, renderer: StreamRenderer, exchange: Exchange, protocol: str) -> None:
        self._render = renderer.render
        self._exchange = exchange
        self._protocol = protocol
        self.finish = renderer.finish
        self.fail = renderer.fail

    def join(self, events: Sequence[Any]) -> bytes:
        return b"".join([self._render(self._whose(event) if type(event) is Started else event) for event in events])

    def _whose(self, event: Started) -> Started:
        return self._exchange.identified(event, self._protocol)


class _Passed:
    """Bytes as they came."""

    def __init__(self, renderer: StreamRenderer) -> None:
        self.fail = renderer.fail

    join: Callable[[Sequence[bytes]], bytes] = b"".join

    def finish(self) -> bytes:
        return b""


async def _stream(
    exchange: Exchange, call: Call | RelayCall, line: Line, settings: Settings, out: _Rendered | _Passed, framing: str
) -> None:
    """The first event is awaited before the status line, so that a failure until then has its true status."""

    async def ping() -> None:
        if not exchange.started:
            await exchange.begin(framing, None)
        await exchange.more(_COMMENT)

    ping_ = ping if framing == "sse" else None  # the others have no comments
    async with Attendant(exchange.patience, exchange.receive, ping_, settings.keep_alive_seconds) as attendant:
        exchange.attendant = attendant
        async with line:
            try:
                session: Any = await line.run(call.open())
            except Error as error:
                if not exchange.started:
                    raise
                await exchange.last(out.fail(error))
                exchange.note(type(error).__name__, call.record(type(error).__name__))
                return
            exchange.first_event_now()
            if not exchange.started:
                begun = call.begun()
                exchange.provider_headers = session.headers
                await exchange.begin(framing, begun, attempts=len(begun.attempts) + 1)
            try:
                await exchange.more(out.join(session.seen))  # even if nothing: the head waits for it
                session.check()
                while not session.ended:
                    arrived = await line.advance(session)
                    if arrived and (data := out.join(arrived)):
                        await exchange.more(data)
                        attendant.spoke()
                    session.check()
            except Error as cause:
                call.broke(session, cause)
                completion = call.priced(session.completion())
                line.settle(call.record("StreamInterrupted", completion))
                await exchange.last(out.fail(cause))
                exchange.note("StreamInterrupted", None, completion)
                return
            completion = call.ended(session)
            line.settle(call.record("ok", completion))
            await exchange.last(out.finish())
            exchange.note("ok", None, completion)


def _is_array(exchange: Exchange) -> bool:
    """Gemini streams a JSON array unless the address asks for events."""
    return exchange.route.wire == "gemini" and exchange.stream and b"alt=sse" not in exchange.scope["query_string"].split(b"&")


def _framing(exchange: Exchange) -> str:
    if exchange.route.wire == "bedrock-converse":
        return "aws"
    if _is_array(exchange):
        return "json"
    return "ndjson" if exchange.route.wire in ("ollama", "ollama-generate") else "sse"


def _renderer(exchange: Exchange, server: ChatServer, request: ChatRequest) -> StreamRenderer:
    if _is_array(exchange):
        from turnout.wire.gemini.renderer import GeminiRenderer

        return GeminiRenderer(array=True)
    return server.renderer(request)
