"""Google's lists of models, both directions: the Gemini API's, and Vertex AI's list of what a publisher offers.

https://ai.google.dev/api/models and
https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/publishers.models/list (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from turnout.errors import Error
from turnout.types import ListedModel, ModelPage
from turnout.wire.gemini.faults import read_error, write_error
from turnout.wire.gemini.words import WIRE_NAME, is_own
from turnout.wire.model_lists import Fields, ModelList, asked, below, cut, following, named, number, take, tokens

_encode = msgspec.json.Encoder().encode
_MOST = 1000  # models on a page of the Gemini API; 50 when a caller does not say
_ASKED = 100  # Vertex AI does not say what its most is


def _read(fields: Fields) -> ListedModel | None:
    """``name`` is a path: it stays in extra, and its last part is what a request calls the model."""
    path = fields.get("name")
    if not isinstance(path, str) or not path:
        return None
    supports: set[str] = set()
    lacks: set[str] = set()
    if isinstance(fields.get("thinking"), bool):
        (supports if fields["thinking"] else lacks).add("reasoning")
    if isinstance(fields.get("temperature"), (int, float)):  # "if empty, the model doesn't support it"
        supports.add("temperature")
    return ListedModel(
        id=path if path.startswith("tunedModels/") else path.rpartition("models/")[2] or path,
        name=take(fields, "displayName", str),
        max_input_tokens=tokens(fields.get("inputTokenLimit")),
        max_output_tokens=tokens(fields.get("outputTokenLimit")),
        supports=frozenset(supports),
        lacks=frozenset(lacks),
        extra=fields,
    )


def _cursor(rest: Fields, models: Sequence[ListedModel]) -> str | None:
    token = rest.get("nextPageToken")
    return token if isinstance(token, str) and token else None


MODELS = ModelList(
    wire=WIRE_NAME,
    names=("models", "publisherModels", "tunedModels"),
    read=_read,
    read_error=read_error,
    path=lambda provider: below(provider.base_url, "/models"),
    cursor=_cursor,
    turn="pageToken",
    left_out_when_empty=True,
    first={"pageSize": str(_ASKED)},
    one_path=lambda id: f"/{named(id.removeprefix('models/'))}",
)


class GeminiModelsServer:
    """Pages by ``pageSize`` and ``pageToken``, in the Gemini API's form."""

    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        wanted = asked(query)
        size = number(wanted, "pageSize", 50, 10**9, 0) or 50
        token = wanted.get("pageToken")
        return cut(models, following(models, token, "pageToken") if token else 0, min(size, _MOST))

    def render(self, page: ModelPage) -> bytes:
        rest: Fields = page.extra or {} if is_own(page.origin) else {"nextPageToken": page.next} if page.next else {}
        publisher = any(str((model.extra or {}).get("name")).startswith("publishers/") for model in page.models)
        name = "publisherModels" if publisher and is_own(page.origin) else "models"
        return _encode({name: [_written(model) for model in page.models], **rest})

    def render_one(self, model: ListedModel) -> bytes:
        return _encode(_written(model))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


def _written(model: ListedModel) -> Fields:
    if is_own(model.origin):
        name = {"displayName": model.name} if model.name is not None else {}
        return {**(model.extra or {}), **name}
    fields: Fields = {
        "name": model.id if model.id.startswith("tunedModels/") else f"models/{model.id}",
        "displayName": model.name or model.id,
        "inputTokenLimit": model.max_input_tokens or model.context_tokens,
        "outputTokenLimit": model.max_output_tokens,
        "supportedGenerationMethods": ["generateContent"],
    }
    if "reasoning" in model.supports | model.lacks:
        fields["thinking"] = "reasoning" in model.supports
    return {name: value for name, value in fields.items() if value is not None}


MODELS_SERVER = GeminiModelsServer()
