"""OpenAI Responses: https://platform.openai.com/docs/api-reference/responses (read 2026-11-21)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from clients.families import MODEL_TIME, Family, dumps, sse
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Seen

_USAGE = {
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}


class Responses(Family):
    name = "responses"
    provider = "responses"
    wire = "openai-responses"
    model = "gpt-5"
    environ: Mapping[str, str] = {"REPLAYED_RESPONSES_KEY": "sk-proj-replayed-0002"}
    signature = "gAAAAABreplayed+sealed/0001=="

    def settings(self, url: str) -> str:
        return f'[providers.responses]\nwire = "openai-responses"\nbase_url = "{url}"\nkey_env = ["REPLAYED_RESPONSES_KEY"]\n'

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        seen = Seen(stream=body.get("stream", False), max_tokens=body.get("max_output_tokens"))
        given = body["input"]
        for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
            self._item(item, seen)
        for tool in body.get("tools") or ():
            seen.tools[tool["name"]] = tool["parameters"]
        wanted = (body.get("text") or {}).get("format") or {}
        seen.schema = wanted["schema"] if wanted.get("type") == "json_schema" else None
        return seen

    def refusal(self, body: dict[str, Any]) -> str | None:
        """Sealed reasoning belongs to whoever it was sealed for; a call needs its output."""
        items = body["input"] if isinstance(body["input"], list) else []
        for item in items:
            if item.get("type") == "reasoning" and item.get("encrypted_content") not in (None, self.signature):
                return "The encrypted content could not be verified."
        called = {item["call_id"] for item in items if item.get("type") == "function_call"}
        answered = {item["call_id"] for item in items if item.get("type") == "function_call_output"}
        return None if called == answered else f"No tool output found for function call {sorted(called ^ answered)}."

    def _item(self, item: dict[str, Any], seen: Seen) -> None:
        match item.get("type", "message"):
            case "function_call":
                seen.calls.append((item["call_id"], json.loads(item["arguments"])))
            case "function_call_output":
                output = item["output"]
                seen.results.append(
                    (item["call_id"], output if isinstance(output, str) else "".join(it["text"] for it in output))
                )
            case "reasoning":
                told = "".join(part["text"] for part in item.get("summary") or ())
                seen.reasoning.append((told, item.get("encrypted_content") or ""))
            case "message" if item["role"] != "assistant":
                content = item["content"]
                parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
                seen.texts.append("".join(part.get("text", "") for part in parts))
                for part in parts:
                    if part["type"] == "input_image":
                        head, _, data = part["image_url"].partition(",")
                        assert head == "data:image/png;base64", f"the image is {head[:40]!r}"
                        seen.images.append(base64.b64decode(data, validate=True))

    # -- answers ---------------------------------------------------------------------------------

    def _items(self, answer: Answer) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if answer.reasoning:
            summary = [{"type": "summary_text", "text": answer.reasoning}]
            items.append({"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": self.signature})
        for at, call in enumerate(answer.calls):
            said = {"id": f"fc_{at}", "type": "function_call", "status": "completed", "call_id": call.id, "name": call.name}
            items.append({**said, "arguments": json.dumps(call.arguments)})
        if answer.text:
            part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
            items.append({"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]})
        return items

    def _response(self, model: str, status: str, items: list[dict[str, Any]], usage: Any) -> dict[str, Any]:
        said = {"id": "resp_replayed", "object": "response", "created_at": MODEL_TIME, "status": status, "background": False}
        said |= {"error": None, "incomplete_details": None, "instructions": None, "max_output_tokens": None, "model": model}
        said |= {"output": items, "parallel_tool_calls": True, "previous_response_id": None, "store": False, "temperature": 1.0}
        said |= {"reasoning": {"effort": None, "summary": None}, "text": {"format": {"type": "text"}}, "tool_choice": "auto"}
        return said | {"tools": [], "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": None, "metadata": {}}

    def whole(self, answer: Answer, model: str) -> bytes:
        return dumps(self._response(model, "completed", self._items(answer), _USAGE))

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        begun = self._response(model, "in_progress", [], None)
        events: list[dict[str, Any]] = [{"type": f"response.{kind}", "response": begun} for kind in ("created", "in_progress")]
        items = self._items(answer)
        for at, item in enumerate(items):
            events += getattr(self, f"_{item['type']}")(at, item, answer)
        events.append({"type": "response.completed", "response": self._response(model, "completed", items, _USAGE)})
        written = [sse({**event, "sequence_number": number}, event["type"]) for number, event in enumerate(events)]
        first = next((at for at, event in enumerate(events) if event["type"].endswith(".delta")), 3) + 1
        return [b"".join(written[:first]), *written[first:]]

    def _added(self, at: int, item: dict[str, Any], **unfinished: Any) -> dict[str, Any]:
        return {"type": "response.output_item.added", "output_index": at, "item": {**item, **unfinished}}

    def _done(self, at: int, item: dict[str, Any]) -> dict[str, Any]:
        return {"type": "response.output_item.done", "output_index": at, "item": item}

    def _message(self, at: int, item: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
        place = {"item_id": item["id"], "output_index": at, "content_index": 0}
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return [
            self._added(at, item, status="in_progress", content=[]),
            {"type": "response.content_part.added", **place, "part": empty},
            *({"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []} for piece in answer.pieces),
            {"type": "response.output_text.done", **place, "text": answer.text, "logprobs": []},
            {"type": "response.content_part.done", **place, "part": item["content"][0]},
            self._done(at, item),
        ]

    def _function_call(self, at: int, item: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
        place = {"item_id": item["id"], "output_index": at}
        arguments = item["arguments"]
        kind = "response.function_call_arguments"
        return [
            self._added(at, item, status="in_progress", arguments=""),
            *({"type": f"{kind}.delta", **place, "delta": piece} for piece in (arguments[:6], arguments[6:])),
            {"type": f"{kind}.done", **place, "arguments": arguments, "name": item["name"]},
            self._done(at, item),
        ]

    def _reasoning(self, at: int, item: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
        place = {"item_id": item["id"], "output_index": at, "summary_index": 0}
        text = answer.reasoning
        kind = "response.reasoning_summary"
        return [
            self._added(at, item, summary=[]),
            {"type": f"{kind}_part.added", **place, "part": {"type": "summary_text", "text": ""}},
            *({"type": f"{kind}_text.delta", **place, "delta": piece} for piece in (text[:9], text[9:])),
            {"type": f"{kind}_text.done", **place, "text": text},
            {"type": f"{kind}_part.done", **place, "part": {"type": "summary_text", "text": text}},
            self._done(at, item),
        ]

    def error(self, status: int, message: str) -> bytes:
        kind = {429: "requests", 500: "server_error"}.get(status, "invalid_request_error")
        return dumps(
            {"error": {"message": message, "type": kind, "param": None, "code": "rate_limit_exceeded" if status == 429 else None}}
        )
