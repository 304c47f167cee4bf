"""Models of the catalog as an endpoint lists them, and what an endpoint lists as models of the catalog's form."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import convert

from turnout.catalog.schema import Model, Price, RateLimits, Rates
from turnout.types import ListedModel, Target


def listed(model: Model, id: str | None = None) -> ListedModel:
    """``model`` under ``id``, by default its target, which is how a gateway's caller asks for it."""
    prices = _prices(model.price) if model.price is not None else None
    return ListedModel(
        id=str(model.target) if id is None else id,
        name=model.name or None,
        created=_seconds(model.released),
        owned_by=model.target.provider,
        context_tokens=model.context_tokens,
        max_input_tokens=model.max_input_tokens,
        max_output_tokens=model.max_output_tokens,
        supports=model.supports,
        lacks=model.lacks,
        prices=prices or None,
        rate_limits=_rate_limits(model) or None,
    )


def from_listed(found: ListedModel, provider: str, source: str) -> Model:
    """What ``provider`` says of a model, and nothing else. ``source``: where it was said, for its prices."""
    return Model(
        target=Target(provider, found.id),
        name=found.name or "",
        context_tokens=found.context_tokens,
        max_input_tokens=found.max_input_tokens,
        max_output_tokens=found.max_output_tokens,
        supports=found.supports,
        lacks=found.lacks,
        price=convert({**found.prices, "source": source}, Price) if found.prices else None,
        source=source,
    )


def _prices(price: Price) -> dict[str, Decimal]:
    rates = ((name, getattr(price, name)) for name in Rates.__struct_fields__)
    return {name: rate for name, rate in rates if rate is not None}


def _rate_limits(model: Model) -> dict[str, int]:
    limits = model.rate_limits
    named = ((name, getattr(limits, name, None)) for name in RateLimits.__struct_fields__ if name != "source")
    return {name: limit for name, limit in named if limit is not None}


def _seconds(released: str | None) -> int | None:
    """The catalog's dates are days, some of them only months or years; the first moment of it in seconds since 1970."""
    parts = (released or "").split("-")
    try:
        year, month, day = (int(part) for part in (*parts, "1", "1")[:3])
        return int(datetime(year, month, day, tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None
