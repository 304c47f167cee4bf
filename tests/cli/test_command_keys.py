"""``turnout keys``: kept unseen, listed masked, forgotten whole; and used by the calls that follow."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from upstream import KEY, MODEL

import turnout
from turnout.cli import main


@pytest.fixture(autouse=True)
def no_store(environment: dict[str, str]) -> Iterator[None]:
    """No store of the developer's, here and in other processes."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    yield
    keyring.set_keyring(before)


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(folder))
    environment["TURNOUT_CONFIG_DIR"] = str(folder)
    return folder


def test_a_key_from_a_pipe_is_kept_used_listed_masked_and_forgotten(turnout, upstream, user, environment) -> None:
    del environment["OPENAI_API_KEY"]
    kept = turnout("keys", "set", "openai", input=f"{KEY}\n".encode())
    assert (kept.returncode, kept.stdout) == (0, b"")
    assert kept.stderr.decode() == f"turnout: the key of openai is kept in {user}/keys.toml\n"
    assert turnout("ask", "-m", MODEL, "hi").stdout == b"Rhine\n"
    assert upstream.headers[-1]["authorization"] == f"Bearer {KEY}"
    assert turnout("keys", "list").stdout.decode() == f"openai\t****{KEY[-4:]}\tkeys file {user}/keys.toml:4\n"
    assert turnout("keys", "remove", "openai").returncode == 0
    assert KEY not in (user / "keys.toml").read_text()
    assert turnout("ask", "-m", MODEL, "hi").returncode == 3
    gone = turnout("keys", "remove", "openai")
    assert (gone.returncode, gone.stderr[:42]) == (1, b"turnout: no key of openai is kept; `turnou")


def test_a_key_that_is_typed_is_not_shown(terminal, user) -> None:
    desk = terminal("keys", "set", "kimi")
    desk.expect(r"Key of moonshotai \(not shown\): ")
    desk.type(f"{KEY}\n")
    desk.expect("the key of moonshotai is kept in ")
    assert desk.ends() == 0
    assert KEY not in desk.shown
    assert f'[providers.moonshotai]\napi_key = "{KEY}"' in (user / "keys.toml").read_text()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "what was given for groq is set but empty: nothing is kept"),
        ("your_key_here\n", "what was given for groq holds a placeholder ('your_key_here'): nothing is kept"),
        (f"{KEY[:5]} {KEY[5:]}\n", "what was given cannot be an API key: a space at position 6"),
    ],
)
def test_what_is_no_key_is_not_kept_and_not_shown(
    user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert main(["keys", "set", "groq"]) == 3
    shown = capsys.readouterr().err
    assert told in shown
    assert KEY[5:] not in shown
    assert not user.exists()


def test_a_key_among_the_arguments_is_refused_without_being_repeated(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "set", "groq", KEY]) == 2
    shown = capsys.readouterr().err
    assert "a key is never an argument" in shown
    assert KEY not in shown


def test_a_provider_that_nobody_knows_is_named_with_the_nearest(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "set", "gorq"]) == 3
    assert "unknown provider 'gorq'; did you mean 'groq'" in capsys.readouterr().err


def test_whoever_keeps_a_key_that_will_not_count_is_told(
    user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "turnout.toml").write_text('[providers.groq]\napi_key = "gsk_9fJ2mQx7LwT0aB4c"\n')
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY))
    assert main(["keys", "set", "groq"]) == 0
    assert f"calls will still use the key from project file {tmp_path}/turnout.toml:2" in capsys.readouterr().err


def test_the_list_is_of_every_key_that_a_call_would_carry(
    user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list"]) == 1
    assert capsys.readouterr().err == "turnout: no provider has a key; `turnout keys set PROVIDER` keeps one\n"
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("MISTRAL_API_KEY", "changeme")
    assert main(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"provider": "groq", "key": f"****{KEY[-4:]}", "source": "environment GROQ_API_KEY"}
    ]


def test_a_command_gives_the_key_of_a_call_and_is_asked_again_when_it_is_refused(turnout, upstream, user, tmp_path) -> None:
    user.mkdir()
    counter = tmp_path / "asked"
    counter.write_text("")
    script = (
        f"import pathlib; asked = pathlib.Path({str(counter)!r}); asked.write_text(asked.read_text() + 'x'); "
        f"print('sk-proj-number-' + str(len(asked.read_text())))"
    )
    words = json.dumps([sys.executable, "-c", script])
    (user / "turnout.toml").write_text(f"[providers.openai]\nkey_command = {words}\n")
    upstream.script = [(401, {"error": {"message": "expired"}}), ["Rhine"]]
    answered = turnout("ask", "-m", MODEL, "hi")
    assert answered.stdout == b"Rhine\n", answered.stderr
    sent = [headers["authorization"] for headers in upstream.headers]
    assert sent == ["Bearer sk-proj-number-1", "Bearer sk-proj-number-2"]


def test_a_provider_that_repeats_the_key_it_refuses_shows_it_to_nobody(upstream, user, monkeypatch) -> None:
    """Though no variable of the environment holds it."""
    monkeypatch.delenv("OPENAI_API_KEY")
    user.mkdir()
    (user / "turnout.toml").write_text(f'[providers.openai]\napi_key = "{KEY}"\n')
    upstream.script = [(401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": KEY}})]
    with pytest.raises(turnout.Error) as raised, turnout.Client() as client:
        client.chat("hi", model=MODEL)
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value.__dict__)
    assert "Incorrect API key provided: [user file" in told
    assert KEY not in told


def test_a_command_that_takes_its_time_holds_up_no_event_loop(upstream, user, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    user.mkdir()
    (user / "turnout.toml").write_text(f'[providers.openai]\nkey_command = ["cat", "{pipe}"]\n')

    async def give_the_key_from_the_loop_that_waits_for_it() -> str:
        async with turnout.AsyncClient() as client:
            call = asyncio.create_task(client.chat("hi", model=MODEL))
            while True:
                try:
                    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                    break
                except OSError:  # nobody reads yet: the command has not begun
                    await asyncio.sleep(0)
            os.write(writer, KEY.encode())
            os.close(writer)
            return (await call).text

    assert asyncio.run(give_the_key_from_the_loop_that_waits_for_it()) == "Rhine"
    assert upstream.headers[-1]["authorization"] == f"Bearer {KEY}"
