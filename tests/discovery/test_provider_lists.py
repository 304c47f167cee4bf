"""The files of a data directory as earlier programs wrote them, and which of them wins."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from turnout.config import Config, ConfigFile
from turnout.config.provider_lists import ChatSettings, data_folder, default_lists, key_variable, read_lists, with_lists
from turnout.discovery.known import KnownProviders
from turnout.errors import ConfigError, MissingExtra
from turnout.registry import Registry
from turnout.types import Target

REAL = "sk-proj-4vJ8Qm2ZtXc9RbNw"
OTHER = "sk-proj-8hK2pLx0QwEr5TyU"

YAML = f"""\
# written by hand in 2024
providers:
  openai:
    name: OpenAI
    base_api_url: https://api.openai.com/v1
    api_key: {REAL}
    valid_models:
      gpt-4o-2024-08-06: 4o
      gpt-4o-mini-2024-07-18: 4o-mini
    invalid_models:
    - gpt-3.5-turbo-instruct
"""

TOML = f"""\
# Model Name
model = "openai/4.1-mini"
# Default System Prompt
system_prompt = "Be brief."
# Sassy Mode
sassy = false
# Stream Mode
stream = true
# Provider configurations
[providers.openai]
api_key = "{OTHER}"
base_api_url = "https://proxy.example/v1"
[providers.openai.valid_models]
"gpt-4o-2024-08-06" = "four-o"
"""

DOCUMENTED_TOML = f"""\
[default]
model = "openai/4o"
system_prompt = "Be long."
[openai]
api_key = "{OTHER}"
"""


@pytest.fixture
def read(folder):
    def go(yaml=None, toml=None, **environ):
        if yaml is not None:
            (folder / "openaicompat-providers.yaml").write_text(yaml)
        if toml is not None:
            (folder / "config.toml").write_text(toml)
        return read_lists(str(folder), environ)

    return go


def key(lists, id):
    secret = lists.known[id].api_key
    return secret.reveal() if secret is not None else None


# The shapes


def test_the_yaml_file_is_read_as_it_is(read):
    openai = read(YAML).known["openai"]
    assert (openai.name, openai.base_api_url) == ("OpenAI", "https://api.openai.com/v1")
    assert openai.valid_models["gpt-4o-2024-08-06"] == "4o"
    assert openai.invalid_models == ("gpt-3.5-turbo-instruct",)


def test_invalid_models_need_not_be_there(read):
    assert read("providers:\n  x:\n    base_api_url: https://x.example/v1\n").known["x"].invalid_models == ()


def test_the_toml_file_is_read_as_programs_wrote_it(read):
    lists = read(toml=TOML)
    assert lists.settings == ChatSettings(model="openai/4.1-mini", system_prompt="Be brief.", sassy=False, stream=True)
    assert lists.known["openai"].valid_models["gpt-4o-2024-08-06"] == "four-o"


def test_the_toml_file_is_read_as_their_documentation_shows_it(read):
    lists = read(toml=DOCUMENTED_TOML)
    assert lists.settings == ChatSettings(model="openai/4o", system_prompt="Be long.")
    assert key(lists, "openai") == OTHER


def test_where_both_shapes_are_in_one_file_the_programs_own_wins(read):
    lists = read(toml=f'model = "a/b"\n{DOCUMENTED_TOML}[providers.openai]\napi_key = "{REAL}"\n')
    assert (lists.settings.model, key(lists, "openai")) == ("a/b", REAL)


def test_names_of_providers_count_in_any_case(read):
    assert "openai" in read(YAML.replace("  openai:", "  OpenAI:")).known


def test_an_empty_file_is_an_empty_list(read):
    assert read("", "").known.keys() == ["openai", "deepseek", "hyperbolic"]


# Which wins


def test_the_defaults_are_there_without_any_file(read):
    known = read().known
    assert known.keys() == ["openai", "deepseek", "hyperbolic"]
    assert known["openai"].valid_models["gpt-4.1-mini-2025-04-14"] == "4.1-mini"
    assert known["deepseek"].valid_models == {"deepseek-chat": "dschat", "deepseek-reasoner": "r1"}
    assert known["hyperbolic"].valid_models["moonshotai/Kimi-K2-Instruct"] == "k2"
    assert [one.base_api_url for one in known.values()] == [
        "https://api.openai.com/v1",
        "https://api.deepseek.com/v1",
        "https://api.hyperbolic.xyz/v1",
    ]
    assert all(one.api_key is None for one in known.values())


def test_the_yaml_file_is_merged_over_the_defaults_all_the_way_down(read):
    openai = read("providers:\n  openai:\n    valid_models:\n      gpt-5: five\n      mine: m\n").known["openai"]
    assert openai.valid_models["gpt-5"] == "five"
    assert openai.valid_models["mine"] == "m"
    assert openai.valid_models["gpt-4.1"] == "4.1"
    assert openai.base_api_url == "https://api.openai.com/v1"


def test_a_provider_may_replace_the_models_of_the_defaults(read):
    yaml = "providers:\n  openai:\n    replace_models: true\n    valid_models:\n      mine: m\n"
    assert read(yaml).known["openai"].valid_models == {"mine": "m"}


def test_the_toml_file_wins_over_the_yaml_file(read):
    lists = read(YAML, TOML)
    assert key(lists, "openai") == OTHER
    assert lists.known["openai"].base_api_url == "https://proxy.example/v1"
    assert lists.known["openai"].valid_models["gpt-4o-2024-08-06"] == "four-o"
    assert lists.known["openai"].valid_models["gpt-4o-mini-2024-07-18"] == "4o-mini"


def test_a_null_overrides_nothing(read):
    assert key(read(YAML, '[providers.openai]\nname = "O"\n'), "openai") == REAL
    assert read("providers:\n  openai:\n    base_api_url:\n").known["openai"].base_api_url == "https://api.openai.com/v1"


@pytest.mark.parametrize("placeholder", ["not-configured", "x-not-configured", "", "sk-...", "sk-xxxx"])
def test_the_environment_fills_a_key_that_is_not_really_there_and_says_so(read, placeholder):
    lists = read(YAML.replace(REAL, f"'{placeholder}'"), OPENAI_API_KEY=OTHER)
    assert key(lists, "openai") == OTHER
    assert "Using API key from environment variable OPENAI_API_KEY for provider openai" in lists.notes


def test_the_environment_never_wins_over_a_real_key(read):
    lists = read(YAML, OPENAI_API_KEY=OTHER)
    assert key(lists, "openai") == REAL
    assert not any(note.startswith("Using API key") for note in lists.notes)


def test_a_placeholder_in_the_environment_fills_nothing(read):
    assert key(read(OPENAI_API_KEY="your-key-here"), "openai") is None


@pytest.mark.parametrize(
    ("id", "variable"), [("openai", "OPENAI_API_KEY"), ("hyperbolic", "HYPERBOLIC_API_KEY"), ("my-box", "MY_BOX_API_KEY")]
)
def test_the_variable_of_a_provider_is_its_name_in_capitals(id, variable):
    assert key_variable(id) == variable


def test_only_the_provider_that_is_asked_needs_a_key(read):
    lists = read(YAML)
    assert (key(lists, "openai"), key(lists, "hyperbolic")) == (REAL, None)


# What is wrong


def test_a_yaml_file_that_cannot_be_read_is_a_note_and_the_rest_goes_on(read):
    lists = read("providers: [\n  half", TOML)
    assert lists.notes[0].startswith("Error loading provider config: ")
    assert "line 2" in lists.notes[0]
    assert key(lists, "openai") == OTHER


def test_a_yaml_error_does_not_repeat_the_line_which_may_hold_a_key(read):
    lists = read(f"providers:\n  openai:\n    api_key: {REAL}\n   bad: [\n")
    assert lists.notes[0].startswith("Error loading provider config: ")
    assert REAL not in "".join(lists.notes)


def test_a_toml_file_that_cannot_be_read_is_an_error(read):
    with pytest.raises(ConfigError, match=r"Error loading config file: .*config\.toml"):
        read(YAML, "model = \n")


def test_a_missing_toml_file_is_a_note(read):
    lists = read(YAML)
    assert any(note.startswith("WARNING: no config file found at ") and note.endswith("config.toml.") for note in lists.notes)


@pytest.mark.parametrize(
    ("yaml", "complaint"),
    [
        ("providers: [openai]\n", "providers holds tables"),
        ("providers:\n  openai: yes please\n", "a provider is a table"),
        ("providers:\n  openai:\n    valid_models: [a, b]\n", "valid_models: expected a table of long name: short name"),
        ("providers:\n  openai:\n    valid_models:\n      gpt-4.1: 4.1\n", "put quotes around a name that looks like a number"),
        ("providers:\n  openai:\n    invalid_models: gpt-4\n", "invalid_models: expected a list of names"),
        ("providers:\n  openai:\n    api_key: 12345678\n", "api_key: expected a text"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_names_file_and_place(read, yaml, complaint):
    with pytest.raises(ConfigError, match=r"openaicompat-providers\.yaml") as raised:
        read(yaml)
    assert complaint in str(raised.value)


@pytest.mark.parametrize("toml", ['sassy = "yes"\n', "model = 4\n", "[default]\nstream = 1\n"])
def test_a_setting_of_the_wrong_type_is_an_error(read, toml):
    with pytest.raises(ConfigError, match=r"config\.toml:\d: (sassy|model|stream) is "):
        read(toml=toml)


def test_a_yaml_file_without_ruamel_yaml_says_what_to_install(folder):
    (folder / "openaicompat-providers.yaml").write_text(YAML)
    script = (
        "import sys; sys.modules['ruamel.yaml'] = None\n"
        "from turnout.config.provider_lists import read_lists\n"
        "from turnout.errors import MissingExtra\n"
        "try: read_lists(sys.argv[1], {})\n"
        "except MissingExtra as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "YAML lists of providers need ruamel.yaml: pip install 'turnout[config]'\n"
    assert issubclass(MissingExtra, ConfigError)


def test_neither_library_is_imported_until_a_file_needs_it(folder):
    script = (
        "import sys\nfrom turnout.config.provider_lists import read_lists\nread_lists(sys.argv[1], {})\n"
        "print([name for name in ('ruamel', 'tomlkit') if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


def test_a_yaml_file_makes_no_objects_and_aliases_do_not_explode(read):
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: &c{n} [*b, *b]\n" for n in range(9))
    assert "openai" in read(bomb + YAML).known
    lists = read("providers: !!python/object/apply:os.system ['true']\n")
    assert lists.notes[0].startswith("Error loading provider config: ")


# As configuration


def registry(lists, **environ):
    return Registry(environ=environ, config=with_lists(Config(), lists))


def test_a_provider_of_the_lists_can_be_called_and_speaks_openai_chat(read):
    lists = read(f"providers:\n  box:\n    name: Box\n    base_api_url: https://box.example/v1\n    api_key: {REAL}\n")
    plan = registry(lists).plan("box/some-model")
    assert plan.candidates[0].provider.base_url == "https://box.example/v1"
    assert plan.candidates[0].provider.wire == "openai-chat"


def test_the_valid_models_of_the_lists_are_models_that_turnout_knows(read):
    yaml = (
        "providers:\n  box:\n    base_api_url: https://b.example\n    valid_models: {m: m, old: o}\n    invalid_models: [old]\n"
    )
    found = registry(read(yaml, TOML))
    assert [str(model.target) for model in found.models("box")] == ["box/m"]
    known = [model for model in found.models("openai") if model.target.model == "gpt-4o-2024-08-06"]
    assert known[0].context_tokens == 128000  # what the catalog says of it stays


def test_a_server_of_this_machine_needs_no_key(read):
    lists = read("providers:\n  box:\n    base_api_url: http://127.0.0.1:1234/v1\n    api_key: ''\n")
    assert registry(lists).usable("box")[0]


def test_a_built_in_provider_stays_as_it_is_where_the_lists_say_the_same(read):
    sources = registry(read(YAML)).provider_sources("openai")
    assert sources["base_url"].startswith("built-in")


def test_a_provider_of_the_lists_reads_the_variable_of_its_name(read):
    lists = read("providers:\n  box:\n    base_api_url: https://box.example/v1\n")
    assert registry(lists, BOX_API_KEY=REAL).usable("box") == (True, "key from BOX_API_KEY")


def test_the_key_of_the_toml_file_goes_before_that_of_the_yaml_file_and_a_placeholder_before_neither(read):
    assert "config.toml" in registry(read(YAML, TOML)).usable("openai")[1]
    assert ".yaml" in registry(read(YAML, TOML.replace(OTHER, "not-configured"))).usable("openai")[1]


def test_short_names_can_be_asked_for(read):
    assert registry(read(YAML)).targets("4o") == (Target("openai", "gpt-4o-2024-08-06"),)
    assert registry(read(YAML)).targets("r1") == (Target("deepseek", "deepseek-reasoner"),)
    assert registry(read(YAML)).targets("openai/4o") == (Target("openai", "gpt-4o-2024-08-06"),)


def test_the_model_of_config_toml_is_the_default_where_nothing_stronger_says_one(read):
    assert registry(read(YAML, TOML)).default_model() == "openai/4.1-mini"
    assert registry(read(YAML, TOML)).targets("openai/4.1-mini") == (Target("openai", "gpt-4.1-mini-2025-04-14"),)
    assert registry(read(YAML, TOML), TURNOUT_MODEL="groq/x").default_model() == "groq/x"
    own = ConfigFile("user file", "turnout.toml", {"model": "groq/y"})
    assert Registry(environ={}, config=with_lists(Config((own,)), read(YAML, TOML))).default_model() == "groq/y"


def test_a_short_name_never_hides_a_long_one(read):
    models = "providers:\n  x:\n    base_api_url: https://x.example/v1\n    valid_models: {a: b, b: a, c: c, d: c}\n"
    named = read(models).short_names
    assert not {"x/a", "x/b", "x/c", "a", "b", "c"} & set(named)


def test_a_configuration_is_read_with_the_lists_of_the_data_directory_under_it(read, folder, tmp_path):
    read(YAML, TOML)
    environ = {"TURNOUT_DATA_DIR": str(folder), "TURNOUT_CONFIG_DIR": str(tmp_path / "none")}
    found = Registry(environ=environ)
    assert found.provider("openai").base_url == "https://proxy.example/v1"
    assert found.targets("openai/four-o") == (Target("openai", "gpt-4o-2024-08-06"),)
    assert default_lists({"TURNOUT_DATA_DIR": str(tmp_path / "none")}) is None


def test_a_yaml_file_that_cannot_be_read_is_logged_and_stops_nothing_else(read, folder, tmp_path, caplog):
    read("providers: [")
    environ = {"TURNOUT_DATA_DIR": str(folder), "TURNOUT_CONFIG_DIR": str(tmp_path / "none")}
    assert Registry(environ=environ).provider("openai").base_url == "https://api.openai.com/v1"
    assert "Error loading provider config: " in caplog.text


def test_what_turnout_toml_says_wins_over_the_lists(read):
    own = ConfigFile("user file", "turnout.toml", {"providers": {"openai": {"base_url": "https://mine.example/v1"}}})
    config = with_lists(Config((own,)), read(YAML, TOML))
    assert Registry(environ={}, config=config).provider("openai").base_url == "https://mine.example/v1"


def test_lists_are_in_a_configuration_once(read):
    lists = read(YAML)
    assert len(with_lists(with_lists(Config(), lists), lists).files) == 1


def test_no_key_is_in_the_representation_of_the_lists(read):
    lists = read(YAML, TOML, DEEPSEEK_API_KEY=OTHER)
    assert REAL not in repr(lists) + "".join(map(repr, lists.known.values())) + "".join(lists.notes)
    assert OTHER not in repr(lists) + "".join(map(repr, lists.known.values())) + "".join(lists.notes)


# Where they are


def test_the_data_directory_is_the_one_that_was_named_or_the_variables_or_the_earlier_programs_or_ours(tmp_path):
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert data_folder(environ) == str(tmp_path / "xdg" / "turnout")
    (tmp_path / ".llm_chat_cli").mkdir()
    assert data_folder(environ) == str(tmp_path / ".llm_chat_cli")
    assert data_folder({**environ, "TURNOUT_DATA_DIR": "/data"}) == "/data"
    assert data_folder({**environ, "TURNOUT_DATA_DIR": "/data"}, "/chosen") == "/chosen"
    assert data_folder({}) is None


def test_a_home_folder_may_be_written_as_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder(os.environ, "~/lists") == str(tmp_path / "lists")


def test_the_lists_are_a_table_of_known_providers(read):
    assert isinstance(read().known, KnownProviders)
