"""Mistral answers in the shapes of OpenAI Chat: https://docs.mistral.ai/api/ (read 2026-11-21)."""

from msgspec.structs import replace

from turnout.testing.reference import openai_chat

REFERENCE = replace(openai_chat.REFERENCE, wire="mistral-chat")
