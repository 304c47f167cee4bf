"""Callers of the gateway: they ask in two protocols, whole and streamed, some leave midway, and each judges what it got."""

from __future__ import annotations

import asyncio
import json
from random import Random

from soak_upstream import TEXT

_QUESTION = '"messages":[{"role":"user","content":"Say forty words."}]'
_MODEL = '"model":"groq/llama-3.3-70b-versatile"'
DEADLINE = 30.0  # seconds for any answer


class Wrong(Exception):
    """An answer that is neither right nor an error of its protocol."""


class Caller:
    """``seen`` counts how calls ended: "answered", "refused" (an error of the protocol), "left"."""

    def __init__(self, port: int, seed: int, leaves: float) -> None:
        self._port = port
        self._chance = Random(seed)
        self._leaves = leaves
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.seen = {"answered": 0, "refused": 0, "left": 0}

    async def ask(self) -> None:
        """One call. Raises Wrong, or TimeoutError."""
        anthropic, stream = self._chance.random() < 0.5, self._chance.random() < 0.5
        leaves = self._chance.random() < self._leaves
        path, limit = ("/v1/messages", '"max_tokens":99,') if anthropic else ("/v1/chat/completions", "")
        body = f"{{{_MODEL},{limit}{chr(34)}stream{chr(34)}:{str(stream).lower()},{_QUESTION}}}".encode()
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._line
        writer.write(b"POST %s HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n" % path.encode())
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        if leaves:
            await self._leave(reader)
            return
        async with asyncio.timeout(DEADLINE):
            status, answer = await self._read(reader)
        self.seen[judged(status, answer, anthropic=anthropic, stream=stream)] += 1

    async def _leave(self, reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(self._chance.random() * 0.01):
                await reader.read(1)
        except TimeoutError:
            pass
        self.hang_up()
        self.seen["left"] += 1

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            pieces = []
            while size := int(await reader.readline(), 16):
                pieces.append((await reader.readexactly(size + 2))[:-2])
            await reader.readline()
            answer = b"".join(pieces)
        else:
            answer = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        if b"connection: close" in head:
            self.hang_up()
        return status, answer

    def hang_up(self) -> None:
        if self._line is not None:
            self._line[1].transport.abort()
            self._line = None


def judged(status: int, answer: bytes, *, anthropic: bool, stream: bool) -> str:
    """ "answered" or "refused". Raises Wrong for anything else: a clean end without the whole answer, above all."""
    if status != 200:
        error = json.loads(answer).get("error")
        if not isinstance(error, dict) or not error.get("message"):
            raise Wrong(f"{status} without an error of its protocol: {answer[:300]!r}")
        return "refused"
    if not stream:
        said = json.loads(answer)
        text = said["content"][0]["text"] if anthropic else said["choices"][0]["message"]["content"]
        if text.encode() != TEXT:
            raise Wrong(f"an answer that is not the provider's: {answer[:300]!r}")
        return "answered"
    events = [json.loads(line[6:]) for line in answer.split(b"\n") if line.startswith(b"data: {")]
    failed = any("error" in event for event in events)
    if anthropic:
        said = "".join(event["delta"].get("text", "") for event in events if event.get("type") == "content_block_delta")
        ended = any(event.get("type") == "message_stop" for event in events)
    else:
        said = "".join(choice["delta"].get("content") or "" for event in events for choice in event.get("choices", ()))
        ended = b"data: [DONE]" in answer
    if failed and not ended:
        return "refused"
    if not failed and ended and said.encode() == TEXT:
        return "answered"
    raise Wrong(f"a stream that ended {'cleanly' if ended else 'with nothing'} and is not whole: {answer[-300:]!r}")
