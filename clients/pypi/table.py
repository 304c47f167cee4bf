"""Every client of PyPI, in the order of the printed rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clients.clients import Client
from clients.pypi.anthropic_messages import Anthropic
from clients.pypi.bedrock_converse import Bedrock
from clients.pypi.cohere_v2 import Cohere
from clients.pypi.google_genai import GoogleGenai
from clients.pypi.mistral_chat import Mistral
from clients.pypi.ollama_chat import Ollama
from clients.pypi.openai_chat import OpenAIChat
from clients.pypi.openai_responses import OpenAIResponses

PYPI: Mapping[str, Callable[[str], Client]] = {
    kind.name: kind for kind in (OpenAIChat, OpenAIResponses, Anthropic, GoogleGenai, Cohere, Mistral, Ollama, Bedrock)
}
