"""The vendors' own SDKs as our callers: each is handed bytes that a server wire made, as the answer to its call.

``Client.whole`` and ``Client.stream`` say what the SDK's objects hold; whatever the SDK raises of bytes it cannot take is raised.
Nothing of an SDK is replaced but its way to the network, by what it offers for that (an HTTP client of one's own, or a hook).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol

from judges_answers import Heard, arguments, heard_of
from judges_clients_openai import Mistral, OpenAIChat, OpenAIResponses
from judges_reply import Reply


class Client(Protocol):
    def whole(self, status: int, body: bytes) -> Heard: ...
    def stream(self, body: bytes) -> Heard: ...


def client(wire: str, *, strict: bool = True) -> Client:
    """``strict``: it checks what it reads, where the SDK leaves that to be chosen.

    Raises KeyError for a wire that has no official SDK to ask.
    """
    return _made(_CLIENTS[wire], strict or _CLIENTS[wire] not in _CHOOSING)


@cache
def _made(kind: Callable[[bool], Client], strict: bool) -> Client:
    """Once: an SDK's client is slow to make."""
    return kind(strict)


class Anthropic:
    """``kind``: the class of the SDK's client, of which the clouds that host the models have their own; ``login``: what it is
    told besides; ``streams``: of which content type a stream is."""

    def __init__(self, strict: bool, kind: str = "Anthropic", streams: str = "text/event-stream", **login: str) -> None:
        import anthropic
        import httpx2

        self.reply = Reply()
        self.streams = streams
        http = httpx2.Client(transport=httpx2.MockTransport(self.reply.handler(httpx2)))
        self.sdk = getattr(anthropic, kind)(
            **login or {"api_key": "k"},
            base_url="http://judge",
            http_client=http,
            max_retries=0,
            _strict_response_validation=strict,
        )

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        return self._heard(self.sdk.messages.create(model="m", max_tokens=1, messages=[]))

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, self.streams, body)
        ended = False
        with self.sdk.messages.stream(model="m", max_tokens=1, messages=[]) as events:
            for event in events:
                ended = event.type == "message_stop"
            if not ended:
                raise RuntimeError("the stream ended without message_stop")
            return self._heard(events.get_final_message())

    def _heard(self, message: Any) -> Heard:
        texts = [block.text for block in message.content if block.type == "text"]
        calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
        usage = message.usage
        read = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return heard_of(texts, calls, message.stop_reason, read, usage.output_tokens)


class Gemini:
    def __init__(self, strict: bool) -> None:
        import httpx2
        from google import genai

        self.reply = Reply()
        http = httpx2.Client(transport=httpx2.MockTransport(self.reply.handler(httpx2)))
        options = genai.types.HttpOptions(base_url="http://judge", httpx_client=http)
        self.sdk = genai.Client(api_key="k", http_options=options)

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        return self._heard([self.sdk.models.generate_content(model="m", contents="?")])

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "text/event-stream", body)
        heard = self._heard(list(self.sdk.models.generate_content_stream(model="m", contents="?")))
        if heard.finish is None:
            raise RuntimeError("the stream ended without a finishReason")
        return heard

    def _heard(self, answers: list[Any]) -> Heard:
        texts: list[str] = []
        calls: list[tuple[str, Any]] = []
        finish = usage = None
        for answer in answers:
            usage = answer.usage_metadata or usage
            feedback = answer.prompt_feedback
            if feedback is not None and feedback.block_reason is not None:
                finish = f"blocked: {feedback.block_reason.value}"
            for candidate in answer.candidates or ():
                if candidate.index:  # another answer to the same question
                    continue
                finish = candidate.finish_reason.value if candidate.finish_reason is not None else finish
                for part in (candidate.content and candidate.content.parts) or ():
                    if part.text is not None and not part.thought:
                        texts.append(part.text)
                    if part.function_call is not None:
                        calls.append((part.function_call.name, part.function_call.args or {}))
        read = written = None
        if usage is not None:
            read = _sum(usage.prompt_token_count, usage.tool_use_prompt_token_count)
            written = _sum(usage.candidates_token_count, usage.thoughts_token_count)
        return heard_of(texts, calls, finish, read, written)


class Cohere:
    def __init__(self, strict: bool) -> None:
        import httpx
        from cohere import ClientV2

        self.reply = Reply()
        http = httpx.Client(transport=httpx.MockTransport(self.reply.handler(httpx)))
        self.sdk = ClientV2(api_key="k", base_url="http://judge", httpx_client=http, max_retries=0)

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        answer: Any = self.sdk.chat(model="m", messages=[], request_options={"max_retries": 0})
        message, usage = answer.message, answer.usage and answer.usage.tokens
        texts = [item.text for item in message.content or () if item.type == "text"]
        calls = [(call.function.name, arguments(call.function.arguments or "")) for call in message.tool_calls or ()]
        return heard_of(texts, calls, answer.finish_reason, usage and usage.input_tokens, usage and usage.output_tokens)

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "text/event-stream", body)
        texts: list[str] = []
        calls: dict[int, list[str]] = {}
        end: Any = None
        events: Iterator[Any] = self.sdk.chat_stream(model="m", messages=[], request_options={"max_retries": 0})
        for event in events:
            match event.type:
                case "content-start" | "content-delta":
                    if (text := event.delta.message.content.text) is not None:
                        texts.append(text)
                case "tool-call-start":
                    function = event.delta.message.tool_calls.function
                    calls[event.index] = [function.name, function.arguments or ""]
                case "tool-call-delta":
                    calls[event.index][1] += event.delta.message.tool_calls.function.arguments
                case "message-end":
                    end = event.delta
        if end is None:
            raise RuntimeError("the stream ended without message-end")
        if getattr(end, "error", None):
            raise RuntimeError(f"the stream ended with an error: {end.error}")
        usage = end.usage and end.usage.tokens
        made = [(name, arguments(text)) for name, text in calls.values()]
        return heard_of(texts, made, end.finish_reason, usage and usage.input_tokens, usage and usage.output_tokens)


class Ollama:
    def __init__(self, strict: bool) -> None:
        import httpx
        from ollama import Client as SDK

        self.reply = Reply()
        self.sdk = SDK(host="http://judge", transport=httpx.MockTransport(self.reply.handler(httpx)))

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        return self._heard([self.sdk.chat(model="m", messages=[])])

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "application/x-ndjson", body)
        answers = list(self.sdk.chat(model="m", messages=[], stream=True))
        if not answers or not answers[-1].done:
            raise RuntimeError("the stream ended without a line that is done")
        return self._heard(answers)

    def _heard(self, answers: list[Any]) -> Heard:
        last = answers[-1]
        calls = [
            (call.function.name, dict(call.function.arguments)) for answer in answers for call in answer.message.tool_calls or ()
        ]
        texts = [answer.message.content or "" for answer in answers]
        return heard_of(texts, calls, last.done_reason, last.prompt_eval_count, last.eval_count)


class Bedrock:
    def __init__(self, strict: bool) -> None:
        import boto3
        from botocore.config import Config

        self.reply = Reply()
        self.sdk = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url="http://judge",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.sdk.meta.events.register("before-send.bedrock-runtime.*", self._answer)

    def _answer(self, request: Any, **rest: Any) -> Any:
        from botocore.awsrequest import AWSResponse, HeadersDict

        headers = HeadersDict({"content-type": self.reply.content_type})
        return AWSResponse(request.url, self.reply.status, headers, _Raw(self.reply.body))

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        answer = self.sdk.converse(modelId="m", messages=[])
        blocks, usage = answer["output"]["message"]["content"], answer["usage"]
        calls = [(block["toolUse"]["name"], block["toolUse"]["input"]) for block in blocks if "toolUse" in block]
        return _converse([_block_text(block) for block in blocks], calls, answer["stopReason"], usage)

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "application/vnd.amazon.eventstream", body)
        texts: list[str] = []
        calls: dict[int, list[str]] = {}
        finish: str | None = None
        usage: Mapping[str, Any] = {}
        for event in self.sdk.converse_stream(modelId="m", messages=[])["stream"]:
            ((kind, said),) = event.items()
            if kind == "contentBlockStart" and "toolUse" in said["start"]:
                calls[said["contentBlockIndex"]] = [said["start"]["toolUse"]["name"], ""]
            elif kind == "contentBlockDelta":
                texts.append(said["delta"].get("text", ""))
                if "toolUse" in said["delta"]:
                    calls[said["contentBlockIndex"]][1] += said["delta"]["toolUse"]["input"]
            elif kind == "messageStop":
                finish = said["stopReason"]
            elif kind == "metadata":
                usage = said["usage"]
        if finish is None:
            raise RuntimeError("the stream ended without messageStop")
        return _converse(texts, [(name, arguments(text)) for name, text in calls.values()], finish, usage)


class _Raw:
    """A response's body as botocore reads it from its own HTTP client."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield from (self._body[at : at + 4096] for at in range(0, len(self._body), 4096))

    def close(self) -> None:
        return


def _block_text(block: Mapping[str, Any]) -> str:
    cited = block.get("citationsContent", {}).get("content", ())
    return str(block.get("text", "")) + "".join(item.get("text", "") for item in cited)


def _converse(texts: list[str], calls: list[tuple[str, Any]], finish: str | None, usage: Mapping[str, Any]) -> Heard:
    read = _sum(usage.get("inputTokens"), usage.get("cacheReadInputTokens"), usage.get("cacheWriteInputTokens"))
    return heard_of(texts, calls, finish, read, usage.get("outputTokens"))


def _sum(*counts: int | None) -> int | None:
    return None if counts.count(None) == len(counts) else sum(filter(None, counts))


def _anthropic_bedrock(strict: bool) -> Client:
    login = {"aws_region": "eu-west-1", "aws_access_key": "k", "aws_secret_key": "s"}
    return Anthropic(strict, "AnthropicBedrock", "application/vnd.amazon.eventstream", **login)


def _anthropic_vertex(strict: bool) -> Client:
    return Anthropic(strict, "AnthropicVertex", project_id="p", region="global", access_token="t")


_CHOOSING = (OpenAIChat, OpenAIResponses, Anthropic, _anthropic_bedrock, _anthropic_vertex)
_CLIENTS: Mapping[str, Callable[[bool], Client]] = {
    "anthropic-bedrock": _anthropic_bedrock,
    "anthropic-messages": Anthropic,
    "anthropic-vertex": _anthropic_vertex,
    "bedrock-converse": Bedrock,
    "cohere-chat": Cohere,
    "gemini": Gemini,
    "mistral-chat": Mistral,
    "ollama": Ollama,
    "openai-chat": OpenAIChat,
    "openai-responses": OpenAIResponses,
}
