"""OpenAI's list of models, for the Chat protocol and its dialects."""

from __future__ import annotations

from turnout.types import ListedModel
from turnout.wire.model_lists import Fields
from turnout.wire.openai_chat.faults import read_error, write_error
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.openai_models import OpenAIModelsServer, openai_models


class MistralModelsServer(OpenAIModelsServer):
    """Mistral's own client reads no model that does not say its type and what it can do.

    https://docs.mistral.ai/api/#tag/models and ``BaseModelCard`` of mistralai 3.7.0 (read 2026-11-21)
    """

    def _written(self, model: ListedModel) -> Fields:
        fields = super()._written(model)
        if model.origin is not None and model.origin.returns_to(self._wire):
            return fields
        words = {"function_calling": "tools", "vision": "image-in", "reasoning": "reasoning"}
        able = {name: word in model.supports for name, word in words.items() if word in model.supports | model.lacks}
        context = {"max_context_length": model.context_tokens} if model.context_tokens is not None else {}
        return {**fields, "type": "base", "capabilities": {"completion_chat": True, **able}, **context}


MODELS = openai_models(WIRE_NAME, read_error)
MODELS_SERVER = OpenAIModelsServer(WIRE_NAME, write_error)
MISTRAL_MODELS_SERVER = MistralModelsServer(WIRE_NAME, write_error)
