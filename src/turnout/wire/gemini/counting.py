"""Google's count of a request's tokens, both directions: the Gemini API's form, and Vertex AI's.

https://ai.google.dev/api/tokens: only inside ``generateContentRequest`` are instructions and tools counted.
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens: the fields stand by themselves, and there
is no such member (both read 2026-11-21).
"""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, HttpResponse, ReceiptLine, Target, TokenCount
from turnout.wire import Encoded
from turnout.wire.gemini.codec import resource
from turnout.wire.gemini.faults import read_error, write_error
from turnout.wire.gemini.requests import read_request, write_request
from turnout.wire.gemini.words import WIRE_NAME, is_own
from turnout.wire.json_body import request_object
from turnout.wire.token_counts import counted, of_the_prompt, posted, read_count
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode

_BY_THEMSELVES = frozenset(("contents", "systemInstruction", "tools", "generationConfig"))


class GeminiCountCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        path = resource(request.model)
        url = f"{provider.base_url}/{path}:countTokens"
        body = write_request(request, provider, lines)
        lines = [*of_the_prompt(lines)]
        if "/publishers/" in url or "/projects/" in url:  # how resources are named on Vertex AI, and only there
            body = counted(body, _BY_THEMSELVES, (), lines)
        else:
            body = {"generateContentRequest": {**body, "model": path}}
        return Encoded(posted(url, provider.headers, body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "totalTokens", read_error, cached="cachedContentTokenCount")

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class GeminiCountServer:
    """Understands both forms. The address names the model: ``model`` is empty unless the body says it too."""

    def parse(self, body: bytes) -> ChatRequest:
        fields = request_object(body, "contents or generateContentRequest")
        whole = fields.get("generateContentRequest")
        if whole is None:
            return opened(read_request(fields), body)
        if not isinstance(whole, dict):
            raise RequestError("generateContentRequest: expected an object", param="generateContentRequest")
        if fields.get("contents"):
            raise RequestError("contents: either these are counted or generateContentRequest, not both", param="contents")
        return opened(read_request(whole), body)

    def render(self, count: TokenCount) -> bytes:
        cached = {"cachedContentTokenCount": count.cached_tokens} if count.cached_tokens is not None else {}
        return _encode({"totalTokens": count.input_tokens, **cached, **((count.extra or {}) if is_own(count.origin) else {})})

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


COUNT = GeminiCountCodec()
COUNT_SERVER = GeminiCountServer()
