"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    return b'"done":false' in event and b'"error"' not in event


_OPTIONS = ("max_output_tokens", "temperature", "top_p", "top_k", "seed", "stop", "frequency_penalty", "presence_penalty")
_SAYS = {
    **dict.fromkeys(_OPTIONS, ("options",)),
    **{name: (name,) for name in ("logprobs", "top_logprobs", "tools")},
    **dict.fromkeys(("n", "parallel_tool_calls"), ()),
    "reasoning": ("think",),
    "response_format": ("format",),
}

RELAY = RelayRules(framing="ndjson", plain=_plain, streams_by_default=True, says=_SAYS)
