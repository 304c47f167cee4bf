"""The things compared, each with one sync and one async way to ask a model and read its whole answer.

A kind is what the mock upstream is asked for: "whole", or a stream that comes "paced" or in a "burst". Each subject is
used as its own documentation does for many calls: one client, kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

from mock_upstream import HEADERS, TEXT, stream_events, whole_body

MODEL = "gpt-4o-mini"
PROMPT = "What is the capital of France?"
KEY = "sk-benchmark-0123456789"
NAME = f"openai/{MODEL}"  # as Turnout names it
KINDS = ("whole", "paced", "burst")
_MESSAGES: Any = [{"role": "user", "content": PROMPT}]
_BURST_BYTES = 64 * 1024  # what one read of a socket gives at most


class Subject(Protocol):
    """``answer`` gives the text of the answer; a subject that does not decode gives its bytes."""

    def answer(self, kind: str) -> str | bytes: ...

    async def answer_async(self, kind: str) -> str | bytes: ...


class Turnout:
    """Turnout's clients over ``transports`` (sync and async); its own if None."""

    def __init__(self, origin: str, transports: tuple[Any, Any] | None = None) -> None:
        from turnout import AsyncClient, Client, Registry

        sync, asynchronous = transports or (None, None)
        registry = Registry()
        bound: dict[str, dict[str, Any]] = {
            kind: {"model": NAME, "api_key": KEY, "base_url": f"{origin}/{kind}/v1"} for kind in KINDS
        }
        self._clients = {kind: Client(registry, sync, **at) for kind, at in bound.items()}
        self._async_clients = {kind: AsyncClient(registry, asynchronous, **at) for kind, at in bound.items()}

    def answer(self, kind: str) -> str:
        client = self._clients[kind]
        if kind == "whole":
            return client.chat(PROMPT).text
        with client.stream(PROMPT) as events:
            return "".join(events.text())

    async def answer_async(self, kind: str) -> str:
        client = self._async_clients[kind]
        if kind == "whole":
            return (await client.chat(PROMPT)).text
        async with client.stream(PROMPT) as events:
            return "".join([text async for text in events.text()])


class Bare:
    """The same bytes that Turnout sends, over ``transports`` (sync and async), with nothing before or after them."""

    def __init__(self, origin: str, transports: tuple[Any, Any]) -> None:
        from turnout.types import Timeouts

        self._transport, self._async_transport = transports
        self._timeouts = Timeouts()
        self._requests = {kind: _encoded(origin, kind) for kind in KINDS}
        self.reads = 0  # of streams

    def answer(self, kind: str) -> bytes:
        deadline = time.monotonic() + self._timeouts.total
        if kind == "whole":
            return self._transport.send(self._requests[kind], timeouts=self._timeouts, deadline=deadline).body  # type: ignore[no-any-return]
        pieces = []
        with self._transport.open(self._requests[kind], timeouts=self._timeouts, deadline=deadline) as body:
            while piece := body.read(self._timeouts.total):
                pieces.append(piece)
        self.reads += len(pieces)
        return b"".join(pieces)

    async def answer_async(self, kind: str) -> bytes:
        deadline = time.monotonic() + self._timeouts.total
        if kind == "whole":
            answer = await self._async_transport.send(self._requests[kind], timeouts=self._timeouts, deadline=deadline)
            return answer.body  # type: ignore[no-any-return]
        pieces = []
        async with self._async_transport.open(self._requests[kind], timeouts=self._timeouts, deadline=deadline) as body:
            while piece := await body.read(self._timeouts.total):
                pieces.append(piece)
        self.reads += len(pieces)
        return b"".join(pieces)


def _encoded(origin: str, kind: str) -> Any:
    """The HTTP request that Turnout would send: the first effect of its call."""
    from turnout import Registry
    from turnout.engine.call import Call
    from turnout.prompt import build

    call = Call(build(NAME, PROMPT, {}), Registry().plan(NAME, api_key=KEY, base_url=f"{origin}/{kind}/v1"))
    steps: Any = call.complete() if kind == "whole" else call.open()
    effect = next(steps)
    steps.close()
    return effect.request


class Step:
    """One step of a call by itself, over and over, without a socket. It has no answer, so it gives the expected one."""

    def __init__(self, origin: str, name: str) -> None:
        from turnout import Registry
        from turnout.prompt import build
        from turnout.types import HttpResponse

        registry = Registry()
        base_url = f"{origin}/whole/v1"
        candidate = registry.plan(NAME, api_key=KEY, base_url=base_url).candidates[0]
        request = build(MODEL, PROMPT, {})
        response = HttpResponse(status=200, headers=HEADERS, body=whole_body())
        steps: dict[str, Callable[[], object]] = {
            "plan": lambda: (build(NAME, PROMPT, {}), registry.plan(NAME, api_key=KEY, base_url=base_url)),
            "encode": lambda: candidate.codec.encode(request, candidate.provider, stream=False),
            "decode": lambda: candidate.codec.decode(response, candidate.target),
        }
        self._step = steps[name]

    def answer(self, kind: str) -> str:
        self._step()
        return TEXT

    async def answer_async(self, kind: str) -> str:
        return self.answer(kind)


class Replay:
    """A transport without a socket: the mock upstream's answers, at once. Sync; ``AsyncReplay`` is the other."""

    def __init__(self, chunks: int) -> None:
        from turnout.types import HttpResponse

        events = stream_events(chunks)
        stream = b"".join(events)
        self._whole = HttpResponse(status=200, headers={**HEADERS, "content-type": "application/json"}, body=whole_body())
        self._head = HttpResponse(status=200, headers={**HEADERS, "content-type": "text/event-stream"})
        burst = [stream[at : at + _BURST_BYTES] for at in range(0, len(stream), _BURST_BYTES)]
        self._pieces = {"paced": events, "burst": burst}

    def send(self, request: Any, *, timeouts: Any, deadline: float) -> Any:
        return self._whole

    @contextmanager
    def open(self, request: Any, *, timeouts: Any, deadline: float) -> Iterator[Any]:
        yield _ReplayedBody(self._head, self._pieces["paced" if "/paced/" in request.url else "burst"])

    def close(self) -> None: ...


class _ReplayedBody:
    def __init__(self, head: Any, pieces: list[bytes]) -> None:
        self.head = head
        self._left = iter(pieces)

    def read(self, timeout: float) -> bytes:
        return next(self._left, b"")


class AsyncReplay:
    def __init__(self, chunks: int) -> None:
        self._replay = Replay(chunks)

    async def send(self, request: Any, *, timeouts: Any, deadline: float) -> Any:
        return self._replay.send(request, timeouts=timeouts, deadline=deadline)

    @asynccontextmanager
    async def open(self, request: Any, *, timeouts: Any, deadline: float) -> AsyncIterator[Any]:
        with self._replay.open(request, timeouts=timeouts, deadline=deadline) as body:
            yield _AsyncReplayedBody(body)

    async def aclose(self) -> None: ...


class _AsyncReplayedBody:
    def __init__(self, body: Any) -> None:
        self.head = body.head
        self._body = body

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - the transport's own signature
        return self._body.read(timeout)  # type: ignore[no-any-return]


class Httpx:
    """The peers' HTTP library alone: what they pay before they do anything."""

    def __init__(self, origin: str) -> None:
        import httpx

        self._client, self._async_client = httpx.Client(), httpx.AsyncClient()
        body = json.dumps({"model": MODEL, "messages": _MESSAGES}, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
        self._at = {kind: {"url": f"{origin}/{kind}/v1/chat/completions", "content": body, "headers": headers} for kind in KINDS}

    def answer(self, kind: str) -> bytes:
        if kind == "whole":
            return bytes(self._client.post(**self._at[kind]).content)
        with self._client.stream("POST", **self._at[kind]) as response:
            return b"".join(response.iter_raw())

    async def answer_async(self, kind: str) -> bytes:
        if kind == "whole":
            return bytes((await self._async_client.post(**self._at[kind])).content)
        async with self._async_client.stream("POST", **self._at[kind]) as response:
            return b"".join([piece async for piece in response.aiter_raw()])


class OpenAISdk:
    def __init__(self, origin: str) -> None:
        from openai import AsyncOpenAI, OpenAI

        self._clients = {kind: OpenAI(api_key=KEY, base_url=f"{origin}/{kind}/v1") for kind in KINDS}
        self._async_clients = {kind: AsyncOpenAI(api_key=KEY, base_url=f"{origin}/{kind}/v1") for kind in KINDS}

    def answer(self, kind: str) -> str:
        create = self._clients[kind].chat.completions.create
        if kind == "whole":
            return _said(create(model=MODEL, messages=_MESSAGES))
        with create(model=MODEL, messages=_MESSAGES, stream=True) as chunks:
            return "".join([_piece(chunk) for chunk in chunks])

    async def answer_async(self, kind: str) -> str:
        create = self._async_clients[kind].chat.completions.create
        if kind == "whole":
            return _said(await create(model=MODEL, messages=_MESSAGES))
        async with await create(model=MODEL, messages=_MESSAGES, stream=True) as chunks:
            return "".join([_piece(chunk) async for chunk in chunks])


class LiteLLM:
    def __init__(self, origin: str) -> None:
        from litellm import acompletion, completion

        self._completion, self._acompletion = completion, acompletion
        self._at = {
            kind: {"model": NAME, "api_key": KEY, "api_base": f"{origin}/{kind}/v1", "messages": _MESSAGES} for kind in KINDS
        }

    def answer(self, kind: str) -> str:
        if kind == "whole":
            return _said(self._completion(**self._at[kind]))
        return "".join([_piece(chunk) for chunk in self._completion(**self._at[kind], stream=True)])

    async def answer_async(self, kind: str) -> str:
        if kind == "whole":
            return _said(await self._acompletion(**self._at[kind]))
        return "".join([_piece(chunk) async for chunk in await self._acompletion(**self._at[kind], stream=True)])


class AnyLLM:
    def __init__(self, origin: str) -> None:
        from any_llm import AnyLLM

        self._clients = {kind: AnyLLM.create("openai", api_key=KEY, api_base=f"{origin}/{kind}/v1") for kind in KINDS}
        self._async_clients = {kind: AnyLLM.create("openai", api_key=KEY, api_base=f"{origin}/{kind}/v1") for kind in KINDS}

    def answer(self, kind: str) -> str:
        completion: Any = self._clients[kind].completion
        if kind == "whole":
            return _said(completion(MODEL, _MESSAGES))
        return "".join([_piece(chunk) for chunk in completion(MODEL, _MESSAGES, stream=True)])

    async def answer_async(self, kind: str) -> str:
        acompletion: Any = self._async_clients[kind].acompletion
        if kind == "whole":
            return _said(await acompletion(MODEL, _MESSAGES))
        return "".join([_piece(chunk) async for chunk in await acompletion(MODEL, _MESSAGES, stream=True)])


def _said(completion: Any) -> str:
    return completion.choices[0].message.content or ""


def _piece(chunk: Any) -> str:
    """The text of one chunk of a stream, in the shape that all three peers share."""
    return chunk.choices[0].delta.content or "" if chunk.choices else ""


def _own_transports() -> tuple[Any, Any]:
    from turnout.transport.http import HttpTransport
    from turnout.transport.http_async import AsyncHttpTransport

    return HttpTransport(), AsyncHttpTransport()


def _replays(chunks: int) -> tuple[Any, Any]:
    return Replay(chunks), AsyncReplay(chunks)


SUBJECTS: Mapping[str, Callable[[str, int], Subject]] = {
    "bare transport": lambda origin, chunks: Bare(origin, _own_transports()),
    "turnout": lambda origin, chunks: Turnout(origin),
    "no socket": lambda origin, chunks: Bare(origin, _replays(chunks)),
    "turnout, no socket": lambda origin, chunks: Turnout(origin, _replays(chunks)),
    "plan": lambda origin, chunks: Step(origin, "plan"),
    "encode": lambda origin, chunks: Step(origin, "encode"),
    "decode": lambda origin, chunks: Step(origin, "decode"),
    "httpx": lambda origin, chunks: Httpx(origin),
    "openai": lambda origin, chunks: OpenAISdk(origin),
    "litellm": lambda origin, chunks: LiteLLM(origin),
    "any-llm-sdk": lambda origin, chunks: AnyLLM(origin),
}
