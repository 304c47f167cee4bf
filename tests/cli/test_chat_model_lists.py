"""The flags of ``turnout chat`` that list models and ask providers for them, and /discover-models."""

from __future__ import annotations

from contextlib import closing

import pytest
from upstream import KEY, MODEL, Upstream

from turnout.cli import main
from turnout.config.provider_lists import read_yaml


@pytest.mark.parametrize("flag", ["-l", "--list-models"])
def test_list_models_prints_them_and_ends(folder, flag, capsys):
    assert main(["chat", flag, "-d", str(folder), "--provider", "box"]) == 0
    assert capsys.readouterr().out == "**BOX - Available Models:**\n• box/plain\n"


def test_list_models_without_a_provider_prints_all_of_the_lists(folder, capsys):
    assert main(["chat", "-l", "-d", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "• openai/gpt-4o-mini (mini)\n" in out
    assert "\n**DEEPSEEK - Available Models:**\n" in out


def test_list_models_asks_nobody(upstream, turnout_here, folder):
    one_provider(folder, upstream)
    assert turnout_here("chat", "-l", "-d", str(folder)).returncode == 0
    assert (upstream.paths, upstream.requests) == ([], [])


def test_list_models_of_a_provider_without_models_says_that_none_are_configured(folder, capsys):
    (folder / "openaicompat-providers.yaml").write_text("providers:\n  empty:\n    base_api_url: http://127.0.0.1:9/v1\n")
    assert main(["chat", "-l", "-d", str(folder), "--provider", "empty"]) == 0
    assert capsys.readouterr().out == "**EMPTY:**\nNo models configured\n"


def test_a_name_that_a_list_holds_cannot_change_the_terminal(folder, terminal, environment):
    (folder / "openaicompat-providers.yaml").write_text(
        'providers:\n  box:\n    base_api_url: http://127.0.0.1:9/v1\n    valid_models:\n      "x\\e[2Jy": z\n'
    )
    screen = terminal("chat", "-l", "-d", str(folder), "--provider", "box")
    screen.expect("box/x\ufffd")
    assert screen.ends() == 0
    assert "\x1b" not in screen.shown


def test_list_models_of_an_unknown_provider_is_an_error_and_exit_code_1(folder, capsys):
    assert main(["chat", "-l", "-d", str(folder), "--provider", "P"]) == 1
    assert capsys.readouterr() == ("", "Error: Provider 'P' not found in configuration\n")


def test_create_config_writes_one_and_ends(environment, tmp_path, capsys):
    assert main(["chat", "--create-config", "-d", f"{tmp_path}/new"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/new/config.toml\n"
    assert 'model = "openai/4.1-mini"' in (tmp_path / "new/config.toml").read_text()


def test_create_config_leaves_one_that_is_there(environment, folder, capsys):
    (folder / "config.toml").write_text('model = "mine"\n')
    assert main(["chat", "--create-config", "--data-directory", str(folder)]) == 0
    assert (folder / "config.toml").read_text() == 'model = "mine"\n'
    assert "is there already, and stays as it is" in capsys.readouterr().err


def one_provider(folder, upstream):
    """A data directory with one provider that lists one model; its answer to the ping is ready."""
    entry = f"    base_api_url: {upstream.base_url}\n    api_key: {KEY}\n"
    (folder / "openaicompat-providers.yaml").write_text(f"providers:\n  box:\n{entry}")
    upstream.script = [(200, {"object": "list", "data": [{"id": "new", "object": "model"}]}), ["pong"]]


def test_discover_models_asks_one_provider_saves_and_ends(upstream, turnout_here, folder):
    one_provider(folder, upstream)
    done = turnout_here("chat", "-d", str(folder), "--discover-models", "box", "--force-refresh")
    assert (done.returncode, done.stdout) == (0, b"box/new\tyes\tendpoint\n")
    assert read_yaml(f"{folder}/openaicompat-providers.yaml")["providers"]["box"]["valid_models"] == {"new": "new"}


@pytest.mark.parametrize("flags", [("--provider", "box", "--discover-models"), ("--discover-models", "--provider", "box")])
def test_discover_models_takes_its_provider_from_the_flag_for_one_too(upstream, turnout_here, folder, flags):
    one_provider(folder, upstream)
    done = turnout_here("chat", "--data-directory", str(folder), *flags)
    assert (done.returncode, done.stdout) == (0, b"box/new\tyes\tendpoint\n")


def test_discover_models_without_a_provider_asks_every_one_that_has_a_key(upstream, environment, turnout_here, folder):
    with closing(Upstream()) as box:
        one_provider(folder, box)
        upstream.script = [(200, {"object": "list", "data": [{"id": "gpt-6", "object": "model"}]}), ["pong"]]
        done = turnout_here("chat", "-d", str(folder), "--discover-models")
        assert (done.returncode, box.paths, upstream.paths) == (0, ["/v1/models"], ["/v1/models"])
    assert {"openai/gpt-6\tyes\tendpoint", "box/new\tyes\tendpoint"} <= set(done.stdout.decode().splitlines())


def test_force_refresh_takes_no_list_that_was_kept(upstream, environment, turnout_here, folder):
    one_provider(folder, upstream)
    answers = upstream.script
    upstream.script = [*answers, ["pong"], *answers]
    command = ("chat", "-d", str(folder), "--discover-models", "box")
    codes = [turnout_here(*command, *flags).returncode for flags in ((), (), ("--force-refresh",))]
    assert (codes, upstream.paths) == ([0, 0, 0], ["/v1/models"] * 2)


def test_list_models_only_shows_although_the_lists_shall_be_updated(upstream, environment, turnout_here, folder):
    """-uvm asks and goes on, here to the list: -l shows what was found."""
    one_provider(folder, upstream)
    del environment["OPENAI_API_KEY"], environment["OPENAI_BASE_URL"]
    done = turnout_here("chat", "-d", str(folder), "-uvm", "-l", "--provider", "box")
    assert (done.returncode, done.stdout.decode()) == (0, "**BOX - Available Models:**\n• box/new\n")


@pytest.mark.parametrize("flag", ["-uvm", "--update-valid-models"])
def test_update_valid_models_asks_and_then_goes_on_with_a_clean_stdout(upstream, environment, turnout_here, folder, flag):
    one_provider(folder, upstream)
    upstream.script.append(["Rhine"])
    del environment["OPENAI_API_KEY"], environment["OPENAI_BASE_URL"]
    done = turnout_here("chat", "-d", str(folder), flag, "-m", "new", "-p", "Name a river")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert upstream.requests[-1]["model"] == "new"


def test_an_update_that_fails_is_a_warning_and_the_chat_goes_on(upstream, environment, turnout_here, folder):
    one_provider(folder, upstream)
    upstream.script = [(500, {"error": {"message": "broken"}}), ["Rhine"]]
    del environment["OPENAI_API_KEY"], environment["OPENAI_BASE_URL"]
    done = turnout_here("chat", "-d", str(folder), "-uvm", "-m", "box/any", "-p", "Name a river")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert b"Warning: Model discovery failed: " in done.stderr


def test_provider_alone_is_wrong_usage(environment, turnout_here):
    assert turnout_here("chat", "--provider", "openai").returncode == 2


def test_discover_models_inside_a_chat_asks_saves_and_the_new_model_can_be_chosen(upstream, turnout_here, folder):
    one_provider(folder, upstream)
    upstream.script.append(["Rhine"])
    lines = b"/discover-models box\n/list box\n/mod new\nName a river\n"
    done = turnout_here("chat", "-d", str(folder), "-m", MODEL, input=lines)
    assert done.stdout.decode() == "box/new\tyes\tendpoint\n**BOX - Available Models:**\n• box/new\nRhine\n"
    assert (upstream.requests[-1]["model"], upstream.paths) == ("new", ["/v1/models"])


def test_discover_models_of_an_unknown_provider_is_told_and_the_chat_goes_on(upstream, turnout_here, folder):
    done = turnout_here("chat", "-d", str(folder), "-m", MODEL, input=b"/discover-models nobody\nName a river\n")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert b"unknown provider 'nobody'" in done.stderr
