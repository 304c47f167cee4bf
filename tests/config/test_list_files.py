"""``turnout config validate`` over provider lists: every mistake of the YAML and the TOML file, with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnout.cli import main
from turnout.config.list_files import mistakes_in, read_file
from turnout.config.yaml_file import yaml_reader
from turnout.errors import ConfigError

SECRET = "sk-proj-4vJ8Qm2ZtXc9RbNw"

YAML = f"""\
# written by hand
providers:
  OpenAI:
    name: OpenAI
    api_key: {SECRET}
    valid_models:
      gpt-4o-2024-08-06: 4o
    invalid_models: [gpt-3.5-turbo-instruct]
  box:
    base_api_url: http://127.0.0.1:1234/v1
    colour: blue
"""


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("TURNOUT_DATA_DIR", str(folder))
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user").mkdir()
    return folder


def validated(capsys: pytest.CaptureFixture[str], code: int, *files: Path) -> tuple[list[str], str]:
    assert main(["config", "validate", *map(str, files)]) == code
    out, err = capsys.readouterr()
    return out.splitlines(), err


def test_both_files_are_counted_and_checked(lists, capsys):
    yaml, toml = lists / "openaicompat-providers.yaml", lists / "config.toml"
    yaml.write_text(YAML)
    toml.write_text('model = "openai/4o"\n')
    assert validated(capsys, 0) == ([], "turnout: nothing wrong in 2 files\n")
    yaml.write_text(YAML.replace("[gpt-3.5-turbo-instruct]", "7").replace("4o\n", "4.1\n"))
    toml.write_text('model = 4\n\n[providers.openai]\napi_key = ["x"]\n')
    assert validated(capsys, 3) == (
        [
            f"{yaml}:7: providers.openai.valid_models: both names of 'gpt-4o-2024-08-06' are texts;"
            " put quotes around a name that looks like a number",
            f"{yaml}:8: providers.openai.invalid_models: expected a list of names, not a number",
            f"{toml}:1: model is a text",
            f"{toml}:4: providers.openai.api_key: expected a text, not a list",
        ],
        "turnout: 4 wrong in 2 files\n",
    )


@pytest.mark.parametrize("head", ["[openai]", "[providers.openai]", "[providers.OpenAI]"])
def test_either_shape_of_the_toml_file_has_its_lines(lists, head):
    (lists / "config.toml").write_text(f'[default]\nsassy = "no"\n{head}\nname = 5\nvalid_models = []\n')
    found = mistakes_in(str(lists / "config.toml"))
    assert [(each.line, each.text) for each in found] == [
        (2, "sassy is true or false"),
        (4, "providers.openai.name: expected a text, not a number"),
        (5, "providers.openai.valid_models: expected a table of long name: short name, not a list"),
    ]


def test_what_can_be_read_and_cannot_work_is_a_mistake_too(lists, capsys):
    yaml = lists / "openaicompat-providers.yaml"
    yaml.write_text(YAML.replace("http://127.0.0.1:1234/v1", "127.0.0.1:1234/v1").replace(SECRET, f"{SECRET} x"))
    lines, _ = validated(capsys, 3)
    assert lines == [
        f"{yaml}:5: api_key cannot be an API key: a space at position 25 of 26; copy the key again",
        f"{yaml}:10: base_api_url should look like https://host/path",
    ]


def test_names_that_nobody_knows_are_told_with_their_line_and_the_nearest(lists, capsys):
    yaml, toml = lists / "openaicompat-providers.yaml", lists / "config.toml"
    yaml.write_text(YAML + "    wire: openia-chat\n  nix:\n    api_key: x-y-z-1234\n")
    toml.write_text('[default]\nmodel = "nobody/4o"\n')
    lines, _ = validated(capsys, 3)
    assert lines[0] == f"{yaml}:12: unknown wire 'openia-chat'; did you mean 'openai-chat'?"
    assert lines[1].startswith(f"{yaml}:13: provider 'nix' is not built in, so it needs a base_api_url")
    assert lines[2].startswith(f"{toml}:2: unknown provider 'nobody'")


def test_what_is_no_yaml_or_no_toml_is_a_mistake_with_its_line(lists, capsys):
    yaml, toml = lists / "openaicompat-providers.yaml", lists / "config.toml"
    yaml.write_text("providers:\n  openai: [\n")
    toml.write_text("\nmodel = \n")
    lines, err = validated(capsys, 3)
    assert [line.partition(": ")[0] for line in lines] == [f"{yaml}:3", f"{toml}:2"]
    assert err == "turnout: 2 wrong in 2 files\n"


def test_a_table_that_is_none_is_told(lists):
    (lists / "config.toml").write_text("providers = 3\n")
    (lists / "openaicompat-providers.yaml").write_text("- providers\n")
    assert [each.text for each in mistakes_in(str(lists / "config.toml"))] == ["providers holds tables, one for each provider"]
    (found,) = mistakes_in(str(lists / "openaicompat-providers.yaml"))
    assert found.text == "expected a table with 'providers', not list"


def test_one_of_the_files_may_be_named(lists, capsys):
    (lists / "config.toml").write_text("sassy = 1\n")
    yaml = lists / "openaicompat-providers.yaml"
    yaml.write_text(YAML)
    assert validated(capsys, 0, yaml) == ([], "turnout: nothing wrong in 1 file\n")
    assert validated(capsys, 3, lists / "config.toml")[0] == [f"{lists}/config.toml:1: sassy is true or false"]


def test_a_name_that_only_the_lists_know_is_no_mistake_in_turnout_toml(lists, capsys, tmp_path):
    (lists / "openaicompat-providers.yaml").write_text(YAML)
    (tmp_path / "user" / "turnout.toml").write_text('model = "fast"\n[aliases]\nfast = ["box/some-model", "4o"]\n')
    assert validated(capsys, 0) == ([], "turnout: nothing wrong in 2 files\n")


def test_while_a_list_cannot_be_read_nothing_is_said_of_the_names_in_other_files(lists, capsys, tmp_path):
    (lists / "openaicompat-providers.yaml").write_text("providers: [\n")
    (tmp_path / "user" / "turnout.toml").write_text('[aliases]\nfast = "box/some-model"\n')
    lines, err = validated(capsys, 3)
    assert (len(lines), err) == (1, "turnout: 1 wrong in 2 files\n")


def test_the_files_of_lists_are_among_those_that_are_read(lists, capsys):
    (lists / "config.toml").write_text("")
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"provider list\t{lists}/config.toml\tread"


def test_what_a_list_sets_is_shown_with_its_line(lists, capsys):
    (lists / "openaicompat-providers.yaml").write_text(YAML)
    assert main(["config", "show", "--json"]) == 0
    rows = {row["name"]: row["source"] for row in json.loads(capsys.readouterr().out)}
    path = lists / "openaicompat-providers.yaml"
    assert rows["providers.box.base_url"] == f"provider list {path}:10"
    assert rows["providers.openai.key"] == f"provider list {path}:5"


def test_an_entry_that_says_nothing_is_no_mistake_and_one_that_stands_there_twice_is_both(lists):
    path = lists / "openaicompat-providers.yaml"
    path.write_text("providers:\n  openai:\n  Box:\n    name: Box\n    wire: x\n  box:\n    wire: openai-chat\n")
    assert read_file(str(path)).tables == {"providers": {"openai": {}, "box": {"name": "Box", "wire": "openai-chat"}}}


def test_lines_are_found_through_anchors_and_merged_tables():
    text = "base: &b\n  name: X\n  wire: w\nproviders:\n  one:\n    <<: *b\n    name: One\n  two: *b\n"
    value, lines = yaml_reader("safe").load_with_lines(text)
    assert value["providers"]["one"] == {"name": "One", "wire": "w"}
    assert lines["providers", "one", "name"] == 7
    assert lines["providers", "one", "wire"] == 3
    assert lines["providers", "two", "name"] == 2


def test_tables_that_hold_each_other_are_not_walked_without_end():
    bomb = "providers: &p\n" + "".join(f"  k{n}: *p\n" for n in range(40))
    _, lines = yaml_reader("safe").load_with_lines(bomb)
    assert len(lines) <= 100_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"api_key: {SECRET}\napi_key: {SECRET}2\n", "not YAML at line 2, column 1: found duplicate key"),
        (f"api_key: *{SECRET}\n", "not YAML at line 1, column 10: found undefined alias"),
        (f"api_key: !{SECRET} x\n", "not YAML at line 1, column 10: could not determine a constructor for the tag"),
        (f"api_key: !{SECRET}!x y\n", "not YAML at line 1, column 10: found undefined tag handle"),
        (f"api_key: [{SECRET}\nb: c\n", "not YAML at line 2, column 2: expected ',' or ']', but got ':'"),
        (f"api_key: {SECRET}\n\tb: c\n", "not YAML at line 2, column 1: found character '\\t' that cannot start any token"),
    ],
)
def test_what_is_told_of_a_wrong_file_quotes_nothing_of_it(text, told):
    said = ""
    try:
        yaml_reader("rt").load(text)  # who writes a file again takes any tag
    except ConfigError as error:
        said = str(error)
    assert SECRET not in said
    with pytest.raises(ConfigError) as raised:
        yaml_reader("safe").load_with_lines(text)
    assert str(raised.value) == told
