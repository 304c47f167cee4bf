"""What an endpoint says that it serves: its own list of models, page by page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from turnout.types.parts import Origin


class ListedModel(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One model as an endpoint lists it. What the endpoint does not say is None or absent, never guessed.

    ``id`` is what a request calls the model. ``supports`` and ``lacks`` use the catalog's words (tools, reasoning,
    structured_output, "image-in"...). ``prices`` are US dollars per million tokens by the name of a catalog rate ("input",
    "output", "cache_read"...). ``rate_limits``: how much one account may have by the name of a catalog limit
    ("requests_per_minute"...). ``extra`` is verbatim what the endpoint said beside id, name, created and owned_by: limits,
    abilities and prices are read from it and stay in it.
    """

    id: str
    name: str | None = None
    created: int | None = None  # seconds since 1970
    owned_by: str | None = None
    context_tokens: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    supports: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    prices: dict[str, Decimal] | None = None
    rate_limits: dict[str, int] | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None


class ModelPage(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Some of an endpoint's models. ``next`` is what asks for those that follow, None at the end.

    ``extra`` is verbatim what the page said beside its models.
    """

    models: tuple[ListedModel, ...]
    next: str | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
