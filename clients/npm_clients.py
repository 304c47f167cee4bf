"""The official clients on npm. They run in one process of Node, which plays what it is asked for; the features are the same."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.story import PNG

HERE = Path(__file__).parent / "npm"
_ANSWER_SECONDS = 90.0


class NoNode(Exception):
    """Why npm's clients cannot be played here."""


def check() -> str:
    """The path of Node. Raises NoNode with what to do."""
    node = shutil.which("node")
    if node is None:
        raise NoNode("no node: install Node.js 20 or newer")
    if not (HERE / "node_modules" / "openai").is_dir():
        raise NoNode("no packages: run `npm ci` in clients/npm, as `make clients` does")
    return node


class Node:
    """One process that speaks JSON lines; calls may overlap."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [check(), str(HERE / "main.mjs"), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        )
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, **request: Any) -> Any:
        number = next(self._numbers)
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            self._waiting[number] = future
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"number": number, **request}) + "\n")
            self._process.stdin.flush()
        said = future.result(_ANSWER_SECONDS)
        if "heard" in said:
            return said["heard"]
        if said["raised"]:
            raise Raised(**said["raised"])
        raise RuntimeError(said["fault"])

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._lock:
                future = self._waiting.pop(said["number"])
            future.set_result(said)
        with self._lock:
            for future in self._waiting.values():
                future.set_exception(RuntimeError("node ended before it answered"))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_ids = itertools.count(1)


@dataclass
class NpmConversation:
    node: Node
    player: str
    model: str
    ask: Ask
    id: int = field(default_factory=lambda: next(_ids))

    def send(self) -> Heard:
        return _heard(self.node.ask(op="send", player=self.player, id=self.id, model=self.model, ask=told(self.ask)))

    def results(self, texts: Iterable[str]) -> Heard:
        return _heard(self.node.ask(op="results", player=self.player, id=self.id, texts=list(texts)))


def told(ask: Ask) -> dict[str, Any]:
    return asdict(ask) | {"image": base64.b64encode(PNG).decode() if ask.image else None}


def _heard(said: dict[str, Any]) -> Heard:
    calls = [(name, arguments) for name, arguments in said["calls"]]
    return Heard(said["text"], said["reasoning"], calls, said.get("finish"), tuple(said["usage"]))


@dataclass
class NpmClient:
    node: Node
    name: str
    player: str
    wire: str
    finishes: Mapping[str, str]
    errors: Mapping[int, str]
    lacks: Mapping[str, str] = field(default_factory=dict)
    lacks_at: Mapping[tuple[str, str], str] = field(default_factory=dict)
    broken: str | None = None

    def conversation(self, model: str, ask: Ask) -> NpmConversation:
        return NpmConversation(self.node, self.player, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        said: str = self.node.ask(op="leave", player=self.player, model=model, ask=told(ask))["said"]
        return said

    def close(self) -> None:
        """The process is its owner's."""


_TYPED = {400: "BadRequestError", 429: "RateLimitError", 404: "NotFoundError", 500: "InternalServerError"}
_AI = dict.fromkeys((400, 404, 429, 500), "AI_APICallError")
_CHAT_LACKS = {"reasoning": "@ai-sdk/openai reads no reasoning in Chat Completions"}
_UNSEALED = {("reasoning", "deepseek"): "@ai-sdk/openai gives back only sealed reasoning, and DeepSeek's has no seal"}
_UNSIGNED = {("reasoning", "deepseek"): "@ai-sdk/anthropic gives back only signed thinking, and DeepSeek's has no signature"}
_AI_ENDS = {"stop": "stop", "calls": "tool-calls"}

NAMES = (
    "npm openai chat",
    "npm openai responses",
    "npm anthropic",
    "ai + openai chat",
    "ai + openai responses",
    "ai + anthropic",
)


def npm_clients(node: Node) -> list[NpmClient]:
    return [
        NpmClient(node, NAMES[0], "openaiChat", "openai-chat", {"stop": "stop", "calls": "tool_calls"}, _TYPED),
        NpmClient(node, NAMES[1], "openaiResponses", "openai-responses", {"stop": "completed", "calls": "completed"}, _TYPED),
        NpmClient(node, NAMES[2], "anthropic", "anthropic-messages", {"stop": "end_turn", "calls": "tool_use"}, _TYPED),
        NpmClient(node, NAMES[3], "aiChat", "openai-chat", _AI_ENDS, _AI, _CHAT_LACKS, broken="error"),
        NpmClient(node, NAMES[4], "aiResponses", "openai-responses", _AI_ENDS, _AI, {}, _UNSEALED, broken="error"),
        NpmClient(node, NAMES[5], "aiAnthropic", "anthropic-messages", _AI_ENDS, _AI, {}, _UNSIGNED, broken="error"),
    ]
