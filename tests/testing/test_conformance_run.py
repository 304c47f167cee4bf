"""The command: what it prints, what it counts, and when it fails."""

from __future__ import annotations

import io
import json
import re

import echo_defects as defects
import echo_wire as echo
import pytest

from turnout.errors import ConfigError
from turnout.registry import Registry
from turnout.testing import conformance_cases
from turnout.testing.conformance import main
from turnout.testing.routes import ROUTES

CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
PADDED = [
    {**CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}], "obfuscation": "aZ9"},
    {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "obfuscation": "bY8"},
]
STREAM = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in PADDED) + "data: [DONE]\n\n"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def line(identity, *, url="https://acme.example/v1/chat/completions", asked=ASKED, status=200, **answered):
    exchange = {
        "id": f"acme.chat.completions.{identity}",
        "request": {"method": "POST", "url": url, "headers": {}, "json": asked},
        "response": {"status": status, "headers": {}, **answered},
        "tags": [],
    }
    return json.dumps(exchange) + "\n"


@pytest.fixture
def folder(tmp_path):
    lines = [
        line("equal", json=ANSWER),
        line("padded", sse=STREAM, asked={**ASKED, "stream": True}),
        line("refused", text="<html>", status=502),
    ]
    (tmp_path / "acme__chat.completions.jsonl").write_text("".join(lines))
    (tmp_path / "acme__models.jsonl").write_text(line("other", json={}, url="https://acme.example/v1/models"))
    return tmp_path


def run(*arguments):
    out = io.StringIO()
    return main([str(argument) for argument in arguments], out), out.getvalue().splitlines()


def test_the_last_line_counts_each_exchange_once_and_all_explained_is_success(folder):
    status, lines = run(folder)

    assert lines[-1] == "3 exchanges: 3 decoded, 1 re-rendered equal, 2 explained, 0 unexplained"
    assert status == 0


def test_the_table_has_a_row_per_endpoint_and_says_what_is_not_covered_yet(folder):
    _, lines = run(folder)

    rows = [re.split(r"\s{2,}", row.strip()) for row in lines[:3]]
    assert rows == [
        ["provider / endpoint", "exchanges", "decoded", "equal", "explained unexplained"],
        ["acme / chat.completions", "3", "3", "1", "2", "."],
        ["acme / models", "1 not covered yet"],
    ]


def test_explanations_are_printed_with_their_counts_and_reasons_and_on_demand_their_exchanges(folder):
    _, lines = run(folder, "--verbose")

    (padding,) = [text for text in lines if text.startswith("obfuscation: ")]
    assert padding.startswith("obfuscation: 2 differences in 1 exchanges: random padding")
    assert lines[lines.index(padding) + 1] == "    acme.chat.completions.padded"


def test_an_unexplained_difference_is_printed_with_its_place_and_fails_the_run(folder):
    with (folder / "acme__chat.completions.jsonl").open("a") as file:
        file.write(line("broken", json={"hello": "x" * 400}))

    status, lines = run(folder, "--only", "acme.chat.completions.broken")

    assert status == 1
    assert lines[-1] == "1 exchanges: 0 decoded, 0 re-rendered equal, 0 explained, 1 unexplained"
    start = lines.index("acme.chat.completions.broken (openai-chat)")
    assert lines[start + 1 : start + 3] == ["    decodes: body", '        expected "an answer"']
    assert lines[start + 3].startswith("        got      ServerFault(")
    assert max(map(len, lines[start:])) < 230


@pytest.mark.parametrize("only", ["acme/chat.completions", "acme.chat.completions.equal", "acme"])
def test_a_run_can_be_narrowed_to_an_endpoint_or_an_id(folder, only):
    _, lines = run(folder, "--only", only, "--wire", "openai-chat")

    expected = 1 if only.endswith("equal") else 3
    assert lines[-1].startswith(f"{expected} exchanges: ")


@pytest.mark.parametrize("arguments", [["--only", "nobody"], ["--wire", "anthropic-messages"]])
def test_a_run_of_nothing_fails_and_says_so(folder, arguments, capsys):
    status, lines = run(folder, *arguments)

    assert (status, lines) == (2, [])
    assert "no exchange to check" in capsys.readouterr().err


def test_a_folder_that_is_not_there_fails_and_says_so(tmp_path, capsys):
    assert run(tmp_path / "nowhere") == (2, [])
    assert "nowhere" in capsys.readouterr().err


def test_a_line_that_is_no_exchange_fails_and_is_named(folder, capsys):
    (folder / "acme__chat.jsonl").write_text("nonsense\n")

    assert run(folder)[0] == 2
    assert "acme__chat.jsonl:1 is not a recorded exchange" in capsys.readouterr().err


def test_every_route_has_a_wire():
    wires = Registry().wires

    assert [wires.get(route.wire).name for route in ROUTES] == [route.wire for route in ROUTES]


ECHO = {"id": "e1", "model": "m", "said": "a", "why": "end"}


def test_the_author_of_a_wire_gets_a_case_for_each_exchange(tmp_path):
    echoed = {"url": "https://echo.example/echo", "asked": {"model": "m", "say": "a"}}
    (tmp_path / "echo__echo.jsonl").write_text(line("1", json=ECHO, **echoed) + line("2", json={**ECHO, "x": 1}, **echoed))

    right = conformance_cases(echo.WIRE, tmp_path / "*.jsonl", reference=echo.REFERENCE)
    wrong = conformance_cases(defects.broken(server=defects.CarelessServer), tmp_path / "*.jsonl", reference=echo.REFERENCE)

    assert [str(case) for case in right] == ["acme.chat.completions.1", "acme.chat.completions.2"]
    for case in (*right, wrong[0]):
        case.check()
    with pytest.raises(
        AssertionError, match="wire echo departs from the recorded exchange\n  renders x: expected 1, got <absent>"
    ):
        wrong[1].check()


def test_cases_leave_out_what_another_wire_speaks_and_cannot_be_none(folder, monkeypatch):
    monkeypatch.chdir(folder)

    assert len(conformance_cases(Registry().wires.get("openai-chat"), "*chat*.jsonl")) == 3
    with pytest.raises(ConfigError, match="no exchange of wire 'echo' in"):
        conformance_cases(echo.WIRE, "*chat*.jsonl", reference=echo.REFERENCE)


def test_a_wire_without_a_reference_is_told_what_to_pass(folder):
    (case,) = conformance_cases(echo.WIRE, folder / "acme__models.jsonl")

    with pytest.raises(ConfigError, match="no reference is known for wire 'echo'; pass one"):
        case.check()


def test_a_wire_of_one_direction_cannot_be_judged(folder):
    half = echo.Wire(name="echo", chat=echo.Codec())
    (case,) = conformance_cases(half, folder / "acme__models.jsonl", reference=echo.REFERENCE)

    with pytest.raises(ConfigError, match="both directions"):
        case.check()
