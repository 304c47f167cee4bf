"""Bedrock Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11-21)."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from clients.families import Family, dumps
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Seen

_ERRORS = "The model returned the following errors"
_USAGE = {"inputTokens": INPUT_TOKENS, "outputTokens": OUTPUT_TOKENS, "totalTokens": INPUT_TOKENS + OUTPUT_TOKENS}


def event(kind: str, payload: Any) -> bytes:
    """One message of AWS's binary event stream, written from its description: https://smithy.io/2.0/aws/amazon-eventstream.html"""
    headers = b""
    for name, value in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")):
        headers += struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
    body = dumps(payload)
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


class Bedrock(Family):
    name = "bedrock"
    provider = "amazon-bedrock"
    wire = "bedrock-converse"
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    ids = ("tooluse_Paris_1", "tooluse_Lyon_2")
    stream_type = "application/vnd.amazon.eventstream"
    signature = "EqQBCgIYAhIMbedrock+replayed/0001=="
    environ: Mapping[str, str] = {
        "AWS_ACCESS_KEY_ID": "AKIAREPLAYED",
        "AWS_SECRET_ACCESS_KEY": "replayed/secret/0001",
        "AWS_REGION": "eu-west-1",
    }

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 Credential=AKIAREPLAYED/")

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        seen = Seen(stream=path.endswith("/converse-stream"), max_tokens=(body.get("inferenceConfig") or {}).get("maxTokens"))
        seen.texts += [block["text"] for block in body.get("system") or () if "text" in block]
        for message in body["messages"]:
            for block in message["content"]:
                self._block(block, seen)
        for tool in (body.get("toolConfig") or {}).get("tools", ()):
            if "toolSpec" in tool:
                seen.tools[tool["toolSpec"]["name"]] = tool["toolSpec"]["inputSchema"]["json"]
        wanted = (body.get("outputConfig") or {}).get("textFormat")
        if wanted is not None:
            seen.schema = json.loads(wanted["structure"]["jsonSchema"]["schema"])
        return seen

    def _block(self, block: dict[str, Any], seen: Seen) -> None:
        match block:
            case {"text": text}:
                seen.texts.append(text)
            case {"image": {"format": "png", "source": {"bytes": data}}}:
                seen.images.append(base64.b64decode(data, validate=True))
            case {"toolUse": call}:
                seen.calls.append((call["toolUseId"], call["input"]))
            case {"toolResult": result}:
                text = "".join(it.get("text", "") or json.dumps(it.get("json", "")) for it in result["content"])
                seen.results.append((result["toolUseId"], text))
            case {"reasoningContent": {"reasoningText": thought}}:
                seen.reasoning.append((thought["text"], thought.get("signature", "")))

    def refusal(self, body: dict[str, Any]) -> str | None:
        thinks = ((body.get("additionalModelRequestFields") or {}).get("thinking") or {}).get("type") == "enabled"
        for at, message in enumerate(body["messages"]):
            said = message["content"]
            if (
                message["role"] == "assistant"
                and thinks
                and any("toolUse" in it for it in said)
                and "reasoningContent" not in said[0]
            ):
                return f"{_ERRORS}: messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`"
            for block in said:
                thought = block.get("reasoningContent", {}).get("reasoningText")
                if thought is not None and thought.get("signature") != self.signature:
                    return f"{_ERRORS}: messages.{at}.content.0: Invalid `signature` in `thinking` block"
        return None

    # -- answers ---------------------------------------------------------------------------------

    def whole(self, answer: Answer, model: str) -> bytes:
        content: list[dict[str, Any]] = []
        if answer.reasoning:
            content.append({"reasoningContent": {"reasoningText": {"text": answer.reasoning, "signature": self.signature}}})
        if answer.text:
            content.append({"text": answer.text})
        content += [{"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}} for call in answer.calls]
        stop = "tool_use" if answer.calls else "end_turn"
        said = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop}
        return dumps({**said, "usage": _USAGE, "metrics": {"latencyMs": 321}})

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        events: list[tuple[str, Any]] = [("messageStart", {"role": "assistant"})]
        at = 0
        if answer.reasoning:
            said = (answer.reasoning[:9], answer.reasoning[9:])
            thoughts = [{"text": piece} for piece in said] + [{"signature": self.signature}]
            events += [("contentBlockDelta", {"contentBlockIndex": at, "delta": {"reasoningContent": it}}) for it in thoughts]
            events.append(("contentBlockStop", {"contentBlockIndex": at}))
            at += 1
        if answer.pieces:  # a block of text has no start
            events += [("contentBlockDelta", {"contentBlockIndex": at, "delta": {"text": piece}}) for piece in answer.pieces]
            events.append(("contentBlockStop", {"contentBlockIndex": at}))
            at += 1
        for call in answer.calls:
            start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
            events.append(("contentBlockStart", {"contentBlockIndex": at, "start": start}))
            written = json.dumps(call.arguments)
            for piece in (written[:6], written[6:]):
                events.append(("contentBlockDelta", {"contentBlockIndex": at, "delta": {"toolUse": {"input": piece}}}))
            events.append(("contentBlockStop", {"contentBlockIndex": at}))
            at += 1
        events.append(("messageStop", {"stopReason": "tool_use" if answer.calls else "end_turn"}))
        events.append(("metadata", {"usage": _USAGE, "metrics": {"latencyMs": 321}}))
        written_events = [event(kind, payload) for kind, payload in events]
        return [b"".join(written_events[:2]), *written_events[2:]]

    def error(self, status: int, message: str) -> bytes:
        return dumps({"message": message})

    def error_headers(self, status: int) -> dict[str, str]:
        kind = {429: "ThrottlingException", 500: "InternalServerException"}.get(status, "ValidationException")
        return {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
