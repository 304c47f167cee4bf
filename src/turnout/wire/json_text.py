"""JSON from outside, read only so deep as anything sensible is nested: what walks the value never runs out of stack."""

from __future__ import annotations

from typing import Any

import msgspec

# Google reads JSON to a depth of 100 and .NET's parser to 64; a schema of a tool reaches 20. Python's stack holds 1000 calls.
# https://protobuf.dev/programming-guides/json/ and
# https://learn.microsoft.com/dotnet/api/system.text.json.jsonreaderoptions.maxdepth (both read 2026-11-21)
MAX_DEPTH = 128

_decode = msgspec.json.Decoder().decode
_BRACKETS = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_json(text: bytes | str) -> Any:
    """The value that ``text`` says. Raises msgspec.DecodeError, UnicodeError, or RecursionError where it is nested too deeply."""
    if isinstance(text, str):
        text = text.encode()
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deep(text):
        raise RecursionError(f"it is nested deeper than {MAX_DEPTH} levels")
    return _decode(text)


def is_json(text: str) -> bool:
    """True if ``read_json`` reads it."""
    try:
        read_json(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def _is_deep(text: bytes) -> bool:
    """True if brackets outside of strings stand in one another more than ``MAX_DEPTH`` times."""
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    left = b"".join(plain.split(b'"')[::2]).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        fewer = left.replace(b"{}", b"")  # the innermost
        if len(fewer) == len(left):
            return fewer.count(b"{") > MAX_DEPTH  # those that never close
        left = fewer
    return b"{}" in left or left.count(b"{") > MAX_DEPTH
