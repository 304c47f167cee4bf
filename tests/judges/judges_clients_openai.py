"""OpenAI's SDK for its two protocols, and Mistral's, as our callers; see ``judges_clients``."""

from __future__ import annotations

from typing import Any

from judges_answers import Heard, arguments, heard_of
from judges_reply import Reply


class OpenAIChat:
    def __init__(self, strict: bool) -> None:
        import httpx2
        from openai import OpenAI

        self.reply = Reply()
        http = httpx2.Client(transport=httpx2.MockTransport(self.reply.handler(httpx2)))
        self.sdk = OpenAI(
            api_key="k", base_url="http://judge/v1", http_client=http, max_retries=0, _strict_response_validation=strict
        )

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        return self._heard(self.sdk.chat.completions.create(model="m", messages=[]))

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "text/event-stream", body)
        from openai import ContentFilterFinishReasonError, LengthFinishReasonError

        with self.sdk.chat.completions.stream(model="m", messages=[], stream_options={"include_usage": True}) as events:
            try:
                for _ in events:
                    pass
            except (LengthFinishReasonError, ContentFilterFinishReasonError):  # how it says these two, before the usage comes
                for _ in events._raw_stream:
                    pass
            heard = self._heard(events.current_completion_snapshot)
            if heard.finish is None:
                raise RuntimeError("the stream ended without a finish_reason")
            return heard

    def _heard(self, answer: Any) -> Heard:
        usage = answer.usage
        if not answer.choices:
            return heard_of((), (), None, usage and usage.prompt_tokens, usage and usage.completion_tokens)
        choice = answer.choices[0]
        message = choice.message
        calls: list[tuple[str, Any]] = []
        for call in message.tool_calls or ():
            if call.type == "custom":
                said = call.custom if isinstance(call.custom, dict) else call.custom.model_dump()  # streamed: without a type
                calls.append((said["name"], said["input"]))
            else:
                calls.append((call.function.name, arguments(call.function.arguments)))
        if message.function_call is not None:
            calls.append((message.function_call.name, arguments(message.function_call.arguments)))
        return heard_of(
            [(message.content or "") + (message.refusal or "")],
            calls,
            choice.finish_reason,
            usage and usage.prompt_tokens,
            usage and usage.completion_tokens,
        )


class OpenAIResponses(OpenAIChat):
    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        return self._said(self.sdk.responses.create(model="m", input="?"))

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "text/event-stream", body)
        last = None
        with self.sdk.responses.stream(model="m", input="?") as events:
            for event in events:
                if event.type in ("response.completed", "response.incomplete", "response.failed"):
                    last = event.response
        if last is None:
            raise RuntimeError("the stream ended without a response that is completed, incomplete or failed")
        return self._said(last)

    def _said(self, response: Any) -> Heard:
        texts: list[str] = []
        calls: list[tuple[str, Any]] = []
        for item in response.output:
            if item.type == "message" and getattr(item, "phase", None) != "commentary":
                texts += [part.text if part.type == "output_text" else part.refusal for part in item.content]
            elif item.type == "function_call":
                calls.append((item.name, arguments(item.arguments)))
            elif item.type == "custom_tool_call":
                calls.append((item.name, item.input))
        details, usage = response.incomplete_details, response.usage
        finish = details.reason if details is not None else response.status
        return heard_of(texts, calls, finish, usage and usage.input_tokens, usage and usage.output_tokens)


class Mistral:
    def __init__(self, strict: bool) -> None:
        import httpx2
        from mistralai.client import Mistral as SDK

        self.reply = Reply()
        http = httpx2.Client(transport=httpx2.MockTransport(self.reply.handler(httpx2)))
        self.sdk = SDK(api_key="k", server_url="http://judge", client=http)

    def whole(self, status: int, body: bytes) -> Heard:
        self.reply.put(status, "application/json", body)
        answer = self.sdk.chat.complete(model="m", messages=[])
        choice, usage = answer.choices[0], answer.usage
        calls = [(call.function.name, arguments(call.function.arguments)) for call in choice.message.tool_calls or ()]
        texts = [_chunks_text(choice.message.content)]
        return heard_of(texts, calls, choice.finish_reason, usage.prompt_tokens, usage.completion_tokens)

    def stream(self, body: bytes) -> Heard:
        self.reply.put(200, "text/event-stream", body)
        texts: list[str] = []
        calls: dict[int, list[str]] = {}
        finish = usage = None
        for event in self.sdk.chat.stream(model="m", messages=[]):
            usage = event.data.usage or usage
            for choice in event.data.choices:
                if choice.index:  # another answer to the same question
                    continue
                finish = choice.finish_reason or finish
                texts.append(_chunks_text(choice.delta.content))
                for call in choice.delta.tool_calls or ():
                    said = calls.setdefault(call.index or 0, [call.function.name, ""])
                    said[1] += call.function.arguments
        if finish is None:
            raise RuntimeError("the stream ended without a finish_reason")
        made = [(name, arguments(text)) for name, text in calls.values()]
        return heard_of(texts, made, finish, usage and usage.prompt_tokens, usage and usage.completion_tokens)


def _chunks_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(chunk.text for chunk in content if chunk.type == "text")
    return content or ""
