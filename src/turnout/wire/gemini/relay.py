"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    """Never: every event restates the usage, and any may be the last."""
    return False


_CONFIG = (
    *("max_output_tokens", "temperature", "top_p", "top_k", "seed", "stop", "frequency_penalty", "presence_penalty"),
    *("n", "logprobs", "top_logprobs", "reasoning", "response_format"),
)
_SAYS = {
    **dict.fromkeys(_CONFIG, ("generationConfig", "generation_config")),
    "tools": ("tools",),
    "parallel_tool_calls": (),
}

RELAY = RelayRules(plain=_plain, in_body=False, says=_SAYS)
