"""Claude on Vertex AI answers as Anthropic does.

https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai (read 2026-11-21)
"""

from msgspec.structs import replace

from turnout.testing.reference import anthropic_messages

REFERENCE = replace(anthropic_messages.REFERENCE, wire="anthropic-vertex")
