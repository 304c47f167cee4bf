"""Providers on the loopback interface: one server, a provider for each first part of a path, each with its faults."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

KEY = "sk-proj-4vJ8Qm2ZtXc9RbNw"  # looks real, and is none

CUT = "cut"  # answer: half a body, and the connection is closed
RESET = "reset"  # answer: none; the connection is closed
HANG = "hang"  # answer: none until ``release``; then the connection is closed

PONG: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1764000000,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Pong!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22},
}
Answer = tuple[int, Any] | str


def said(text: str, finish: str = "stop") -> tuple[int, Any]:
    message = {"role": "assistant", "content": text}
    return 200, {**PONG, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def listed(*models: str) -> tuple[int, Any]:
    return 200, {"object": "list", "data": [{"id": model, "object": "model"} for model in models]}


def refused(status: int, message: str, **facts: Any) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": "invalid_request_error", **facts}}


class ModelServer:
    """``lists`` and ``chats`` say what is answered, by provider and by (provider, model); a function gets the request's body."""

    def __init__(self) -> None:
        self.lists: dict[str, Answer] = {}
        self.chats: dict[tuple[str, str], Answer | Callable[[dict[str, Any]], Answer]] = {}
        self.listings: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.hanging = threading.Event()  # set when somebody waits for a HANG
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._ended, self._released = asyncio.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._ended.wait(),))
        self._thread.start()

    def url(self, provider: str) -> str:
        return f"http://127.0.0.1:{self.port}/{provider}/v1"

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._released.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.run_until_complete(self._shut())
        self._loop.close()

    async def _shut(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.heads.append(headers)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self._answer(first.split()[1], body)
            if answer == HANG:
                self.hanging.set()
                await self._released.wait()
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if isinstance(answer, str):
            if answer == CUT:
                writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"data":[{')
                await writer.drain()
            return False
        content = json.dumps(answer[1]).encode()
        writer.write(
            f"HTTP/1.1 {answer[0]} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        return True

    def _answer(self, path: str, body: bytes) -> Answer:
        provider = path.strip("/").split("/")[0]
        if path.endswith("/models"):
            self.listings.append(provider)
            return self.lists.get(provider, refused(404, "no such provider"))
        asked = json.loads(body)
        self.asked.append((provider, asked["model"]))
        self.bodies.append(asked)
        answer = self.chats.get((provider, asked["model"]), (200, PONG))
        return answer(asked) if callable(answer) else answer
