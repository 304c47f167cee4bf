"""Every mistake of a configuration at once, and the schema that tells editors the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from turnout.config import Config
from turnout.config.checks import MODEL_FIELDS, PROVIDER_FIELDS, Mistake
from turnout.config.files import place_of, read_config, read_file
from turnout.config.schema import MODEL, PROVIDER, SETTINGS, json_schema
from turnout.registry import Registry

SCHEMA = json_schema()


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "turnout.toml"
    path.write_text(text)
    file = read_file(place_of(str(path)))
    assert not isinstance(file, Mistake)
    found = Registry(environ={}, config=Config((file,))).mistakes()
    return [f"{each.line}: {each.text}" for each in found]


def test_every_mistake_is_named_with_its_line_not_just_the_first(tmp_path: Path) -> None:
    text = """\
modle = "groq/x"
[providers.groq]
timeout = "long"
base_ulr = "https://x"
quirks = { drpo = ["seed"] }
[providers.openai.quirks]
stream_usage = "yes"
[models."groq/x"]
context_tokens = -1.5
price = { input = 0.1, outptu = 2 }
[aliases]
"a/b" = "groq/x"
none = []
"""
    assert mistakes(tmp_path, text) == [
        "1: unknown key 'modle'; did you mean 'model'?",
        "3: timeout: Expected `float`, got `str`",
        "4: unknown key 'base_ulr'; did you mean 'base_url'?",
        "5: quirks.drpo: unknown key 'drpo'; did you mean 'drop'?",
        "7: quirks.stream_usage: Expected `bool`, got `str`",
        "9: context_tokens: Expected `int | null`, got `decimal`",
        "10: price.outptu: unknown key 'outptu'; did you mean 'output'?",
        '12: an alias has no "/", which would make it a provider\'s model',
        '13: an alias is "provider/model" or a list of them, or a table of models and policy',
    ]


def test_names_that_nobody_knows_are_named_with_the_nearest(tmp_path: Path) -> None:
    text = """\
model = "fsat"
[aliases]
fast = ["groq/x", "mistrl/y"]
around = "round"
round = "around"
[providers.gorq]
timeout = 3
[providers.corp]
wire = "openai-caht"
base_url = "https://llm.corp/v1"
auth = "baerer"
[models."opnai/gpt-4.1"]
wire = "openai-chat"
"""
    found = mistakes(tmp_path, text)
    assert [line.partition(":")[0] for line in found] == ["1", "3", "4", "5", "6", "9", "11", "12"]
    told = "\n".join(found)
    assert "3: unknown provider 'mistrl'; did you mean 'mistral'" in told
    assert "1: 'fsat' is neither an alias nor 'provider/model'" in told
    assert "provider 'gorq' is not built in, so it needs a wire; did you mean 'groq'?" in told
    assert "9: unknown wire 'openai-caht'; did you mean 'openai-chat'?" in told
    assert "11: unknown auth scheme 'baerer'; did you mean 'bearer'?" in told
    assert "12: unknown provider 'opnai'; did you mean 'openai'" in told
    assert "the alias 'round' stands for itself: " in told


def test_a_way_of_asking_for_a_schema_that_nobody_knows_is_told_with_the_nearest(tmp_path: Path) -> None:
    text = '[models."groq/x".limits.fields]\nresponse_format = [{ only = "tols" }, { only = "json_object" }]\n'
    assert mistakes(tmp_path, text) == ["2: unknown form of an answer 'tols'; did you mean 'tool'?"]


def test_a_key_that_is_said_twice_or_not_at_all_is_a_mistake_too(tmp_path: Path) -> None:
    text = '[providers.groq]\nkey_file = "x"\nkey_command = ["y"]\n[providers.openai]\nkeyring = "x"\n'
    assert mistakes(tmp_path, text) == [
        "3: the key of 'groq' is said in 2 ways, key_command and key_file: keep one",
        '5: keyring is a list of words, such as ["turnout", "openai"], a service and a user name',
    ]


def test_a_file_without_mistakes_has_none(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD) == []


def test_the_mistakes_of_several_files_are_told_in_the_files_order(tmp_path: Path) -> None:
    (tmp_path / "user" / "providers").mkdir(parents=True)
    (tmp_path / "user" / "turnout.toml").write_text('[providers.groq]\nbase_url = "https://mine/v1"\n')
    (tmp_path / "user" / "providers" / "corp.toml").write_text('\nwire = "openai-caht"\nbase_url = "https://corp/v1"\n')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "turnout.toml").write_text('[providers.openai]\nbase_url = "https://evil/v1"\n')
    environ = {"TURNOUT_CONFIG_DIR": str(tmp_path / "user")}
    found = Registry(environ=environ, config=read_config(environ, str(tmp_path / "project"))).mistakes()
    assert [(Path(each.path).name, each.line) for each in found] == [("corp.toml", 2), ("turnout.toml", 2)]
    assert "which decides where keys go" in found[1].text


def test_what_is_no_toml_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "turnout.toml"
    path.write_text('model = "x"\n[providers\n')
    found = read_file(place_of(str(path)))
    assert isinstance(found, Mistake)
    assert (found.path, found.line) == (str(path), 2)


GOOD = """
model = "fast"
[aliases]
fast = ["groq/llama-3.3-70b-versatile", "openai/gpt-4.1"]
one = "groq/x"
[providers.groq]
timeout = 12.5
priority = 1
key_env = ["GROQ_API_KEY"]
headers = { x-team = "a" }
quirks = { drop = ["seed"], stream_usage = false }
checked = 2026-11-21
[providers.corp]
wire = "openai-chat"
base_url = "https://llm.corp/v1"
key_command = ["pass", "show", "corp"]
[models."groq/x"]
context_tokens = 10
supports = ["tools"]
lacks = "image-in audio-in"
price = { input = 0.1, output = 2, tiers = [{ above_input_tokens = 9, input = 1 }] }
limits = { fields = { temperature = [{ most = 1.5 }] } }
status = "beta"
"""


def as_json(text: str) -> Any:
    """As an editor's TOML plugin hands it to a validator of JSON Schema."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def test_the_schema_is_one_and_takes_what_turnout_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(as_json(GOOD))
    jsonschema.Draft202012Validator(SCHEMA).validate({})


@pytest.mark.parametrize(
    "text",
    [
        'modle = "x"',
        "model = 3",
        "[providers.groq]\ntimeout = 'long'",
        "[providers.groq]\nbase_ulr = 'x'",
        "[providers.groq.quirks]\ndrpo = ['x']",
        "[providers.groq]\nkeyring = ['x']",
        "[providers.groq]\nkey_command = 'pass show groq'",
        '[models."groq/x"]\nprice = { input = "dear" }',
        "[models.x]\ncontext_tokens = 1",
        "[aliases]\nfast = []",
        "[aliases]\n'a/b' = 'groq/x'",
        "policy = 3",
        "[aliases]\nfast = { policy = 'cheapest' }",
        "[aliases]\nfast = { models = [] }",
        "[aliases]\nfast = { models = 'groq/x', weights = [1] }",
        "[aliases]\nfast = { models = 'groq/x', policy = 'weighted', weights = [-1] }",
        "[aliases]\nfast = { models = 'groq/x', polisy = 'weighted' }",
    ],
)
def test_the_schema_refuses_what_turnout_refuses(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(as_json(text))


def test_every_key_has_a_sentence_and_every_sentence_a_key() -> None:
    assert set(PROVIDER) == set(PROVIDER_FIELDS)
    assert set(MODEL) == set(MODEL_FIELDS)
    assert set(SCHEMA["properties"]) == set(SETTINGS)


def test_every_packaged_provider_file_is_one_that_a_user_could_have_written() -> None:
    import turnout.catalog

    folder = Path(turnout.catalog.__file__).parent / "providers"
    validator = jsonschema.Draft202012Validator(SCHEMA)
    files = sorted(folder.glob("*.toml"))
    assert len(files) > 20
    kept_back = ("source", "extra", "module", "enable_env", "default_model_env")
    for path in files:
        table = as_json(path.read_text())
        models = {f"{path.stem}/{name}": model for name, model in table.pop("models", {}).items()}
        table = {name: value for name, value in table.items() if name not in kept_back}
        errors = [error.message for error in validator.iter_errors({"providers": {path.stem: table}, "models": models})]
        assert errors == [], path.name
