"""Content of messages and of tool results: this protocol's parts to ours, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped, mapped
from turnout.types import (
    Audio,
    Citation,
    DataSource,
    Document,
    FileSource,
    Image,
    Opaque,
    Origin,
    Part,
    ReceiptLine,
    Refusal,
    Text,
    TextSource,
    UrlSource,
    Video,
)
from turnout.wire.openai_responses.words import deep_merge, is_own, said_in, source, take, url

_TEXTS = ("input_text", "output_text", "text")


def read_content(raw: Any, origin: Origin, usual: str) -> Part:
    """A content part. What has no neutral form, or not the form the protocol gives it, is kept whole as Opaque.

    ``usual``: the type of a text where this part stands; another one is remembered.
    """
    if not isinstance(raw, dict):
        return Opaque(raw, slot="content", origin=origin)
    fields = dict(raw)
    kind = fields.pop("type", None)
    part: Part | None = None
    if kind in _TEXTS and isinstance(fields.get("text"), str):
        spelled = {"type": kind} if kind != usual else None
        part = Text(fields.pop("text"), read_annotations(fields), origin=origin, spelled=spelled)
    elif kind == "refusal" and isinstance(fields.get("refusal"), str):
        part = Refusal(fields.pop("refusal"), origin=origin)
    elif kind == "input_image":
        part = _read_image(fields, origin)
    elif kind == "input_file":
        part = _read_file(fields, origin)
    elif kind == "input_audio" and isinstance(inner := fields.get("input_audio"), dict) and isinstance(inner.get("data"), str):
        rest = dict(fields.pop("input_audio"))
        part = Audio(DataSource(rest.pop("data")), format=take(rest, "format"), origin=origin)
        fields |= {"input_audio": rest} if rest else {}
    if part is None:
        return Opaque(raw, slot="content", origin=origin)
    return msgspec.structs.replace(part, extra=fields) if fields else part


def _read_image(fields: dict[str, Any], origin: Origin) -> Image | None:
    address, id = fields.get("image_url"), fields.get("file_id")
    if isinstance(address, str):
        del fields["image_url"]
        return Image(source(address), take(fields, "detail"), origin=origin)
    if isinstance(id, str):
        del fields["file_id"]
        return Image(FileSource(id), take(fields, "detail"), origin=origin)
    return None


def _read_file(fields: dict[str, Any], origin: Origin) -> Document | None:
    if (data := take(fields, "file_data")) is not None:
        whole = source(data)
        held: Any = whole if isinstance(whole, DataSource) else DataSource(data)
    elif (address := take(fields, "file_url")) is not None:
        held = UrlSource(address)
    elif (id := take(fields, "file_id")) is not None:
        held = FileSource(id)
    else:
        return None
    return Document(held, filename=take(fields, "filename"), origin=origin)


def read_annotations(fields: dict[str, Any]) -> tuple[Citation, ...]:
    """``annotations``, taken out of a text's ``fields``. An empty list, or another form, stays there."""
    raw = fields.get("annotations")
    if not isinstance(raw, list) or not raw or not all(isinstance(item, dict) for item in raw):
        return ()
    return tuple(read_annotation(item) for item in fields.pop("annotations"))


def read_annotation(raw: dict[str, Any]) -> Citation:
    """Pages have a URL and a title; files an id and a name, of which the name is the title."""
    fields = dict(raw)
    if fields.get("type") == "url_citation":
        del fields["type"]
    return Citation(
        url=take(fields, "url"),
        title=take(fields, _title(raw)),
        start=take(fields, "start_index", int),
        end=take(fields, "end_index", int),
        extra=fields or None,
    )


def _title(annotation: dict[str, Any]) -> str:
    return "title" if annotation.get("type", "url_citation") == "url_citation" else "filename"


def write_annotation(citation: Citation, text: str, own: bool) -> dict[str, Any] | None:
    """None for what another protocol cites without a URL. ``text``: what it belongs to, as far as it has come."""
    extra = (citation.extra or {}) if own else {}
    if not own and citation.url is None:
        return None
    start, end, title = citation.start, citation.end, citation.title
    if not own:  # all are required
        start, end, title = start or 0, len(text) if end is None else end, title or ""
    known = {"url": citation.url, _title(extra): title, "start_index": start, "end_index": end}
    return {"type": "url_citation"} | {name: value for name, value in known.items() if value is not None} | extra


def write_output(part: Part, own: bool) -> dict[str, Any] | None:
    """``part`` as content of an answer; None where an answer of this protocol cannot hold it."""
    match part:
        case Text():
            written: dict[str, Any] = {"type": "output_text", "text": part.text}
            if part.citations or not own:
                cited = (write_annotation(citation, part.text, own) for citation in part.citations)
                written["annotations"] = [citation for citation in cited if citation is not None]
        case Refusal():
            written = {"type": "refusal", "refusal": part.text}
        case Audio(transcript=str(transcript)):
            return {"type": "output_text", "text": transcript, "annotations": []}
        case Opaque(slot="content") if own:
            return part.value  # type: ignore[no-any-return]
        case _:
            return write_own_content(part) if own else None
    return deep_merge(written, verbatim(part)) if own else written


def verbatim(part: Part) -> dict[str, Any]:
    """The fields of the part itself that go back as they came, with the type it had; those of its item are not among them."""
    spelled = {"type": part.spelled["type"]} if part.spelled and "type" in part.spelled else {}
    left_out = ("item", "annotations") if isinstance(part, Text) and part.citations else ("item",)
    return spelled | {name: value for name, value in (part.extra or {}).items() if name not in left_out}


def write_own_content(part: Part) -> Any:
    """What this protocol said, as it said it."""
    match part:
        case Opaque():
            return part.value
        case Text():
            written: dict[str, Any] = {"type": "input_text", "text": part.text}
            if part.citations:
                written["annotations"] = [write_annotation(citation, part.text, own=True) for citation in part.citations]
        case Refusal():
            written = {"type": "refusal", "refusal": part.text}
        case Image():
            written = {"type": "input_image"} | _held(part) | ({} if part.detail is None else {"detail": part.detail})
        case Document():
            written = {"type": "input_file"} | _held(part) | ({} if part.filename is None else {"filename": part.filename})
        case Audio(source=DataSource(data=data)):
            inner = {"data": data} | ({} if part.format is None else {"format": part.format})
            written = {"type": "input_audio", "input_audio": inner}
        case _:
            return None
    return deep_merge(written, verbatim(part))


def _held(part: Image | Document) -> dict[str, Any]:
    held = part.source
    if isinstance(part, Image):
        return {"file_id": held.id} if isinstance(held, FileSource) else {"image_url": url(held)}
    match held:
        case FileSource(id=id):
            return {"file_id": id}
        case DataSource(data=data, media_type=None):
            return {"file_data": data}
        case DataSource():
            return {"file_data": url(held)}
        case _:
            return {"file_url": url(held)}


def write_input(part: Part, origin: Origin | None, provider: str, lines: list[ReceiptLine], path: str) -> Any:
    """``part`` as content that a provider is given, or None with a line in ``lines`` when it has no place.

    ``origin`` is that of the message. Raises Unsupported for what a person said with it and a model would miss.
    """
    origin = part.origin or origin
    if is_own(origin, provider):
        return write_own_content(part)
    written: dict[str, Any] | None = None
    match part:
        case Text():
            written = {"type": "input_text", "text": part.text}
        case Refusal():
            lines.append(approximated("request", path, "a refusal is said as text"))
            written = {"type": "input_text", "text": part.text}
        case Opaque():
            lines.append(dropped("request", path, "a block that means something only to the provider it came from"))
        case Image() | Document(source=DataSource() | UrlSource() | FileSource()):
            if isinstance(part.source, FileSource) and origin is not None:
                raise Unsupported(f"{path}: a file that another provider holds ({part.source.id}); send its content instead")
            written = _write_media(part, path, lines)
        case Document(source=TextSource(text=text)):
            lines.append(mapped("request", path, "the document's text is said as text"))
            written = {"type": "input_text", "text": text}
        case Audio(transcript=str(transcript)):
            lines.append(approximated("request", path, "the sound is said by its transcript"))
            written = {"type": "input_text", "text": transcript}
    if written is None and isinstance(part, (Audio, Video)):
        raise Unsupported(
            f"{path}: OpenAI Responses takes no {type(part).__name__.lower()} like this; choose a provider that does"
        )
    if part.cache_control is not None:
        lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
    if part.extra and not isinstance(part, Opaque):
        if origin is None and written is not None:
            return deep_merge(written, part.extra)
        if names := said_in(part.extra):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written


# A name is required beside data: https://platform.openai.com/docs/guides/pdf-files (read 2026-11-21)
_NAMES = {"application/pdf": "document.pdf", "text/plain": "document.txt"}


def _write_media(part: Image | Document, path: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    if isinstance(part, Image):
        return {"type": "input_image"} | _held(part) | {"detail": part.detail or "auto"}
    name = part.filename or part.title
    if name is None and isinstance(part.source, DataSource):
        name = _NAMES.get(part.source.media_type or "", "document")
        lines.append(mapped("request", f"{path}.filename", f"the protocol wants a name, so {name!r} was sent"))
    held = _held(part)
    if isinstance(part.source, DataSource) and part.source.media_type is None:
        held = {"file_data": f"data:application/pdf;base64,{part.source.data}"}
    unsaid = [field for field in ("context", "citations") if getattr(part, field) is not None]
    lines += [dropped("request", f"{path}.{field}", "this protocol has no such field of a file") for field in unsaid]
    return {"type": "input_file"} | held | ({"filename": name} if name and "file_url" not in held else {})
