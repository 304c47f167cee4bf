"""OpenAI's list of models, for the Chat protocol and its dialects."""

from __future__ import annotations

from turnout.wire.openai_chat.faults import read_error, write_error
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.openai_models import OpenAIModelsServer, openai_models

MODELS = openai_models(WIRE_NAME, read_error)
MODELS_SERVER = OpenAIModelsServer(WIRE_NAME, write_error)
