"""What scripts read with --json: these fields stay, whatever else comes."""

from __future__ import annotations

import json

import pytest
from upstream import MODEL

LISTS = [
    (("models", "gpt-4o-mini", "--provider", "openai"), {"target", "name", "supports", "price", "context_tokens"}),
    (("providers", "kimi"), {"id", "name", "aliases", "wire", "base_url", "key_env", "usable", "reason", "docs", "source"}),
    (("discover", "openai", "--no-ping"), {"provider", "name", "models", "source"}),
    (("models", "--live", "openai"), {"id"}),
]


@pytest.mark.parametrize(("words", "fields"), LISTS, ids=lambda value: "-".join(value) if isinstance(value, tuple) else "")
def test_a_list_is_an_array_of_objects_with_these_fields_one_a_line(upstream, turnout_here, words, fields):
    upstream.script = [(200, {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "owned_by": "o"}]})]
    done = turnout_here(*words, "--json")
    rows = json.loads(done.stdout)
    assert rows
    assert all(fields <= row.keys() for row in rows)
    assert len(done.stdout.splitlines()) == len(rows) + 2


def test_nothing_found_is_an_empty_array_and_exit_code_1(turnout_here):
    for words in (("models", "xyzzy"), ("providers", "xyzzy")):
        done = turnout_here(*words, "--json")
        assert (done.returncode, done.stdout) == (1, b"[]\n")


def test_an_answer_is_one_object_on_one_line(upstream, turnout_here):
    done = turnout_here("ask", "-m", MODEL, "--json", "Name a river")
    fields = {"text", "id", "model", "choices", "usage", "cost", "receipt", "target", "attempts"}
    assert fields <= json.loads(done.stdout).keys()
    assert done.stdout.count(b"\n") == 1


def test_a_translation_is_one_object_with_its_receipt(turnout_here):
    body = b'{"model": "x", "messages": [{"role": "user", "content": "Hi"}]}'
    done = turnout_here("translate", "--from", "openai", "--to", "gemini", "-", "--json", input=body)
    assert {"method", "path", "body", "lossless", "receipt"} <= json.loads(done.stdout).keys()


def test_a_failure_writes_nothing_to_stdout_that_a_script_could_take_for_an_answer(upstream, turnout_here):
    upstream.script = [(401, {"error": {"message": "no"}})]
    done = turnout_here("ask", "-m", MODEL, "--json", "Name a river")
    assert (done.returncode, done.stdout) == (1, b"")
