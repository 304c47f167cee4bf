"""What of a conversation only the provider that keeps it can read: a target that cannot know it would answer without it."""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.errors import Unsupported
from turnout.rules.conversation import OPENAI_RESPONSES
from turnout.types import ChatRequest, Opaque, ToolCall

_STORED = {"openai-responses": OPENAI_RESPONSES.stored}  # by the caller's wire: fields that name what was said before
_REFERENCE = "item_reference"
_THOUGHT = "rs_"  # so begin ids of reasoning, without which a conversation can be followed


def refuse_kept(request: ChatRequest, protocol: str, provider: Provider) -> None:
    """Raises Unsupported if ``request`` names what was said by its id alone, and ``provider`` speaks another protocol.

    The AI SDK names items so unless told ``store: false`` (@ai-sdk/openai 3, convertToOpenAIResponsesInput).
    """
    fields = _STORED.get(request.origin.wire) if request.origin is not None else None
    if fields is None or request.origin is None or request.origin.wire == protocol:
        return
    say_it = f"{provider.name} cannot read it: send the messages themselves, as clients do that are told `store: false`"
    for name in fields:
        if (request.extra or {}).get(name) is not None:
            raise Unsupported(f"{name}: what was said before is kept by the provider that said it, and {say_it}", param=name)
    for at, message in enumerate(request.messages):
        if any(type(part) is ToolCall for part in message.parts):
            continue  # what was said beside a call can be done without: the call says what it came to
        for part in message.parts:
            if type(part) is Opaque and isinstance(part.value, dict) and part.value.get("type") == _REFERENCE:
                id = part.value.get("id")
                if not isinstance(id, str) or not id.startswith(_THOUGHT):
                    what = f"messages[{at}]: {id!r} names an item that the provider keeps which said it, and {say_it}"
                    raise Unsupported(what, param="input")
