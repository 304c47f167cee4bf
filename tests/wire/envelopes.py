"""What callers of another protocol are given for a seal, by the words it is made of."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from turnout.types import Origin
from turnout.wire.seals import MARK, Envelope, Thought, seal


def enveloped(origin: Origin, model: str, *thoughts: Thought, **more: Any) -> str:
    assert origin.provider is not None
    text = seal(Envelope(wire=origin.wire, provider=origin.provider, model=model, thoughts=thoughts, **more))
    assert text is not None
    return text


def inside(text: str) -> dict[str, Any]:
    """What an envelope says, read by nothing of ours."""
    assert text.startswith(MARK)
    head, _, said = b64decode(text, validate=True).partition(b" ")
    assert head == b"turnout.v1."
    value: dict[str, Any] = json.loads(said)
    return value
