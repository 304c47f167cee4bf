"""Vertex AI's ``predict`` for text embeddings: the wire ``vertex-predict``, which its older embedding models speak.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.receipt import approximated, dropped
from turnout.types import Content, Embedding, Embeddings, EmbedRequest, HttpResponse, Origin, ReceiptLine, Target, Text, Usage
from turnout.wire import Encoded, Wire
from turnout.wire.embedding_inputs import write_inputs
from turnout.wire.embedding_shape import is_vector, write_word
from turnout.wire.gemini.codec import resource
from turnout.wire.gemini.embed import TASKS
from turnout.wire.gemini.faults import error_of, read_error, write_error
from turnout.wire.input_usage import read_tokens
from turnout.wire.json_body import answer_object, count, deep_merge, merge_extra, post, request_object, take, with_quirks, write
from turnout.wire.response_headers import kept_headers

WIRE_NAME = "vertex-predict"
_ORIGIN = Origin(WIRE_NAME)

MOST_INPUTS = 250
ONE_INPUT = "gemini-embedding"  # models whose name begins so take one text a call: the page above
_TASK_OF = {theirs[0]: ours for ours, theirs in TASKS.items()}


class VertexPredictCodec:
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return 1 if request.model.startswith(ONE_INPUT) else MOST_INPUTS

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = with_quirks(_write_request(request, lines), provider, lines)
        return Encoded(post(f"{provider.base_url}/{resource(request.model)}:predict", body, provider), tuple(lines))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        if body.get("error") is not None and "predictions" not in body:
            raise error_of(body, None, target, headers=kept_headers(response.headers))
        return _read_answer(body, target, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class VertexPredictServer:
    """The address says the model."""

    def parse(self, body: bytes) -> EmbedRequest:
        return _read_request(request_object(body, "instances"))

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        return write(_write_answer(embeddings), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, write(body, "the error")


def _read_request(raw: dict[str, Any]) -> EmbedRequest:
    fields = dict(raw)
    instances = fields.pop("instances", None)
    if not isinstance(instances, list):
        raise RequestError("instances: expected a list of objects with content", param="instances")
    tasks = [instance.get("task_type") for instance in instances if isinstance(instance, dict)]
    task = tasks[0] if tasks and all(other == tasks[0] for other in tasks) else None
    meant = _TASK_OF.get(task) if isinstance(task, str) else None
    inputs: list[str | Content] = []
    for at, instance in enumerate(instances):
        if not isinstance(instance, dict) or not isinstance(instance.get("content"), str):
            raise RequestError(f"instances[{at}]: expected an object with content, a text", param="instances")
        rest = {name: value for name, value in instance.items() if name != "content" and (name != "task_type" or meant is None)}
        text = instance["content"]
        inputs.append(Content((Text(text),), extra=rest, origin=_ORIGIN) if rest else text)
    known: dict[str, Any] = {}
    if isinstance(fields.get("parameters"), dict):
        parameters = dict(fields.pop("parameters"))
        known["dimensions"] = take(parameters, "outputDimensionality", int)
        if (cut := take(parameters, "autoTruncate", bool)) is not None:
            known["truncate"] = "end" if cut else "none"
        if parameters or not any(value is not None for value in known.values()):
            fields["parameters"] = parameters
    return EmbedRequest(model="", input=tuple(inputs), input_type=meant, extra=fields or None, origin=_ORIGIN, **known)  # type: ignore[arg-type]


def _write_request(request: EmbedRequest, lines: list[ReceiptLine]) -> dict[str, Any]:
    task = write_word(request.input_type, TASKS, None, WIRE_NAME, "input_type", lines) if request.input_type else None
    instances = []
    for at, value in enumerate(request.input):
        own = isinstance(value, Content) and value.origin is not None and value.origin.returns_to(WIRE_NAME)
        if isinstance(value, Content) and own and isinstance(value.parts[0], Text):
            instance = {"content": value.parts[0].text, **(value.extra or {})}
        else:
            single = EmbedRequest(model="", input=(value,))
            instance = {"content": write_inputs(single, WIRE_NAME, "none", lines, first=at)[0]}
        instances.append(instance | ({"task_type": task} if task is not None else {}))
    parameters: dict[str, Any] = {}
    if request.dimensions is not None:
        parameters["outputDimensionality"] = request.dimensions
    if request.truncate is not None:
        parameters["autoTruncate"] = request.truncate != "none"
        if request.truncate == "start":
            lines.append(approximated("request", "truncate", f"{WIRE_NAME} cuts off the end, not the start"))
    for field, absent in (("encoding_format", "float"), ("embedding_types", ("float",)), ("user", None)):
        if getattr(request, field) not in (None, absent):
            lines.append(dropped("request", field, f"{WIRE_NAME} has no such field: vectors are lists of floats"))
    body: dict[str, Any] = {"instances": instances} | ({"parameters": parameters} if parameters else {})
    merge_extra(body, request.extra, request.origin, WIRE_NAME, lines)
    return body


def _read_answer(raw: dict[str, Any], target: Target, headers: dict[str, str] | None) -> Embeddings:
    fields = dict(raw)
    predictions = fields.pop("predictions", None)
    if not isinstance(predictions, list):
        raise ServerFault(f"{target}: the answer has no predictions", body=raw, target=target)
    data, tokens = [], []
    for at, prediction in enumerate(predictions):
        said = prediction.get("embeddings") if isinstance(prediction, dict) else None
        if not isinstance(said, dict) or not is_vector(said.get("values")):
            raise ServerFault(f"{target}: predictions[{at}] holds no embedding", body=raw, target=target)
        inner = {name: value for name, value in said.items() if name != "values"}
        rest = {name: value for name, value in prediction.items() if name != "embeddings"}
        extra = rest | ({"embeddings": inner} if inner else {})
        data.append(Embedding(index=at, forms={"float": said["values"]}, extra=extra or None))
        tokens.append(count(said.get("statistics"), "token_count"))
    metadata = fields.pop("metadata") if isinstance(fields.get("metadata"), dict) else None
    counted = [number for number in tokens if number is not None]
    used = sum(counted) if counted and len(counted) == len(tokens) else None
    return Embeddings(
        data=tuple(data),
        usage=Usage(uncached_input_tokens=used, raw=metadata, wire=WIRE_NAME),
        extra=fields or None,
        origin=Origin(WIRE_NAME, target.provider),
        headers=headers,
    )


def _write_answer(embeddings: Embeddings) -> dict[str, Any]:
    own = embeddings.origin is not None and embeddings.origin.returns_to(WIRE_NAME)
    predictions = []
    for item in embeddings.data:
        written: dict[str, Any] = {"embeddings": {"values": item.numbers}}
        predictions.append(deep_merge(written, item.extra or {}) if own else written)
    body: dict[str, Any] = {"predictions": predictions}
    if embeddings.usage.wire == WIRE_NAME and embeddings.usage.raw is not None:
        body["metadata"] = embeddings.usage.raw
    elif not own and len(predictions) == 1 and (used := read_tokens(embeddings.usage)) is not None:
        predictions[0]["embeddings"]["statistics"] = {"token_count": used, "truncated": False}
    return body | (embeddings.extra or {}) if own else body


WIRE = Wire(name=WIRE_NAME, embed=VertexPredictCodec(), embed_server=VertexPredictServer())
