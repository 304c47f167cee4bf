"""`boto3`, Bedrock Runtime's Converse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from clients.clients import Ask, Heard, Raised
from clients.story import PERSON_SCHEMA, PNG, TOOL, TOOL_SCHEMA, TOOL_TEXT


@contextmanager
def raising() -> Iterator[None]:
    from botocore.exceptions import ClientError, EventStreamError

    try:
        yield
    except EventStreamError as error:
        raise Raised(type(error).__name__, None, str(error)) from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise Raised(type(error).__name__, status, str(error)) from error


class Bedrock:
    name = "boto3 bedrock"
    wire = "bedrock-converse"
    lacks: Mapping[str, str] = {}
    lacks_at: Mapping[tuple[str, str], str] = {}
    finishes: Mapping[str, str] = {"stop": "end_turn", "calls": "tool_use"}
    errors: Mapping[int, str] = {
        400: "ValidationException",
        404: "ResourceNotFoundException",
        429: "ThrottlingException",
        500: "InternalServerException",
    }
    broken: str | None = None

    def __init__(self, url: str) -> None:
        import boto3
        from botocore.config import Config

        self.sdk: Any = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=url,
            aws_access_key_id="-",
            aws_secret_access_key="-",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=32),
        )

    def conversation(self, model: str, ask: Ask) -> ConverseConversation:
        return ConverseConversation(self.sdk, model, ask)

    def leave(self, model: str, ask: Ask) -> str:
        with raising(), closing(self.sdk.converse_stream(modelId=model, messages=first(ask))["stream"]) as stream:
            return next(text for event in stream if (text := event.get("contentBlockDelta", {}).get("delta", {}).get("text")))

    def close(self) -> None:
        self.sdk.close()


def first(ask: Ask) -> list[Any]:
    content: list[Any] = [{"text": ask.text}]
    if ask.image:
        content.append({"image": {"format": "png", "source": {"bytes": PNG}}})
    return [{"role": "user", "content": content}]


class ConverseConversation:
    def __init__(self, sdk: Any, model: str, ask: Ask) -> None:
        self.sdk = sdk
        self.ask = ask
        self.options: dict[str, Any] = {"modelId": model, "inferenceConfig": {"maxTokens": ask.max_tokens}}
        if ask.tools:
            tool = {"name": TOOL, "description": TOOL_TEXT, "inputSchema": {"json": TOOL_SCHEMA}}
            self.options["toolConfig"] = {"tools": [{"toolSpec": tool}]}
        if ask.exact:
            self.options["inferenceConfig"]["temperature"] = 0
        if ask.schema:
            schema = {"schema": json.dumps(PERSON_SCHEMA), "name": "person"}
            self.options["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
        if ask.think:
            self.options["additionalModelRequestFields"] = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
        self.history = first(ask)

    def send(self) -> Heard:
        with raising():
            if self.ask.stream:
                content, finish, usage = self._collected(
                    self.sdk.converse_stream(messages=self.history, **self.options)["stream"]
                )
            else:
                answer = self.sdk.converse(messages=self.history, **self.options)
                content, finish, usage = answer["output"]["message"]["content"], answer["stopReason"], answer["usage"]
        self.history.append({"role": "assistant", "content": content})
        return Heard(
            text="".join(block.get("text", "") for block in content),
            reasoning="".join(block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "") for block in content),
            calls=[(block["toolUse"]["name"], block["toolUse"]["input"]) for block in content if "toolUse" in block],
            finish=finish,
            usage=(usage.get("inputTokens"), usage.get("outputTokens")),
        )

    def _collected(self, events: Any) -> tuple[list[Any], str | None, dict[str, Any]]:
        blocks: dict[int, dict[str, Any]] = {}
        finish, usage = None, {}
        for event in events:
            ((kind, said),) = event.items()
            at = said.get("contentBlockIndex", 0)
            match kind:
                case "contentBlockStart":
                    blocks[at] = {"toolUse": {**said["start"]["toolUse"], "input": ""}}
                case "contentBlockDelta":
                    _grow(blocks.setdefault(at, {}), said["delta"])
                case "messageStop":
                    finish = said["stopReason"]
                case "metadata":
                    usage = said["usage"]
        for block in blocks.values():
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
        return [blocks[at] for at in sorted(blocks)], finish, usage

    def results(self, texts: Iterable[str]) -> Heard:
        calls = [block["toolUse"] for block in self.history[-1]["content"] if "toolUse" in block]
        results = [
            {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": text}]}}
            for call, text in zip(calls, texts, strict=True)
        ]
        self.history.append({"role": "user", "content": results})
        return self.send()


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "reasoningContent" in delta:
        held = block.setdefault("reasoningContent", {})
        for name, piece in delta["reasoningContent"].items():
            if name == "redactedContent":
                held[name] = held.get(name, b"") + piece
            else:
                thought = held.setdefault("reasoningText", {"text": ""})
                thought[name] = thought.get(name, "") + piece
