"""A file is given into a provider's keeping, and what comes back names it in a request to that provider."""

from __future__ import annotations

import asyncio
import json
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.engine.plan import Retry
from turnout.errors import AuthenticationFailed, ConfigError, DeadlineExceeded, RequestError, ServerFault, Unsupported
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import ChatRequest, Document, FileSource, HttpRequest, HttpResponse, Message
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC

KEYS = {
    "OPENAI_API_KEY": "sk-real-looking-1234",
    "ANTHROPIC_API_KEY": "sk-ant-real-looking-1234",
    "GEMINI_API_KEY": "AIza-real-looking-1234",
    "MISTRAL_API_KEY": "ms-real-looking-1234",
    "OPENAI_BASE_URL": "",
}
AT_ONCE = Retry(per_target=1, backoff=0.0)
PDF = b"%PDF-1.7\r\n--turnout-not-a-boundary\r\n\x00\xff"


def answer(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(body).encode())


def upload(kind: str, script: Script, *arguments: Any, registry: Registry | None = None, **options: Any) -> FileSource:
    known = registry or Registry(environ=KEYS)
    if kind == "sync":
        with Client(known, script, retry=AT_ONCE) as client:
            return client.upload(*arguments, **options)

    async def run() -> FileSource:
        async with AsyncClient(known, script.asynchronous, retry=AT_ONCE) as client:
            return await client.upload(*arguments, **options)

    return asyncio.run(run())


def parts_of(request: HttpRequest) -> list[tuple[dict[str, str], bytes]]:
    """The parts of a form, read by the standard library's own parser."""
    whole = message_from_bytes(b"content-type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body)
    return [({k.lower(): v for k, v in part.items()}, part.get_payload(decode=True)) for part in whole.get_payload()]  # type: ignore[union-attr, misc]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("provider", "url", "purpose"),
    [
        ("openai", "https://api.openai.com/v1/files", b"user_data"),
        ("mistral", "https://api.mistral.ai/v1/files", b"ocr"),
        ("anthropic", "https://api.anthropic.com/v1/files", None),
    ],
)
def test_a_path_is_uploaded_as_a_form(kind: str, provider: str, url: str, purpose: bytes | None, tmp_path: Path) -> None:
    (tmp_path / 'a "b".pdf').write_bytes(PDF)
    script = Script(answer({"id": "file-7", "object": "file"}))

    source = upload(kind, script, tmp_path / 'a "b".pdf', provider)

    assert source == FileSource("file-7", "application/pdf", provider)
    (request,) = script.sent
    assert (request.method, request.url) == ("POST", url)
    *before, (headers, body) = parts_of(request)
    assert body == PDF
    assert headers["content-disposition"] == 'form-data; name="file"; filename="a %22b%22.pdf"'
    assert headers["content-type"] == "application/pdf"
    assert [value for _, value in before] == ([purpose] if purpose else [])


def test_anthropic_is_asked_for_files_when_one_is_uploaded_and_when_one_is_named() -> None:
    script = Script(answer({"type": "file", "id": "file_1"}))
    source = upload("sync", script, PDF, "anthropic")

    assert script.sent[0].headers["anthropic-beta"] == "files-api-2025-04-14"
    assert script.sent[0].headers["x-api-key"] == KEYS["ANTHROPIC_API_KEY"]
    registry = Registry(environ=KEYS)
    from turnout.adapt.media import fit

    request = ChatRequest(model="claude-haiku-4-5", messages=(Message("user", (Document(source),)),))
    request = fit(request, ANTHROPIC.media, registry.provider("anthropic"), [])
    encoded = ANTHROPIC.chat.encode(request, registry.provider("anthropic"), stream=False)  # type: ignore[union-attr]
    assert encoded.http.headers["anthropic-beta"] == "files-api-2025-04-14"
    assert b'{"type":"file","file_id":"file_1"}' in encoded.http.body


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_gemini_names_a_file_by_its_address_once_it_is_ready(kind: str) -> None:
    file = {"name": "files/abc", "uri": "https://generativelanguage.googleapis.com/v1beta/files/abc", "mimeType": "video/mp4"}
    script = Script(answer({"file": {**file, "state": "PROCESSING"}}), answer({**file, "state": "ACTIVE"}))

    source = upload(kind, script, b"film", "gemini", filename="film.mp4")

    assert source == FileSource(file["uri"], "video/mp4", "google")
    posted, checked = script.sent
    assert posted.url == "https://generativelanguage.googleapis.com/upload/v1beta/files"
    assert posted.headers["x-goog-upload-protocol"] == "multipart"
    (_, about), (_, data) = parts_of(posted)
    assert json.loads(about) == {"file": {"display_name": "film.mp4", "mime_type": "video/mp4"}}
    assert data == b"film"
    assert (checked.method, checked.url) == ("GET", "https://generativelanguage.googleapis.com/v1beta/files/abc")
    assert checked.headers["x-goog-api-key"] == KEYS["GEMINI_API_KEY"]


def test_a_file_that_gemini_could_not_use_is_the_requests_fault() -> None:
    failed = {"name": "files/abc", "uri": "https://g/files/abc", "state": "FAILED", "error": {"message": "bad codec"}}
    with pytest.raises(RequestError, match=r"film\.mp4: Google could not make use of it: bad codec"):
        upload("sync", Script(answer({"file": failed})), b"film", "google", filename="film.mp4")


def test_a_file_that_is_never_ready_ends_with_the_deadline_not_with_a_wait() -> None:
    waiting = answer({"file": {"name": "files/abc", "uri": "https://g/files/abc", "state": "PROCESSING"}})
    with Client(Registry(environ=KEYS), Script(waiting), timeout=0.4) as client, pytest.raises(DeadlineExceeded, match="ready"):
        client.upload(b"film", "google", filename="film.mp4")


def test_the_name_that_a_provider_gives_a_file_cannot_lead_elsewhere() -> None:
    odd = {"name": "../models", "uri": "https://g/files/abc", "state": "PROCESSING"}
    with pytest.raises(ServerFault, match="names no file"):
        upload("sync", Script(answer({"file": odd})), b"film", "google", filename="film.mp4")


def test_vertex_keeps_no_files_and_says_where_they_go() -> None:
    from turnout.types import Upload
    from turnout.wire.gemini import WIRE as GEMINI

    assert GEMINI.files is not None
    vertex = Registry(environ={}).provider("google-vertex")
    with pytest.raises(Unsupported, match="Cloud Storage"):
        GEMINI.files.encode(Upload(data=b"x", filename="a.txt", media_type="text/plain"), vertex)


def test_a_provider_without_a_place_for_files_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="which has no place for files"):
        upload("sync", Script(), PDF, "cohere", registry=Registry(environ={"COHERE_API_KEY": "co-real-looking-1234"}))


@pytest.mark.parametrize(
    ("file", "options", "why"),
    [
        ("/nowhere/at/all.pdf", {}, "cannot read /nowhere/at/all.pdf: No such file"),
        (b"", {"filename": "a.pdf"}, "is empty"),
        (b"\x01\x02", {}, "it is not known what the file is"),
        (b"x", {"media_type": "pdf\r\nx-evil: 1"}, "is no media type"),
        (7, {}, "a path or bytes, not int"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused_before_anything_is(file: Any, options: dict[str, Any], why: str) -> None:
    script = Script()
    with pytest.raises(RequestError, match=why):
        upload("sync", script, file, "openai", **options)
    assert script.sent == []


def test_an_uploads_error_keeps_its_class_and_its_answer_its_shape() -> None:
    refused = answer({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
    with pytest.raises(AuthenticationFailed):
        upload("sync", Script(refused), PDF, "openai")
    for body in (b"[]", b"{", b'{"id": 7}', b'{"id": ""}'):
        with pytest.raises(ServerFault):
            upload("sync", Script(HttpResponse(status=200, body=body)), PDF, "openai")


def test_the_boundary_never_stands_in_the_file() -> None:
    from turnout.wire.file_uploads import boundary_for

    first = boundary_for(b"")
    assert boundary_for(b"") == first
    for data in (b"", b"--turnout-", first.encode()):
        assert boundary_for(data).encode() not in data


def test_what_an_upload_holds_is_not_in_its_text() -> None:
    from turnout.types import Upload

    assert repr(Upload(data=b"secret", filename="a.txt", media_type="text/plain")) == "Upload('a.txt', text/plain, 6 bytes)"
