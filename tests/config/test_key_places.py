"""Keys that a file names and does not hold: of a command, another file, the platform's store. And which of several counts."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from turnout.auth import signer
from turnout.auth.schemes import bearer
from turnout.auth.secrets import AwaitedSecret, Secret, is_placeholder
from turnout.catalog.schema import Provider
from turnout.config.files import read_config
from turnout.config.keys import from_command, from_file
from turnout.effects import Obtain
from turnout.errors import ConfigError, MissingKey
from turnout.registry import Registry
from turnout.types import HttpRequest

KEY = "gsk_4vJ8Qm2ZtXc9RbNw7LwT0aB4"
OTHER = "gsk_0PqRs7TuVw3XyZ1AbC9DeF5G"


class Machine:
    """A user's folder and a project's, and what a call for Groq would carry."""

    def __init__(self, folder: Path) -> None:
        self.user, self.project = folder / "user", folder / "project"
        self.user.mkdir()
        (self.project / ".git").mkdir(parents=True)

    def registry(self, user: str = "", project: str = "", **environ: str) -> Registry:
        (self.user / "turnout.toml").write_text(user)
        (self.project / "turnout.toml").write_text(project)
        environ = {"TURNOUT_CONFIG_DIR": str(self.user), **environ}
        return Registry(environ=environ, config=read_config(environ, str(self.project)))

    def key(self, user: str = "", project: str = "", **environ: str) -> tuple[str, str]:
        secret = self.registry(user, project, **environ).key("groq")
        assert secret is not None
        return secret.reveal(), secret.source.replace(str(self.user), "USER").replace(str(self.project), "PROJECT")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def said(line: str) -> str:
    return f"[providers.groq]\n{line}\n"


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_projects_real_key_counts_more_than_the_users_and_that_more_than_the_environments(machine: Machine) -> None:
    user, project = said(f'api_key = "{KEY}"'), said(f'api_key = "{OTHER}"')
    environ = {"GROQ_API_KEY": "gsk_environment00000000"}
    assert machine.key(user, project, **environ) == (OTHER, "project file PROJECT/turnout.toml:2")
    assert machine.key(user, "", **environ) == (KEY, "user file USER/turnout.toml:2")
    assert machine.key("", "", **environ) == ("gsk_environment00000000", "GROQ_API_KEY")


def test_a_placeholder_hides_no_real_key_below_it(machine: Machine) -> None:
    user, project = said(f'api_key = "{KEY}"'), said('api_key = "your_key_here"')
    assert machine.key(user, project) == (KEY, "user file USER/turnout.toml:2")
    assert machine.key(said('api_key = "gsk-not-configured"'), project, GROQ_API_KEY=KEY) == (KEY, "GROQ_API_KEY")
    with pytest.raises(MissingKey, match=r"turnout\.toml:2 holds a placeholder \('your_key_here'\)"):
        machine.key("", project)


@pytest.mark.parametrize(
    "value",
    [
        "your_kimi_api_key_here",  # A
        "your_openrouter_api_key_here",
        "changeme",
        "placeholder",
        "not-configured",  # C
        "deepseek-not-configured",
        "sk-xxxx",  # sample files
        "sk-proj-XXXX",
        "sk-...",
    ],
)
def test_one_rule_says_what_a_placeholder_is_in_files_and_in_the_environment(machine: Machine, value: str) -> None:
    assert is_placeholder(value)
    assert machine.key(said(f'api_key = "{value}"'), GROQ_API_KEY=KEY) == (KEY, "GROQ_API_KEY")
    assert machine.key(said(f'api_key = "{KEY}"'), GROQ_API_KEY=value) == (KEY, "user file USER/turnout.toml:2")
    assert not machine.registry("", GROQ_API_KEY=value).usable("groq")[0]


def test_a_key_file_beside_the_file_that_names_it_is_read(machine: Machine) -> None:
    (machine.user / "groq.key").write_text(f"{KEY}\n\n")
    (machine.user / "groq.key").chmod(0o600)
    key, source = machine.key(said('key_file = "groq.key"'), GROQ_API_KEY=OTHER)
    assert (key, source) == (KEY, "file USER/groq.key (user file USER/turnout.toml:2)")


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_a_key_file_of_ours_that_everybody_may_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=rf"key holds a key and others may read it: `chmod 600 {path}`"):
        from_file(str(path))
    path.chmod(0o640)
    assert from_file(str(path)) == KEY


def test_a_key_file_that_gives_no_key_is_refused_and_what_it_holds_is_not_shown(tmp_path: Path, machine: Machine) -> None:
    path = tmp_path / "key"
    with pytest.raises(ConfigError, match="key, which should hold a key, cannot be read: No such file"):
        from_file(str(path))
    for content, told in [(b" \n", "gave no key"), (b"\xff" + KEY.encode(), "is no text"), (b"x" * 70000, "more than 65536")]:
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match=told) as raised:
            from_file(str(path))
        assert KEY not in str(raised.value)
    path.write_text("your_key_here")
    assert machine.registry(said(f'key_file = "{path}"')).usable("groq")[1].endswith("holds a placeholder ('your_key_here')")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have a name")
def test_a_pipe_that_nobody_writes_to_is_no_key_file_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError, match="pipe, which should hold a key, is no file: `key_command` takes what a program prints"):
        from_file(str(tmp_path / "pipe"))


def test_the_first_line_that_a_command_prints_is_the_key(machine: Machine) -> None:
    words = command(f"print('{KEY}'); print('user: ada')")
    key, source = machine.key(said(f"key_command = {words!r}"), GROQ_API_KEY=OTHER)
    assert key == KEY
    assert source == f"command {sys.executable} (user file USER/turnout.toml:2)"


def test_no_shell_reads_a_commands_words(tmp_path: Path) -> None:
    assert from_command([*command("import sys; print(sys.argv[1])"), "$HOME; `id`"]) == "$HOME; `id`"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (f"print('{KEY}'); raise SystemExit(3)", "ended with code 3: run it yourself to see why"),
        (f"import sys; sys.stderr.write('{KEY}')", "gave no key"),
        (f"print('{KEY}' * 100000)", "gave more than 65536 bytes"),
        (f"import os; os.write(1, b'\\xff{KEY}')", "gave something that is no text"),
        (f"import os; os.write(1, b'{KEY}'); import signal; signal.pause()", "took longer than 0.3 s and was stopped"),
        ("import os; os.close(1); import signal; signal.pause()", "took longer than 0.3 s and was stopped"),
    ],
)
def test_a_command_that_gives_no_key_is_refused_in_time_and_nothing_of_its_output_is_shown(code: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        from_command(command(code), 60 if "pause" not in code else 0.3)
    assert told in str(raised.value)
    assert KEY not in str(raised.value)
    assert "-c" not in str(raised.value), "its arguments may hold secrets too"


def test_a_command_that_is_stopped_takes_what_it_started_with_it(tmp_path: Path) -> None:
    child = "import os, signal; os.open('CHILD', os.O_CREAT); signal.pause()".replace("CHILD", str(tmp_path / "child"))
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    holder = f"import os; f = os.open({str(fifo)!r}, os.O_WRONLY); " + child
    started = command(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {holder!r}]).wait()")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(ConfigError, match="was stopped"):
            from_command(started, 2)
        os.set_blocking(reader, True)
        assert os.read(reader, 1) == b"", "whoever held the pipe open is gone"
    finally:
        os.close(reader)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="the key command turnout-nowhere cannot be run: No such file"):
        from_command(["turnout-nowhere", KEY])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("key_command = 'pass show groq'", 'key_command is a list of words, such as ["pass", "show", "openai"]'),
        ("key_command = []", "key_command is a list of words"),
        ("key_command = ['pass', 3]", "key_command is a list of words"),
        ("key_file = 3", "key_file is the path of a file that holds the key"),
        ("key_file = ''", "key_file is the path of a file that holds the key"),
        ("keyring = 'turnout'", "keyring is a list of words"),
        ("keyring = ['turnout']", "keyring is a service and a user name"),
        ("key_file = 'x'\nkey_command = ['y']", "the key of 'groq' is said in 2 ways, key_command and key_file: keep one"),
    ],
)
def test_what_is_no_way_to_say_a_key_is_refused_with_its_line(machine: Machine, line: str, told: str) -> None:
    usable, reason = machine.registry(said(line)).usable("groq")
    assert not usable
    assert told in reason
    assert "turnout.toml:" in reason


@pytest.mark.parametrize("line", ["key_command = ['echo', 'x']", "key_file = '/etc/passwd'", "keyring = ['login', 'ada']"])
def test_a_projects_file_has_nothing_run_or_read_until_it_is_trusted(machine: Machine, line: str) -> None:
    usable, reason = machine.registry("", said(line)).usable("groq")
    assert not usable
    assert f"{machine.project}/turnout.toml:2: this project's file sets key" in reason
    assert "TURNOUT_TRUST_PROJECT=1" in reason
    local = '[providers.mine]\nwire = "openai-chat"\nbase_url = "http://localhost:1/v1"\n' + line
    assert "TURNOUT_TRUST_PROJECT=1" in machine.registry("", local).usable("mine")[1], "not for a server of this machine either"
    trusted = machine.registry("", said("key_command = ['echo', 'x']"), TURNOUT_TRUST_PROJECT="1")
    assert trusted.usable("groq")[0]


def test_asking_whether_a_provider_is_usable_or_making_a_plan_runs_nothing(machine: Machine, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    words = command(f"open({str(ran)!r}, 'w'); print('{KEY}')")
    registry = machine.registry(said(f"key_command = {words!r}"))
    assert registry.usable("groq")[0]
    registry.plan("groq/x")
    assert not ran.exists()
    secret = registry.key("groq")
    assert secret is not None
    assert secret.reveal() == KEY
    assert ran.exists()


GROQ = Provider(id="groq", name="Groq", wire="openai-chat", base_url="https://api.groq.com/openai/v1")
REQUEST = HttpRequest(method="POST", url="https://api.groq.com/openai/v1/chat/completions", headers={}, body=b"")


def signed(secret: Secret) -> tuple[str, int]:
    """The header that a request gets, and how often the driver was asked to obtain something."""
    steps, asked, answer = signer(GROQ, bearer(), secret)(REQUEST), 0, None
    while True:
        try:
            effect = steps.send(answer)
        except StopIteration as done:
            return done.value.headers["authorization"], asked
        assert isinstance(effect, Obtain)
        asked, answer = asked + 1, effect.source.make()


def test_a_call_has_its_driver_ask_for_the_key_once_and_again_only_after_a_refusal() -> None:
    given = iter((KEY, OTHER))
    now = [10.0]
    secret = AwaitedSecret("command pass", lambda: next(given), lambda: now[0])
    assert signed(secret) == (f"Bearer {KEY}", 1)
    assert signed(secret) == (f"Bearer {KEY}", 0)
    assert secret.refused(since=9.0), "it was signed before the key at hand came"
    assert signed(secret) == (f"Bearer {KEY}", 0)
    assert secret.refused(since=11.0)
    assert signed(secret) == (f"Bearer {OTHER}", 1)


def test_an_awaited_key_shows_nothing_and_equals_nothing_but_itself() -> None:
    secret = AwaitedSecret("command pass", lambda: KEY, lambda: 0.0)
    assert secret.reveal() == KEY
    for text in (repr(secret), str(secret), f"{secret}"):
        assert text == "Secret(from command pass)"
    assert secret != AwaitedSecret("command pass", lambda: KEY, lambda: 0.0)
    assert secret != Secret(KEY, "x")
    assert {secret: 1}[secret] == 1


@pytest.mark.parametrize("value", ["", "changeme", KEY + "\x01"])
def test_what_is_given_is_held_to_the_same_rules_as_any_key(value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        AwaitedSecret("command pass", lambda: value, lambda: 0.0).make()
    assert str(raised.value).startswith("command pass ")
    assert KEY not in str(raised.value)


def test_keys_toml_is_read_as_a_layer_above_the_users_others_and_refused_when_others_may_read_it(machine: Machine) -> None:
    path = machine.user / "keys.toml"
    path.write_text(said(f'api_key = "{OTHER}"'))
    path.chmod(stat.S_IRUSR)
    assert machine.key(said(f'api_key = "{KEY}"')) == (OTHER, "keys file USER/keys.toml:2")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"keys\.toml: it holds keys and others may read it: `chmod 600"):
        machine.key()
    path.chmod(0o600)
    path.write_text(said('base_url = "https://x"'))
    with pytest.raises(ConfigError, match=r"keys\.toml:2: unknown key 'base_url'"):
        machine.key()


def test_a_key_is_taken_out_of_what_is_told_wherever_it_stands() -> None:
    told = {"error": {"message": f"Incorrect API key {KEY}", "param": [KEY, 3, None]}}
    assert Secret(KEY, "user file /u:2").taken_out_of(told) == {
        "error": {
            "message": "Incorrect API key [user file /u:2]",
            "param": ["[user file /u:2]", 3, None],
        }
    }
    awaited = AwaitedSecret("command pass", lambda: KEY, lambda: 0.0)
    assert awaited.taken_out_of("ended") == "ended"
    awaited.make()
    assert awaited.taken_out_of(f"<{KEY}>") == "<[command pass]>"
    assert Secret("short", "x").taken_out_of("a short text") == "a short text"
