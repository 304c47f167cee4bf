"""Files in protocols that know them by URL alone: data URLs hold what has no address.

https://www.rfc-editor.org/rfc/rfc2397 (read 2026-11-21)
"""

from __future__ import annotations

from turnout.types import DataSource, Source, UrlSource


def source(url: str) -> Source:
    """A data URL taken apart when putting it together again gives the same text; any other URL as it is."""
    if url.startswith("data:"):
        media_type, marker, data = url[5:].partition(";base64,")
        if marker and media_type and ";" not in media_type and "," not in media_type:
            return DataSource(data, media_type)
    return UrlSource(url)


def url(source: Source) -> str | None:
    """``source`` as the protocol's URL, or None if it cannot be one."""
    if isinstance(source, UrlSource):
        return source.url
    if isinstance(source, DataSource):
        return f"data:{source.media_type or 'application/octet-stream'};base64,{source.data}"
    return None
