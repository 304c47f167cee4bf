"""Anthropic Messages, both directions (https://docs.claude.com/en/api/messages, read 2026-11-21)."""

from turnout.wire import Wire
from turnout.wire.anthropic_messages.codec import AnthropicMessagesCodec
from turnout.wire.anthropic_messages.server import AnthropicMessagesServer

WIRE = Wire(name="anthropic-messages", chat=AnthropicMessagesCodec(), server=AnthropicMessagesServer())
