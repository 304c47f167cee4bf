"""Which images, audio, video and documents a protocol takes, and from where."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["image", "audio", "video", "document"]
Place = Literal["url", "data", "file", "text"]  # where the bytes are: see ``turnout.types.Source``

_MB = 1024 * 1024


class Takes(Struct, frozen=True, kw_only=True):
    """What a protocol takes of one kind. The defaults take everything."""

    places: tuple[Place, ...] = ("url", "data", "file", "text")
    schemes: tuple[str, ...] = ("http", "https")  # of URLs
    types: tuple[str, ...] = ()  # media types, "image/*" for all of a kind; () when the protocol does not say
    max_bytes: int | None = None  # of one, decoded
    exempt: tuple[str, ...] = ()  # media types that max_bytes does not hold for
    max_count: int | None = None  # in a request


class MediaRules(Struct, frozen=True, kw_only=True):
    """The defaults take everything. None: nothing of that kind is taken. ``source``: where this was read."""

    image: Takes | None = Takes()
    audio: Takes | None = Takes()
    video: Takes | None = Takes()
    document: Takes | None = Takes()
    max_total_bytes: int | None = None  # of all data together, in base64
    source: str = ""


_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")

# "32 MB for standard endpoints", 600 images: https://platform.claude.com/docs/en/build-with-claude/vision; PDF and plain text:
# https://platform.claude.com/docs/en/build-with-claude/files (read 2026-11-21)
ANTHROPIC_MESSAGES = MediaRules(
    image=Takes(places=("url", "data", "file"), types=_IMAGES, max_count=600),
    audio=None,
    video=None,
    document=Takes(types=("application/pdf", "text/plain")),
    max_total_bytes=32 * _MB,
    source="https://platform.claude.com/docs/en/build-with-claude/vision",
)

# Five documents of at most 4.5 MB, PDF and DOCX apart; no bound on images. Video and audio belong to some models:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html, and what formats there are:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (read 2026-11-21)
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BEDROCK_CONVERSE = MediaRules(
    image=Takes(places=("url", "data"), schemes=("s3",), types=_IMAGES),
    audio=Takes(places=("url", "data"), schemes=("s3",), types=("audio/*",)),
    video=Takes(places=("url", "data"), schemes=("s3",), types=("video/*",)),
    document=Takes(
        places=("url", "data", "text"),
        schemes=("s3",),
        types=(
            "application/pdf",
            "text/csv",
            "application/csv",
            "text/html",
            "text/plain",
            "text/markdown",
            "text/x-markdown",
            "application/msword",
            _DOCX,
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        max_bytes=4_500_000,
        exempt=("application/pdf", _DOCX),
        max_count=5,
    ),
    source="https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html",
)

# Images by URL or as data, 20 of them and 20 MB together; documents are text:
# https://docs.cohere.com/docs/image-inputs and https://docs.cohere.com/reference/chat (read 2026-11-21)
COHERE_CHAT = MediaRules(
    image=Takes(places=("url", "data"), types=_IMAGES, max_count=20),
    audio=None,
    video=None,
    document=Takes(places=("text",)),
    max_total_bytes=20 * _MB,
    source="https://docs.cohere.com/docs/image-inputs",
)

# 100 MB inline, PDF 50 MB; public and signed URLs, Cloud Storage, uploaded files and YouTube are opened by Google itself:
# https://ai.google.dev/gemini-api/docs/file-input-methods (read 2026-11-21)
GEMINI = MediaRules(
    image=Takes(places=("url", "data", "file"), schemes=("https", "http", "gs"), types=("image/*",)),
    audio=Takes(places=("url", "data", "file"), schemes=("https", "http", "gs"), types=("audio/*",)),
    video=Takes(places=("url", "data", "file"), schemes=("https", "http", "gs"), types=("video/*",)),
    document=Takes(
        schemes=("https", "http", "gs"),
        types=("application/pdf", "text/*", "application/json", "application/xml", "application/rtf"),
    ),
    max_total_bytes=100 * _MB,
    source="https://ai.google.dev/gemini-api/docs/file-input-methods",
)

# Images as base64: https://docs.ollama.com/capabilities/vision (read 2026-11-21)
OLLAMA = MediaRules(
    image=Takes(places=("data",), types=("image/*",)),
    audio=None,
    video=None,
    document=Takes(places=("text",)),
    source="https://docs.ollama.com/capabilities/vision",
)

# Spoken by many: OpenAI takes images by URL or as data and files by id or as data, Mistral documents by URL, vLLM video. Each has
# types and sizes of its own: https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages (read 2026-11-21)
OPENAI_CHAT = MediaRules(
    image=Takes(places=("url", "data")),
    audio=Takes(places=("data",)),
    video=Takes(places=("url", "data")),
    source="https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages",
)

# Sizes and counts have been raised again and again, so they are left to OpenAI:
# https://platform.openai.com/docs/guides/images-vision and https://platform.openai.com/docs/guides/pdf-files (read 2026-11-21)
OPENAI_RESPONSES = MediaRules(
    image=Takes(places=("url", "data", "file"), types=_IMAGES),
    audio=None,
    video=None,
    source="https://platform.openai.com/docs/guides/images-vision",
)
