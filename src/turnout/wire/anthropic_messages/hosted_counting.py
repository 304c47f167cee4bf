"""Counts of tokens by the clouds that host Claude.

Vertex AI: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens; Bedrock:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html (both read 2026-11-21)
"""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import ChatRequest, HttpResponse, ReceiptLine, Target, TokenCount
from turnout.wire import Encoded
from turnout.wire.anthropic_messages.counting import REFUSED
from turnout.wire.anthropic_messages.faults import read_error
from turnout.wire.anthropic_messages.hosts import encoded, joined, segment, write_hosted
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.token_counts import counted, of_the_prompt, posted, read_count


class VertexCountCodec:
    """One address counts for all models: the body names the one."""

    def __init__(self, version: str, betas: frozenset[str]) -> None:
        self._version = version
        self._betas = betas

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body, betas = write_hosted(request, provider, False, self._version, self._betas, lines)
        lines = [*of_the_prompt(lines)]
        body = {"model": request.model, **counted(body, None, REFUSED, lines)}
        headers = dict(provider.headers)
        if betas:
            always = headers.get("anthropic-beta")
            headers["anthropic-beta"] = ",".join(joined((always,) if always else (), betas))
        return Encoded(posted(f"{provider.base_url}/models/count-tokens:rawPredict", headers, body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "input_tokens", read_error)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class BedrockCountCodec:
    """What InvokeModel would take, as base64, whole: it must be a request that InvokeModel accepts."""

    def __init__(self, version: str, betas: frozenset[str]) -> None:
        self._version = version
        self._betas = betas

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        from base64 import b64encode

        lines: list[ReceiptLine] = []
        body, betas = write_hosted(request, provider, False, self._version, self._betas, lines)
        body.pop("stream", None)
        if betas:
            already = body.get("anthropic_beta")
            body["anthropic_beta"] = joined(already if isinstance(already, list) else (), betas)
        given = {"input": {"invokeModel": {"body": b64encode(encoded(body)).decode()}}}
        url = f"{provider.base_url}/model/{segment(request.model)}/count-tokens"
        return Encoded(posted(url, {"accept": "application/json", **provider.headers}, given), of_the_prompt(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "inputTokens", read_error)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)
