"""A file to be given into a provider's keeping, and one that it keeps."""

from __future__ import annotations

from msgspec import Struct

from turnout.types.parts import FileSource


class Upload(Struct, frozen=True, kw_only=True):
    data: bytes
    filename: str
    media_type: str

    def __repr__(self) -> str:
        """Without the content, which is the user's."""
        return f"Upload({self.filename!r}, {self.media_type}, {len(self.data)} bytes)"


class HeldFile(Struct, frozen=True, kw_only=True):
    """``ready``: a request may name it. While it may not, the provider is asked again under ``name``."""

    source: FileSource
    ready: bool = True
    name: str = ""
