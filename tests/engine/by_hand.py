"""The engine driven by hand: no loop, no network, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from turnout.catalog.schema import Model, Price, Provider
from turnout.effects import Emit, Open, Send, Sleep
from turnout.engine.breaker import Breakers
from turnout.engine.call import Call
from turnout.engine.plan import Candidate, Plan
from turnout.errors import Error
from turnout.types import ChatRequest, HttpRequest, HttpResponse, Message, Target, Text
from turnout.wire.openai_chat import WIRE

ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
REQUEST = ChatRequest(model="fast", messages=(Message("user", (Text("hello"),)),))


class Clock:
    """Stands still until someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def candidate(name: str, price: Price | None = None, weight: float = 1.0) -> Candidate:
    def sign(request: HttpRequest) -> Iterator[Any]:
        yield from ()
        return request  # type: ignore[return-value]

    provider = Provider(id=name, name=name.title(), wire="openai-chat", base_url=f"https://{name}.test/v1")
    assert WIRE.chat is not None
    target = Target(name, "m")
    model = Model(target=target, price=price) if price is not None else None
    return Candidate(target=target, provider=provider, wire=WIRE, sign=sign, model=model, weight=weight)


class Hand:
    """Answers each Send with the next of ``script``, and notes what else the call asked for.

    ``takes``: name of a candidate -> the seconds after which it answers.
    """

    def __init__(
        self,
        *script: HttpResponse | Error,
        names: str = "a b",
        candidates: Sequence[Candidate] = (),
        breakers: Breakers | None = None,
        takes: Mapping[str, float] | None = None,
        **plan: Any,
    ) -> None:
        self.clock = Clock()
        self.takes = takes or {}
        self.plan = Plan(
            candidates=candidates or [candidate(name) for name in names.split()],
            breakers=breakers or Breakers(),
            clock=self.clock,
            **{"draw": lambda: 0.0, **plan},
        )
        self.script = list(script)
        self.hosts: list[str] = []
        self.slept: list[float] = []
        self.records: list[Any] = []

    def complete(self, request: ChatRequest = REQUEST) -> Any:
        call = Call(request, self.plan)
        steps, answer, failure = call.complete(), None, None
        while True:
            try:
                effect = steps.throw(failure) if failure is not None else steps.send(answer)
            except StopIteration as done:
                return done.value
            answer = failure = None
            match effect:
                case Send(request=request):
                    self.hosts.append(request.url.split("/")[2].split(".")[0])
                    self.clock.now += self.takes.get(self.hosts[-1], 0.0)
                    item = self.script.pop(0)
                    if isinstance(item, Error):
                        failure = item
                    else:
                        answer = item
                case Sleep(seconds=seconds):
                    self.slept.append(seconds)
                    self.clock.now += seconds
                case Emit(record=record):
                    self.records.append(record)
                case Open():
                    raise AssertionError("a whole answer opens no stream")


def status(code: int, body: bytes = b'{"error":{"message":"no"}}', **headers: str) -> HttpResponse:
    return HttpResponse(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)
