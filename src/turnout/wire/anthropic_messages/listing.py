"""Anthropic's list of models, both directions (https://docs.claude.com/en/api/models-list, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from turnout.errors import Error, RequestError
from turnout.types import ListedModel, ModelPage
from turnout.wire.anthropic_messages.codec import API_VERSION
from turnout.wire.anthropic_messages.faults import read_error, write_error
from turnout.wire.anthropic_messages.words import WIRE_NAME, is_own
from turnout.wire.model_lists import Fields, ModelList, asked, below, cut, following, number, rfc3339, seconds, take, tokens

_encode = msgspec.json.Encoder().encode

# `capabilities`: each an object with `supported`
_CAPABILITIES = {
    "image_input": "image-in",
    "pdf_input": "pdf-in",
    "structured_outputs": "structured_output",
    "thinking": "reasoning",
}
_MOST = 1000  # models on a page; 20 when a caller does not say


def _read(fields: Fields) -> ListedModel | None:
    id = take(fields, "id", str)
    if id is None:
        return None
    told: Any = fields.get("capabilities")
    known = {
        word: told[name]["supported"]
        for name, word in (_CAPABILITIES if isinstance(told, dict) else {}).items()
        if isinstance(told.get(name), dict) and isinstance(told[name].get("supported"), bool)
    }
    return ListedModel(
        id=id,
        name=take(fields, "display_name", str),
        created=seconds(fields.get("created_at")),
        # "maximum input context window size" is the whole of the context
        context_tokens=tokens(fields.get("max_input_tokens")),
        max_output_tokens=tokens(fields.get("max_tokens")),
        supports=frozenset(word for word, supported in known.items() if supported),
        lacks=frozenset(word for word, supported in known.items() if not supported),
        extra=fields,
    )


def _cursor(rest: Fields, models: Sequence[ListedModel]) -> str | None:
    if rest.get("has_more") is not True:
        return None
    last = rest.get("last_id")
    return last if isinstance(last, str) and last else models[-1].id if models else None


MODELS = ModelList(
    wire=WIRE_NAME,
    names=("data",),
    read=_read,
    read_error=read_error,
    path=lambda provider: below(provider.base_url, "/models"),
    cursor=_cursor,
    turn="after_id",
    first={"limit": str(_MOST)},
    headers={"anthropic-version": API_VERSION},
)


class AnthropicModelsServer:
    """Pages by ``limit`` with ``after_id`` or ``before_id``."""

    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        wanted = asked(query)
        size = number(wanted, "limit", 20, _MOST)
        after, before = wanted.get("after_id"), wanted.get("before_id")
        if after and before:
            raise RequestError("after_id and before_id: a page follows one model or precedes one, not both", param="before_id")
        if before:
            end = following(models, before, "before_id") - 1
            start = max(end - size, 0)
            shown, more = tuple(models[start:end]), start > 0
        else:
            start = following(models, after, "after_id") if after else 0
            page = cut(models, start, size)
            shown, more = page.models, page.next is not None
        ends = (shown[0].id, shown[-1].id) if shown else (None, None)
        return ModelPage(
            models=shown,
            next=ends[1] if more and not before else None,
            extra={"has_more": more, "first_id": ends[0], "last_id": ends[1]},
        )

    def render(self, page: ModelPage) -> bytes:
        rest: Fields = {"has_more": page.next is not None}
        if page.extra is not None and (page.origin is None or is_own(page.origin)):
            rest = page.extra
        elif page.models:
            rest |= {"first_id": page.models[0].id, "last_id": page.models[-1].id}
        return _encode({"data": [_written(model) for model in page.models], **rest})

    def render_one(self, model: ListedModel) -> bytes:
        return _encode(_written(model))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


def _written(model: ListedModel) -> Fields:
    if is_own(model.origin):
        name = {"display_name": model.name} if model.name is not None else {}
        return {"id": model.id, **name, **(model.extra or {})}
    fields: Fields = {
        "type": "model",
        "id": model.id,
        "display_name": model.name or model.id,
        "created_at": rfc3339(model.created),  # "may be set to an epoch value if the release date is unknown"
        "max_input_tokens": model.max_input_tokens or model.context_tokens,
        "max_tokens": model.max_output_tokens,
    }
    told = {name: word in model.supports for name, word in _CAPABILITIES.items() if word in model.supports | model.lacks}
    if told:
        fields["capabilities"] = {name: {"supported": supported} for name, supported in told.items()}
    return fields


MODELS_SERVER = AnthropicModelsServer()
