"""Every family, in the order of the printed columns."""

from __future__ import annotations

from clients.families import Family
from clients.families.anthropic import Anthropic, BedrockAnthropic, VertexAnthropic
from clients.families.bedrock import Bedrock
from clients.families.cohere import Cohere
from clients.families.gemini import Gemini, Vertex
from clients.families.local import Local
from clients.families.ollama import Ollama
from clients.families.openai_chat import Azure, AzureDeployments, DeepSeek, Mistral, OpenAI
from clients.families.openai_responses import Responses

FAMILIES: tuple[Family, ...] = (
    Local(),
    OpenAI(),
    Azure(),
    AzureDeployments(),
    DeepSeek(),
    Responses(),
    Anthropic(),
    BedrockAnthropic(),
    VertexAnthropic(),
    Gemini(),
    Vertex(),
    Bedrock(),
    Cohere(),
    Mistral(),
    Ollama(),
)
