"""The conformance kit on lists and counts: what it finds in a wire that loses, invents or asks elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from turnout.registry import Registry
from turnout.testing import Exchange, examine
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, FileSource, HeldFile, HttpRequest, HttpResponse, ListedModel, ModelPage, TokenCount
from turnout.wire import Encoded, Wire

WIRES = Registry(environ={}).wires
LIST = b'{"object":"list","data":[{"id":"m","object":"model","created":7,"owned_by":"acme","pricing":{"prompt":"0.1"}}]}'


def exchange(url: str, body: bytes, *, method: str = "GET", asked: bytes = b"", status: int = 200) -> Exchange:
    return Exchange(
        id="acme.models.0",
        provider="acme",
        endpoint="models",
        request=HttpRequest(method=method, url=url, body=asked),
        response=HttpResponse(status=status, body=body),
        framing="json",
    )


LISTED = exchange("https://acme.example/v1/models?limit=5", LIST)
SINGLE = exchange("https://acme.example/v1/models/m", b'{"id":"m","object":"model","created":7,"owned_by":"acme"}')
COUNTED = exchange(
    "https://api.anthropic.com/v1/messages/count_tokens?beta=true",
    b'{"input_tokens":43}',
    method="POST",
    asked=b'{"model":"claude-x","messages":[{"role":"user","content":"hello"}]}',
)


def found(recorded: Exchange, change: Callable[[Wire], Wire] = lambda wire: wire) -> list[str]:
    route = route_of(recorded)
    assert route is not None
    verdict = examine(recorded, change(WIRES.get(route.wire)), route=route)
    return sorted({difference.check for difference in verdict.unexplained})


UPLOADED = exchange(
    "https://api.anthropic.com/v1/files?beta=true",
    b'{"type":"file","id":"file_1","size_bytes":3,"filename":"a.txt","mime_type":"text/plain"}',
    method="POST",
    asked=b"--b",
)
UPLOADED_TO_GEMINI = exchange(
    "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_protocol=resumable",
    b'{"file":{"name":"files/abc","uri":"https://generativelanguage.googleapis.com/v1beta/files/abc","state":"ACTIVE"}}',
    method="POST",
    asked=b"--b",
)


@pytest.mark.parametrize("recorded", [LISTED, SINGLE, COUNTED, UPLOADED, UPLOADED_TO_GEMINI])
def test_a_right_wire_has_no_findings(recorded: Exchange) -> None:
    assert found(recorded) == []


class Altered:
    """A codec or server of which one method is another."""

    def __init__(self, real: Any, **methods: Any) -> None:
        self._real = real
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def with_models(**methods: Any) -> Callable[[Wire], Wire]:
    return lambda wire: replace(wire, models=Altered(wire.models, **methods))


def with_count(**methods: Any) -> Callable[[Wire], Wire]:
    return lambda wire: replace(wire, count=Altered(wire.count, **methods))


def forgetful(response: HttpResponse, provider: Any) -> ModelPage:
    return ModelPage(models=(ListedModel(id="m", created=7, owned_by="acme"),))


def test_a_list_that_loses_a_field_is_found() -> None:
    assert found(LISTED, with_models(decode=forgetful)) == ["complete", "renders"]


def test_an_error_taken_for_an_empty_list_is_found() -> None:
    refused = replace(LISTED, response=HttpResponse(status=401, body=b'{"error":{"message":"no"}}'))
    assert found(refused) == []
    assert found(refused, with_models(decode_error=lambda response, provider: ModelPage(models=()))) == ["decodes"]


def test_a_list_asked_for_elsewhere_is_found() -> None:
    elsewhere = with_models(encode=lambda provider, page=None: HttpRequest(method="POST", url=f"{provider.base_url}/list"))
    assert found(LISTED, elsewhere) == ["requests"]


def test_a_wire_without_a_list_is_found() -> None:
    assert found(LISTED, lambda wire: replace(wire, models=None)) == ["decodes"]


def test_a_count_that_is_made_up_is_found() -> None:
    assert found(COUNTED, with_count(decode=lambda response, target: TokenCount(input_tokens=42))) == ["complete", "renders"]


def test_a_count_of_another_request_is_found() -> None:
    def encode(request: ChatRequest, provider: Any) -> Encoded:
        return Encoded(HttpRequest(method="POST", url=f"{provider.base_url}/messages/count_tokens", body=b'{"model":"claude-x"}'))

    assert found(COUNTED, with_count(encode=encode)) == ["requests"]


def test_a_codec_that_breaks_is_a_finding_and_no_crash() -> None:
    def decode(*given: Any) -> Any:
        raise ValueError("a defect")

    assert found(LISTED, with_models(decode=decode)) == ["decodes"]
    assert found(COUNTED, with_count(decode=decode)) == ["decodes"]


def test_a_wire_that_names_a_file_otherwise_or_sends_it_elsewhere_is_found() -> None:
    def misnames(wire: Wire) -> Wire:
        held = HeldFile(source=FileSource("another", None, "acme"))
        return replace(wire, files=Altered(wire.files, decode=lambda response, upload, provider: held))

    def sends_elsewhere(wire: Wire) -> Wire:
        request = HttpRequest(method="POST", url="https://api.anthropic.com/v1/elsewhere")
        return replace(wire, files=Altered(wire.files, encode=lambda upload, provider: request))

    assert found(UPLOADED, misnames) == ["complete"]
    assert found(UPLOADED, sends_elsewhere) == ["requests"]
    assert found(UPLOADED, lambda wire: replace(wire, files=None)) == ["decodes"]
