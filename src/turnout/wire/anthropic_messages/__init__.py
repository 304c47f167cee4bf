"""Anthropic Messages, both directions (https://docs.claude.com/en/api/messages, read 2026-11-21)."""

from turnout.rules import dialects, media
from turnout.rules.conversation import ANTHROPIC_MESSAGES
from turnout.wire import Wire
from turnout.wire.anthropic_messages.answer_rules import ANSWERS
from turnout.wire.anthropic_messages.codec import AnthropicMessagesCodec
from turnout.wire.anthropic_messages.counting import COUNT, COUNT_SERVER
from turnout.wire.anthropic_messages.files import FILES
from turnout.wire.anthropic_messages.listing import MODELS, MODELS_SERVER
from turnout.wire.anthropic_messages.relay import RELAY
from turnout.wire.anthropic_messages.server import AnthropicMessagesServer

WIRE = Wire(
    name="anthropic-messages",
    conversation=ANTHROPIC_MESSAGES,
    schemas=dialects.ANTHROPIC,
    media=media.ANTHROPIC_MESSAGES,
    chat=AnthropicMessagesCodec(),
    server=AnthropicMessagesServer(),
    answers=ANSWERS,
    relay=RELAY,
    models=MODELS,
    models_server=MODELS_SERVER,
    files=FILES,
    count=COUNT,
    count_server=COUNT_SERVER,
)
