"""OpenAI's list of models, for the Responses protocol."""

from __future__ import annotations

from turnout.wire.openai_models import OpenAIModelsServer, openai_models
from turnout.wire.openai_responses.faults import read_error, write_error
from turnout.wire.openai_responses.words import WIRE_NAME

MODELS = openai_models(WIRE_NAME, read_error)
MODELS_SERVER = OpenAIModelsServer(WIRE_NAME, write_error)
