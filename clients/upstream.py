"""Every provider family on one port of loopback: reads a request as its provider would, answers it, and notes what it saw.

HTTP/1.1 by hand, so that the closing of a connection is seen the moment it happens.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from clients.families import Family
from clients.story import RETRY_AFTER, Answer, Seen, Unlike, answer

_STATUS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
_PATIENCE = 30.0  # seconds for which a slow stream waits to be left


class Upstream:
    """Runs in a thread of its own: ``with Upstream(families) as upstream``. ``seen`` gives a conversation's requests."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = {family.name: family for family in families}
        self._lock = threading.Lock()
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._left: dict[str, threading.Event] = defaultdict(threading.Event)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Upstream:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._accepted, "127.0.0.1", 0), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *why: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, family: Family) -> str:
        return f"http://127.0.0.1:{self.port}/{family.name}"

    def seen(self, id: str) -> list[Seen]:
        with self._lock:
            return list(self._seen[id])

    def left(self, id: str, seconds: float) -> bool:
        """Whether the slow stream of that conversation was closed by the other side, within so many seconds."""
        with self._lock:
            event = self._left[id]
        return event.wait(seconds)

    # -- HTTP --------------------------------------------------------------------------------------

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection is over."""
        line = await reader.readline()
        if not line:
            return False
        _, path, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int((await reader.readline()).split(b";")[0], 16):
                body += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        name = path.split("/")[1]
        family = self._families.get(name)
        if family is None:
            self._whole(writer, 404, "text/plain", b"no such family")
            return True
        return await self._answer(family, path, headers, body, reader, writer)

    async def _answer(
        self,
        family: Family,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        model = "replayed"
        try:
            fields: dict[str, Any] = json.loads(body)
            model = fields.get("model", model)
            seen = family.read(path, fields)
            scene, detail, id, said = answer(seen, ids=family.ids, thinks="reasoning" not in family.lacks)
            with self._lock:
                self._seen[id].append(seen)
            if not family.signed(headers):
                raise Unlike("the request does not carry the provider's credential in its way")
            if refusal := family.refusal(fields):
                raise Unlike(refusal)
        except (Unlike, AssertionError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"the upstream, as {family.name}, was sent something else: {type(error).__name__}: {error}"
            self._whole(writer, 400, family.content_type, family.error(400, message), family.error_headers(400))
            return True
        if scene == "errors" and detail != "broken":
            status = int(detail)
            more = family.error_headers(status) | ({"retry-after": str(RETRY_AFTER)} if status == 429 else {})
            self._whole(writer, status, family.content_type, family.error(status, f"it will not do {id}"), more)
            return True
        if not seen.stream:
            if scene == "cancel":
                await self._wait(id, reader)
                return False
            self._whole(writer, 200, family.content_type, family.whole(said, model))
            return True
        return await self._stream(family, said, model, scene, id, reader, writer)

    async def _stream(
        self,
        family: Family,
        said: Answer,
        model: str,
        scene: str,
        id: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {family.stream_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        for piece in family.pieces(said, model):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            if scene == "cancel":
                await self._wait(id, reader)
                return False
            if scene == "errors":  # broken off in the middle
                return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _wait(self, id: str, reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while await reader.read(1024):
                    pass
        except TimeoutError:
            return
        except ConnectionError:
            pass
        with self._lock:
            self._left[id].set()

    def _whole(
        self, writer: asyncio.StreamWriter, status: int, kind: str, body: bytes, more: Mapping[str, str] | None = None
    ) -> None:
        lines = [f"HTTP/1.1 {status} {_STATUS[status]}", f"content-type: {kind}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (more or {}).items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
