"""How protocols and platforms have it proved who asks, as values of ``Provider.auth``."""

from __future__ import annotations

from collections.abc import Mapping

# How the protocols are signed where a model speaks another one than its provider's others.
_OF_WIRE: Mapping[str, str] = {
    "anthropic-bedrock": "sigv4:bedrock",
    "anthropic-messages": "header:x-api-key",
    "bedrock-converse": "sigv4:bedrock",
    "gemini": "header:x-goog-api-key",
    "openai-chat": "bearer",
    "openai-responses": "bearer",
}

# Platforms whose own way holds for every protocol that they host, but for those that are named.
_OF_PLATFORM: Mapping[str, Mapping[str, str]] = {"azure": {"anthropic-messages": "foundry"}, "google": {}}

# What proves who asks where no key does. Looking for it may read files or ask the network, so it is not looked for in advance.
KEYLESS: Mapping[str, str] = {
    "azure": "asks Entra for a token with the Azure credentials that are found when it is called",
    "foundry": "asks Entra for a token with the Azure credentials that are found when it is called",
    "google": "asks for a token with the Google credentials that are found when it is called",
    "sigv4": "signs with the AWS credentials that are found when it is called",
}


def way_of(auth: str, wire: str) -> str:
    """How a provider that asks for ``auth`` has it proved where a model of its speaks ``wire`` and not what its others do."""
    return _OF_PLATFORM.get(auth.partition(":")[0], _OF_WIRE).get(wire, auth)
