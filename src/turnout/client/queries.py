"""From what a person hands to ``embed`` and ``rerank`` to requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Union, get_args

from turnout.errors import RequestError
from turnout.types import Content, EmbedInput, EmbedRequest, InputType, Part, RankedDocument, RerankRequest

Embeddable = Union[str, Sequence[int], Part, Sequence[Part], Content]
Inputs = Union[str, Content, Part, Sequence[Embeddable]]


class EmbedOptions(TypedDict, total=False):
    """What may be said beside the inputs: the fields of ``EmbedRequest``."""

    dimensions: int
    encoding_format: str  # "float" or "base64"
    embedding_types: Sequence[str]  # "float", "int8", "uint8", "binary", "ubinary"
    input_type: InputType  # "query", "document", …
    truncate: str  # "none", "start" or "end"
    user: str
    extra: dict[str, Any]  # sent verbatim in the provider's own protocol


class RerankOptions(TypedDict, total=False):
    """What may be said beside the query and the documents: the fields of ``RerankRequest``."""

    top_n: int
    return_documents: bool
    max_tokens_per_doc: int
    truncate: bool
    extra: dict[str, Any]  # sent verbatim in the provider's own protocol


def embed_request(inputs: Inputs | EmbedRequest, options: Mapping[str, Any]) -> EmbedRequest | Callable[[str], EmbedRequest]:
    """The request for a model that is yet to be named, or the whole request that was given.

    One text, one list of token ids or one part is one input. Raises RequestError for what is none, or an unknown option.
    """
    if isinstance(inputs, EmbedRequest):
        _check_alone(options, "an EmbedRequest")
        return inputs
    _check(options, EmbedOptions)
    for name, words in (("input_type", get_args(InputType)), ("truncate", ("none", "start", "end"))):
        if options.get(name) is not None and options[name] not in words:
            raise RequestError(f"{name}={options[name]!r}: expected one of {', '.join(words)}")
    fields = dict(options)
    if isinstance(fields.get("embedding_types"), (list, tuple)):
        fields["embedding_types"] = tuple(fields["embedding_types"])
    single = isinstance(inputs, (str, Content)) or hasattr(inputs, "origin") or _is_ids(inputs)
    given: Sequence[Any] = (inputs,) if single else inputs  # type: ignore[assignment]
    if not isinstance(given, (list, tuple)):
        raise RequestError(f"what to embed is a text or a list of texts, not {type(inputs).__name__}")
    read = tuple(_input(value, at) for at, value in enumerate(given))
    return lambda model: EmbedRequest(model=model, input=read, **fields)


def _input(value: Any, at: int) -> EmbedInput:
    if isinstance(value, (str, Content)):
        return value
    if _is_ids(value):
        return tuple(value)
    if hasattr(value, "origin"):
        return Content((value,))
    if isinstance(value, (list, tuple)) and value and all(hasattr(part, "origin") for part in value):
        return Content(tuple(value))
    raise RequestError(f"input[{at}] is a text, a list of token ids or a list of parts, not {type(value).__name__}")


def _is_ids(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(type(id) is int for id in value)


def rerank_request(
    query: str | RerankRequest, documents: Sequence[RankedDocument], options: Mapping[str, Any]
) -> RerankRequest | Callable[[str], RerankRequest]:
    """As ``embed_request``. Raises RequestError for documents that are neither texts nor objects, or an unknown option."""
    if isinstance(query, RerankRequest):
        _check_alone({**options, **({"documents": documents} if documents else {})}, "a RerankRequest")
        return query
    _check(options, RerankOptions)
    if isinstance(documents, (str, dict)) or not isinstance(documents, Sequence):
        raise RequestError(f"documents are a list of texts or objects, not {type(documents).__name__}")
    for at, document in enumerate(documents):
        if not isinstance(document, (str, dict)):
            raise RequestError(f"documents[{at}] is a text or an object, not {type(document).__name__}")
    return lambda model: RerankRequest(model=model, query=query, documents=tuple(documents), **options)


def _check_alone(options: Mapping[str, Any], whole: str) -> None:
    if options:
        raise RequestError(f"{whole} is complete: put {', '.join(sorted(options))} into it instead of beside it")


def _check(options: Mapping[str, Any], known: type) -> None:
    names = known.__annotations__
    for name in options:
        if name not in names:
            from turnout.catalog.names import nearest

            near = nearest(name, names, limit=1)
            hint = f"did you mean {near[0]!r}?" if near else "a field of the provider's own goes into extra={…}"
            raise RequestError(f"unknown option {name!r}; {hint}")
