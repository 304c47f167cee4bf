"""The wires that are built in, and what can be asked over one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

WIRES: Mapping[str, str] = {
    "anthropic-bedrock": "turnout.wire.anthropic_messages.bedrock:WIRE",
    "anthropic-messages": "turnout.wire.anthropic_messages:WIRE",
    "anthropic-vertex": "turnout.wire.anthropic_messages.vertex:WIRE",
    "bedrock-converse": "turnout.wire.bedrock_converse:WIRE",
    "cohere-chat": "turnout.wire.cohere_chat:WIRE",
    "gemini": "turnout.wire.gemini:WIRE",
    "jina": "turnout.wire.jina:WIRE",
    "mistral-chat": "turnout.wire.openai_chat.mistral:WIRE",
    "ollama": "turnout.wire.ollama:WIRE",
    "ollama-generate": "turnout.wire.ollama.generate:WIRE",
    "openai-chat": "turnout.wire.openai_chat:WIRE",
    "openai-responses": "turnout.wire.openai_responses:WIRE",
    "vertex-predict": "turnout.wire.gemini.predict:WIRE",
    "voyage": "turnout.wire.voyage:WIRE",
}

Operation = Literal["chat", "embed", "rerank", "models", "count", "files"]  # the codecs of a wire, by the name of its field

WORDS: Mapping[Operation, str] = {
    "chat": "chat",
    "embed": "embeddings",
    "rerank": "reranking",
    "models": "list of models",
    "count": "way to count tokens",
    "files": "place for files",
}
