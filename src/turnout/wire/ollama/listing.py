"""Ollama's list of the models that are on the machine, both directions; what one of them can do is asked of another address.

https://docs.ollama.com/api/tags and https://docs.ollama.com/api-reference/show-model-details (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import HttpRequest, ListedModel, ModelPage
from turnout.wire.model_lists import Fields, ModelList, asked, cut, rfc3339, tokens
from turnout.wire.ollama.faults import read_error, write_error
from turnout.wire.ollama.words import WIRE_NAME, is_own

_encode = msgspec.json.Encoder().encode

_CAPABILITIES = {"tools": "tools", "vision": "image-in", "thinking": "reasoning", "completion": "text-out"}


def _read(fields: Fields) -> ListedModel | None:
    """``name`` and ``model`` say the same; both stay in extra, for older servers send only the first."""
    id = next((fields[name] for name in ("model", "name") if isinstance(fields.get(name), str) and fields[name]), None)
    if id is None:
        return None
    supports, lacks = _abilities(fields)
    return ListedModel(id=id, supports=supports, lacks=lacks, extra=fields)


def _read_one(fields: Fields, id: str) -> ListedModel:
    """``model_info`` holds the weights' own facts, under names that begin with the architecture: "llama.context_length"."""
    info: Any = fields.get("model_info")
    info = info if isinstance(info, dict) else {}
    supports, lacks = _abilities(fields)
    context = tokens(info.get(f"{info.get('general.architecture')}.context_length"))
    return ListedModel(id=id, context_tokens=context, supports=supports, lacks=lacks, extra=fields)


def _abilities(fields: Fields) -> tuple[frozenset[str], frozenset[str]]:
    """A server that lists capabilities lists all of them."""
    told = fields.get("capabilities")
    if not isinstance(told, list):
        return frozenset(), frozenset()
    supports = frozenset(word for name, word in _CAPABILITIES.items() if name in told)
    return supports, frozenset(_CAPABILITIES.values()) - supports


def _address(provider: Provider, path: str) -> str:
    """People have written the address of the OpenAI-compatible endpoint, or of the API; the server is the same."""
    return f"{provider.base_url.removesuffix('/v1').removesuffix('/api')}/api{path}"


class OllamaModels(ModelList, frozen=True):
    """Details are asked for with a body, and the answer does not repeat the name."""

    def encode_one(self, provider: Provider, id: str) -> HttpRequest:
        headers = {"content-type": "application/json", **provider.headers}
        return HttpRequest(method="POST", url=_address(provider, "/show"), headers=headers, body=_encode({"model": id}))

    def model_of(self, told: Fields, id: str) -> ListedModel | None:
        return _read_one(told, id) if {"details", "model_info", "modelfile", "capabilities"} & told.keys() else None


MODELS = OllamaModels(
    wire=WIRE_NAME,
    names=("models",),
    read=_read,
    read_error=read_error,
    path=lambda provider: _address(provider, "/tags"),
)


class OllamaModelsServer:
    """Not paged. What a list here says is of files, which a model that is served elsewhere has not: those say nothing."""

    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        asked(query)
        return cut(models, 0, len(models))

    def render(self, page: ModelPage) -> bytes:
        rest: Fields = page.extra or {} if is_own(page.origin) else {}
        return _encode({"models": [_written(model) for model in page.models], **rest})

    def render_one(self, model: ListedModel) -> bytes:
        """As /api/show answers."""
        if is_own(model.origin):
            return _encode(model.extra or {})
        info: Fields = {"general.architecture": "unknown", "general.basename": model.name or model.id}
        if model.context_tokens is not None:
            info["unknown.context_length"] = model.context_tokens
        return _encode({"details": _details(), "model_info": info, "capabilities": _capabilities(model)})

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


def _written(model: ListedModel) -> Fields:
    if is_own(model.origin):
        return model.extra or {}
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": rfc3339(model.created),
        "size": 0,
        "digest": "",
        "details": _details(),
        "capabilities": _capabilities(model),
    }


def _details() -> Fields:
    return {"parent_model": "", "format": "", "family": "", "families": [], "parameter_size": "", "quantization_level": ""}


def _capabilities(model: ListedModel) -> list[str]:
    return ["completion", *(name for name, word in _CAPABILITIES.items() if name != "completion" and word in model.supports)]


MODELS_SERVER = OllamaModelsServer()
