"""Anthropic Messages, there and in the envelopes of two clouds: https://docs.anthropic.com/en/api/messages (read 2026-11-21)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from clients.families import Family, dumps, sse
from clients.families.bedrock import event as aws_event
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Seen


def texts(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content or ())


def blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


class Anthropic(Family):
    name = "anthropic"
    provider = "anthropic"
    wire = "anthropic-messages"
    model = "claude-sonnet-4-5"
    ids = ("toolu_01Paris", "toolu_02Lyon")
    signature = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds0replayed=="
    environ: Mapping[str, str] = {"ANTHROPIC_API_KEY": "sk-ant-replayed-0001"}

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-api-key", "").startswith("sk-ant-") and bool(headers.get("anthropic-version"))

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        assert isinstance(body.get("max_tokens"), int), "max_tokens: Field required"
        seen = Seen(stream=self._streams(path, body), max_tokens=body["max_tokens"])
        seen.texts.append(texts(body.get("system")))
        for message in body["messages"]:
            for block in blocks(message["content"]):
                self._block(block, seen)
        for tool in body.get("tools") or ():
            seen.tools[tool["name"]] = tool["input_schema"]
        wanted = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        seen.schema = wanted.get("schema")
        return seen

    def _streams(self, path: str, body: dict[str, Any]) -> bool:
        return bool(body.get("stream", False))

    def _block(self, block: dict[str, Any], seen: Seen) -> None:
        match block["type"]:
            case "text":
                seen.texts.append(block["text"])
            case "image":
                assert block["source"]["media_type"] == "image/png", block["source"]["media_type"]
                seen.images.append(base64.b64decode(block["source"]["data"], validate=True))
            case "tool_use":
                seen.calls.append((block["id"], block["input"]))
            case "tool_result":
                seen.results.append((block["tool_use_id"], texts(block.get("content"))))
            case "thinking":
                seen.reasoning.append((block["thinking"], block["signature"]))

    def refusal(self, body: dict[str, Any]) -> str | None:
        """https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21)"""
        thinks = (body.get("thinking") or {}).get("type") == "enabled"
        for at, message in enumerate(body["messages"]):
            said = blocks(message["content"])
            if (
                message["role"] == "assistant"
                and thinks
                and any(it["type"] == "tool_use" for it in said)
                and said[0]["type"] != "thinking"
            ):
                return f"messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{said[0]['type']}`."
            for block in said:
                if block["type"] == "thinking" and block.get("signature") != self.signature:
                    return f"messages.{at}.content.0: Invalid `signature` in `thinking` block"
                if block["type"] == "tool_use" and not re.fullmatch(r"[a-zA-Z0-9_-]+", block["id"]):
                    return f"messages.{at}.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
        return None

    # -- answers ---------------------------------------------------------------------------------

    def _content(self, answer: Answer) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        if answer.reasoning:
            content.append({"type": "thinking", "thinking": answer.reasoning, "signature": self.signature})
        if answer.text:
            content.append({"type": "text", "text": answer.text})
        return content + [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in answer.calls
        ]

    def _message(self, model: str, content: list[dict[str, Any]], stop: str | None, output: int) -> dict[str, Any]:
        usage = {
            "input_tokens": INPUT_TOKENS,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output,
        }
        said = {"id": "msg_replayed", "type": "message", "role": "assistant", "model": model, "content": content}
        return {**said, "stop_reason": stop, "stop_sequence": None, "usage": {**usage, "service_tier": "standard"}}

    def whole(self, answer: Answer, model: str) -> bytes:
        return dumps(self._message(model, self._content(answer), "tool_use" if answer.calls else "end_turn", OUTPUT_TOKENS))

    def events(self, answer: Answer, model: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = [{"type": "message_start", "message": self._message(model, [], None, 1)}, {"type": "ping"}]
        for at, block in enumerate(self._content(answer)):
            deltas: list[dict[str, Any]]
            match block["type"]:
                case "thinking":
                    empty: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": ""}
                    said = (block["thinking"][:9], block["thinking"][9:])
                    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in said]
                    deltas.append({"type": "signature_delta", "signature": block["signature"]})
                case "tool_use":
                    empty = {**block, "input": {}}
                    written = json.dumps(block["input"])
                    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", written[:6], written[6:])]
                case _:
                    empty = {"type": "text", "text": ""}
                    deltas = [{"type": "text_delta", "text": piece} for piece in answer.pieces]
            events.append({"type": "content_block_start", "index": at, "content_block": empty})
            events += [{"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas]
            events.append({"type": "content_block_stop", "index": at})
        stop = {"stop_reason": "tool_use" if answer.calls else "end_turn", "stop_sequence": None}
        events.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": OUTPUT_TOKENS}})
        return [*events, {"type": "message_stop"}]

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        written = [self._framed(event) for event in self.events(answer, model)]
        return [b"".join(written[:4]), *written[4:]]

    def _framed(self, event: dict[str, Any]) -> bytes:
        return sse(event, event["type"])

    def error(self, status: int, message: str) -> bytes:
        kind = {429: "rate_limit_error", 500: "api_error"}.get(status, "invalid_request_error")
        return dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_replayed"})


class VertexAnthropic(Anthropic):
    """The model stands in the path, the protocol's version in the body."""

    name = "vertex-claude"
    provider = "google-vertex-anthropic"
    wire = "anthropic-vertex"
    model = "claude-sonnet-4-5@20250929"
    environ: Mapping[str, str] = {"GOOGLE_CLOUD_PROJECT": "replayed"}

    def settings(self, url: str) -> str:
        return f'[providers.google-vertex-anthropic]\nbase_url = "{url}/publishers/anthropic"\napi_key = "ya29.replayed-0001"\n'

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization", "").startswith("Bearer ya29.")

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        assert "model" not in body, "model: Extra inputs are not permitted"
        assert body.get("anthropic_version") == "vertex-2023-10-16", body.get("anthropic_version")
        return super().read(path, body)

    def _streams(self, path: str, body: dict[str, Any]) -> bool:
        return path.endswith(":streamRawPredict")


class BedrockAnthropic(Anthropic):
    """InvokeModel: signed as AWS wants it, streamed in AWS's binary events."""

    name = "invoke-claude"
    provider = "amazon-bedrock-invoke"
    wire = "anthropic-bedrock"
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    stream_type = "application/vnd.amazon.eventstream"
    environ: Mapping[str, str] = {}

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 Credential=AKIAREPLAYED/")

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        assert "model" not in body, "model: Extra inputs are not permitted"
        assert body.get("anthropic_version") == "bedrock-2023-05-31", body.get("anthropic_version")
        return super().read(path, body)

    def _streams(self, path: str, body: dict[str, Any]) -> bool:
        return path.endswith("/invoke-with-response-stream")

    def _framed(self, event: dict[str, Any]) -> bytes:
        return aws_event("chunk", {"bytes": base64.b64encode(dumps(event)).decode()})

    def error(self, status: int, message: str) -> bytes:
        return dumps({"message": message})

    def error_headers(self, status: int) -> dict[str, str]:
        kind = {429: "ThrottlingException", 500: "InternalServerException"}.get(status, "ValidationException")
        return {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
