"""Claude on Bedrock answers as Anthropic does, in AWS's frames; AWS itself refuses with exceptions.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from turnout.testing.reference import anthropic_messages


def error(value: Any, event: str | None = None) -> Any:
    """An event that is named as an exception is one; of the others, those that are Anthropic's own."""
    if event is not None and event.endswith("Exception"):
        return {"type": event, **(value if isinstance(value, dict) else {})}
    return anthropic_messages.error(value, event)


REFERENCE = replace(
    anthropic_messages.REFERENCE,
    wire="anthropic-bedrock",
    error=error,
    framing="aws-chunks",
)
