"""Documents in order of relevance to a query: what is asked for, and what came back."""

from __future__ import annotations

from typing import Any, Union

from msgspec import Struct

from turnout.types.chat import Attempt, Target
from turnout.types.parts import Origin
from turnout.types.receipts import Receipt
from turnout.types.usage import Cost, Usage

RankedDocument = Union[str, dict[str, Any]]  # a text, or an object with fields of its own ("text" where it has one)


class RerankRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which of ``documents`` answer ``query`` best. A field left None is not sent.

    ``top_n`` bounds the results; ``return_documents`` asks to have each document beside its score; ``max_tokens_per_doc``
    is where a document is cut; ``truncate`` False asks for an error instead. ``extra`` and ``spelled``: see ``ChatRequest``.
    """

    model: str
    query: str | dict[str, Any]
    documents: tuple[RankedDocument, ...]
    top_n: int | None = None
    return_documents: bool | None = None
    max_tokens_per_doc: int | None = None
    truncate: bool | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None


class Ranked(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One document of the request: ``index`` is its place there. Scores of different models do not compare."""

    index: int
    relevance_score: float
    document: RankedDocument | None = None
    extra: dict[str, Any] | None = None


class Ranking(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to a RerankRequest, the best document first.

    ``search_units`` is what some providers bill in place of tokens (None: not reported); ``cost`` None when no price is known.
    """

    results: tuple[Ranked, ...]
    model: str = ""
    id: str = ""
    usage: Usage = Usage()
    search_units: float | None = None
    extra: dict[str, Any] | None = None
    origin: Origin | None = None
    spelled: dict[str, str] | None = None
    target: Target | None = None
    attempts: tuple[Attempt, ...] = ()
    cost: Cost | None = None
    receipt: Receipt | None = None
    headers: dict[str, str] | None = None
