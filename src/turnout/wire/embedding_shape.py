"""Embeddings in the shape that OpenAI gave them and others took over, both directions, with the words that differ as data.

https://platform.openai.com/docs/api-reference/embeddings (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import ServerFault
from turnout.receipt import approximated, dropped, mapped
from turnout.types import Embedding, Embeddings, EmbedRequest, Origin, ReceiptLine, Target, Usage, Vector
from turnout.types.embeddings import packed, unpacked
from turnout.wire.embedding_inputs import ContentForm, read_inputs, write_inputs
from turnout.wire.input_usage import read_usage, write_usage
from turnout.wire.json_body import merge_extra, take, take_model, with_quirks


class EmbedDialect(Struct, frozen=True, kw_only=True):
    """What a protocol of this shape calls its fields; "" where it has none.

    ``types_include_base64``: its field for kinds of numbers also says that they come as base64. ``input_types`` are its words
    for ours, the first spelling of each being the one that we write; ``truncate`` is true or false.
    """

    wire: str
    dimensions: tuple[str, ...] = ("dimensions", "output_dimension")  # read as any of these, written as the first
    encoding_format: str = "encoding_format"
    says_float: bool = True  # "float" is a word of ``encoding_format``
    types: str = ""
    types_include_base64: bool = False
    input_type: str = ""
    input_types: Mapping[str, tuple[str, ...]] = {}
    truncate: str = ""
    user: str = ""
    tokens: bool = False
    content: ContentForm = "none"


# -- requests --------------------------------------------------------------------------------------


def read_request(raw: dict[str, Any], dialect: EmbedDialect) -> EmbedRequest:
    """Raises RequestError that says what is wrong where."""
    fields, origin, spelled = dict(raw), Origin(dialect.wire), dict[str, str]()
    model = take_model(fields)
    name = next((name for name in ("input", "inputs") if name in fields), "input")
    if name == "inputs":
        spelled["inputs"] = name
    inputs = read_inputs(fields.pop(name, None), origin, spelled, name)
    known: dict[str, Any] = {}
    for theirs in dialect.dimensions:
        if (dimensions := take(fields, theirs, int)) is not None:
            known["dimensions"] = dimensions
            spelled |= {"dimensions": theirs} if theirs != dialect.dimensions[0] else {}
            break
    known["encoding_format"] = take(fields, dialect.encoding_format, str) if dialect.encoding_format else None
    known["embedding_types"] = _read_types(fields, dialect, spelled)
    known["input_type"] = read_word(fields, dialect.input_type, dialect.input_types, "input_type", spelled)
    if dialect.truncate and (cut := take(fields, dialect.truncate, bool)) is not None:
        known["truncate"] = "end" if cut else "none"
    known["user"] = take(fields, dialect.user, str) if dialect.user else None
    return EmbedRequest(model=model, input=inputs, extra=fields or None, origin=origin, spelled=spelled or None, **known)


def _read_types(fields: dict[str, Any], dialect: EmbedDialect, spelled: dict[str, str]) -> tuple[str, ...] | None:
    value = fields.get(dialect.types) if dialect.types else None
    if isinstance(value, str):
        del fields[dialect.types]
        spelled["embedding_types"] = "one"
        return (value,)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        del fields[dialect.types]
        return tuple(value)
    return None


def read_word(
    fields: dict[str, Any], name: str, words: Mapping[str, tuple[str, ...]], ours: str, spelled: dict[str, str]
) -> str | None:
    """Our word for the one in ``fields``, taken out of them; a word that we have none for stays there, verbatim."""
    said = fields.get(name) if name else None
    meant = next((word for word, theirs in words.items() if said in theirs), None) if isinstance(said, str) else None
    if meant is not None:
        del fields[name]
        if said != words[meant][0]:
            spelled[ours] = str(said)
    return meant


def write_request(request: EmbedRequest, provider: Provider, dialect: EmbedDialect, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. Each field that could not go exactly gets a line in ``lines``. Raises Unsupported for inputs of another kind."""
    own = request.origin is not None and request.origin.returns_to(dialect.wire)
    spelled = (request.spelled or {}) if own else {}
    body: dict[str, Any] = {"model": request.model} if request.model else {}
    inputs = write_inputs(request, dialect.wire, dialect.content, lines, tokens=dialect.tokens)
    body[spelled.get("inputs", "input")] = inputs[0] if spelled.get("input") == "one" and len(inputs) == 1 else inputs
    if request.dimensions is not None:
        body[spelled.get("dimensions", dialect.dimensions[0])] = request.dimensions
    _write_numbers(request, own, spelled, dialect, body, lines)
    if request.input_type is not None:
        word = write_word(request.input_type, dialect.input_types, spelled.get("input_type"), dialect.wire, "input_type", lines)
        body |= {dialect.input_type: word} if word is not None else {}
    if request.truncate is not None:
        _write_truncate(request.truncate, dialect, body, lines)
    if request.user is not None:
        if dialect.user:
            body[dialect.user] = request.user
        else:
            lines.append(dropped("request", "user", f"{dialect.wire} has no field for the user"))
    merge_extra(body, request.extra, request.origin, dialect.wire, lines)
    return with_quirks(body, provider, lines)


def _write_numbers(
    request: EmbedRequest,
    own: bool,
    spelled: dict[str, str],
    dialect: EmbedDialect,
    body: dict[str, Any],
    lines: list[ReceiptLine],
) -> None:
    """The kind of numbers, and how they are written: two fields here, one elsewhere."""
    types, encoding = request.embedding_types or (), request.encoding_format
    if not own and "base64" in types and not dialect.types_include_base64:
        types, encoding = tuple(kind for kind in types if kind != "base64"), "base64"
        lines.append(mapped("request", "embedding_types", f"{dialect.wire} says base64 as {dialect.encoding_format}"))
    if encoding is not None and dialect.types_include_base64 and not own:
        if encoding == "base64" and not types:
            types = ("base64",)
            lines.append(mapped("request", "encoding_format", f"{dialect.wire} says base64 as {dialect.types}"))
        elif encoding != "float":
            lines.append(dropped("request", "encoding_format", f"{dialect.wire} writes these numbers as a list"))
        encoding = None
    if encoding is not None and (own or encoding != "float" or dialect.says_float):
        body[dialect.encoding_format] = encoding
    if not types or (types == ("float",) and not dialect.types):
        return
    if not dialect.types:
        lines.append(dropped("request", "embedding_types", f"{dialect.wire} gives vectors of floats and no others"))
        return
    if len(types) == 1 and (not own or spelled.get("embedding_types") == "one"):
        body[dialect.types] = types[0]
    elif own:
        body[dialect.types] = list(types)
    else:
        body[dialect.types] = types[0]
        lines.append(approximated("request", "embedding_types", f"{dialect.wire} gives one kind a call: {types[0]}"))


def write_word(
    ours: str, words: Mapping[str, tuple[str, ...]], spelled: str | None, wire: str, field: str, lines: list[ReceiptLine]
) -> str | None:
    """The protocol's word for ``ours``, or None with a line when it has none."""
    if ours in words:
        return spelled or words[ours][0]
    lines.append(dropped("request", field, f"{wire} has no word for {ours!r}"))
    return None


def _write_truncate(wanted: str, dialect: EmbedDialect, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if dialect.truncate:
        body[dialect.truncate] = wanted != "none"
        if wanted == "start":
            lines.append(approximated("request", "truncate", f"{dialect.wire} cuts off the end, not the start"))
    elif wanted != "none":
        lines.append(dropped("request", "truncate", f"{dialect.wire} has no field that cuts inputs which are too long"))


# -- answers ---------------------------------------------------------------------------------------


def read_answer(
    raw: dict[str, Any], request: EmbedRequest, target: Target, dialect: EmbedDialect, headers: dict[str, str] | None
) -> Embeddings:
    """Raises ServerFault when there are no vectors to read."""
    fields, spelled = dict(raw), dict[str, str]()
    items = fields.pop("data", None)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ServerFault(f"{target}: the answer has no list of embeddings in data", body=raw, target=target)
    if fields.get("object") == "list":
        del fields["object"]
    elif "object" not in fields:
        spelled["object"] = "absent"
    if any("object" not in item for item in items):
        spelled["data.object"] = "absent"
    if "model" not in fields:
        spelled["model"] = "absent"
    data = tuple(_read_item(item, at, request, target) for at, item in enumerate(items))
    usage = fields.pop("usage") if isinstance(fields.get("usage"), dict) else None
    return Embeddings(
        data=data,
        model=take(fields, "model", str) or "",
        id=take(fields, "id", str) or "",
        created=take(fields, "created", int),
        usage=read_usage(usage, dialect.wire) if usage is not None else Usage(),
        extra=fields or None,
        origin=Origin(dialect.wire, target.provider),
        spelled=spelled or None,
        headers=headers,
    )


def _read_item(raw: dict[str, Any], at: int, request: EmbedRequest, target: Target) -> Embedding:
    fields = dict(raw)
    if fields.get("object") == "embedding":
        del fields["object"]
    vector = fields.pop("embedding", None)
    if not is_vector(vector):
        raise ServerFault(f"{target}: data[{at}] holds no embedding: neither a list of numbers nor a text", target=target)
    index = take(fields, "index", int)
    return Embedding(index=at if index is None else index, forms={_kind(vector, request): vector}, extra=fields or None)


def is_vector(value: Any) -> bool:
    """A list of numbers, or a text that may hold one. Only the first and the last are looked at: a vector may be long."""
    if isinstance(value, list):
        return not value or (type(value[0]) in (int, float) and type(value[-1]) in (int, float))
    return isinstance(value, str)


# What Perplexity's words for encoding_format say of the numbers too: https://docs.perplexity.ai/api-reference/embeddings-post
# (read 2026-11-21)
_ENCODED = {"base64": "float", "base64_int8": "int8", "base64_binary": "binary"}


def _kind(vector: Vector, request: EmbedRequest) -> str:
    """What kind of numbers came: what was asked for. Of a text that nobody asked for it is not known."""
    types = request.embedding_types or ()
    if len(types) == 1 and types[0] != "base64":
        return types[0]
    if isinstance(vector, str) and "base64" not in types:
        return _ENCODED.get(request.encoding_format or "", "unknown")
    return "float"


def write_answer(embeddings: Embeddings, request: EmbedRequest, dialect: EmbedDialect) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it."""
    own = embeddings.origin is not None and embeddings.origin.returns_to(dialect.wire)
    spelled = (embeddings.spelled or {}) if own else {}
    body: dict[str, Any] = {"object": "list", "data": [], "model": embeddings.model or request.model}
    for name in ("object", "model"):
        if spelled.get(name) == "absent":
            del body[name]
    for item in embeddings.data:
        written: dict[str, Any] = {"object": "embedding", "index": item.index, "embedding": _asked_form(item, request, own)}
        if "data.object" in spelled:
            del written["object"]
        body["data"].append(written | (item.extra or {}) if own else written)
    if own:
        body |= {name: value for name, value in (("id", embeddings.id), ("created", embeddings.created)) if value}
    usage = write_usage(embeddings.usage, dialect.wire)
    if usage is not None:
        body["usage"] = usage
    elif not own:  # the official client wants one; the format has no other word for "not reported"
        body["usage"] = {"prompt_tokens": 0, "total_tokens": 0}
    return body | (embeddings.extra or {}) if own else body


def _asked_form(item: Embedding, request: EmbedRequest, own: bool) -> Vector:
    """The vector in the form that the caller asked for; one of this very protocol as it came."""
    wanted = next((kind for kind in request.embedding_types or ("float",) if kind != "base64"), "float")
    kind = next((kind for kind in (wanted, "base64") if kind in item.forms), next(iter(item.forms)))
    vector = item.forms[kind]
    as_text = request.encoding_format == "base64" or "base64" in (request.embedding_types or ())
    if own or isinstance(vector, str) == as_text:
        return vector
    try:
        return unpacked(vector, kind) if isinstance(vector, str) else packed(vector, kind)
    except ValueError:
        return vector  # as the provider wrote it: what cannot be read as numbers is not guessed at
