"""``turnout translate`` on literal bodies."""

from __future__ import annotations

import io
import json

import pytest

from turnout.cli import main

pytestmark = pytest.mark.usefixtures("environment")

REQUEST = {
    "model": "claude-sonnet-5",
    "max_tokens": 100,
    "system": "Be brief",
    "container": "abc",
    "messages": [{"role": "user", "content": "Name three rivers"}],
}


@pytest.fixture
def body(tmp_path):
    path = tmp_path / "request.json"
    path.write_text(json.dumps(REQUEST))
    return str(path)


def test_a_request_is_shown_as_the_other_protocol_says_it(body, capsys):
    assert main(["translate", "--from", "anthropic", "--to", "google/gemini-2.5-pro", body]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "contents": [{"role": "user", "parts": [{"text": "Name three rivers"}]}],
        "generationConfig": {"maxOutputTokens": 100},
    }
    assert "request max_output_tokens: exact" in err
    assert "request extra.container: dropped (a field of another protocol)" in err
    assert "POST /v1beta/models/gemini-2.5-pro:generateContent" in err


def test_a_wire_may_be_named_instead_of_a_provider(body, capsys):
    assert main(["translate", "--from", "anthropic-messages", "--to", "ollama", "--json", body]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["path"] == "/api/chat"
    assert shown["body"]["messages"] == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Name three rivers"},
    ]
    assert shown["lossless"] is False
    assert [line["field"] for line in shown["receipt"] if line["fate"] == "dropped"] == ["extra.container"]


def test_strict_fails_when_something_would_be_lost(body, capsys):
    assert main(["translate", "--from", "anthropic", "--to", "openai-chat", "--strict", body]) == 1
    assert "something would be lost" in capsys.readouterr().err


def test_strict_is_content_when_nothing_would_be_lost(tmp_path, monkeypatch, capsys):
    kept = {name: value for name, value in REQUEST.items() if name != "container"}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(kept).encode())))
    assert main(["translate", "--from", "anthropic", "--to", "openai-chat", "--strict", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["messages"][0] == {"role": "system", "content": "Be brief"}


def test_a_stream_can_be_asked_for(body, capsys):
    assert main(["translate", "--from", "anthropic", "--to", "openai-chat", "--stream", body]) == 0
    assert json.loads(capsys.readouterr().out)["stream"] is True


def test_an_answer_is_rendered_for_a_caller_of_another_protocol(tmp_path, capsys):
    answer = tmp_path / "answer.json"
    parts = [{"text": "hm", "thought": True, "thoughtSignature": "c2ln"}, {"text": "The Loire"}]
    said = {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}], "responseId": "r1"}
    answer.write_text(json.dumps(said))
    assert main(["translate", "--answer", "--from", "gemini", "--to", "openai-chat", str(answer)]) == 0
    out, err = capsys.readouterr()
    message = json.loads(out)["choices"][0]["message"]
    assert message["content"] == "The Loire"
    assert "response choices[0].parts[0].signature: mapped (in an envelope among reasoning_details" in err


def test_a_body_that_is_not_the_protocol_is_told_with_its_place(tmp_path, capsys):
    path = tmp_path / "request.json"
    path.write_text('{"model": "m", "messages": [{"role": "narrator", "content": "x"}]}')
    assert main(["translate", "--from", "openai", "--to", "anthropic", str(path)]) == 1
    assert "messages[0].role" in capsys.readouterr().err


def test_an_unknown_protocol_is_told_with_the_nearest(body, capsys):
    assert main(["translate", "--from", "antropic", "--to", "gemini", body]) == 3
    assert "did you mean 'anthropic'" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_wrong_call(capsys):
    assert main(["translate", "--from", "openai", "--to", "gemini", "no-such-file.json"]) == 2
    assert "cannot read 'no-such-file.json'" in capsys.readouterr().err
