"""The side that speaks to providers. The address names the model, and says whether the answer is streamed."""

from __future__ import annotations

import re

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.gemini.answers import read_completion
from turnout.wire.gemini.decoder import GeminiDecoder
from turnout.wire.gemini.faults import error_of, read_error
from turnout.wire.gemini.requests import write_request
from turnout.wire.json_body import answer_json
from turnout.wire.response_headers import kept_headers

_encode = msgspec.json.Encoder().encode
_SAFE = re.compile(r"[\w.@~+-]+(/[\w.@~+-]+)*", re.ASCII)
_COLLECTIONS = ("models/", "tunedModels/", "publishers/", "endpoints/")


class GeminiCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        url = f"{provider.base_url}/{resource(request.model)}:{method}"
        try:
            body = _encode(write_request(request, provider, lines))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        http = HttpRequest(method="POST", url=url, headers={"content-type": "application/json", **provider.headers}, body=body)
        return Encoded(http, tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_json(response, target)
        headers = kept_headers(response.headers)
        said = body[0] if isinstance(body, list) and len(body) == 1 else body
        if not isinstance(said, dict):
            raise ServerFault(f"{target}: the answer is no JSON object", status=response.status, target=target)
        if said.get("error") is not None and not said.get("candidates"):
            raise error_of(body, None, target, headers=headers)
        return read_completion(said, target.provider, headers)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> GeminiDecoder:
        return GeminiDecoder(target)


def resource(model: str) -> str:
    """The path of ``model`` below the base URL: in the collection that it names, else among the models."""
    if _SAFE.fullmatch(model) is None:
        from urllib.parse import quote  # 6 ms; names that need it are rare

        model = quote(model, safe="/@")
    if ".." in model.split("/"):
        raise RequestError(f"{model!r} is not the name of a model", param="model")
    return model if model.startswith(_COLLECTIONS) else f"models/{model}"
