"""A provider of OpenAI's chat protocol on loopback that misbehaves in one call out of twenty, by chance that can be repeated."""

from __future__ import annotations

import asyncio
from random import Random

WORDS = 40  # of each right answer; the last says so
FAULTS = ("refuses", "limits", "hangs up", "breaks off", "babbles", "errs inside")

_HEAD = b'{"id":"chatcmpl-1","object":"chat.completion%s","created":1760000000,"model":"mock-1","choices":['
_USAGE = b'"usage":{"prompt_tokens":9,"completion_tokens":%d,"total_tokens":%d}}' % (WORDS, WORDS + 9)
TEXT = b" ".join(b"word%d" % at for at in range(WORDS))


class Upstream:
    """``port`` once it is entered. ``open`` counts its connections, ``told`` the faults it committed."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance = Random(seed)
        self._share = share
        self.open: set[asyncio.StreamWriter] = set()
        self.told = dict.fromkeys(FAULTS, 0)
        self.port = 0

    async def __aenter__(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *why: object) -> None:
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        for writer in list(self.open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                body = await reader.readexactly(length)
                fault = self._chance.choice(FAULTS) if self._chance.random() < self._share else None
                if fault is not None:
                    self.told[fault] += 1
                if not await self._answer(writer, b'"stream":true' in body.replace(b" ", b""), fault):
                    return
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, stream: bool, fault: str | None) -> bool:
        """Whether the connection goes on."""
        if fault == "hangs up":
            return False
        if fault in ("refuses", "limits"):
            status = b"500 Internal Server Error" if fault == "refuses" else b"429 Too Many Requests\r\nretry-after: 0"
            writer.write(_sized(status, b'{"error":{"message":"not now","type":"server_error"}}'))
            return True
        if fault == "babbles":
            writer.write(b"\x00\xff this is no HTTP \r\n\r\n")
            return False
        if stream:
            return await self._stream(writer, fault)
        whole = (
            _HEAD % b"" + b'{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],' % TEXT + _USAGE
        )
        if fault == "errs inside":
            whole = b'{"error":{"message":"something broke","type":"server_error"}}'
        answer = _sized(b"200 OK", whole)
        writer.write(answer[: len(answer) // 2] if fault == "breaks off" else answer)
        return fault != "breaks off"

    async def _stream(self, writer: asyncio.StreamWriter, fault: str | None) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        part = _HEAD % b".chunk"
        stops = self._chance.randrange(1, WORDS) if fault is not None else None
        for at, word in enumerate(TEXT.split()):
            if at == stops:
                if fault == "errs inside":
                    writer.write(
                        _chunk(b'data: {"error":{"message":"something broke","type":"server_error"}}\n\n') + b"0\r\n\r\n"
                    )
                    return True
                return False
            delta = b'{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}' % (word if at == 0 else b" " + word)
            writer.write(_chunk(b"data: " + part + delta + b"\n\n"))
            if at % 8 == 0:
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(_chunk(b"data: " + part + b'{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'))
        writer.write(_chunk(b"data: " + part + b"]," + _USAGE + b"\n\n") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        return True


def _sized(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
