"""``turnout count`` and ``turnout models --live`` against a provider on the loopback interface."""

from __future__ import annotations

import json
import sys

import pytest
from upstream import KEY, MODEL

from turnout.cli import main


@pytest.fixture(autouse=True)
def nobody_at_stdin(monkeypatch):
    with open("/dev/null") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


COUNT = (200, {"object": "response.input_tokens", "input_tokens": 11})


def test_a_count_is_a_number_on_stdout(upstream, capsys):
    upstream.script = [COUNT]
    assert main(["count", "-m", MODEL, "-s", "Be brief", "Name", "a river"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("11\n", "")
    (body,) = upstream.requests
    assert body["model"] == "gpt-4o-mini"
    assert "Name a river" in json.dumps(body["input"])
    assert "Be brief" in json.dumps(body)


def test_json_is_the_whole_count(upstream, capsys):
    upstream.script = [COUNT]
    assert main(["count", "-m", MODEL, "--json", "Name a river"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert (counted["input_tokens"], counted["extra"]) == (11, {"object": "response.input_tokens"})


def test_a_file_is_counted_with_the_prompt(upstream, tmp_path):
    upstream.script = [COUNT]
    (tmp_path / "letter.txt").write_text("Dear Ada")
    assert main(["count", "-m", MODEL, "Shorten", "@letter.txt"]) == 0
    assert "Dear Ada" in json.dumps(upstream.requests[0])


def test_nothing_to_count_is_a_wrong_call(upstream, capsys):
    assert main(["count", "-m", MODEL]) == 2
    assert "nothing to count" in capsys.readouterr().err


def test_where_nobody_counts_the_sentence_says_so(environment, monkeypatch, capsys):
    monkeypatch.setenv("GROQ_API_KEY", "gsk-real-looking-1234")
    assert main(["count", "-m", "groq/llama-3.3-70b-versatile", "Name a river"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "has no way to count tokens" in shown.err


LIST = {
    "object": "list",
    "data": [
        {
            "id": "llama-x",
            "object": "model",
            "created": 1743465600,
            "owned_by": "acme",
            "context_length": 131072,
            "supported_parameters": ["tools"],
            "pricing": {"prompt": "0.0000005", "completion": "0.000001"},
        },
        {"id": "whisper-x", "object": "model", "created": 0, "owned_by": "acme"},
    ],
}


def test_live_asks_the_endpoint_and_shows_only_what_it_says(upstream, capsys):
    upstream.script = [(200, LIST)]
    assert main(["models", "openai", "--live"]) == 0
    assert upstream.paths == ["/v1/models"]
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows == [["openai/llama-x", "131k", "0.5", "1", "tools"], ["openai/whisper-x", "?", "?", "?", ""]]


def test_live_takes_the_same_filters(upstream, capsys):
    upstream.script = [(200, LIST)]
    assert main(["models", "--live", "--provider", "openai", "--supports", "tools", "--min-context", "100k", "LLAMA"]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["openai/llama-x"]


def test_live_json_keeps_everything_that_the_endpoint_said(upstream, capsys):
    upstream.script = [(200, LIST)]
    assert main(["models", "openai", "llama", "--live", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert (model["id"], model["created"], model["extra"]["pricing"]) == ("llama-x", 1743465600, LIST["data"][0]["pricing"])


def test_live_without_a_provider_is_a_wrong_call(environment, capsys):
    assert main(["models", "--live"]) == 2
    assert "name its provider" in capsys.readouterr().err


def test_a_refused_list_is_a_failure_and_no_empty_table(upstream, capsys):
    upstream.script = [(401, {"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}})]
    assert main(["models", "openai", "--live"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "openai/models: HTTP 401" in shown.err
    assert KEY not in shown.err


def test_standard_input_is_counted(upstream, monkeypatch, capsys, tmp_path):
    upstream.script = [COUNT]
    (tmp_path / "diff").write_text("+ a line")
    with open(tmp_path / "diff") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["count", "-m", MODEL, "Describe"]) == 0
    assert "+ a line" in json.dumps(upstream.requests[0])
    assert capsys.readouterr().out == "11\n"
