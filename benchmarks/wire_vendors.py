"""Each vendor's own SDK, reading the bytes that its client would get: its own parsing of them, and nothing of HTTP.

What its client does with a response is done here with a response made beforehand, by the same functions, private ones
where it has no others; the locked versions are the ones that this was read in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from wire_bytes import Body, Pieces

_TYPED = {"content-type": "application/json"}
_STREAMED = {"content-type": "text/event-stream"}


class Vendor(Protocol):
    def whole(self) -> str:
        """Parses the whole answer; gives its text."""
        ...

    def stream(self) -> str:
        """Parses the stream from its pieces; gives its text."""
        ...


class _Stainless:
    """openai and anthropic are made by the same generator."""

    def __init__(self, sdk: Any, client: Any, answer: Any, event: Any, body: Body, pieces: Pieces) -> None:
        from importlib import import_module

        import httpx

        self._httpx, self._client = httpx, client
        self._request = httpx.Request("POST", "https://sdk.test")
        self._answer_class = import_module(f"{sdk.__name__}._response").APIResponse
        self._stream_class = sdk.Stream
        self._options = import_module(f"{sdk.__name__}._models").FinalRequestOptions.construct(method="post", url="/")
        self._answer, self._event, self._pieces = answer, event, pieces
        self._response = httpx.Response(200, headers=_TYPED, content=body, request=self._request)

    def _parse(self) -> Any:
        raw, cast = self._response, self._answer
        answer = self._answer_class(
            raw=raw, cast_to=cast, client=self._client, stream=False, stream_cls=None, options=self._options
        )
        return answer.parse()

    def _events(self) -> Iterator[Any]:
        response = self._httpx.Response(200, headers=_STREAMED, content=iter(self._pieces), request=self._request)
        yield from self._stream_class(cast_to=self._event, response=response, client=self._client)


class OpenAIChat(_Stainless):
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import openai
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        super().__init__(openai, openai.OpenAI(api_key="-"), ChatCompletion, ChatCompletionChunk, body, pieces)

    def whole(self) -> str:
        return self._parse().choices[0].message.content  # type: ignore[no-any-return]

    def stream(self) -> str:
        return "".join([chunk.choices[0].delta.content or "" for chunk in self._events() if chunk.choices])


class OpenAIResponses(_Stainless):
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import openai
        from openai.types.responses import Response, ResponseStreamEvent

        super().__init__(openai, openai.OpenAI(api_key="-"), Response, ResponseStreamEvent, body, pieces)

    def whole(self) -> str:
        return self._parse().output[0].content[0].text  # type: ignore[no-any-return]

    def stream(self) -> str:
        return "".join([event.delta for event in self._events() if event.type == "response.output_text.delta"])


class Anthropic(_Stainless):
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import anthropic
        from anthropic.types import Message, RawMessageStreamEvent

        super().__init__(anthropic, anthropic.Anthropic(api_key="-"), Message, RawMessageStreamEvent, body, pieces)

    def whole(self) -> str:
        return self._parse().content[0].text  # type: ignore[no-any-return]

    def stream(self) -> str:
        return "".join([event.delta.text for event in self._events() if event.type == "content_block_delta"])


class Gemini:
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import httpx
        from google.genai import models, types
        from google.genai._api_client import HttpResponse

        self._httpx, self._types, self._held = httpx, types, HttpResponse
        self._convert = models._GenerateContentResponse_from_mldev
        self._body, self._pieces = body.decode(), pieces

    def whole(self) -> str:
        return self._read(self._body).candidates[0].content.parts[0].text  # type: ignore[no-any-return]

    def stream(self) -> str:
        response = self._httpx.Response(200, headers=_STREAMED, content=iter(self._pieces))
        chunks = self._held(headers={}, response_stream=response).segments()
        return "".join([self._read(json.dumps(chunk)).candidates[0].content.parts[0].text for chunk in chunks])

    def _read(self, text: str) -> Any:
        answer: Any = self._types.GenerateContentResponse
        return answer._from_response(response=self._convert(json.loads(text), None, None), kwargs={})


class Cohere:
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import httpx
        from cohere.core.http_sse._api import EventSource
        from cohere.core.pydantic_utilities import parse_sse_obj
        from cohere.core.unchecked_base_model import construct_type
        from cohere.v2.types import V2ChatResponse, V2ChatStreamResponse

        self._httpx, self._source = httpx, EventSource
        self._construct, self._parse = construct_type, parse_sse_obj
        self._answer, self._event = V2ChatResponse, V2ChatStreamResponse
        self._response, self._pieces = httpx.Response(200, headers=_TYPED, content=body), pieces

    def whole(self) -> str:
        answer: Any = self._construct(type_=self._answer, object_=self._response.json())
        return answer.message.content[0].text  # type: ignore[no-any-return]

    def stream(self) -> str:
        source = self._source(self._httpx.Response(200, headers=_STREAMED, content=iter(self._pieces)))
        events: list[Any] = [self._parse(sse=event, type_=self._event) for event in source.iter_sse()]
        return "".join([event.delta.message.content.text for event in events if event.type == "content-delta"])


class Mistral:
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import httpx2
        from mistralai.client import models
        from mistralai.client.utils.eventstreaming import EventStream
        from mistralai.client.utils.unmarshal_json_response import unmarshal_json_response

        self._httpx, self._models, self._events, self._unmarshal = httpx2, models, EventStream, unmarshal_json_response
        self._response, self._pieces = httpx2.Response(200, headers=_TYPED, content=body), pieces

    def whole(self) -> str:
        answer: Any = self._unmarshal(self._models.ChatCompletionResponse, self._response)
        return answer.choices[0].message.content  # type: ignore[no-any-return]

    def stream(self) -> str:
        response = self._httpx.Response(200, headers=_STREAMED, content=iter(self._pieces))
        unmarshal, event = self._unmarshal, self._models.CompletionEvent
        events: Any = self._events(response, lambda raw: unmarshal(event, response, raw), sentinel="[DONE]")
        return "".join([event.data.choices[0].delta.content for event in events])


class Ollama:
    def __init__(self, body: Body, pieces: Pieces) -> None:
        import httpx
        from ollama import ChatResponse

        self._httpx, self._answer, self._pieces = httpx, ChatResponse, pieces
        self._response = httpx.Response(200, headers=_TYPED, content=body)

    def whole(self) -> str:
        return self._answer(**self._response.json()).message.content or ""

    def stream(self) -> str:
        response = self._httpx.Response(200, content=iter(self._pieces))
        return "".join([self._answer(**json.loads(line)).message.content or "" for line in response.iter_lines()])


class Botocore:
    def __init__(self, body: Body, pieces: Pieces) -> None:
        from botocore.eventstream import EventStream
        from botocore.loaders import Loader
        from botocore.model import ServiceModel
        from botocore.parsers import create_parser

        service = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
        self._shape = service.operation_model("Converse").output_shape
        self._stream_shape = service.operation_model("ConverseStream").output_shape.members["stream"]
        self._parser = create_parser("rest-json")
        self._events = EventStream
        self._body, self._pieces = body, pieces

    def whole(self) -> str:
        read = self._parser.parse({"status_code": 200, "headers": _TYPED, "body": self._body}, self._shape)
        return read["output"]["message"]["content"][0]["text"]  # type: ignore[no-any-return]

    def stream(self) -> str:
        events = self._events(_Raw(self._pieces), self._stream_shape, self._parser._event_stream_parser, "ConverseStream")
        deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
        return "".join(deltas)


class _Raw:
    """A response's body as botocore's event stream reads it."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def stream(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None: ...


# wire -> the distribution, and its parsing
VENDORS: Mapping[str, tuple[str, Callable[[Body, Pieces], Vendor]]] = {
    "openai-chat": ("openai", OpenAIChat),
    "openai-responses": ("openai", OpenAIResponses),
    "anthropic-messages": ("anthropic", Anthropic),
    "gemini": ("google-genai", Gemini),
    "cohere-chat": ("cohere", Cohere),
    "mistral-chat": ("mistralai", Mistral),
    "ollama": ("ollama", Ollama),
    "bedrock-converse": ("botocore", Botocore),
}
