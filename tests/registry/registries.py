"""Registries that speak the stub wire and know only what a test gives them."""

from __future__ import annotations

from typing import Any

import pytest

from turnout.config import Config, ConfigFile
from turnout.engine.plan import Candidate
from turnout.errors import ConfigError
from turnout.registry import Registry
from turnout.types import HttpRequest

WIRES = {"openai-chat": "stub_wire:CHAT", "anthropic-messages": "stub_wire:MESSAGES", "mute": "stub_wire:MUTE"}
GROQ_KEY = "gsk_9fJ2mQx7LwT0aB4cD8eF"
CEREBRAS_KEY = "csk-1a2b3c4d5e6f7g8h"
LLAMA = "groq/llama-3.3-70b-versatile"
BOTH = ("groq/llama-3.3-70b-versatile", "cerebras/zai-glm-4.7")


def registry(config: Config | None = None, **environ: str) -> Registry:
    return Registry(environ=environ, config=config or Config(), wires=WIRES)


def configured(trusted: bool = True, **tables: Any) -> Config:
    return Config((ConfigFile("user file", "turnout.toml", tables, {}, trusted),))


def refusal(call: Any, *arguments: Any, **options: Any) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        call(*arguments, **options)
    return raised.value


def signed(candidate: Candidate, path: str = "/chat/completions") -> HttpRequest:
    steps = candidate.sign(HttpRequest(method="POST", url=candidate.provider.base_url + path))
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    request: HttpRequest = stopped.value.value
    return request
