"""Cohere's list of models, both directions (https://docs.cohere.com/reference/list-models, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import ListedModel, ModelPage
from turnout.wire.cohere_chat.faults import read_error, write_error
from turnout.wire.cohere_chat.words import WIRE_NAME, is_own
from turnout.wire.model_lists import Fields, ModelList, asked, cut, following, number, tokens

_encode = msgspec.json.Encoder().encode

_FEATURES = {"tools": "tools", "json_schema": "structured_output", "reasoning": "reasoning", "vision": "image-in"}
_MOST = 1000  # models on a page; 20 when a caller does not say


def first_version(provider: Provider, path: str) -> str:
    """Only chat, embed and rerank have a second version: the rest is below /v1."""
    base, mark, query = provider.base_url.partition("?")
    return f"{base.removesuffix('/v2').removesuffix('/v1')}/v1{path}{mark}{query}"


def _read(fields: Fields) -> ListedModel | None:
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        return None
    del fields["name"]
    features = fields.get("features")
    told = [feature for feature in features if isinstance(feature, str)] if isinstance(features, list) else []
    return ListedModel(
        id=name,
        context_tokens=tokens(fields.get("context_length")),
        supports=frozenset(_FEATURES[feature] for feature in told if feature in _FEATURES),
        extra=fields,
    )


def _cursor(rest: Fields, models: Sequence[ListedModel]) -> str | None:
    token = rest.get("next_page_token")
    return token if isinstance(token, str) and token else None


MODELS = ModelList(
    wire=WIRE_NAME,
    names=("models",),
    read=_read,
    read_error=read_error,
    path=lambda provider: first_version(provider, "/models"),
    cursor=_cursor,
    turn="page_token",
    first={"page_size": str(_MOST)},
)


class CohereModelsServer:
    """Pages by ``page_size`` and ``page_token``; ``endpoint`` asks for the models of one endpoint only."""

    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        wanted = asked(query)
        size = number(wanted, "page_size", 20, _MOST)
        if endpoint := wanted.get("endpoint"):
            models = [model for model in models if endpoint in _written(model).get("endpoints", ())]
        token = wanted.get("page_token")
        return cut(models, following(models, token, "page_token") if token else 0, size)

    def render(self, page: ModelPage) -> bytes:
        rest: Fields = page.extra or {} if is_own(page.origin) else {"next_page_token": page.next} if page.next else {}
        return _encode({"models": [_written(model) for model in page.models], **rest})

    def render_one(self, model: ListedModel) -> bytes:
        return _encode(_written(model))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


def _written(model: ListedModel) -> Fields:
    if is_own(model.origin):
        return {"name": model.id, **(model.extra or {})}
    fields: Fields = {"name": model.id, "endpoints": ["chat"], "finetuned": False}
    if model.context_tokens is not None:
        fields["context_length"] = model.context_tokens
    fields["features"] = [feature for feature, word in _FEATURES.items() if word in model.supports]
    return fields


MODELS_SERVER = CohereModelsServer()
