"""A wire: OpenAI's protocol at another path. Data cannot say that, so it is a wire of its own name, built on the other."""

from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.types import ChatRequest
from turnout.wire import Encoded, openai_chat
from turnout.wire.openai_chat.codec import OpenAIChatCodec


class AcmeChatCodec(OpenAIChatCodec):
    """https://acme.example/docs/chat: POST /talk."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        encoded = super().encode(request, provider, stream=stream)
        return replace(encoded, http=replace(encoded.http, url=f"{provider.base_url}/talk"))


WIRE = replace(openai_chat.WIRE, name="acme-chat", dialect_of="openai-chat", chat=AcmeChatCodec(), relay=None)
