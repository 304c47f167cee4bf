"""Inputs of embedding requests, as the protocols that took over OpenAI's shape write them: texts, token ids, content.

OpenAI has texts and token ids (https://platform.openai.com/docs/api-reference/embeddings/create), OpenRouter and Voyage
lists of content parts (https://openrouter.ai/docs/api/reference/embeddings,
https://docs.voyageai.com/reference/multimodal-embeddings-api), Jina an object for each text or image
(https://api.jina.ai/openapi.json; all read 2026-11-21).
"""

from __future__ import annotations

from typing import Any, Literal

from turnout.errors import RequestError, Unsupported
from turnout.receipt import approximated, mapped
from turnout.types import (
    Content,
    DataSource,
    EmbedInput,
    EmbedRequest,
    Image,
    Opaque,
    Origin,
    Part,
    ReceiptLine,
    Source,
    Text,
    UrlSource,
    Video,
)

ContentForm = Literal["none", "openai", "voyage", "jina"]


def read_inputs(value: Any, origin: Origin, spelled: dict[str, str], name: str = "input") -> tuple[EmbedInput, ...]:
    """Raises RequestError for what is neither a text, token ids, content, nor a list of those."""
    if isinstance(value, (str, dict)) or (isinstance(value, list) and value and _is_id(value[0])):
        spelled["input"] = "one"
        return (_read_input(value, origin, name),)
    if not isinstance(value, list):
        raise RequestError(f"{name}: expected a text or a list of texts", param=name)
    return tuple(_read_input(item, origin, f"{name}[{at}]") for at, item in enumerate(value))


def _read_input(value: Any, origin: Origin, path: str) -> EmbedInput:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(map(_is_id, value)):
        return tuple(value)
    if isinstance(value, dict):
        return read_content(value, origin)
    raise RequestError(f"{path}: expected a text, a list of token ids or an object", param=path)


def _is_id(value: Any) -> bool:
    return type(value) is int


def read_content(raw: dict[str, Any], origin: Origin) -> Content:
    """An object that stands for one input."""
    match raw:
        case {"text": str(text)} if len(raw) == 1:
            return Content((Text(text),), origin=origin, spelled={"form": "text"})
        case {"image": str(image)} if len(raw) == 1:
            held = source(image) if image.startswith(("http://", "https://", "data:")) else DataSource(image)
            return Content((Image(held),), origin=origin, spelled={"form": "image"})
        case {"content": [*items]}:
            rest = {name: value for name, value in raw.items() if name != "content"}
            return Content(tuple(_read_part(item, origin) for item in items), extra=rest or None, origin=origin)
    return Content((Opaque(raw, origin=origin),), origin=origin, spelled={"form": "opaque"})


def _read_part(raw: Any, origin: Origin) -> Part:
    match raw:
        case {"type": "text", "text": str(text)} if len(raw) == 2:
            return Text(text)
        case {"type": "image_url", "image_url": str(address)} if len(raw) == 2:
            return Image(source(address), origin=origin, spelled={"image_url": "string"})
        case {"type": "image_url", "image_url": {"url": str(address), **rest}} if len(raw) == 2:
            return Image(source(address), origin=origin, extra={str(name): value for name, value in rest.items()} or None)
        case {"type": "image_base64", "image_base64": str(address)} if len(raw) == 2:
            return Image(source(address), origin=origin, spelled={"image_url": "image_base64"})
    return Opaque(raw, origin=origin)


def write_inputs(
    request: EmbedRequest, wire: str, form: ContentForm, lines: list[ReceiptLine], *, tokens: bool = False, first: int = 0
) -> list[Any]:
    """The inputs, each as this protocol writes it. Raises Unsupported for one that it cannot take.

    ``tokens``: the protocol takes token ids. ``first``: the place of the first input among those of the whole request.
    """
    written = []
    for at, value in enumerate(request.input, first):
        if isinstance(value, Content):
            written.append(write_content(value, wire, form, lines, f"input[{at}]"))
        elif isinstance(value, str) or tokens:
            written.append(value)
        else:
            raise Unsupported(f"input[{at}] is a list of token ids, and {wire} embeds texts: send the text")
    return written


def write_content(content: Content, wire: str, form: ContentForm, lines: list[ReceiptLine], path: str) -> Any:
    """One input of parts: as it came if it came from here, as a plain text if it is nothing else, else as ``form`` says."""
    own = content.origin is not None and content.origin.returns_to(wire)
    written_as = (content.spelled or {}).get("form") if own else None
    part = content.parts[0] if len(content.parts) == 1 else None
    if written_as == "opaque" and isinstance(part, Opaque):
        return part.value
    if written_as == "text" and isinstance(part, Text):
        return {"text": part.text}
    if not own and (text := plain_text(content, lines, path)) is not None:
        return text
    if form == "jina" and isinstance(part, Image):
        return {"image": address(part.source, wire, path, bare=True)}
    if form in ("none", "jina"):
        raise Unsupported(f"{path} holds other parts than text, or several, which {wire} cannot embed as one input")
    items = [_write_part(part, form, wire, f"{path}.parts[{at}]") for at, part in enumerate(content.parts)]
    return {"content": items, **(content.extra or {})} if own else {"content": items}


def plain_text(content: Content, lines: list[ReceiptLine], path: str) -> str | None:
    """The text of an input that is nothing but text, several parts joined by line breaks; None for any other."""
    texts = [part.text for part in content.parts if isinstance(part, Text)]
    if not texts or len(texts) < len(content.parts):
        return None
    if len(texts) > 1:
        lines.append(approximated("request", path, "parts of one input are joined with line breaks: an input is one text here"))
    else:
        lines.append(mapped("request", path, "an input of one text is said as that text"))
    return "\n".join(texts)


def _write_part(part: Part, form: ContentForm, wire: str, path: str) -> Any:
    own = part.origin is not None and part.origin.returns_to(wire)
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Opaque() if own:
            return part.value
        case Image():
            said = address(part.source, wire, path)
            spelling = (part.spelled or {}).get("image_url") if own else None
            if spelling == "image_base64" or (form == "voyage" and not own and isinstance(part.source, DataSource)):
                return {"type": "image_base64", "image_base64": said}
            if spelling == "string" or (form == "voyage" and not own):
                return {"type": "image_url", "image_url": said}
            return {"type": "image_url", "image_url": {"url": said, **((part.extra or {}) if own else {})}}
        case Video() if form == "voyage":
            said = address(part.source, wire, path)
            kind = "video_base64" if isinstance(part.source, DataSource) else "video_url"
            return {"type": kind, kind: said}
    raise Unsupported(f"{path} is a {type(part).__name__.lower()}, which {wire} cannot embed")


def source(text: str) -> Source:
    """A data URL taken apart when putting it together again gives the same text; any other text as it is."""
    if text.startswith("data:"):
        media_type, marker, data = text[5:].partition(";base64,")
        if marker and media_type and ";" not in media_type and "," not in media_type:
            return DataSource(data, media_type)
    return UrlSource(text)


def address(source: Source, wire: str, path: str, *, bare: bool = False) -> str:
    """``source`` as a URL, data as a data URL, or ``bare`` base64. Raises Unsupported for what is neither."""
    if isinstance(source, UrlSource):
        return source.url
    if isinstance(source, DataSource):
        return (
            source.data if bare and source.media_type is None else f"data:{source.media_type or 'image/png'};base64,{source.data}"
        )
    raise Unsupported(f"{path} is a file that only its own provider holds; {wire} takes a URL or the bytes")
