"""Lists of models, as every protocol of ours has them: a GET, a JSON list, perhaps a word that asks for the next page.

A protocol gives its facts to ``ModelList``; what a field means is its own module's to say (``wire/<name>/listing.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.types import HttpRequest, HttpResponse, ListedModel, ModelPage, Origin, Target
from turnout.wire.json_body import answer_json

Fields = dict[str, Any]


class ModelList(Struct, frozen=True, kw_only=True):
    """A ModelsCodec.

    ``names`` are the fields that the list may stand in. ``read`` makes a model of one entry, None of what is no model.
    ``cursor`` finds in a page, its list taken out, and in its models what asks for the next one; ``turn`` puts that into a
    query. ``first`` is the query of every page.
    """

    wire: str
    names: tuple[str, ...]
    read: Callable[[Fields], ListedModel | None]
    read_error: Callable[[HttpResponse, Target], Error]
    path: Callable[[Provider], str]
    cursor: Callable[[Fields, Sequence[ListedModel]], str | None] = lambda rest, models: None
    turn: str = ""
    first: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    one_path: Callable[[str], str] = lambda id: f"/{named(id)}"
    left_out_when_empty: bool = False  # as protocol buffers do: nothing but the cursor may then be there
    one_in: str = ""  # the field that the answer about one model stands in; "" for the whole of it

    def encode(self, provider: Provider, page: str | None = None) -> HttpRequest:
        query = {**self.first, **({self.turn: page} if page is not None and self.turn else {})}
        url = with_query(provider.models_url or self.path(provider), query)
        return HttpRequest(method="GET", url=url, headers={"accept": "application/json", **self.headers, **provider.headers})

    def decode(self, response: HttpResponse, provider: Provider) -> ModelPage:
        target = listing_of(provider)
        body = parsed(response, target)
        rest, entries = (None, body) if isinstance(body, list) else self._entries(body, response, target)
        origin = Origin(self.wire, provider.id)
        models = tuple(self._model(entry, origin, target) for entry in entries)
        next_page = self.cursor(rest, models) if rest is not None else None
        return ModelPage(models=models, next=next_page, extra=rest, origin=origin)

    def encode_one(self, provider: Provider, id: str) -> HttpRequest:
        base, mark, query = (provider.models_url or self.path(provider)).partition("?")
        url = f"{base}{self.one_path(id)}{mark}{query}"
        return HttpRequest(method="GET", url=url, headers={"accept": "application/json", **self.headers, **provider.headers})

    def decode_one(self, response: HttpResponse, provider: Provider, id: str) -> ListedModel:
        target = Target(provider.id, id)
        body = parsed(response, target)
        told = body.get(self.one_in) if self.one_in and isinstance(body, dict) else body
        if not isinstance(told, dict) or "error" in told:
            raise self._no_list(body, response, target)
        model = self.model_of(told, id)
        if model is None:
            raise self._no_list(body, response, target)
        return replace(model, origin=Origin(self.wire, provider.id))

    def model_of(self, told: Fields, id: str) -> ListedModel | None:
        """What was said of one model that was asked for as ``id``; None if that is no model."""
        return self.read(dict(told))

    def decode_error(self, response: HttpResponse, provider: Provider) -> Error:
        return self.read_error(response, listing_of(provider))

    def _entries(self, body: Fields, response: HttpResponse, target: Target) -> tuple[Fields, list[Any]]:
        """What the body says beside its list, and the list. A null for it, as servers in Go write an empty one, stays there."""
        for name in self.names:
            if isinstance(body.get(name), list):
                return {field: value for field, value in body.items() if field != name}, body[name]
        left_out = self.left_out_when_empty and all("token" in field.lower() for field in body)
        if not body.get("error") and (left_out or any(name in body and body[name] is None for name in self.names)):
            return body, []
        raise self._no_list(body, response, target)

    def _model(self, entry: Any, origin: Origin, target: Target) -> ListedModel:
        model = self.read(dict(entry)) if isinstance(entry, dict) else None
        if model is None:
            raise ServerFault(f"{target}: an entry of the list is no model: it has no name", target=target)
        return replace(model, origin=origin)

    def _no_list(self, body: Any, response: HttpResponse, target: Target) -> Error:
        """An error is never taken for an empty list, whatever status it came with."""
        if isinstance(body, dict) and body.get("error"):
            return self.read_error(response, target)
        expected = f"a list in {' or '.join(self.names)}" if target.model == LISTING else "a model"
        return ServerFault(f"{target}: the answer is not {expected}", status=response.status, target=target)


LISTING = "models"  # stands for a model's name where a whole list is asked for


def listing_of(provider: Provider) -> Target:
    """Whom the health and the errors of a list belong to: not to any one model."""
    return Target(provider.id, LISTING)


def parsed(response: HttpResponse, target: Target) -> Any:
    """The body as a JSON object or array. Raises ServerFault for anything else."""
    body = answer_json(response, target)
    if not isinstance(body, (dict, list)):
        raise ServerFault(f"{target}: the answer is no JSON object", status=response.status, target=target)
    return body


# -- addresses -------------------------------------------------------------------------------------


def below(base_url: str, path: str) -> str:
    """``path`` under ``base_url``, which may hold a query."""
    base, mark, query = base_url.partition("?")
    return f"{base}{path}{mark}{query}"


def with_query(url: str, query: Mapping[str, str]) -> str:
    """``query`` added to ``url``, except what it already says."""
    for name, value in query.items():
        present = url.partition("?")[2].split("&") if "?" in url else []
        if not any(pair.partition("=")[0] == name for pair in present):
            url += f"{'&' if present else '?'}{name}={quoted(value)}"
    return url


def quoted(text: str, safe: str = "") -> str:
    from urllib.parse import quote  # 6 ms

    return quote(text.encode("utf-8", "surrogatepass"), safe=safe)


def named(id: str) -> str:
    """A model's name as the end of a path, slashes left as they are. Raises RequestError for one that would lead elsewhere."""
    if not id or any(segment in ("", ".", "..") for segment in id.split("/")):
        raise RequestError(f"{id!r} is not the name of a model", param="model")
    return quoted(id, "/:@")


# -- fields ----------------------------------------------------------------------------------------


def take(fields: Fields, name: str, kind: type) -> Any:
    """``fields[name]`` taken out if it is of ``kind`` and not empty; else None, and what stands there stays."""
    value = fields.get(name)
    return fields.pop(name) if type(value) is kind and value else None


def tokens(*values: Any) -> int | None:
    """The first that is a number of tokens; Cohere writes some as 128000.0."""
    for value in values:
        if type(value) in (int, float) and value > 0 and value == value // 1 and value < 1e12:
            return int(value)
    return None


def seconds(text: Any) -> int | None:
    """A time of RFC 3339 as seconds since 1970; None for one before or at 1970, which stands for "not known"."""
    try:
        when = datetime.fromisoformat(text)
        at = int((when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None
    return at if at > 0 else None


def rfc3339(at: int | None) -> str:
    """Seconds since 1970 as a time of RFC 3339; 1970 itself for what is not known or no date."""
    try:
        return datetime.fromtimestamp(at or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00Z"


# -- towards callers -------------------------------------------------------------------------------


def asked(query: str) -> dict[str, str]:
    """A query string as its last value for each name."""
    from urllib.parse import parse_qsl

    try:
        return dict(parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise RequestError(f"the query cannot be read: {error}") from error


def number(wanted: Mapping[str, str], name: str, default: int, most: int, least: int = 1) -> int:
    """``wanted[name]`` between ``least`` and ``most``; ``default`` when it is not there. Raises RequestError otherwise."""
    text = wanted.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10) or not least <= int(text) <= most:
        raise RequestError(f"{name}: expected a number from {least} to {most}, not {text[:40]!r}", param=name)
    return int(text)


def following(models: Sequence[ListedModel], id: str, name: str) -> int:
    """The place in ``models`` after the one called ``id``. Raises RequestError if there is none."""
    for index, model in enumerate(models):
        if model.id == id:
            return index + 1
    raise RequestError(f"{name}: no model that is listed here is called {id[:200]!r}", param=name)


def cut(models: Sequence[ListedModel], start: int, size: int) -> ModelPage:
    """``size`` of ``models`` from ``start``; ``next`` is the id of the last of them when more follow."""
    shown = tuple(models[start : start + size])
    return ModelPage(models=shown, next=shown[-1].id if shown and start + size < len(models) else None)
