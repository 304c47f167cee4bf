"""Media goes to a target in a form that it takes, or is refused, by name, before anything is sent."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Generator
from typing import Any

import pytest

from turnout.adapt.media import fetch_media, fit
from turnout.catalog.schema import Model, Provider
from turnout.effects import Fetch
from turnout.errors import RequestError, TransportFailed, Unsupported
from turnout.rules import MediaRules
from turnout.rules.media import Takes
from turnout.types import (
    Audio,
    ChatRequest,
    DataSource,
    Document,
    FileSource,
    HttpResponse,
    Image,
    Message,
    Origin,
    Part,
    ReceiptLine,
    Target,
    Text,
    TextSource,
    Timeouts,
    ToolResult,
    UrlSource,
    Video,
)
from turnout.wire import Wire
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.anthropic_messages.vertex import WIRE as VERTEX
from turnout.wire.bedrock_converse import WIRE as BEDROCK
from turnout.wire.cohere_chat import WIRE as COHERE
from turnout.wire.gemini import WIRE as GEMINI
from turnout.wire.ollama import WIRE as OLLAMA
from turnout.wire.openai_chat import WIRE as OPENAI_CHAT
from turnout.wire.openai_responses import WIRE as RESPONSES

PNG = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()
PDF = b64encode(b"%PDF-1.7\n").decode()
AT = "https://img.example/cat.png"


def provider(wire: Wire, id: str = "acme") -> Provider:
    return Provider(id=id, name="Acme", wire=wire.name, base_url="http://127.0.0.1:1")


def asked(*parts: Part, origin: Origin | None = None) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message("system", (Text("Look."),)), Message("user", parts, origin=origin)))


def fitted(wire: Wire, *parts: Part, origin: Origin | None = None) -> tuple[tuple[Part, ...], list[str]]:
    lines: list[ReceiptLine] = []
    request = fit(asked(*parts, origin=origin), wire.media, provider(wire), lines)
    return request.messages[1].parts, [f"{line.field}: {line.fate}" for line in lines]


def body(wire: Wire, *parts: Part) -> dict[str, Any]:
    target = provider(wire)
    request = fit(asked(*parts), wire.media, target, [])
    assert wire.chat is not None
    return json.loads(wire.chat.encode(request, target, stream=False).http.body)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("wire", "part", "what"),
    [
        (ANTHROPIC, Audio(DataSource("AAAA", "audio/wav")), "takes no audio"),
        (ANTHROPIC, Video(UrlSource("https://v.example/film.mp4")), "takes no video"),
        (ANTHROPIC, Image(DataSource("AAAA", "image/tiff")), "no image of type image/tiff.*convert it to one of: image/png"),
        (ANTHROPIC, Document(DataSource("UEsDBA==", "application/msword")), "no document of type application/msword"),
        (COHERE, Document(DataSource(PDF, "application/pdf")), "as text only, and this one is application/pdf"),
        (OLLAMA, Image(UrlSource(AT)), r"opens no image by its https: address.*fetch_urls=True"),
        (BEDROCK, Image(UrlSource(AT)), r"opens no image by its https: address.*fetch_urls=True"),
        (RESPONSES, Video(DataSource("AAAA", "video/mp4")), "takes no video"),
        (OPENAI_CHAT, Image(FileSource("file-1")), "no image by the id of a file"),
        (GEMINI, Image(UrlSource("ftp://img.example/cat.png")), "opens no image by its ftp: address"),
    ],
)
def test_what_a_target_cannot_take_is_refused_and_the_part_is_named(wire: Wire, part: Part, what: str) -> None:
    with pytest.raises(Unsupported, match=rf"^messages\[1\]\.parts\[1\]: .*{what}"):
        fitted(wire, Text("Look."), part)


@pytest.mark.parametrize("wire", [ANTHROPIC, BEDROCK, COHERE, GEMINI, OLLAMA, OPENAI_CHAT, RESPONSES])
def test_an_image_given_as_a_data_url_reaches_every_target_as_the_bytes_that_it_holds(wire: Wire) -> None:
    parts, lines = fitted(wire, Image(UrlSource(f"data:image/png;base64,{PNG}")))

    assert parts == (Image(DataSource(PNG, "image/png")),)
    assert lines == ["messages[1].parts[0].source: mapped"]
    assert PNG in json.dumps(body(wire, Image(UrlSource(f"data:image/png;base64,{PNG}"))))


def test_a_data_url_in_the_place_of_data_is_only_its_data() -> None:
    assert fitted(OLLAMA, Image(DataSource(f"data:image/png;base64,{PNG}")))[0] == (Image(DataSource(PNG, "image/png")),)


def test_a_data_url_without_base64_is_decoded_and_one_that_is_none_is_refused() -> None:
    parts, _ = fitted(ANTHROPIC, Document(UrlSource("data:,A%20brief%20note")))
    assert parts == (Document(DataSource(b64encode(b"A brief note").decode(), "text/plain")),)
    with pytest.raises(RequestError, match=r"^messages\[1\]\.parts\[0\]: a data: URL"):
        fitted(ANTHROPIC, Image(UrlSource("data:image/png;base64")))


def test_a_document_of_text_goes_as_text_where_its_type_is_not_taken() -> None:
    csv = b64encode(b"a,b\n1,2\n").decode()
    parts, lines = fitted(ANTHROPIC, Document(DataSource(csv, "text/csv"), title="sums"))

    assert parts == (Document(TextSource("a,b\n1,2\n"), title="sums"),)
    assert lines == ["messages[1].parts[0].source: mapped"]
    assert fitted(COHERE, Document(DataSource(csv, "text/csv")))[0] == (Document(TextSource("a,b\n1,2\n")),)


def test_a_type_that_is_not_stated_is_read_from_the_first_bytes() -> None:
    with pytest.raises(Unsupported, match="application/pdf"):
        fitted(COHERE, Document(DataSource(PDF)))
    assert fitted(ANTHROPIC, Document(DataSource(PDF))) == ((Document(DataSource(PDF)),), [])


def test_jpg_is_called_by_its_registered_name() -> None:
    parts, lines = fitted(ANTHROPIC, Image(DataSource("/9j/AAAA", "image/jpg")))

    assert parts == (Image(DataSource("/9j/AAAA", "image/jpeg")),)
    assert lines == ["messages[1].parts[0].source.media_type: mapped"]


def test_sound_with_a_transcript_is_left_to_its_wire_which_says_the_words() -> None:
    part = Audio(DataSource("AAAA", "audio/wav"), transcript="hello")
    assert fitted(OLLAMA, part) == ((part,), [])


def test_media_inside_a_tool_result_is_judged_too() -> None:
    with pytest.raises(Unsupported, match=r"^messages\[1\]\.parts\[0\]\.parts\[1\]: .*no image of type image/tiff"):
        fitted(ANTHROPIC, ToolResult("c1", (Text("see"), Image(DataSource("AAAA", "image/tiff")))))
    inner = ToolResult("c1", (Image(UrlSource(f"data:image/png;base64,{PNG}")),))
    assert fitted(ANTHROPIC, inner)[0] == (ToolResult("c1", (Image(DataSource(PNG, "image/png")),)),)


def test_what_is_too_large_or_too_many_is_refused_with_both_numbers() -> None:
    rules = MediaRules(image=Takes(max_bytes=9, max_count=2, exempt=("image/gif",)), max_total_bytes=40)

    def send(*parts: Part) -> ChatRequest:
        return fit(asked(*parts), rules, provider(ANTHROPIC), [])

    nine, ten = b64encode(bytes(9)).decode(), b64encode(bytes(10)).decode()
    send(Image(DataSource(nine, "image/png")))
    send(Image(DataSource(ten, "image/gif")))
    with pytest.raises(Unsupported, match=r"is 10 bytes, and .* at most 9"):
        send(Image(DataSource(ten, "image/png")))
    with pytest.raises(Unsupported, match=r"parts\[2\]: .*at most 2 of kind image"):
        send(*(Image(DataSource("AAAA", "image/png")) for _ in range(3)))
    with pytest.raises(Unsupported, match="holds 44 bytes of base64"):
        send(Document(DataSource("A" * 44, "application/pdf")))


def test_a_model_that_is_known_to_see_nothing_is_shown_nothing() -> None:
    blind = Model(
        target=Target("acme", "m"), lacks=frozenset({"attachments"}), supports=frozenset({"text-in"}), source="acme.toml"
    )
    request = asked(Image(DataSource(PNG, "image/png")))

    with pytest.raises(Unsupported, match=r"acme/m takes no image \(acme\.toml\)"):
        fit(request, ANTHROPIC.media, provider(ANTHROPIC), [], blind)
    assert fit(asked(Document(TextSource("words"))), ANTHROPIC.media, provider(ANTHROPIC), [], blind)


def test_what_is_said_in_the_targets_own_protocol_goes_as_it_is() -> None:
    odd = Image(DataSource("AAAA", "image/x-new"), origin=Origin("anthropic-messages"))
    request = asked(odd)

    assert fit(request, ANTHROPIC.media, provider(ANTHROPIC), []) is request


def test_an_address_that_a_host_of_the_same_protocol_does_not_open_is_refused_in_its_own_words_too() -> None:
    vertex = provider(VERTEX)
    for source, what in ((UrlSource(AT), "opens no image by its https: address"), (FileSource("file-7"), "by the id of a file")):
        image = Image(source, origin=Origin("anthropic-messages"))
        with pytest.raises(Unsupported, match=what):
            fit(asked(image), VERTEX.media, vertex, [], protocol="anthropic-messages")


def test_a_request_without_media_is_the_very_same_object() -> None:
    request = asked(Text("words"))
    assert fit(request, ANTHROPIC.media, provider(ANTHROPIC), []) is request


# -- files that a provider holds ---------------------------------------------------------------------


def test_a_file_goes_to_who_holds_it_and_to_nobody_else() -> None:
    part = Document(FileSource("file-7", "application/pdf", provider="acme"))

    assert body(ANTHROPIC, part)["messages"][0]["content"][0]["source"] == {"type": "file", "file_id": "file-7"}
    assert body(GEMINI, part)["contents"][0]["parts"][0]["fileData"]["fileUri"] == "file-7"
    assert body(RESPONSES, part)["input"][-1]["content"][0]["file_id"] == "file-7"
    with pytest.raises(Unsupported, match=r"^messages\[1\]\.parts\[0\]: 'file-7' is a file that other holds.*upload it to acme"):
        fitted(ANTHROPIC, Document(FileSource("file-7", provider="other")))


def test_a_file_of_another_protocols_caller_is_not_sent() -> None:
    with pytest.raises(Unsupported, match="a provider that speaks openai-chat holds"):
        fitted(ANTHROPIC, Document(FileSource("file-7")), origin=Origin("openai-chat"))


def test_a_file_of_another_providers_answer_is_not_sent_in_the_same_protocol_either() -> None:
    with pytest.raises(Unsupported, match="a file that other holds"):
        fitted(ANTHROPIC, Document(FileSource("file-7")), origin=Origin("anthropic-messages", "other"))


def test_a_file_id_that_the_user_gives_is_the_targets_own() -> None:
    assert body(ANTHROPIC, Document(FileSource("file-7")))["messages"][0]["content"][0]["source"]["file_id"] == "file-7"


# -- addresses, fetched on behalf of the user ----------------------------------------------------------


def drive(steps: Generator[Any, Any, ChatRequest], *answers: HttpResponse | Exception) -> tuple[ChatRequest, list[Fetch]]:
    asked_for: list[Fetch] = []
    waiting = list(answers)
    try:
        effect = next(steps)
        while True:
            asked_for.append(effect)
            answer = waiting.pop(0)
            effect = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
    except StopIteration as done:
        return done.value, asked_for


def fetching(wire: Wire, *parts: Part) -> Generator[Any, Any, ChatRequest]:
    return fetch_media(asked(*parts), wire.media, provider(wire), Timeouts(), 100.0)


def test_an_address_that_the_target_does_not_open_is_fetched_and_sent_as_bytes() -> None:
    png = HttpResponse(status=200, headers={"content-type": "image/png; charset=x"}, body=b"\x89PNG\r\n\x1a\n")

    request, effects = drive(fetching(OLLAMA, Image(UrlSource(AT)), Text("?"), Image(UrlSource(AT))), png)

    source = DataSource(b64encode(png.body).decode(), "image/png")
    assert request.messages[1].parts == (Image(source), Text("?"), Image(source))
    assert [(effect.url, effect.types, effect.deadline) for effect in effects] == [(AT, ("image/*",), 100.0)]


def test_an_address_that_the_target_opens_itself_is_left_alone() -> None:
    request, effects = drive(fetching(ANTHROPIC, Image(UrlSource(AT))))

    assert request.messages[1].parts == (Image(UrlSource(AT)),)
    assert effects == []


def test_all_addresses_of_a_request_share_one_bound() -> None:
    half = HttpResponse(status=200, headers={"content-type": "image/png"}, body=bytes(1000))
    _, effects = drive(fetching(OLLAMA, Image(UrlSource(AT)), Image(UrlSource(AT + "?2"))), half, half)

    assert effects[0].max_bytes - effects[1].max_bytes == 1000
    with pytest.raises(RequestError, match="names 33 addresses to be fetched"):
        drive(fetching(OLLAMA, *(Image(UrlSource(f"{AT}?{number}")) for number in range(33))))


@pytest.mark.parametrize("why", [RequestError("10.0.0.1 is not on the public internet"), TransportFailed("img.example reset")])
def test_an_address_that_cannot_be_fetched_is_the_requests_fault_and_is_named(why: Exception) -> None:
    with pytest.raises(RequestError, match=r"^messages\[1\]\.parts\[0\]: ") as caught:
        drive(fetching(OLLAMA, Image(UrlSource(AT))), why)
    assert str(why) in str(caught.value)
    assert not caught.value.tries_elsewhere
