"""Bedrock's list of foundation models, which its control plane gives: another host than the one that runs them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html (read 2026-11-21). The provider's row
names that host (``models_url``); the list is not paged.
"""

from __future__ import annotations

from typing import Any

from turnout.types import ListedModel
from turnout.wire.bedrock_converse.faults import read_error
from turnout.wire.bedrock_converse.words import WIRE_NAME
from turnout.wire.model_lists import Fields, ModelList, below, quoted, take

_MODALITIES = {"TEXT": "text", "IMAGE": "image", "AUDIO": "audio", "SPEECH": "audio", "VIDEO": "video"}


def _read(fields: Fields) -> ListedModel | None:
    id = take(fields, "modelId", str)
    if id is None:
        return None
    supports = {
        f"{_MODALITIES[name]}-{side}"
        for side, field in (("in", "inputModalities"), ("out", "outputModalities"))
        for name in _strings(fields.get(field))
        if name in _MODALITIES
    }
    return ListedModel(
        id=id,
        name=take(fields, "modelName", str),
        owned_by=take(fields, "providerName", str),
        supports=frozenset(supports),
        extra=fields,
    )


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


MODELS = ModelList(
    wire=WIRE_NAME,
    names=("modelSummaries",),
    read=_read,
    read_error=read_error,
    path=lambda provider: below(provider.base_url, "/foundation-models"),
    one_path=lambda id: f"/{quoted(id)}",
    one_in="modelDetails",
)
