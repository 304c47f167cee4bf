"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    return event.startswith((b"event: content-delta\n", b"event: content-delta\r"))


_SAYS = {
    **{name: (name,) for name in ("temperature", "seed", "frequency_penalty", "presence_penalty", "logprobs", "tools")},
    **dict.fromkeys(("n", "top_logprobs", "parallel_tool_calls"), ()),
    "max_output_tokens": ("max_tokens",),
    "top_p": ("p",),
    "top_k": ("k",),
    "stop": ("stop_sequences",),
    "reasoning": ("thinking",),
    "response_format": ("response_format",),
}

RELAY = RelayRules(plain=_plain, says=_SAYS)
