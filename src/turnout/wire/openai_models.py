"""OpenAI's list of models, which its Chat and Responses protocols share, and what its dialects add to it, both directions.

https://platform.openai.com/docs/api-reference/models (read 2026-11-21). OpenAI itself says an id, a time and an owner; the
rest are fields of OpenRouter, Mistral, Groq, vLLM, Perplexity, Fireworks and llama.cpp (see the tables below).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import msgspec

from turnout.errors import Error
from turnout.types import HttpResponse, ListedModel, ModelPage, Target
from turnout.wire.model_lists import Fields, ModelList, below, cut, take, tokens

_encode = msgspec.json.Encoder().encode
_EXACT = Context(prec=100)

# context: OpenRouter, Together and Fireworks; Groq; Mistral; vLLM
# https://openrouter.ai/docs/api-reference/list-available-models, https://console.groq.com/docs/api-reference#models-list,
# https://docs.mistral.ai/api/#tag/models, https://docs.vllm.ai/en/latest/serving/openai_compatible_server (read 2026-11-21)
_CONTEXT = ("context_length", "context_window", "max_context_length", "max_model_len")
_MAX_OUTPUT = ("max_completion_tokens", "max_output_tokens")

# Said of every model as true or false: in Mistral's `capabilities`, and by Fireworks beside the id.
# https://docs.fireworks.ai/api-reference/list-models (read 2026-11-21)
_CAPABILITIES = {"function_calling": "tools", "vision": "image-in", "reasoning": "reasoning"}
_FLAGS = {"supports_tools": "tools", "supports_image_input": "image-in"}

# OpenRouter's `supported_parameters`, and its `architecture.input_modalities` and `output_modalities`
_PARAMETERS = {
    "tools": "tools",
    "structured_outputs": "structured_output",
    "reasoning": "reasoning",
    "temperature": "temperature",
}
_MODALITIES = ("text", "image", "audio", "video")

# US dollars per token, as decimal text: https://openrouter.ai/docs/api-reference/list-available-models (read 2026-11-21).
# `internal_reasoning` is "0" where reasoning is billed as output, so it is left in extra.
_PER_TOKEN = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
}
# US dollars per million tokens where the price says so: https://docs.perplexity.ai/getting-started/pricing (read 2026-11-21)
_PER_MILLION = {"input": "input", "output": "output", "cache_read": "cache_read", "cache_write": "cache_write"}


def openai_models(wire: str, read_error: Callable[[HttpResponse, Target], Error]) -> ModelList:
    """The codec, for one of the protocols that have this list."""
    return ModelList(
        wire=wire,
        names=("data", "models"),  # a bare list, as Together sends it, is read too
        read=_read,
        read_error=read_error,
        path=lambda provider: below(provider.base_url, "/models"),
        cursor=_cursor,
        turn="after",  # as OpenAI pages its other lists: this one it sends whole
    )


def _cursor(rest: Fields, models: Sequence[ListedModel]) -> str | None:
    if rest.get("has_more") is not True or not models:
        return None
    last = rest.get("last_id")
    return last if isinstance(last, str) and last else models[-1].id


def _read(fields: Fields) -> ListedModel | None:
    id = take(fields, "id", str)
    if id is None:
        return None
    supports, lacks = _abilities(fields)
    top: Any = fields.get("top_provider")
    top = top if isinstance(top, dict) else {}
    meta: Any = fields.get("meta")  # llama.cpp: n_ctx is what its slots have, n_ctx_train what the model could have
    context = tokens(*(fields.get(name) for name in _CONTEXT), meta.get("n_ctx") if isinstance(meta, dict) else None)
    output = tokens(*(fields.get(name) for name in _MAX_OUTPUT), top.get("max_completion_tokens"))
    display = fields.get("display_name")
    created = take(fields, "created", int)
    return ListedModel(
        id=id,
        name=take(fields, "name", str) or (display if isinstance(display, str) and display else None),
        created=created or tokens(fields.get("created_at")),  # Azure's word
        owned_by=take(fields, "owned_by", str),
        context_tokens=context,
        max_output_tokens=output,
        supports=frozenset(supports),
        lacks=frozenset(lacks),
        prices=_prices(fields.get("pricing")),
        extra=fields,
    )


def _abilities(fields: Fields) -> tuple[list[str], list[str]]:
    supports: list[str] = []
    lacks: list[str] = []
    capabilities = fields.get("capabilities")
    for said, words in ((capabilities if isinstance(capabilities, dict) else {}, _CAPABILITIES), (fields, _FLAGS)):
        for name, word in words.items():
            if isinstance(said.get(name), bool):
                (supports if said[name] else lacks).append(word)
    parameters = fields.get("supported_parameters")
    supports += [_PARAMETERS[name] for name in _strings(parameters) if name in _PARAMETERS]
    architecture = fields.get("architecture")
    if isinstance(architecture, dict):
        for side in ("in", "out"):
            told = _strings(architecture.get(f"{side}put_modalities"))
            supports += [f"{name}-{side}" for name in told if name in _MODALITIES]
    return supports, lacks


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _prices(pricing: Any) -> dict[str, Decimal] | None:
    """None where the unit is not said: some write dollars per token and some per million, in the same fields."""
    if not isinstance(pricing, dict):
        return None
    if pricing.get("unit") == "usd_per_1m_tokens":
        names, exponent = _PER_MILLION, 0
    elif isinstance(pricing.get("prompt"), str) and isinstance(pricing.get("completion"), str):
        names, exponent = _PER_TOKEN, 6
    else:
        return None
    prices = {rate: price for name, rate in names.items() if (price := _price(pricing.get(name), exponent)) is not None}
    return prices or None


def _price(value: Any, exponent: int) -> Decimal | None:
    """OpenRouter's "-1" says that the price varies."""
    if not (isinstance(value, str) or (type(value) in (int, float) and abs(value) < 10**15)) or len(str(value)) > 40:
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return None
    return _EXACT.scaleb(price, Decimal(exponent)).normalize(_EXACT) if price.is_finite() and price >= 0 else None


# -- towards callers -------------------------------------------------------------------------------


class OpenAIModelsServer:
    """Not paged: every model in one body. What OpenAI has no field for is said in OpenRouter's words."""

    def __init__(self, wire: str, write_error: Callable[[Error], tuple[int, Any]]) -> None:
        self._wire = wire
        self._write_error = write_error

    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        return cut(models, 0, len(models))

    def render(self, page: ModelPage) -> bytes:
        own = page.extra if page.origin is not None and page.origin.returns_to(self._wire) else None
        return _encode({**({"object": "list"} if own is None else own), "data": [self._written(model) for model in page.models]})

    def render_one(self, model: ListedModel) -> bytes:
        return _encode(self._written(model))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = self._write_error(error)
        return status, _encode(body)

    def _written(self, model: ListedModel) -> Fields:
        if model.origin is None or not model.origin.returns_to(self._wire):
            return _described(model)
        extra = model.extra or {}
        known = {"id": model.id, "name": model.name, "created": model.created, "owned_by": model.owned_by}
        if "display_name" in extra:
            del known["name"]
        if "created_at" in extra:
            del known["created"]
        return {**{name: value for name, value in known.items() if value is not None}, **extra}


def _described(model: ListedModel) -> Fields:
    # `created` and `owned_by` are required; who does not know the time sends 0, as Cerebras does
    fields: Fields = {
        "id": model.id,
        "object": "model",
        "created": model.created or 0,
        "owned_by": model.owned_by or "unknown",
    }
    if model.name is not None:
        fields["name"] = model.name
    if model.context_tokens is not None:
        fields["context_length"] = model.context_tokens
    if model.max_output_tokens is not None:
        fields["top_provider"] = {"context_length": model.context_tokens, "max_completion_tokens": model.max_output_tokens}
    takes, gives = ([name for name in _MODALITIES if f"{name}-{side}" in model.supports] for side in ("in", "out"))
    if takes or gives:
        fields["architecture"] = {"input_modalities": takes, "output_modalities": gives}
    if parameters := [name for name, word in _PARAMETERS.items() if word in model.supports]:
        fields["supported_parameters"] = parameters
    prices = model.prices or {}
    if "input" in prices and "output" in prices:
        told = {name: prices[rate] for name, rate in _PER_TOKEN.items() if rate in prices}
        fields["pricing"] = {name: f"{_EXACT.scaleb(price, Decimal(-6)).normalize(_EXACT):f}" for name, price in told.items()}
    if model.rate_limits:
        fields["rate_limits"] = model.rate_limits  # nobody's word: OpenRouter says its own beside a key, and no other says any
    return fields
