"""Files and addresses sent along with a prompt."""

from __future__ import annotations

import base64

import pytest

from turnout.cli import attachments
from turnout.cli.attachments import attachment
from turnout.cli.failures import WrongUsage
from turnout.types import Audio, DataSource, Document, Image, Text, UrlSource, Video

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_image_goes_as_its_bytes_with_its_media_type(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    assert attachment(f"{tmp_path}/a.png") == Image(DataSource(in_base64(PNG), "image/png"))


def test_first_bytes_win_over_a_wrong_ending(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\xff\xd8\xff\xe0jpeg")
    assert attachment(f"{tmp_path}/photo.png") == Image(DataSource(in_base64(b"\xff\xd8\xff\xe0jpeg"), "image/jpeg"))


def test_a_pdf_is_a_document_with_its_file_name(tmp_path):
    (tmp_path / "invoice.pdf").write_bytes(b"%PDF-1.7 x")
    assert attachment(f"{tmp_path}/invoice.pdf") == Document(
        DataSource(in_base64(b"%PDF-1.7 x"), "application/pdf"), filename="invoice.pdf"
    )


def test_sound_says_its_format(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVE")
    part = attachment(f"{tmp_path}/a.wav")
    assert isinstance(part, Audio)
    assert (part.format, part.source.media_type) == ("wav", "audio/wav")


def test_video_goes_as_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\x00\x00\x00\x18ftyp")
    assert isinstance(attachment(f"{tmp_path}/a.mp4"), Video)


def test_any_other_text_goes_as_text_under_its_name(tmp_path):
    (tmp_path / "main.rs").write_text("fn main() {}")
    assert attachment(f"{tmp_path}/main.rs") == Text("main.rs:\n\nfn main() {}")


def test_an_address_is_handed_on_and_not_fetched():
    assert attachment("https://example.com/cat.PNG?size=2") == Image(UrlSource("https://example.com/cat.PNG?size=2", "image/png"))


def test_an_address_that_does_not_tell_its_kind_is_refused():
    with pytest.raises(WrongUsage, match=r"cannot tell what https://example.com/cat is: its path must end in one of png, "):
        attachment("https://example.com/cat")


def test_bytes_of_no_known_kind_are_refused_with_their_size(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\xff\x00" * 8)
    with pytest.raises(WrongUsage, match=r"a.bin' \(16 bytes\): it is neither UTF-8 text nor one of png"):
        attachment(f"{tmp_path}/a.bin")


def test_a_file_that_is_too_large_is_refused_with_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_BYTES", 200_000)
    (tmp_path / "a.png").write_bytes(PNG + b"0" * 1_500_000)
    with pytest.raises(WrongUsage, match=r"a.png': it has 1.5 MB, and 0.2 MB is the most"):
        attachment(f"{tmp_path}/a.png")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(WrongUsage, match="it is empty"):
        attachment(f"{tmp_path}/a.png")


def test_a_missing_file_is_named():
    with pytest.raises(WrongUsage, match=r"cannot attach 'nowhere.png': No such file or directory"):
        attachment("nowhere.png")
