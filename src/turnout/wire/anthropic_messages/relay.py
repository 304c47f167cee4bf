"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    return event.startswith((b"event: content_block_delta\n", b"event: content_block_delta\r"))


_SAYS = {
    **{name: (name,) for name in ("temperature", "top_p", "top_k", "tools")},
    **dict.fromkeys(("n", "seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"), ()),
    "max_output_tokens": ("max_tokens",),
    "stop": ("stop_sequences",),
    "parallel_tool_calls": ("tool_choice",),
    "reasoning": ("thinking", "output_config"),
    "response_format": ("output_config", "output_format"),
}

RELAY = RelayRules(plain=_plain, says=_SAYS)
