"""Writing what was found: nothing else changes, nobody's finding is lost, and no half file is ever seen."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings, strategies as st

from turnout.config.chat_settings import FIRST, save_settings
from turnout.config.provider_lists import ChatSettings, read_lists, read_yaml
from turnout.config.provider_lists_writing import save_findings
from turnout.discovery import Finding
from turnout.errors import ConfigError

BY_HAND = """\
# my providers; do not share
version: 2            # of something else

providers:
  # the big one
  openai:
    name: OpenAI
    base_api_url: https://api.openai.com/v1
    api_key: "sk-proj-4vJ8Qm2ZtXc9RbNw"   # from work
    organisation: acme
    valid_models:
      gpt-4o-2024-08-06: 4o    # cheap
      gpt-4.1: '4.1'
    invalid_models:
    - gpt-3.5-turbo-instruct   # no chat
    - babbage-002
  zai: {base_api_url: https://api.z.ai/api/coding/paas/v4, api_key: zai-not-configured}
after: all
"""


@pytest.fixture
def file(folder):
    path = folder / "openaicompat-providers.yaml"
    path.write_text(BY_HAND)
    return path


def test_comments_order_quotes_and_unknown_keys_survive_a_write(folder, file):
    found = Finding(provider="openai", valid={"gpt-9": "gpt-9", "gpt-4.1": "other"}, invalid=("whisper-1",))
    assert save_findings(str(folder), [found]) == str(file)
    expected = BY_HAND.replace("      gpt-4.1: '4.1'\n", "      gpt-4.1: '4.1'\n      gpt-9: gpt-9\n").replace(
        "    - babbage-002\n", "    - babbage-002\n    - whisper-1\n"
    )
    assert file.read_text() == expected


@pytest.mark.parametrize(("table", "item"), [("    ", "    "), ("  ", "  "), ("    ", ""), ("   ", " ")])
def test_a_file_keeps_its_own_indentation(folder, file, table, item):
    lines = ["providers:", f"{table}x:", f"{table * 2}api_key: not-configured  # none", f"{table * 2}invalid_models:"]
    file.write_text("\n".join([*lines, f"{table * 2}{item}- a", ""]))
    save_findings(str(folder), [Finding(provider="x", invalid=("b",))])
    assert file.read_text() == "\n".join([*lines, f"{table * 2}{item}- a", f"{table * 2}{item}- b", ""])


def test_an_invalid_model_that_answered_is_taken_out_and_the_others_keep_their_comments(folder, file):
    save_findings(str(folder), [Finding(provider="openai", valid={"babbage-002": "babbage-002"})])
    text = file.read_text()
    assert "- babbage-002" not in text
    assert "- gpt-3.5-turbo-instruct   # no chat" in text


def test_a_provider_that_said_no_models_yet_gets_them(folder, file):
    save_findings(str(folder), [Finding(provider="zai", valid={"glm-5": "glm-5"}, invalid=("cogview",))])
    zai = read_yaml(str(file))["providers"]["zai"]
    assert (zai["valid_models"], zai["invalid_models"]) == ({"glm-5": "glm-5"}, ["cogview"])


def test_what_is_known_already_is_not_written_again(folder, file):
    before = file.stat().st_mtime_ns
    found = Finding(provider="openai", valid={"gpt-4.1": "x"}, invalid=("babbage-002",))
    assert save_findings(str(folder), [found]) is None
    assert file.stat().st_mtime_ns == before
    assert not file.with_name(file.name + ".bak").exists()


def test_the_file_is_its_owners_alone_and_what_was_there_is_kept_beside_it(folder, file):
    file.chmod(0o644)
    save_findings(str(folder), [Finding(provider="openai", valid={"new": "new"})])
    backup = file.with_name(file.name + ".bak")
    assert file.stat().st_mode & 0o777 == 0o600
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.read_text() == BY_HAND


def test_the_folder_is_made_when_there_is_none(tmp_path):
    folder = tmp_path / "a" / "b"
    found = Finding(provider="groq", name="Groq", base_api_url="https://api.groq.com/openai/v1", valid={"llama": "llama"})
    save_findings(str(folder), [found])
    assert (folder / "openaicompat-providers.yaml").read_text() == (
        "providers:\n"
        "  groq:\n"
        "    name: Groq\n"
        "    base_api_url: https://api.groq.com/openai/v1\n"
        "    api_key: ''\n"
        "    valid_models:\n"
        "      llama: llama\n"
        "    invalid_models: []\n"
    )


def test_a_provider_of_another_protocol_says_which(tmp_path):
    found = Finding(provider="anthropic", base_api_url="https://a.example", wire="anthropic-messages", valid={"c": "c"})
    save_findings(str(tmp_path), [found])
    assert "    wire: anthropic-messages\n" in (tmp_path / "openaicompat-providers.yaml").read_text()
    assert read_lists(str(tmp_path), {}).known["anthropic"].wire == "anthropic-messages"


@pytest.mark.parametrize(
    "content", ["providers: [\n", "- a\n- b\n", "providers: 3\n", "providers:\n  openai:\n    valid_models: [x]\n"]
)
def test_a_file_that_is_not_as_it_should_be_is_left_alone(folder, file, content):
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"openaicompat-providers\.yaml"):
        save_findings(str(folder), [Finding(provider="openai", valid={"a": "a"})])
    assert file.read_text() == content


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Error persisting provider configurations to YAML: "):
        save_findings(str(tmp_path / "file"), [Finding(provider="x", valid={"a": "a"})])


def test_a_written_file_is_read_back_as_what_was_found(folder):
    models = {name: name for name in ("gpt-4.1", "yes", "null", "1e3", "a: b", "#c", "Qwen/QwQ-32B", "ü", " lead", "'q'", "-")}
    save_findings(str(folder), [Finding(provider="x", name="4", valid=models, invalid=("true", "~"))])
    known = read_lists(str(folder), {}).known["x"]
    assert known.valid_models == models
    assert known.invalid_models == ("true", "~")


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8, unique=True))
@settings(max_examples=40)
def test_any_name_that_an_endpoint_may_give_is_written_so_that_it_is_read_back(names):
    with tempfile.TemporaryDirectory() as folder:
        save_findings(folder, [Finding(provider="x", valid={name: name for name in names}, invalid=tuple(names))])
        known = read_lists(folder, {}).known["x"]
        assert known.valid_models == {name: name for name in names}
        assert known.invalid_models == tuple(names)


def test_models_that_two_providers_share_in_the_file_are_added_to_one(folder, file):
    file.write_text("providers:\n  a:\n    valid_models: &both\n      m: m\n  b:\n    valid_models: *both\n")
    save_findings(str(folder), [Finding(provider="a", valid={"new": "new"})])
    providers = read_yaml(str(file))["providers"]
    assert providers["a"]["valid_models"] == {"m": "m", "new": "new"}
    assert providers["b"]["valid_models"] == {"m": "m"}


@pytest.mark.parametrize(
    "text",
    [
        "providers:\n  a: &a {api_key: k, invalid_models: [m]}\n  b: *a\n",
        "base: &a\n  invalid_models: [m]\nproviders:\n  a:\n    <<: *a\n  b:\n    <<: *a\n",
    ],
)
def test_what_a_provider_has_from_another_place_in_the_file_is_changed_for_it_alone(folder, file, text):
    for provider, other in (("a", "b"), ("b", "a")):
        file.write_text(text)
        save_findings(str(folder), [Finding(provider=provider, valid={"new": "new"}, invalid=("bad",))])
        providers = read_yaml(str(file))["providers"]
        assert (providers[provider]["valid_models"], providers[provider]["invalid_models"]) == ({"new": "new"}, ["m", "bad"])
        assert providers[other]["invalid_models"] == ["m"]
        assert "new" not in providers[other].get("valid_models", {})


# At once


def test_threads_that_write_at_once_lose_nothing(folder, file):
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda number: save_findings(str(folder), [Finding(provider="openai", valid={f"m{number}": f"m{number}"})]),
                range(16),
            )
        )
    models = read_yaml(str(file))["providers"]["openai"]["valid_models"]
    assert {f"m{number}" for number in range(16)} <= set(models)


WRITER = """
import sys
from turnout.config.provider_lists_writing import save_findings
from turnout.discovery import Finding
folder, who = sys.argv[1:]
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
for number in range(12):
    save_findings(folder, [Finding(provider="openai", valid={f"{who}{number}": "s"}, invalid=(f"bad-{who}{number}",))])
"""


def test_two_processes_that_write_at_once_lose_nothing(folder, file):
    command = [sys.executable, "-c", WRITER, str(folder)]
    writers = [
        subprocess.Popen([*command, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for who in ("one-", "two-")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.wait(timeout=60) == 0
        writer.stdin.close()
        writer.stdout.close()
    openai = read_yaml(str(file))["providers"]["openai"]
    every = {f"{who}{number}" for who in ("one-", "two-") for number in range(12)}
    assert every <= set(openai["valid_models"])
    assert {f"bad-{name}" for name in every} <= set(openai["invalid_models"])
    assert openai["organisation"] == "acme"


KILLED = """
import os, pathlib, signal, sys
from turnout.config.provider_lists_writing import save_findings
from turnout.discovery import Finding
folder = sys.argv[1]
path = pathlib.Path(folder, "openaicompat-providers.yaml")
old, found = path.read_bytes(), [Finding(provider="openai", valid={"new": "new"})]
save_findings(folder, found)  # imports everything, and says what the new content is
new = path.read_bytes()
assert new != old
killed = 0
while True:
    path.write_bytes(old)
    child = os.fork()
    if child == 0:
        left = killed + 1
        def count(event, arguments):  # called before each opening, renaming and removing of a file
            global left
            if event in ("open", "os.rename", "os.remove", "os.listdir"):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        save_findings(folder, found)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert path.read_bytes() in (old, new), killed
    if not os.WIFSIGNALED(status):
        assert path.read_bytes() == new
        break
    killed += 1
print(killed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_whoever_is_killed_at_any_moment_of_a_write_leaves_the_old_file_or_the_new(folder, file):
    run = subprocess.run([sys.executable, "-c", KILLED, str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 5  # moments


# config.toml


def test_a_new_config_toml_has_each_setting_under_its_comment(tmp_path):
    save_settings(str(tmp_path), FIRST)
    text = (tmp_path / "config.toml").read_text()
    assert text == (
        '# Model Name\nmodel = "openai/4.1-mini"\n'
        '# Default System Prompt\nsystem_prompt = "You are a helpful assistant."\n'
        "# Sassy Mode\nsassy = false\n"
        "# Stream Mode\nstream = true\n"
    )
    assert (tmp_path / "config.toml").stat().st_mode & 0o777 == 0o600


def test_a_setting_is_changed_in_place_and_all_else_of_config_toml_stays(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('# mine\nmodel = "a/b"   # best\n\n[providers.openai]\napi_key = "k"  # from work\n[unknown]\nx = 1\n')
    save_settings(str(tmp_path), ChatSettings(model="c/d", stream=False))
    assert file.read_text() == (
        '# Stream Mode\nstream = false\n# mine\nmodel = "c/d"   # best\n\n[providers.openai]\napi_key = "k"  # from work\n'
        "[unknown]\nx = 1\n"
    )
    assert tomllib.loads(file.read_text())["stream"] is False


def test_a_setting_that_stands_in_default_is_changed_there(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[default]\nmodel = "a/b"\n')
    save_settings(str(tmp_path), ChatSettings(model="c/d"))
    assert file.read_text() == '[default]\nmodel = "c/d"\n'


def test_a_config_toml_that_is_no_toml_is_left_alone(tmp_path):
    (tmp_path / "config.toml").write_text("model = \n")
    with pytest.raises(ConfigError, match="Error loading config file"):
        save_settings(str(tmp_path), FIRST)
    assert (tmp_path / "config.toml").read_text() == "model = \n"
