"""One HTTP exchange with a caller: what he asked, what he is answered, and what is noted of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from turnout.errors import Error
from turnout.events import Started
from turnout.gateway.asgi import Headers, Receive, Scope, Send, headers_by_name, reply
from turnout.gateway.attendant import Attendant, Patience
from turnout.gateway.rate_limits import rate_limits, wait_of
from turnout.gateway.records import GatewayRecord, Records, summary
from turnout.gateway.routes import Route
from turnout.records import CallRecord
from turnout.types import Completion, Embeddings, Ranking, Receipt, ReceiptLine, Target

if TYPE_CHECKING:
    from turnout.client.aio import Line
    from turnout.client.settings import Performed
    from turnout.effects import Steps

T = TypeVar("T")
Named = TypeVar("Named", Completion, Started)
Answered = Completion | Embeddings | Ranking  # all know their target, attempts, usage, cost and receipt

LEFT = 499  # what nginx notes of a client that closed before its answer

_KINDS = {"sse": b"text/event-stream; charset=utf-8", "ndjson": b"application/x-ndjson", "json": b"application/json"}
_EVENT_STREAM = b"application/vnd.amazon.eventstream"
_MAX_RECEIPT_HEADER = 4096  # bytes; a whole receipt that is longer can be asked for by the call's id


@lru_cache(maxsize=1024)
def _named(target: Target) -> bytes:
    return str(target).encode("unicode_escape")


class Exchange:
    """``note`` it once, at its end, however it ended."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        route: Route,
        model: str,
        id: str,
        records: Records,
        patience: Patience,
    ) -> None:
        self.scope = scope
        self._headers = headers_by_name(scope)
        self.receive = receive
        self.send = send
        self.route = route
        self.path_model = model
        self.id = id
        self._records = records
        self.patience = patience
        self._arrived = time.monotonic()
        self._clock = time.time()
        self.model = model  # as the caller wrote it
        self.lane = "full"
        self.stream = False
        self.started = False  # the status line is sent
        self.status = 0
        self.first_event: float | None = None
        self.attendant: Attendant | None = None
        self.call: Performed | None = None  # once there is one: it knows what was tried
        self.alike = False  # every candidate speaks the caller's protocol
        self.provider_headers: Mapping[str, str] | None = None  # of a stream that began
        self._noted = False

    @property
    def left(self) -> bool:
        """The caller closed his connection while his call ran."""
        return self.attendant is not None and self.attendant.left

    def header(self, name: bytes) -> str | None:
        value = self._headers.get(name)
        return None if value is None else str(value, "latin-1")

    def identified(self, answer: Named, protocol: str) -> Named:
        """``answer`` with this exchange's id and time where another protocol gave none: clients tell answers apart by them.

        npm's openai 6.49 tells no usage of a stream whose chunks have an empty id.
        """
        if (answer.id and answer.created is not None) or (answer.origin is not None and answer.origin.wire == protocol):
            return answer
        created = int(self._clock) if answer.created is None else answer.created
        return replace(answer, id=answer.id or self.id, created=created)

    # -- whole answers -------------------------------------------------------------------------

    async def awaited(self, line: Line, steps: Steps[T]) -> T:
        """What ``steps`` come to on ``line``. They are broken off if the caller leaves meanwhile."""
        async with Attendant(self.patience, self.receive) as attendant:
            self.attendant = attendant
            async with line:
                return await line.run(steps)

    async def answer(self, body: bytes, completion: Answered | None, lines: Sequence[ReceiptLine] = ()) -> None:
        self.started = True
        self.status = 200
        await reply(self.send, 200, body, self.headers(completion, lines))

    async def refuse(self, status: int, body: bytes, error: Error) -> None:
        self.started = True
        self.status = status
        headers = self.headers(None)
        if (wait := wait_of(error)) is not None:
            headers.append((b"retry-after", str(max(0, ceil(wait))).encode()))
        if error.headers and (self.alike or error.wire == self.route.wire):
            headers += rate_limits(error.headers)
        if error.target is not None:
            headers.append((b"x-turnout-target", _named(error.target)))
        await reply(self.send, status, body, headers)

    # -- streams -------------------------------------------------------------------------------

    async def begin(self, framing: str, completion: Answered | None, attempts: int | None = None) -> None:
        """The status line and headers of a stream; ``attempts`` with the one under way."""
        self.started = True
        self.status = 200
        kind = _EVENT_STREAM if framing == "aws" else _KINDS[framing]
        headers = [(b"content-type", kind), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
        headers += self.headers(completion, attempts=attempts)
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def more(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def last(self, data: bytes = b"") -> None:
        await self.send({"type": "http.response.body", "body": data})

    def first_event_now(self) -> None:
        self.first_event = time.monotonic() - self._arrived

    # -- what is said and noted ------------------------------------------------------------------

    def headers(self, completion: Answered | None, lines: Sequence[ReceiptLine] = (), *, attempts: int | None = None) -> Headers:
        id = self.id.encode()
        said: Headers = [(b"x-request-id", id)]
        if self.route.wire == "anthropic-messages":
            said.append((b"request-id", id))
        elif self.route.wire == "bedrock-converse":
            said.append((b"x-amzn-requestid", id))
        if completion is None:
            return said
        if completion.target is not None:
            said.append((b"x-turnout-target", _named(completion.target)))
        said.append((b"x-turnout-attempts", b"%d" % (len(completion.attempts) if attempts is None else attempts)))
        if completion.cost is not None:
            said.append((b"x-turnout-cost", f"{completion.cost.total.normalize():f}".encode()))
        if completion.receipt is not None:
            said.append((b"x-turnout-receipt", self._receipt(completion.receipt, lines)))
        theirs = completion.headers or self.provider_headers
        if theirs and (self.alike or (completion.origin is not None and completion.origin.wire == self.route.wire)):
            said += rate_limits(theirs)
        return said

    def _receipt(self, receipt: Receipt, lines: Sequence[ReceiptLine]) -> bytes:
        if self._headers.get(b"x-turnout-receipt") == b"full":
            from msgspec import json

            whole = json.encode([*receipt.departures, *lines])
            if len(whole) <= _MAX_RECEIPT_HEADER and whole.isascii():
                return whole
        return summary(receipt, lines).encode()

    def note(
        self,
        outcome: str,
        call: CallRecord | None = None,
        completion: Answered | None = None,
        lines: Sequence[ReceiptLine] = (),
    ) -> None:
        if self._noted:
            return
        self._noted = True
        receipt = completion.receipt if completion is not None else None
        known: CallRecord | Answered | None = call if call is not None else completion
        if known is None and self.call is not None:
            known = self.call.record(outcome)
        self._records.add(
            GatewayRecord(
                id=self.id,
                time=self._clock,
                wire=self.route.wire,
                operation=self.route.operation,
                outcome=outcome,
                status=self.status or LEFT,
                seconds=time.monotonic() - self._arrived,
                stream=self.stream,
                lane=self.lane,
                model=self.model,
                first_event_seconds=self.first_event,
                receipt=(*(receipt.departures if receipt is not None else ()), *lines),
                target=known.target if known is not None else None,
                attempts=known.attempts if known is not None else (),
                usage=known.usage if known is not None else None,
                cost=known.cost if known is not None else None,
            )
        )
