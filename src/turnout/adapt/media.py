"""Images, audio, video and documents as the target takes them; refused before anything is sent where it does not.

What a request says in the target's own protocol goes as it is, if it can go at all: its maker knows the protocol, and the
provider's word on types and sizes is newer than ours. Media of answers is left to the wires, which say what cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from turnout.adapt.media_types import as_text, encoded, matches, media_type_of, split_data_url
from turnout.catalog.schema import Model, Provider
from turnout.effects import Steps, fetch
from turnout.errors import RequestError, TimedOut, TransportFailed, Unsupported
from turnout.receipt import mapped
from turnout.rules.media import Kind, MediaRules, Takes
from turnout.types import (
    Audio,
    ChatRequest,
    DataSource,
    Document,
    FileSource,
    Image,
    Message,
    Origin,
    Part,
    ReceiptLine,
    ResultPart,
    TextSource,
    Timeouts,
    ToolResult,
    UrlSource,
    Video,
)

Media = Image | Audio | Video | Document

_KINDS: dict[type, Kind] = {Image: "image", Audio: "audio", Video: "video", Document: "document"}
_HELD = frozenset({*_KINDS, ToolResult})
_MODALITIES: dict[Kind, str] = {"image": "image-in", "audio": "audio-in", "video": "video-in", "document": "pdf-in"}
_MOST_FETCHED_BYTES = 100 * 1024 * 1024  # of all addresses of one request
_MOST_FETCHED = 32  # addresses


def fit(
    request: ChatRequest,
    rules: MediaRules,
    provider: Provider,
    lines: list[ReceiptLine],
    model: Model | None = None,
    protocol: str = "",
) -> ChatRequest:
    """``request`` with each medium where and as the target takes it. Raises Unsupported that names the part.

    ``protocol``: ``Wire.protocol`` of the target, where that is not its provider's wire.
    """
    if not _has_media(request):
        return request
    fitting = _Fitting(rules, provider, model, protocol or provider.wire, lines)
    return _each(request, fitting.fit)


def fetch_media(
    request: ChatRequest, rules: MediaRules, provider: Provider, timeouts: Timeouts, deadline: float
) -> Steps[ChatRequest]:
    """``request`` with the bytes of what it names by an address, where the target takes bytes and does not open addresses itself.

    Only for a user who asked for it. Raises RequestError that names the part and says why its address was not opened.
    """
    if not _has_media(request):
        return request
    wanted: dict[str, tuple[str, Takes]] = {}

    def find(part: Media, message: Message, path: str) -> Media:
        takes: Takes | None = getattr(rules, _KINDS[type(part)])
        url = _address(part)
        if url is not None and takes is not None and not _opens(takes, url) and "data" in takes.places:
            wanted.setdefault(url, (path, takes))
        return part

    _each(request, find)
    if not wanted:
        return request
    if len(wanted) > _MOST_FETCHED:
        raise RequestError(f"the request names {len(wanted)} addresses to be fetched; at most {_MOST_FETCHED} are")
    found: dict[str, DataSource] = {}
    left = _MOST_FETCHED_BYTES
    for url, (path, takes) in wanted.items():
        types = takes.types + (("text/*",) if "text" in takes.places else ())
        try:
            response = yield from fetch(url, types if takes.types else (), min(left, takes.max_bytes or left), timeouts, deadline)
        except (RequestError, TransportFailed, TimedOut) as error:  # no fault of the target's, and no other target's cure
            raise RequestError(f"{path}: {error}") from error
        left -= len(response.body)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        found[url] = DataSource(encoded(response.body), media_type or None)

    def fill(part: Media, message: Message, path: str) -> Media:
        source = found.get(_address(part) or "")
        takes = getattr(rules, _KINDS[type(part)])
        return part if source is None or _opens(takes, _address(part) or "") else replace(part, source=source)

    return _each(request, fill)


class _Fitting:
    """One request's media, counted as they pass."""

    def __init__(
        self, rules: MediaRules, provider: Provider, model: Model | None, protocol: str, lines: list[ReceiptLine]
    ) -> None:
        self._rules = rules
        self._provider = provider
        self._model = model
        self._protocol = protocol
        self._lines = lines
        self._counts: dict[Kind, int] = {}
        self._total = 0

    def fit(self, part: Media, message: Message, path: str) -> Media:
        kind = _KINDS[type(part)]
        origin = part.origin or message.origin
        if isinstance(part.source, FileSource):
            part = self._held(part, part.source, origin, path)
            origin = part.origin or message.origin
        takes: Takes | None = getattr(self._rules, kind)
        if self._is_own(origin):
            held = isinstance(part.source, FileSource) or _address(part) is not None
            return self._placed(part, kind, takes, path) if held and takes is not None else part
        if takes is None and isinstance(part, Audio) and part.transcript:
            return part  # its wire says the transcript
        if takes is None:
            raise self._refusal(path, f"{self._name} takes no {kind}")
        if not isinstance(part.source, TextSource):
            self._ask_model(kind, path)
        part = self._placed(self._plain(part, path), kind, takes, path)
        if isinstance(part.source, DataSource):
            part = self._typed(part, part.source, kind, takes, path)
        self._count(part, kind, takes, path)
        return part

    def _is_own(self, origin: Origin | None) -> bool:
        return origin is not None and origin.returns_to(self._protocol, self._provider.id)

    @property
    def _name(self) -> str:
        return f"{self._provider.name} ({self._provider.wire})"

    def _refusal(self, path: str, why: str, instead: str = "leave it out, or choose a provider that takes it") -> Unsupported:
        source = f" ({self._rules.source})" if self._rules.source else ""
        return Unsupported(f"{path}: {why}{source}; {instead}")

    def _held(self, part: Media, source: FileSource, origin: Origin | None, path: str) -> Media:
        """A file goes to who holds it and to nobody else; one that the caller names itself is the target's from here on."""
        holder = source.provider or (origin.provider if origin is not None else None)
        foreign = origin is not None and origin.wire != self._protocol and source.provider is None
        if foreign or holder not in (None, self._provider.id):
            who = holder or f"a provider that speaks {origin.wire if origin is not None else 'another protocol'}"
            why = f"{source.id!r} is a file that {who} holds, which {self._provider.name} cannot open"
            raise Unsupported(f"{path}: {why}; send its content, or upload it to {self._provider.id}")
        return part if self._is_own(origin) else replace(part, origin=Origin(self._protocol, self._provider.id))

    def _ask_model(self, kind: Kind, path: str) -> None:
        model = self._model
        if model is not None and "attachments" in model.lacks and _MODALITIES[kind] not in model.supports:
            raise Unsupported(
                f"{path}: {model.target} takes no {kind} ({model.source}); leave it out, or choose a model that takes it "
                f"(`turnout models --supports {_MODALITIES[kind]}`)",
                target=model.target,
            )

    def _plain(self, part: Media, path: str) -> Media:
        """Data that stands in an address, or with one's beginning, as data."""
        source = part.source
        url = source.url if isinstance(source, UrlSource) else source.data if isinstance(source, DataSource) else ""
        if url[:5].lower() != "data:":
            return part
        found = split_data_url(url)
        if found is None:
            raise RequestError(f"{path}: a data: URL that holds no base64; expected data:MEDIA/TYPE;base64,…")
        media_type, data = found
        if isinstance(source, UrlSource):
            self._lines.append(mapped("request", f"{path}.source", "a data: URL, sent as the data that it is"))
        stated = source.media_type if isinstance(source, (UrlSource, DataSource)) else None
        return replace(part, source=DataSource(data, media_type or stated))

    def _placed(self, part: Media, kind: Kind, takes: Takes, path: str) -> Media:
        match part.source:
            case UrlSource(url=url) if not _opens(takes, url):
                scheme = url.partition(":")[0].lower()
                if "data" in takes.places and scheme in ("http", "https"):
                    instead = "send its bytes, or let Turnout fetch it: Client(fetch_urls=True)"
                else:
                    instead = "send its bytes" if "data" in takes.places else "leave it out"
                raise self._refusal(path, f"{self._name} opens no {kind} by its {scheme}: address", instead)
            case DataSource() as source if "data" not in takes.places:
                return self._said_as_text(part, source, kind, path)
            case TextSource(text=text, media_type=media_type) if "text" not in takes.places:
                if "data" not in takes.places:
                    raise self._refusal(path, f"{self._name} takes no {kind} of plain text")
                self._lines.append(mapped("request", f"{path}.source", "plain text, sent as data"))
                return replace(part, source=DataSource(encoded(text.encode("utf-8", "surrogatepass")), media_type))
            case FileSource() if "file" not in takes.places:
                raise self._refusal(path, f"{self._name} takes no {kind} by the id of a file", "send its bytes")
        return part

    def _said_as_text(self, part: Media, source: DataSource, kind: Kind, path: str) -> Media:
        text = as_text(source, media_type_of(part, source))
        if text is None:
            what = media_type_of(part, source) or "of no stated media type"
            raise self._refusal(path, f"{self._name} takes a {kind} as text only, and this one is {what}")
        self._lines.append(mapped("request", f"{path}.source", "data that is text, sent as text"))
        return replace(part, source=TextSource(text))

    def _typed(self, part: Media, source: DataSource, kind: Kind, takes: Takes, path: str) -> Media:
        media_type = media_type_of(part, source)
        if media_type is None or not takes.types or matches(media_type, takes.types):
            if source.media_type is not None and media_type is not None and media_type != source.media_type:
                self._lines.append(mapped("request", f"{path}.source.media_type", f"{source.media_type} is called {media_type}"))
                return replace(part, source=replace(source, media_type=media_type))
            return part
        if "text" in takes.places and as_text(source, media_type) is not None:
            return self._said_as_text(part, source, kind, path)
        why = f"{self._name} takes no {kind} of type {media_type}"
        raise self._refusal(path, why, f"convert it to one of: {', '.join(takes.types)}")

    def _count(self, part: Media, kind: Kind, takes: Takes, path: str) -> None:
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if takes.max_count is not None and count > takes.max_count:
            raise self._refusal(path, f"{self._name} takes at most {takes.max_count} of kind {kind} in a request", "send fewer")
        if not isinstance(part.source, DataSource):
            return
        data = part.source.data
        size = len(data) * 3 // 4 - data[-2:].count("=")
        exempt = matches(media_type_of(part, part.source) or "", takes.exempt)
        if takes.max_bytes is not None and size > takes.max_bytes and not exempt:
            why = f"this {kind} is {size:,} bytes, and {self._name} takes at most {takes.max_bytes:,}"
            raise self._refusal(path, why, "send a smaller one")
        self._total += len(data)
        most = self._rules.max_total_bytes
        if most is not None and self._total > most:
            why = f"with this {kind} the request holds {self._total:,} bytes of base64, and {self._name} takes at most {most:,}"
            raise self._refusal(path, why, "send less, or upload it and send the file's id")


def _has_media(request: ChatRequest) -> bool:
    for message in request.messages:
        for part in message.parts:
            if type(part) in _HELD:
                return True
    return False


def _each(request: ChatRequest, visit: Callable[[Media, Message, str], Media]) -> ChatRequest:
    """``visit`` for every medium that a model is shown; the same request when it changed none."""
    messages = list(request.messages)
    for at, message in enumerate(request.messages):
        if message.role == "assistant":
            continue
        parts: list[Part] = list(message.parts)
        for inner, part in enumerate(message.parts):
            path = f"messages[{at}].parts[{inner}]"
            if isinstance(part, ToolResult):
                results: list[ResultPart] = [
                    visit(held, message, f"{path}.parts[{deep}]") if isinstance(held, Media) else held
                    for deep, held in enumerate(part.parts)
                ]
                if any(new is not old for new, old in zip(results, part.parts, strict=True)):
                    parts[inner] = replace(part, parts=tuple(results))
            elif isinstance(part, Media):
                parts[inner] = visit(part, message, path)
        if any(new is not old for new, old in zip(parts, message.parts, strict=True)):
            messages[at] = replace(message, parts=tuple(parts))
    if all(new is old for new, old in zip(messages, request.messages, strict=True)):
        return request
    return replace(request, messages=tuple(messages))


def _address(part: Media) -> str | None:
    """The http(s) address that ``part`` is named by."""
    source = part.source
    return source.url if isinstance(source, UrlSource) and source.url[:8].lower().startswith(("http://", "https://")) else None


def _opens(takes: Takes, url: str) -> bool:
    return "url" in takes.places and url.partition(":")[0].lower() in takes.schemes
