"""Counts of tokens, as every protocol of ours that has them answers: a JSON object with a number in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from turnout.errors import Error, RequestError, ServerFault
from turnout.receipt import dropped
from turnout.types import HttpRequest, HttpResponse, Origin, ReceiptLine, Target, TokenCount
from turnout.wire.model_lists import Fields, parsed

# What says how an answer shall be made or kept, and adds nothing to what the model reads: no count depends on it. The fields
# of protocols, and ours.
_OF_THE_ANSWER = frozenset(
    (
        *("stream", "stream_options", "store", "background", "metadata", "user", "safety_identifier", "labels", "include"),
        *("temperature", "top_p", "top_k", "top_logprobs", "max_tokens", "max_output_tokens", "max_tool_calls", "stop_sequences"),
        *("service_tier", "serviceTier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "inference_geo"),
        *("inferenceConfig", "performanceConfig", "requestMetadata", "additionalModelResponseFieldPaths", "safetySettings"),
        *("stop", "seed", "n", "logprobs", "frequency_penalty", "presence_penalty", "stream_usage"),
    )
)


def counted(body: Fields, accepted: Collection[str] | None, refused: Collection[str], lines: list[ReceiptLine]) -> Fields:
    """The part of a chat request that the counting address takes: ``accepted`` only, or all but ``refused``.

    A line for each field that is left out though the model would read it.
    """
    kept: Fields = {}
    for name, value in body.items():
        if name in accepted if accepted is not None else name not in refused:
            kept[name] = value
        elif name not in _OF_THE_ANSWER:
            lines.append(dropped("request", name, "the provider's count does not take this field"))
    return kept


def of_the_prompt(lines: Iterable[ReceiptLine]) -> tuple[ReceiptLine, ...]:
    """What encoding a chat request said, without what it said of an answer: none is made."""
    return tuple(line for line in lines if line.field not in _OF_THE_ANSWER)


def posted(url: str, headers: Mapping[str, str], body: Any) -> HttpRequest:
    try:
        written = msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"the request cannot be written as JSON: {error}") from error
    return HttpRequest(method="POST", url=url, headers={"content-type": "application/json", **headers}, body=written)


def read_count(
    response: HttpResponse,
    target: Target,
    wire: str,
    field: str,
    read_error: Callable[[HttpResponse, Target], Error],
    *,
    cached: str = "",
) -> TokenCount:
    """``field`` holds the count, ``cached`` how much of it is cached, where that is told. No count is ever made up."""
    body = parsed(response, target)
    fields = dict(body) if isinstance(body, dict) else {}
    count = fields.pop(field, None)
    if type(count) is not int or count < 0:
        if fields.get("error"):
            raise read_error(response, target)
        raise ServerFault(f"{target}: the answer holds no count in {field}", status=response.status, target=target)
    part = fields.pop(cached) if cached and type(fields.get(cached)) is int else None
    return TokenCount(
        input_tokens=count,
        cached_tokens=part,
        extra=fields or None,
        origin=Origin(wire, target.provider),
        target=target,
    )
