"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    name = event[:64].partition(b"\n")[0]
    return name.startswith(b"event: response.") and name.rstrip(b"\r").endswith(b".delta")


_SAYS = {
    **{name: (name,) for name in ("max_output_tokens", "temperature", "top_p", "top_logprobs", "parallel_tool_calls")},
    **{name: (name,) for name in ("tools", "reasoning")},
    **dict.fromkeys(("n", "seed", "stop", "top_k", "frequency_penalty", "presence_penalty"), ()),
    "logprobs": ("include",),
    "response_format": ("text",),
}

RELAY = RelayRules(plain=_plain, says=_SAYS)
