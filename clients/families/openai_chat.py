"""OpenAI Chat Completions and who else speaks it: https://platform.openai.com/docs/api-reference/chat (read 2026-11-21)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from clients.families import MODEL_TIME, Family, dumps, sse
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, Answer, Call, Seen

USAGE = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS, "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS}


def texts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())


class OpenAI(Family):
    name = "openai"
    provider = "openai"
    wire = "openai-chat"
    model = "gpt-4o"
    lacks: Mapping[str, str] = {"reasoning": "OpenAI Chat does not show what its models think"}
    environ: Mapping[str, str] = {"OPENAI_API_KEY": "sk-proj-replayed-0001"}

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        seen = Seen(stream=body.get("stream", False), max_tokens=body.get("max_completion_tokens", body.get("max_tokens")))
        for message in body["messages"]:
            self._message(message, seen)
        for tool in body.get("tools") or ():
            seen.tools[tool["function"]["name"]] = tool["function"]["parameters"]
        seen.schema = self._schema(body)
        return seen

    def _schema(self, body: dict[str, Any]) -> dict[str, Any] | None:
        wanted = body.get("response_format") or {}
        return wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None

    def _message(self, message: dict[str, Any], seen: Seen) -> None:
        content = message.get("content")
        if message["role"] == "tool":
            seen.results.append((message["tool_call_id"], texts(content)))
            return
        if message["role"] == "assistant":
            for call in message.get("tool_calls") or ():
                seen.calls.append((call["id"], json.loads(call["function"]["arguments"])))
            thought = self._thought(message)
            if thought:
                seen.reasoning.append((thought, ""))
            return
        seen.texts.append(texts(content))
        for part in content if isinstance(content, list) else ():
            if part["type"] == "image_url":
                seen.images.append(self._image(part["image_url"]))

    def _image(self, said: Any) -> bytes:
        url = self._url(said)
        head, _, data = url.partition(",")
        assert head == "data:image/png;base64", f"the image is {head[:40]!r}"
        return base64.b64decode(data, validate=True)

    def _url(self, said: Any) -> str:
        assert isinstance(said, dict), "Invalid type for 'image_url': expected an object, but got a string instead."
        return str(said["url"])

    def _thought(self, message: dict[str, Any]) -> str:
        return message.get("reasoning_content") or ""

    # -- answers ---------------------------------------------------------------------------------

    def _call(self, call: Call) -> dict[str, Any]:
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}

    def _said(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None, "annotations": []}
        if answer.calls:
            said["tool_calls"] = [self._call(call) for call in answer.calls]
        return said

    def whole(self, answer: Answer, model: str) -> bytes:
        finish = "tool_calls" if answer.calls else "stop"
        choice = {"index": 0, "message": self._said(answer), "logprobs": None, "finish_reason": finish}
        body = {"id": "chatcmpl-replayed", "object": "chat.completion", "created": MODEL_TIME, "model": model}
        return dumps({**body, "choices": [choice], "usage": USAGE, "service_tier": "default", "system_fingerprint": "fp_1"})

    def deltas(self, answer: Answer) -> Iterable[dict[str, Any]]:
        yield {"role": "assistant", "content": "" if answer.pieces else None}
        for piece in answer.pieces:
            yield {"content": piece}
        for index, call in enumerate(answer.calls):
            whole = self._call(call)
            arguments = whole["function"]["arguments"]
            whole["function"] = {"name": call.name, "arguments": ""}
            yield {"tool_calls": [{"index": index, **whole}]}
            for piece in (arguments[:6], arguments[6:]):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    usage_apart = True  # in a chunk of its own, without choices

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        head = {"id": "chatcmpl-replayed", "object": "chat.completion.chunk", "created": MODEL_TIME, "model": model}
        finish = "tool_calls" if answer.calls else "stop"

        def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

        chunks = [chunk(delta) for delta in self.deltas(answer)]
        if self.usage_apart:
            chunks += [chunk({}, finish), {**head, "choices": [], "usage": USAGE}]
        else:
            chunks += [{**chunk({}, finish), "usage": USAGE}]
        written = [sse(it) for it in chunks]
        first = written.pop(0) + written.pop(0)
        return [first, *written, b"data: [DONE]\n\n"]

    def error(self, status: int, message: str) -> bytes:
        kind = {400: "invalid_request_error", 429: "requests", 500: "server_error"}.get(status, "invalid_request_error")
        return dumps(
            {"error": {"message": message, "type": kind, "param": None, "code": "rate_limit_exceeded" if status == 429 else None}}
        )


class Azure(OpenAI):
    """The v1 API: the key in a header of its own."""

    name = "azure"
    provider = "azure"
    environ: Mapping[str, str] = {"AZURE_API_KEY": "azure-replayed-0001", "AZURE_RESOURCE_NAME": "replayed"}

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("api-key", "").startswith("azure-")


class AzureDeployments(Azure):
    """The deployment stands in the path, the version of the API behind it."""

    name = "azure-dep."
    provider = "azure-deployments"

    def settings(self, url: str) -> str:
        return f'[providers.azure-deployments]\nbase_url = "{url}/openai/deployments/{{model}}"\n'

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        assert re.search(r"/openai/deployments/[^/]+/chat/completions\?api-version=\d", path), f"the address is {path}"
        return super().read(path, body)


class DeepSeek(OpenAI):
    """A dialect: thinking in ``reasoning_content``, which must come back within a tool loop.

    https://api-docs.deepseek.com/guides/thinking_mode (read 2026-11-21)
    """

    name = "deepseek"
    provider = "deepseek"
    model = "deepseek-chat"
    others: Mapping[str, str] = {"reasoning": "deepseek-reasoner"}
    lacks: Mapping[str, str] = {
        "images": "DeepSeek's models see no images",
        "structured": "DeepSeek has JSON mode but no schemas",
    }
    environ: Mapping[str, str] = {"DEEPSEEK_API_KEY": "sk-replayed-0001"}
    usage_apart = False

    def refusal(self, body: dict[str, Any]) -> str | None:
        if body["model"] != "deepseek-reasoner":
            return None
        for message in body["messages"]:
            if message["role"] == "assistant" and message.get("tool_calls") and not message.get("reasoning_content"):
                return "Missing `reasoning_content` field in the assistant message"
        return None

    def _said(self, answer: Answer) -> dict[str, Any]:
        said = {"role": "assistant", "content": answer.text}
        if answer.reasoning:
            said["reasoning_content"] = answer.reasoning
        if answer.calls:
            said["tool_calls"] = [{"index": at, **self._call(call)} for at, call in enumerate(answer.calls)]
        return said

    def deltas(self, answer: Answer) -> Iterable[dict[str, Any]]:
        yield (
            {"role": "assistant", "content": None, "reasoning_content": ""}
            if answer.reasoning
            else {"role": "assistant", "content": ""}
        )
        for piece in (answer.reasoning[:9], answer.reasoning[9:]) if answer.reasoning else ():
            yield {"content": None, "reasoning_content": piece}
        yield from list(super().deltas(answer))[1:]


class Mistral(OpenAI):
    """https://docs.mistral.ai/api/ (read 2026-11-21): ids of nine characters, thinking as a list of content, usage unasked."""

    name = "mistral"
    provider = "mistral"
    wire = "mistral-chat"
    model = "mistral-medium-latest"
    others: Mapping[str, str] = {"reasoning": "magistral-medium-latest"}
    lacks: Mapping[str, str] = {}
    ids = ("aB3dE5gH7", "zY9xW8vU6")
    environ: Mapping[str, str] = {"MISTRAL_API_KEY": "mistral-replayed-0001"}
    usage_apart = False
    _fields = frozenset(
        [
            "model",
            "temperature",
            "top_p",
            "max_tokens",
            "stream",
            "stop",
            "random_seed",
            "metadata",
            "messages",
            "response_format",
            "tools",
            "tool_choice",
            "presence_penalty",
            "frequency_penalty",
            "n",
            "prediction",
            "parallel_tool_calls",
            "prompt_mode",
            "safe_prompt",
            "reasoning_effort",
            "guardrails",
            "prompt_cache_key",
        ]
    )

    def refusal(self, body: dict[str, Any]) -> str | None:
        if unknown := body.keys() - self._fields:
            return f"Extra inputs are not permitted: {sorted(unknown)}"
        for message in body["messages"]:
            for id in [call["id"] for call in message.get("tool_calls") or ()] + [message.get("tool_call_id") or "123456789"]:
                if not re.fullmatch(r"[a-zA-Z0-9]{9}", id):
                    return f"Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."
        return None

    def _thought(self, message: dict[str, Any]) -> str:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        return "".join(texts(part["thinking"]) for part in parts if part["type"] == "thinking")

    def _url(self, said: Any) -> str:
        return said if isinstance(said, str) else str(said["url"])

    def _thinking(self, text: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    def _said(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = {"role": "assistant", "content": answer.text, "tool_calls": None}
        if answer.reasoning:
            said["content"] = [self._thinking(answer.reasoning)]
        if answer.calls:
            said["tool_calls"] = [{"index": at, **self._call(call)} for at, call in enumerate(answer.calls)]
        return said

    def deltas(self, answer: Answer) -> Iterable[dict[str, Any]]:
        yield {"role": "assistant", "content": ""}
        for piece in (answer.reasoning[:9], answer.reasoning[9:]) if answer.reasoning else ():
            yield {"content": [self._thinking(piece)]}
        for piece in answer.pieces:
            yield {"content": piece}
        if answer.calls:
            yield {"content": "", "tool_calls": [{"index": at, **self._call(call)} for at, call in enumerate(answer.calls)]}

    def error(self, status: int, message: str) -> bytes:
        return dumps({"object": "error", "message": message, "type": "invalid_request_error", "param": None, "code": str(status)})
