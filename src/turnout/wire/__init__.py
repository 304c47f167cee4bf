"""How it is said: pure codecs between our types and bytes. No I/O, clock or environment.

A codec speaks a protocol to a provider (encode, decode); a server understands it from a caller (parse, render).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.rules import AnswerRules, ConversationRules, MediaRules, SchemaRules
from turnout.types import (
    ChatRequest,
    Completion,
    Embeddings,
    EmbedRequest,
    HeldFile,
    HttpRequest,
    HttpResponse,
    ListedModel,
    ModelPage,
    Ranking,
    ReceiptLine,
    RerankRequest,
    Target,
    TokenCount,
    Upload,
)
from turnout.wire.relaying import RelayRules


class Encoded(Struct, frozen=True):
    """The request as bytes, and what encoding did to its fields (only departures: what is not named went exactly)."""

    http: HttpRequest
    lines: tuple[ReceiptLine, ...] = ()


class StreamDecoder(Protocol):
    """Bytes in, events out; any cutting of the same bytes gives the same events."""

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """Raises the Error that an error event inside the stream means; ServerFault for what is not the protocol."""
        ...

    def close(self) -> Iterable[Event]:
        """The bytes ended. Raises TransportFailed if the protocol's own end was not among them."""
        ...


class ChatCodec(Protocol):
    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        """``request.model`` is the provider's own name for the model. The HTTP request carries no credential yet."""
        ...

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        """Of a 2xx response. Raises ServerFault when the body is not the protocol."""
        ...

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        """Of any other response. Never raises."""
        ...

    def decoder(self, target: Target) -> StreamDecoder: ...


class StreamRenderer(Protocol):
    """Events in, bytes out, in the caller's protocol."""

    def render(self, event: Event) -> bytes: ...

    def finish(self) -> bytes:
        """The protocol's own terminal event, after the last event of a stream that ended well."""
        ...

    def fail(self, error: Error) -> bytes:
        """The protocol's own way to say that the stream broke; nothing may follow it."""
        ...


class ChatServer(Protocol):
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        """The request, and whether the answer shall be streamed. Raises RequestError that says what is wrong where."""
        ...

    def render(self, completion: Completion) -> bytes: ...

    def renderer(self, request: ChatRequest) -> StreamRenderer: ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class EmbedCodec(Protocol):
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        """How many inputs one exchange takes; None: not known to be bounded."""
        ...

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        """As ``ChatCodec.encode``, of a request with no more inputs than one exchange takes."""
        ...

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        """Of a 2xx response to ``request``. Raises ServerFault when the body is not the protocol."""
        ...

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        """Of any other response. Never raises."""
        ...


class EmbedServer(Protocol):
    def parse(self, body: bytes) -> EmbedRequest:
        """``model`` is "" where the protocol names it in the address. Raises RequestError that says what is wrong where."""
        ...

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        """The answer in the form that ``request``, as parsed, asked for."""
        ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class RerankCodec(Protocol):
    def encode(self, request: RerankRequest, provider: Provider) -> Encoded:
        """As ``ChatCodec.encode``."""
        ...

    def decode(self, response: HttpResponse, request: RerankRequest, target: Target) -> Ranking:
        """Of a 2xx response to ``request``. Raises ServerFault when the body is not the protocol."""
        ...

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        """Of any other response. Never raises."""
        ...


class RerankServer(Protocol):
    def parse(self, body: bytes) -> RerankRequest:
        """As ``EmbedServer.parse``."""
        ...

    def render(self, ranking: Ranking, request: RerankRequest) -> bytes:
        """The answer in the form that ``request``, as parsed, asked for."""
        ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class ModelsCodec(Protocol):
    def encode(self, provider: Provider, page: str | None = None) -> HttpRequest:
        """Asks for the first page, or for the one that ``ModelPage.next`` named. It carries no credential yet."""
        ...

    def decode(self, response: HttpResponse, provider: Provider) -> ModelPage:
        """Of a 2xx response. Raises what an error inside it means; ServerFault when the body is no list of models."""
        ...

    def encode_one(self, provider: Provider, id: str) -> HttpRequest:
        """Asks for one model by the provider's own name for it."""
        ...

    def decode_one(self, response: HttpResponse, provider: Provider, id: str) -> ListedModel:
        """As ``decode``, of the answer to ``encode_one`` for ``id``."""
        ...

    def decode_error(self, response: HttpResponse, provider: Provider) -> Error:
        """Of any other response. Never raises."""
        ...


class ModelsServer(Protocol):
    def page(self, models: Sequence[ListedModel], query: str) -> ModelPage:
        """The part of ``models`` that a caller's query string asks for. Raises RequestError that says what is wrong in it."""
        ...

    def render(self, page: ModelPage) -> bytes: ...

    def render_one(self, model: ListedModel) -> bytes:
        """The answer to a caller who asked for this model alone."""
        ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class CountCodec(Protocol):
    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        """As ``ChatCodec.encode``. Raises Unsupported for a request whose tokens the provider cannot count."""
        ...

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        """Of a 2xx response. Raises ServerFault when the body holds no count."""
        ...

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        """Of any other response. Never raises."""
        ...


class CountServer(Protocol):
    def parse(self, body: bytes) -> ChatRequest:
        """``model`` is "" where the protocol names it in the address. Raises RequestError that says what is wrong where."""
        ...

    def render(self, count: TokenCount) -> bytes: ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class FilesCodec(Protocol):
    @property
    def max_bytes(self) -> int | None:
        """What the endpoint takes of one file; None: not known to be bounded."""
        ...

    def encode(self, upload: Upload, provider: Provider) -> HttpRequest:
        """Raises Unsupported for an endpoint that is known to keep no files."""
        ...

    def encode_check(self, held: HeldFile, provider: Provider) -> HttpRequest:
        """Asks whether a file that was not ready is so by now; answered like an upload."""
        ...

    def decode(self, response: HttpResponse, upload: Upload, provider: Provider) -> HeldFile:
        """Of a 2xx response. Raises ServerFault when the body is not the protocol, RequestError when the file was found unfit."""
        ...

    def decode_error(self, response: HttpResponse, provider: Provider) -> Error:
        """Of any other response. Never raises."""
        ...


class Wire(Struct, frozen=True, kw_only=True):
    """One protocol. Absent is None: a capability is data, not an exception.

    ``dialect_of``: the wire whose words a dialect speaks with another address, envelope or set of fields; values that it reads
    name that one as their origin.
    """

    name: str
    dialect_of: str = ""
    chat: ChatCodec | None = None
    server: ChatServer | None = None
    embed: EmbedCodec | None = None
    embed_server: EmbedServer | None = None
    rerank: RerankCodec | None = None
    rerank_server: RerankServer | None = None
    models: ModelsCodec | None = None
    models_server: ModelsServer | None = None
    count: CountCodec | None = None
    count_server: CountServer | None = None
    files: FilesCodec | None = None
    relay: RelayRules | None = None  # None: a request between two that speak this wire is read and written anew
    answers: AnswerRules = AnswerRules()
    conversation: ConversationRules = ConversationRules()
    schemas: SchemaRules = SchemaRules()
    media: MediaRules = MediaRules()

    @property
    def protocol(self) -> str:
        """What values that this wire reads name as their origin."""
        return self.dialect_of or self.name
