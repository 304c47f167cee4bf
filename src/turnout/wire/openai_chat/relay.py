"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from turnout.types import Completion, HttpResponse, Origin, Target, Usage
from turnout.wire.json_text import read_json
from turnout.wire.openai_chat.codec import OpenAIChatCodec
from turnout.wire.openai_chat.usage import read_usage
from turnout.wire.openai_chat.words import PLAIN_FIELDS, WIRE_NAME
from turnout.wire.relaying import RelayRules
from turnout.wire.response_headers import kept_headers


class _Answer(Struct):
    """What accounts need of a whole answer; anything unusual is left to the codec."""

    id: str
    model: str
    choices: list[msgspec.Raw]
    usage: msgspec.Raw = msgspec.Raw(b"null")
    service_tier: str | None = None
    created: int | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(_Answer).decode
_codec = OpenAIChatCodec()


# how an event ends that says no usage and no end, as OpenAI writes it; where no usage stands at the end, some may stand before
_ENDINGS = (b'"finish_reason":null}],"usage":null}',)


def _plain(event: bytes) -> bool:
    return b'"finish_reason":null' in event and b'"usage":{' not in event and b'"error"' not in event


def _skim(response: HttpResponse, target: Target) -> Completion:
    try:
        answer = _decode(response.body)
        usage = read_json(bytes(answer.usage))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _codec.decode(response, target)
    if not answer.choices or bytes(answer.error) != b"null" or not isinstance(usage, dict | None):
        return _codec.decode(response, target)
    return Completion(
        id=answer.id,
        model=answer.model,
        choices=(),
        usage=Usage() if usage is None else read_usage(usage),
        created=answer.created,
        service_tier=answer.service_tier,
        origin=Origin(WIRE_NAME, target.provider),
        headers=kept_headers(response.headers),
    )


_SAYS = {ours: (theirs,) for ours, (theirs, _) in PLAIN_FIELDS.items()} | {
    "max_output_tokens": ("max_tokens", "max_completion_tokens"),
    "seed": ("seed", "random_seed"),
    "stop": ("stop",),
    "tools": ("tools", "functions"),
    "reasoning": ("reasoning_effort", "reasoning"),
    "response_format": ("response_format",),
}

RELAY = RelayRules(plain=_plain, endings=_ENDINGS, skim=_skim, usage_option=True, says=_SAYS)

# Mistral says usage unasked, with the event that ends a choice, and has no "stream_options":
# https://docs.mistral.ai/api/ (read 2026-11-21). Its events end in padding, so no ending tells a plain one.
MISTRAL_RELAY = RelayRules(plain=_plain, skim=_skim, says=_SAYS)
