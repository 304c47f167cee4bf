"""Ollama's own protocol: https://docs.ollama.com/api/chat (read 2026-11-21)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from clients.families import Family, dumps
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Seen

_COUNTS = {
    "total_duration": 5_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_count": INPUT_TOKENS,
    "prompt_eval_duration": 1_000_000,
    "eval_count": OUTPUT_TOKENS,
    "eval_duration": 3_000_000,
}


class Ollama(Family):
    """Calls come without ids: results are told apart by their order. It streams unless it is told not to."""

    name = "ollama"
    provider = "ollama"
    wire = "ollama"
    model = "qwen3-vl:8b"
    ids = ("", "")
    stream_type = "application/x-ndjson"

    def signed(self, headers: Mapping[str, str]) -> bool:
        return "authorization" not in headers

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        seen = Seen(stream=body.get("stream", True), max_tokens=(body.get("options") or {}).get("num_predict"))
        for message in body["messages"]:
            content = message.get("content") or ""
            assert isinstance(content, str), (
                "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"
            )
            if message["role"] == "tool":
                seen.results.append((f"#{len(seen.results)}", content))
            elif message["role"] == "assistant":
                for call in message.get("tool_calls") or ():
                    seen.calls.append((f"#{len(seen.calls)}", call["function"]["arguments"]))
                if message.get("thinking"):
                    seen.reasoning.append((message["thinking"], ""))
            else:
                seen.texts.append(content)
                seen.images += [base64.b64decode(data, validate=True) for data in message.get("images") or ()]
        for tool in body.get("tools") or ():
            seen.tools[tool["function"]["name"]] = tool["function"]["parameters"]
        seen.schema = body["format"] if isinstance(body.get("format"), dict) else None
        return seen

    # -- answers ---------------------------------------------------------------------------------

    def _line(self, model: str, done: bool, **said: Any) -> bytes:
        head = {"model": model, "created_at": "2026-11-21T12:00:00.000000001Z"}
        message = {"role": "assistant", "content": "", **said}
        ended = {"done_reason": "stop", "done": True, **_COUNTS} if done else {"done": False}
        return dumps({**head, "message": message, **ended})

    def _calls(self, answer: Answer) -> dict[str, Any]:
        if not answer.calls:
            return {}
        return {"tool_calls": [{"function": {"name": call.name, "arguments": call.arguments}} for call in answer.calls]}

    def whole(self, answer: Answer, model: str) -> bytes:
        thought = {"thinking": answer.reasoning} if answer.reasoning else {}
        return self._line(model, True, content=answer.text, **thought, **self._calls(answer))

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        lines = [self._line(model, False, thinking=it) for it in (answer.reasoning[:9], answer.reasoning[9:]) if it]
        lines += [self._line(model, False, content=piece) for piece in answer.pieces]
        lines += [self._line(model, False, **self._calls(answer))] if answer.calls else []
        return [line + b"\n" for line in [*lines, self._line(model, True)]]

    def error(self, status: int, message: str) -> bytes:
        return dumps({"error": message})
