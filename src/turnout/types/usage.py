"""What a call used and what it cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct


class Usage(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Token counts in buckets that never overlap. None means "not reported", which is not zero.

    The properties recompose the totals that protocols report. ``raw`` is the provider's own usage object, verbatim,
    and ``wire`` the protocol it is written in. ``billed`` is what the provider bills, where that is not what it counted.
    """

    uncached_input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    audio_input_tokens: int | None = None
    tool_use_tokens: int | None = None  # prompt tokens that the provider's own tools added
    text_output_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_output_tokens: int | None = None
    raw: dict[str, Any] | None = None
    wire: str | None = None
    billed: Usage | None = None

    @property
    def input_tokens(self) -> int | None:
        """Every token that went in, cached or not; None if the provider reported none of them."""
        return _total(
            self.uncached_input_tokens,
            self.cache_read_tokens,
            self.cache_write_5m_tokens,
            self.cache_write_1h_tokens,
            self.audio_input_tokens,
            self.tool_use_tokens,
        )

    @property
    def output_tokens(self) -> int | None:
        """Every token that came out, reasoning and audio included; None if the provider reported none of them."""
        return _total(self.text_output_tokens, self.reasoning_tokens, self.audio_output_tokens)

    @property
    def cache_write_tokens(self) -> int | None:
        return _total(self.cache_write_5m_tokens, self.cache_write_1h_tokens)

    @property
    def total_tokens(self) -> int | None:
        return _total(self.input_tokens, self.output_tokens)


def _total(*counts: int | None) -> int | None:
    return None if counts.count(None) == len(counts) else sum(filter(None, counts))


class Cost(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """US dollars, exact. ``buckets`` maps each priced ``Usage`` field to its share; they sum to ``total``."""

    total: Decimal
    buckets: dict[str, Decimal]
    source: str  # where the price came from, with the date it was read

    def __str__(self) -> str:
        return f"${self.total.normalize():f}"
