"""How many tokens a prompt has, as the provider itself counts them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from turnout.types.chat import Target
from turnout.types.parts import Origin
from turnout.types.receipts import ReceiptLine


class TokenCount(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A provider's count. Nothing here is an estimate of ours.

    ``of`` is "request" when everything that the model would read was counted, "text" when the provider counts only a text,
    without what it puts around one. ``lines`` tell what of the request could not be counted. ``extra`` is verbatim what the
    provider said beside the count.
    """

    input_tokens: int
    of: Literal["request", "text"] = "request"
    cached_tokens: int | None = None  # of them, already in the provider's cache
    lines: tuple[ReceiptLine, ...] = ()
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    target: Target | None = None
