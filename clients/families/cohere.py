"""Cohere chat v2: https://docs.cohere.com/reference/chat (read 2026-11-21)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clients.families import dumps, sse
from clients.families.openai_chat import OpenAI, texts
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Seen

_USAGE = {
    "billed_units": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
    "tokens": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
}


class Cohere(OpenAI):
    """Requests are shaped nearly as OpenAI's; answers are not."""

    name = "cohere"
    provider = "cohere"
    wire = "cohere-chat"
    model = "command-a-plus-05-2026"
    lacks: Mapping[str, str] = {}
    ids = ("weather_p4r1s00001", "weather_ly0n000002")
    environ: Mapping[str, str] = {"COHERE_API_KEY": "cohere-replayed-0001"}

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        seen = super().read(path, body)
        seen.max_tokens = body.get("max_tokens")
        return seen

    def _schema(self, body: dict[str, Any]) -> dict[str, Any] | None:
        wanted = body.get("response_format") or {}
        return wanted.get("json_schema", wanted.get("schema")) if wanted.get("type") == "json_object" else None

    def _message(self, message: dict[str, Any], seen: Seen) -> None:
        if message["role"] == "tool":
            content = message["content"]
            if isinstance(content, list):
                content = "".join(_document(part) for part in content)
            seen.results.append((message["tool_call_id"], content))
            return
        super()._message(message, seen)

    def _thought(self, message: dict[str, Any]) -> str:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        return "".join(part["thinking"] for part in parts if part["type"] == "thinking")

    # -- answers ---------------------------------------------------------------------------------

    def whole(self, answer: Answer, model: str) -> bytes:
        said: dict[str, Any] = {"role": "assistant"}
        content = [{"type": "thinking", "thinking": answer.reasoning}] if answer.reasoning else []
        content += [{"type": "text", "text": answer.text}] if answer.text else []
        if content:
            said["content"] = content
        if answer.calls:
            said["tool_plan"] = "I will ask for the weather."
            said["tool_calls"] = [self._call(call) for call in answer.calls]
        finish = "TOOL_CALL" if answer.calls else "COMPLETE"
        return dumps({"id": "replayed", "message": said, "finish_reason": finish, "usage": _USAGE})

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        events: list[dict[str, Any]] = [{"type": "message-start", "id": "replayed", "delta": {"message": start}}]
        at = 0
        for kind, said in (("thinking", (answer.reasoning[:9], answer.reasoning[9:])), ("text", answer.pieces)):
            if any(said):
                first = {"message": {"content": {"type": kind, kind: ""}}}
                events.append({"type": "content-start", "index": at, "delta": first})
                contents = [{"message": {"content": {kind: piece}}} for piece in said]
                events += [{"type": "content-delta", "index": at, "delta": delta} for delta in contents]
                events.append({"type": "content-end", "index": at})
                at += 1
        if answer.calls:
            plans = [{"message": {"tool_plan": piece}} for piece in ("I will ask ", "for the weather.")]
            events += [{"type": "tool-plan-delta", "delta": delta} for delta in plans]
        for index, call in enumerate(answer.calls):
            whole = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
            events.append({"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": whole}}})
            written = json.dumps(call.arguments)
            for piece in (written[:6], written[6:]):
                delta = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
                events.append({"type": "tool-call-delta", "index": index, "delta": delta})
            events.append({"type": "tool-call-end", "index": index})
        finish = "TOOL_CALL" if answer.calls else "COMPLETE"
        events.append({"type": "message-end", "id": "replayed", "delta": {"finish_reason": finish, "usage": _USAGE}})
        written_events = [sse(event, event["type"]) for event in events]
        return [b"".join(written_events[:3]), *written_events[3:]]

    def error(self, status: int, message: str) -> bytes:
        return dumps({"id": "replayed", "message": message})


def _document(part: dict[str, Any]) -> str:
    if part["type"] != "document":
        return str(part["text"])
    data = part["document"]["data"]
    return data if isinstance(data, str) else texts([{"text": str(value)} for value in data.values()])
