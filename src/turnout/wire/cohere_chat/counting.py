"""Cohere's tokens of a text (https://docs.cohere.com/reference/tokenize, read 2026-11-21).

It takes a text and no conversation, so it counts nothing of what a chat puts around one: a request with more in it than one
text is refused rather than guessed at. There is no server: the answer is the tokens themselves, which no other vendor gives.
"""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.errors import Error, ServerFault, Unsupported
from turnout.types import ChatRequest, HttpResponse, Origin, Target, Text, TokenCount
from turnout.wire import Encoded
from turnout.wire.cohere_chat.faults import read_error
from turnout.wire.cohere_chat.listing import first_version
from turnout.wire.cohere_chat.words import WIRE_NAME
from turnout.wire.model_lists import parsed
from turnout.wire.token_counts import posted


class CohereCountCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        message = request.messages[0] if len(request.messages) == 1 else None
        if message is None or request.tools or not all(type(part) is Text for part in message.parts):
            raise Unsupported(
                f"{provider.name} counts the tokens of one text, not of a conversation, tools or media: give it one message of"
                " text, or send the request and read its usage"
            )
        body = {"model": request.model, "text": message.text}
        return Encoded(posted(first_version(provider, "/tokenize"), provider.headers, body))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        body = parsed(response, target)
        tokens = body.get("tokens") if isinstance(body, dict) else None
        if not isinstance(tokens, list):
            raise ServerFault(f"{target}: the answer holds no tokens", status=response.status, target=target)
        origin = Origin(WIRE_NAME, target.provider)
        return TokenCount(input_tokens=len(tokens), of="text", extra=body, origin=origin, target=target)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


COUNT = CohereCountCodec()
