"""Every command line that the documents and --help show is one that the program takes, and it does what they say.

They run in this process, against providers on the loopback interface. What follows a pipe is run when it is jq.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from any_provider import PROVIDERS, AnyProvider

from turnout.cli import main
from turnout.cli.commands import COMMANDS, find, parser_for
from turnout.cli.failures import WrongUsage

ROOT = Path(__file__).parents[2]
KEY = "sk-proj-4vJ8Qm2ZtXc9RbNw"  # looks real, and is none
FED = "The Rhine is a river.\nSo is the Nile.\n"  # what a pipe gives

NOT_RUN = {
    "serve": "it goes on until it is stopped; tests/gateway run it",
    "local": "it fetches weights, or needs a file of them; tests/cli/test_command_local.py runs it",
}
FINDS_NOTHING = "discover --local"  # ends with 1 on a machine where nothing listens


class Shown(NamedTuple):
    """``turnout WORDS`` as a document shows it: what stands before it on its line, and the filter behind it."""

    where: str
    words: tuple[str, ...]
    variables: tuple[str, ...] = ()
    piped: str = ""  # the command whose output it reads
    read: str = ""  # the file that it reads instead
    filter: tuple[str, ...] = ()
    spoken_of: bool = False  # in a sentence: not all of its words need be there, and nobody types it as it stands

    @property
    def command(self) -> str:
        words = self.words[2:] if self.words[:1] == ("--env-file",) else self.words
        return words[0] if words else ""


def shown(where: str, line: str, *, spoken_of: bool = False) -> Iterator[Shown]:
    if nested := re.search(r"\$\((turnout [^)]*)\)", line):
        line = nested[1]
    split = shlex.shlex(line, posix=True, punctuation_chars=True)
    split.whitespace_split = True
    segments: list[list[str]] = [[]]
    for token in split:
        if token == "|":
            segments.append([])
        else:
            segments[-1].append(token)
    for at, words in enumerate(segments):
        variables = tuple(word for word in words if re.match(r"[A-Z][A-Z_]*=", word))
        command = words[len(variables) :]
        if command[:1] != ["turnout"]:
            continue
        files = [command[place + 1] for place, word in enumerate(command[:-1]) if word == "<"]
        ends = [place for place, word in enumerate(command) if word in ("<", ">")]
        behind = segments[at + 1] if at + 1 < len(segments) else []
        yield Shown(
            where,
            tuple(command[1 : ends[0]] if ends else command[1:]),
            variables,
            piped=segments[at - 1][0] if at else "",
            read=files[0] if files else "",
            filter=tuple(behind) if behind[:1] == ["jq"] else (),
            spoken_of=spoken_of,
        )


def of_documents() -> Iterator[Shown]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        for line in re.findall(r"^\$ (.*\bturnout .*)$", text, re.MULTILINE):
            yield from shown(path.name, line)
        for line in re.findall(r"`((?:[A-Z_]+=\S+ )*turnout [a-z][^`\n]*)`", text):
            yield from shown(path.name, line, spoken_of=True)


def of_help() -> Iterator[Shown]:
    for name in COMMANDS:
        command = find(name)
        assert command is not None
        for line in command.EXAMPLES.strip().splitlines():
            yield from shown(f"turnout {name} --help", line)


def every() -> list[Shown]:
    """Each once, whoever shows it."""
    found = {one[1:]: one for one in (*of_documents(), *of_help())}
    return list(found.values())


def named(one: Shown) -> str:
    return " ".join(one.words)[:60]


def filled(words: tuple[str, ...]) -> list[str]:
    """With something in place of what a reader is to put in."""
    return [{"N": "4", "PROVIDER/MODEL": "groq/large-1"}.get(word, word) for word in words]


@pytest.mark.parametrize("one", every(), ids=named)
def test_a_command_that_is_shown_is_one_that_is_taken(one):
    words = filled(one.words[2:] if one.words[:1] == ("--env-file",) else one.words)
    command = find(words[0])
    assert command is not None, f"{one.where}: no command {words[0]}"
    try:
        parser_for(words[0], command).parse(words[1:])
    except WrongUsage as error:
        if not (one.spoken_of and "are required" in str(error)):
            raise


def test_the_documents_show_every_command():
    assert {one.command for one in every()} >= set(COMMANDS)


@pytest.fixture(scope="module")
def providers() -> Iterator[AnyProvider]:
    server = AnyProvider()
    yield server
    server.close()


@pytest.fixture
def machine(providers, tmp_path, monkeypatch):
    """Every provider set up, and every file there that an example reads."""
    for name in set(os.environ) - {"PATH", "PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    config = tmp_path / "home/.config/turnout"
    (config / "providers").mkdir(parents=True)
    (config / "turnout.toml").write_text(
        "".join(f'[providers.{id}]\nbase_url = "{providers.base_url(id)}"\n' for id in PROVIDERS if id not in ("acme", "custom"))
    )
    variables = {variable: KEY for _, variable in PROVIDERS.values() if variable}
    variables |= {"HOME": f"{tmp_path}/home", "TERM": "dumb", "LANG": "C.UTF-8", "TURNOUT_MODEL": "openai/gpt-4o-mini"}
    variables |= {"CUSTOM_API_URL": providers.base_url("custom"), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    schema = {"title": "invoice", "type": "object", "properties": {"total": {"type": "number"}}}
    request = {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Name three rivers"}]}
    files = {
        "letter.txt": FED,
        "report.txt": FED,
        "sentences.txt": FED,
        "passages.txt": FED,
        "file.txt": FED,
        "person.json": json.dumps(schema),
        "invoice.schema.json": json.dumps(schema),
        "invoice.pdf": "%PDF-1.7\n",
        "request.json": json.dumps(request),
        "answer.json": json.dumps(
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Rhine"}]}, "finishReason": "STOP"}]}
        ),
        "turnout.toml": '[aliases]\nfast = ["groq/llama-3.3-70b-versatile"]\n',
        ".env": "FROM_A_FILE=1\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return config


def acme(config, providers):
    """As docs/adding-a-provider.md has it."""
    lines = ["name = 'Acme'", "wire = 'openai-chat'", f"base_url = '{providers.base_url('acme')}'", "key_env = ['ACME_API_KEY']"]
    (config / "providers/acme.toml").write_text("\n".join(lines))


def prepared(one: Shown, config, providers, monkeypatch) -> list[str]:
    """The words, after what the reader of the document has done before this line."""
    if one.words[:2] != ("provider", "new"):
        acme(config, providers)
    if "--continue" in one.words:
        assert main(["chat", "--session", "rivers", "-p", "Name a river"]) == 0
    if one.words[:2] == ("keys", "remove"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(KEY.encode())))
        assert main(["keys", "set", "groq", "--in", "file"]) == 0
    if "openai-responses" in one.words:
        Path("request.json").write_text('{"model": "gpt-4o-mini", "input": "Name three rivers"}')
    for pair in one.variables:
        monkeypatch.setenv(*pair.split("=", 1))
    elsewhere = r"https?://(?:api\.acme\.example|192\.168\.1\.20:8000)/v1"
    return [re.sub(elsewhere, providers.base_url("acme"), word) for word in filled(one.words)]


TYPED = [one for one in every() if not one.spoken_of and one.command not in NOT_RUN and "google-vertex" not in named(one)]


@pytest.mark.parametrize("one", TYPED, ids=named)
def test_a_command_that_is_shown_does_what_it_is_shown_for(one, machine, providers, monkeypatch, capsys, tmp_path):
    words = prepared(one, machine, providers, monkeypatch)
    fed = Path(one.read).read_text() if one.read else KEY if one.command == "keys" else FED if one.piped else ""
    (tmp_path / "fed").write_text(fed)
    capsys.readouterr()
    with open(tmp_path / "fed" if fed else os.devnull) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code = main(words)
    out, err = capsys.readouterr()
    assert code in ((0, 1) if named(one).startswith(FINDS_NOTHING) else (0,)), err
    assert "defect" not in err
    if one.filter and shutil.which("jq"):
        done = subprocess.run(one.filter, input=out.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.strip() or "select(" in one.filter[-1]
