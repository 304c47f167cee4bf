"""Who says whether a request is fit to be sent: for every wire, the request types of its vendor's own SDK."""

from __future__ import annotations

import inspect
import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, Optional, Required

from judges_strict import Strict
from typing_extensions import TypedDict

Judge = Callable[[bytes], list[str]]  # a request body -> what the vendor has against it; nothing: accepted


@cache
def judge(wire: str) -> Judge:
    """Raises KeyError for a wire that has no official SDK to ask."""
    return _JUDGES[wire]()


def _by_stream(whole: Strict, streamed: Strict) -> Judge:
    """The SDK types a request for a stream apart: ``stream`` is then part of it."""
    return lambda body: (streamed if json.loads(body).get("stream") else whole).complaints(body)


def _openai_chat() -> Judge:
    from openai.types.chat import completion_create_params as params

    return _by_stream(Strict(params.CompletionCreateParamsNonStreaming), Strict(params.CompletionCreateParamsStreaming))


def _openai_responses() -> Judge:
    from openai.types.responses import response_create_params as params

    return _by_stream(Strict(params.ResponseCreateParamsNonStreaming), Strict(params.ResponseCreateParamsStreaming))


def _anthropic() -> Judge:
    from anthropic.types import message_create_params as params

    whole, streamed = params.MessageCreateParamsNonStreaming, params.MessageCreateParamsStreaming
    # the arguments of a tool are any JSON Schema that describes an object
    loose = {"json_only": True, "open_models": ("InputSchemaTyped",)}
    return _by_stream(Strict(whole, **loose), Strict(streamed, **loose))


def _hosted(family: str, *, stream_in_address: bool) -> Judge:
    """As the SDK's clients for clouds send it (anthropic.lib.bedrock and .vertex): the address names the model, and the body has
    the version, which https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy and
    …/claude-on-vertex-ai give (read 2026-11-21)."""

    def complaints(body: bytes) -> list[str]:
        said = json.loads(body)
        in_address = ("model", "stream") if stream_in_address else ("model",)
        odd = [f"{name}: the address says it" for name in in_address if said.pop(name, None) is not None]
        version = said.pop("anthropic_version", None)
        if not isinstance(version, str) or not version.startswith(f"{family}-"):
            odd.append(f"anthropic_version: {version!r} is no version of {family}")
        betas = said.pop("anthropic_beta", []) if stream_in_address else []  # Vertex takes them as a header
        if not isinstance(betas, list) or not all(isinstance(beta, str) for beta in betas):
            odd.append("anthropic_beta: not a list of names")
        return odd + judge("anthropic-messages")(json.dumps({"model": "m", **said}).encode())

    return complaints


def _gemini() -> Judge:
    from google.genai import types

    class GenerationConfig(types.GenerationConfig):
        """With what the SDK writes there besides (google.genai.models._GenerateContentConfig_to_mldev)."""

        image_config: Optional[types.ImageConfig] = None  # noqa: UP045 - as the SDK's own fields are written

    # https://ai.google.dev/api/generate-content#request-body (read 2026-11-21): the SDK types each field, not the body
    Body = TypedDict(  # noqa: UP013 - camelCase
        "Body",
        {
            "contents": Required[list[types.Content]],
            "systemInstruction": types.Content,
            "tools": list[types.Tool],
            "toolConfig": types.ToolConfig,
            "safetySettings": list[types.SafetySetting],
            "generationConfig": GenerationConfig,
            "cachedContent": str,
            "labels": dict[str, str],
            "serviceTier": types.ServiceTier,
            "store": bool,
        },
        total=False,
    )
    return Strict(Body, any_case=True).complaints  # as the SDK does (google.genai._common.CaseInSensitiveEnum)


def _cohere() -> Judge:
    from cohere.v2.client import V2Client

    fields = {
        name: Required[said.annotation] if said.default is inspect.Parameter.empty else said.annotation
        for name, said in inspect.signature(V2Client.chat).parameters.items()
        if name not in ("self", "request_options")
    }
    return Strict(TypedDict("Body", fields | {"stream": bool}, total=False)).complaints


def _ollama() -> Judge:
    from ollama._types import ChatRequest, Message, Options

    class SentMessage(Message):
        images: list[str] | None = None  # the SDK takes files too, and sends base64

    class Body(ChatRequest):
        messages: list[SentMessage]  # the SDK also takes any mapping, as it does for the next
        options: Options | None = None

    # The server reads JSON Schema there, of which the SDK writes a part: https://docs.ollama.com/api/chat (read 2026-11-21)
    return Strict(Body, open_models=("Parameters", "Property")).complaints


def _mistral() -> Judge:
    from mistralai.client.models import ChatCompletionRequest, ChatCompletionStreamRequest

    return _by_stream(Strict(ChatCompletionRequest), Strict(ChatCompletionStreamRequest))


def _bedrock() -> Judge:
    shape = bedrock_operation("Converse").input_shape
    return lambda body: shape_complaints({"modelId": "m", **json.loads(body)}, shape)


@cache
def bedrock_operation(name: str) -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2")).operation_model(name)


def shape_complaints(value: dict[str, Any], shape: Any) -> list[str]:
    """What botocore's description of a service has against ``value``, which is JSON as it is on the wire."""
    from botocore.validate import ParamValidator

    read, odd = _as_callers_write(value, shape, "")
    report = ParamValidator().validate(read, shape)
    return [*odd, *(report.generate_report().splitlines() if report.has_errors() else ())]


def _as_callers_write(value: Any, shape: Any, place: str) -> tuple[Any, list[str]]:
    """JSON as the SDK's callers write it, with bytes where the wire has base64; and what the SDK leaves for the service to check:
    words, patterns and greatest lengths, which its description of the service holds too."""
    odd: list[str] = []
    match shape.type_name, value:
        case "structure", dict() if not shape.is_document_type:
            read: dict[str, Any] = {}
            for name, member in value.items():
                known = shape.members.get(name)
                read[name], more = _as_callers_write(member, known, f"{place}.{name}") if known is not None else (member, [])
                odd += more
            return read, odd
        case "list", list():
            items = [_as_callers_write(item, shape.member, f"{place}[{at}]") for at, item in enumerate(value)]
            return [item for item, _ in items], [sentence for _, more in items for sentence in more]
        case "map", dict():
            pairs = {name: _as_callers_write(item, shape.value, f"{place}.{name}") for name, item in value.items()}
            return {name: item for name, (item, _) in pairs.items()}, [
                sentence for _, more in pairs.values() for sentence in more
            ]
        case "blob", str():
            try:
                return b64decode(value, validate=True), odd
            except NotBase64 as error:
                return value, [f"{place}: not base64: {error}"]
        case "string", str():
            return value, list(_broken_bounds(value, shape, place))
    return value, odd


def _broken_bounds(value: str, shape: Any, place: str) -> Iterator[str]:
    words, pattern = shape.enum, shape.metadata.get("pattern")
    if words and value not in words:
        yield f"{place}: {value!r} is none of {', '.join(words)}"
    if pattern is not None and re.fullmatch(pattern, value) is None:
        yield f"{place}: {value!r} does not match {pattern}"
    if len(value) > shape.metadata.get("max", len(value)):
        yield f"{place}: longer than {shape.metadata['max']}"


_JUDGES: Mapping[str, Callable[[], Judge]] = {
    "anthropic-bedrock": lambda: _hosted("bedrock", stream_in_address=True),
    "anthropic-messages": _anthropic,
    "anthropic-vertex": lambda: _hosted("vertex", stream_in_address=False),
    "bedrock-converse": _bedrock,
    "cohere-chat": _cohere,
    "gemini": _gemini,
    "mistral-chat": _mistral,
    "ollama": _ollama,
    "openai-chat": _openai_chat,
    "openai-responses": _openai_responses,
}

Mode = Literal["whole", "stream"]
