"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from turnout.types import Completion, HttpResponse, Origin, Target, Usage
from turnout.wire.json_text import read_json
from turnout.wire.openai_chat.codec import OpenAIChatCodec
from turnout.wire.openai_chat.usage import read_usage
from turnout.wire.openai_chat.words import WIRE_NAME
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


RELAY = RelayRules(plain=_plain, endings=_ENDINGS, skim=_skim, usage_option=True)
