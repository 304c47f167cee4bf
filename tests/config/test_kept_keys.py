"""Keys that ``turnout keys`` keeps: in the platform's store, or in a file of the user's own with its comments."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest

from turnout.config.files import read_config
from turnout.config.kept_keys import forget, keep, keys_path
from turnout.config.keys import ask_store, from_store
from turnout.errors import ConfigError, MissingKey
from turnout.registry import Registry

KEY = "gsk_4vJ8Qm2ZtXc9RbNw7LwT0aB4"
OTHER = "gsk_0PqRs7TuVw3XyZ1AbC9DeF5G"


class Store(keyring.backend.KeyringBackend):
    """A store that keeps keys in memory, and fails when it is told to."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[tuple[str, str], str] = {}
        self.locked = False

    def _ask(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked(f"locked; it holds {self.keys}")

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.keys.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        self.keys[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        del self.keys[service, username]


@pytest.fixture(autouse=True)
def no_store() -> Iterator[None]:
    """Not the developer's."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def store(no_store: None) -> Store:
    store = Store()
    keyring.set_keyring(store)
    return store


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"TURNOUT_CONFIG_DIR": str(tmp_path / "user")}


def key(environ: dict[str, str], id: str = "groq") -> str:
    secret = Registry(environ=environ, config=read_config(environ, "/")).key(id)
    assert secret is not None
    return secret.reveal()


def test_where_there_is_a_store_it_keeps_the_key_and_the_file_says_only_that_it_does(
    environ: dict[str, str], store: Store
) -> None:
    assert keep(environ, "groq", KEY) == "the platform's store, as turnout/groq"
    assert store.keys == {("turnout", "groq"): KEY}
    text = keys_path(environ).read_text()
    assert KEY not in text
    assert 'keyring = ["turnout", "groq"]' in text
    assert key(environ) == KEY


def test_where_there_is_no_store_a_file_for_its_owner_alone_keeps_it(environ: dict[str, str]) -> None:
    path = keys_path(environ)
    assert keep(environ, "groq", KEY) == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert key(environ) == KEY


def test_a_new_key_takes_the_old_ones_place_wherever_that_was(environ: dict[str, str], store: Store) -> None:
    keep(environ, "groq", KEY, "file")
    keep(environ, "groq", OTHER)
    assert KEY not in keys_path(environ).read_text()
    assert key(environ) == OTHER
    keep(environ, "groq", KEY, "file")
    assert store.keys == {}
    assert key(environ) == KEY


def test_comments_order_and_what_a_person_wrote_stay(environ: dict[str, str]) -> None:
    path = keys_path(environ)
    path.parent.mkdir()
    written = """# mine
[providers.openai] # work account
key_command = ["pass", "show", "openai"]

[providers.groq]
# old
api_key = "gsk_1"
"""
    path.write_text(written)
    keep(environ, "mistral", KEY)
    assert path.read_text().startswith(written)
    forget(environ, "mistral")
    assert path.read_text().strip() == written.strip()


def test_forgetting_takes_the_key_out_of_the_store_too_but_not_one_that_a_person_put_there(
    environ: dict[str, str], store: Store
) -> None:
    keep(environ, "groq", KEY)
    assert forget(environ, "groq")
    assert store.keys == {}
    with pytest.raises(MissingKey, match="Groq needs an API key"):
        key(environ)
    assert not forget(environ, "groq")
    store.keys["bank", "ada"] = "hers"
    keys_path(environ).write_text('[providers.groq]\nkeyring = ["bank", "ada"]\n')
    assert forget(environ, "groq")
    assert store.keys == {("bank", "ada"): "hers"}


def test_a_store_that_refuses_is_told_by_its_errors_name_alone_and_nothing_is_written(
    environ: dict[str, str], store: Store
) -> None:
    store.keys["turnout", "openai"] = OTHER
    store.locked = True
    with pytest.raises(
        ConfigError, match=r"^the store of keys did not take the key: KeyringLocked; `--in file` keeps it in a file$"
    ):
        keep(environ, "groq", KEY)
    assert not keys_path(environ).exists()
    with pytest.raises(ConfigError, match=r"^the store of keys refused to give turnout/openai: KeyringLocked$"):
        from_store("turnout", "openai")


def test_a_store_that_does_not_answer_is_given_up(environ: dict[str, str]) -> None:
    unlocked = Event()
    with pytest.raises(ConfigError, match=r"^the store of keys did not answer within 0\.05 s: is it locked\?; do otherwise$"):
        ask_store(unlocked.wait, "did not take the key", "; do otherwise", seconds=0.05)
    unlocked.set()


def test_a_key_that_the_store_does_not_give_up_can_be_forgotten_once_more(environ: dict[str, str], store: Store) -> None:
    keep(environ, "groq", KEY)
    store.locked = True
    with pytest.raises(ConfigError, match=r"^the store of keys did not give the key up: KeyringLocked$"):
        forget(environ, "groq")
    store.locked = False
    assert forget(environ, "groq")
    assert store.keys == {}


@pytest.mark.parametrize("content", ["providers = 3\n", "[providers]\ngroq = 'gsk_4vJ8Qm2ZtXc9RbNw'\n"])
def test_nothing_is_written_to_a_file_of_another_shape(environ: dict[str, str], content: str) -> None:
    path = keys_path(environ)
    path.parent.mkdir()
    path.write_text(content)
    for write in (lambda: keep(environ, "groq", KEY, "file"), lambda: forget(environ, "groq")):
        with pytest.raises(ConfigError, match=r"keys\.toml: providers holds tables") as raised:
            write()
        assert "gsk_" not in str(raised.value)
    assert path.read_text() == content


def test_an_entry_that_a_person_wrote_in_capitals_is_that_providers(environ: dict[str, str]) -> None:
    path = keys_path(environ)
    path.parent.mkdir()
    path.write_text(f'[providers.Groq] # mine\napi_key = "{OTHER}"\n')
    path.chmod(0o600)
    keep(environ, "groq", KEY, "file")
    assert path.read_text().lower().count("[providers.groq]") == 1
    assert key(environ) == KEY
    assert forget(environ, "groq")
    assert KEY not in path.read_text()


def test_a_key_that_the_store_has_not_says_how_to_put_it_there(store: Store) -> None:
    with pytest.raises(MissingKey, match="the store of keys has no turnout/groq: `turnout keys set groq` puts one there"):
        from_store("turnout", "groq")


def test_without_a_store_what_needs_one_says_so(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="`--in file` keeps the key in a file"):
        keep(environ, "groq", KEY, "keyring")
    with pytest.raises(ConfigError, match="no store of keys on this machine"):
        from_store("turnout", "groq")


def test_nothing_is_written_to_a_file_that_is_no_toml(environ: dict[str, str]) -> None:
    path = keys_path(environ)
    path.parent.mkdir()
    path.write_text("[providers\n")
    with pytest.raises(ConfigError, match=r"keys\.toml is no TOML, so nothing is written to it"):
        keep(environ, "groq", KEY)
    assert path.read_text() == "[providers\n"


def test_without_a_home_there_is_no_place_to_keep_a_key() -> None:
    with pytest.raises(ConfigError, match="there is no folder to keep keys in: set HOME or TURNOUT_CONFIG_DIR"):
        keep({}, "groq", KEY)


KEEPS = """
import os, sys
from turnout.config.kept_keys import forget, keep
name = sys.argv[1]
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
for number in range(15):
    keep(os.environ, f"{name}-{number}", f"key-of-{name}-{number}", "file")
    if number % 3 == 0:
        forget(os.environ, f"{name}-{number}")
"""


def test_two_processes_that_keep_keys_at_once_lose_none(environ: dict[str, str]) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", KEEPS, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0]
    (file,) = read_config(environ, "/").files
    kept = {name: table["api_key"] for name, table in file.tables["providers"].items()}
    assert kept == {f"{name}-{number}": f"key-of-{name}-{number}" for name in "ab" for number in range(15) if number % 3}
