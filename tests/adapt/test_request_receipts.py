"""What a receipt says of a request is what was sent: each claim is tried by reading the encoded bytes again."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.catalog.schema import Provider
from turnout.errors import Unsupported
from turnout.registry import WIRES, Registry
from turnout.testing import probes
from turnout.types import ChatRequest, DataSource, Message, TextSource, ToolChoice
from turnout.wire import Wire

REGISTRY = Registry(environ={})
SPOKEN = [wire for wire in map(REGISTRY.wires.get, WIRES) if wire.protocol == wire.name]  # a dialect reads as its protocol does
SERVERS = [wire for wire in SPOKEN if wire.server is not None and wire.chat is not None]
FORGOTTEN = ("origin", "spelled", "extra")
IMPLIED = {  # what the rest of the value says already, so that a protocol may leave it out
    "UrlSource": ("media_type",),
    "DataSource": ("media_type",),
    "Audio": ("format",),
    "ToolResult": ("name",),
    "ReasoningConfig": ("enabled",),
}


def plain(value: Any) -> Any:
    """The value without where it came from and how it was spelled."""
    if isinstance(value, TextSource):  # a text is the same document when its bytes are sent
        value = DataSource(b64encode(value.text.encode()).decode())
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if hasattr(value, "__struct_fields__"):
        kind = type(value).__name__
        left_out = (*FORGOTTEN, *IMPLIED.get(kind, ()))
        held = {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name not in left_out}
        if kind == "ToolCall":
            held["arguments"] = json.loads(held["arguments"])
        return kind, {name: field for name, field in held.items() if field not in (None, ())}
    return value


def said(request: ChatRequest) -> dict[str, Any]:
    merged: list[Message] = []  # protocols that alternate roles keep the parts and not the number of messages
    for message in request.messages:
        if message.role == "tool":  # some protocols let the user say what tools answered
            message = replace(message, role="user")
        if merged and merged[-1].role == message.role:
            merged[-1] = replace(merged[-1], parts=merged[-1].parts + message.parts)
        else:
            merged.append(message)
    fields = {name: plain(getattr(request, name)) for name in request.__struct_fields__ if name not in FORGOTTEN}
    fields["messages"] = [plain(message) for message in merged]
    fields.pop("model")  # in the address, for some
    fields.pop("stream_usage")
    if request.tool_choice == ToolChoice("auto"):
        fields.pop("tool_choice")  # what no choice means too
    if request.reasoning is not None and request.reasoning.enabled is False:
        fields["reasoning"] = "off"
    return {name: value for name, value in fields.items() if value not in (None, ())}


@pytest.mark.parametrize("wire", SERVERS, ids=lambda wire: wire.name)
@pytest.mark.parametrize("name", probes.requests())
def test_what_no_line_names_was_sent_exactly(wire: Wire, name: str) -> None:
    request = probes.requests()[name]
    assert wire.chat is not None
    assert wire.server is not None
    provider = Provider(id="here", name="Here", wire=wire.name, base_url="https://here.example")
    try:
        prepared = prepare(request, wire, provider, None)
        encoded = wire.chat.encode(prepared.request, provider, stream=False)
    except Unsupported:
        return
    lines = [*prepared.lines, *encoded.lines]
    assert all(line.side == "request" and line.reason for line in lines)
    if lines:
        return
    read, _ = wire.server.parse(encoded.http.body)
    asked, got = said(request), said(read)
    for field, value in asked.items():
        assert got.get(field) == value, f"{wire.name} does not send {name} exactly, and no line tells"
