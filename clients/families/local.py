"""The real model: llama.cpp with SmolLM2-135M, which the gateway starts by itself. Nothing of it is replayed."""

from __future__ import annotations

from collections.abc import Mapping

from clients.families import Family


class Local(Family):
    name = "llama.cpp"
    provider = "local"
    wire = "openai-chat"
    model = "smollm2-135m"
    replayed = False
    lacks: Mapping[str, str] = {
        "parallel": "the embedded model, of 135 million parameters, makes one call at a time",
        "images": "the embedded model sees no images",
        "reasoning": "the embedded model does not think aloud",
    }

    def settings(self, url: str) -> str:
        return ""
