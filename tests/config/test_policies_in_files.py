"""What a file says of the order in which models are tried, and what is said of a mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnout.config import Config, Rule
from turnout.config.checks import Mistake
from turnout.config.files import place_of, read_file
from turnout.registry import Registry


def read(folder: Path, text: str) -> Config:
    path = folder / "turnout.toml"
    path.write_text(text)
    file = read_file(place_of(str(path)))
    assert not isinstance(file, Mistake)
    return Config((file,))


def mistakes(folder: Path, text: str) -> list[str]:
    return [f"{each.line}: {each.text}" for each in Registry(environ={}, config=read(folder, text)).mistakes()]


TEXT = """\
policy = "fastest"
[aliases]
one = "groq/a"
two = ["groq/a", "cerebras/b"]
plain = { models = ["groq/a", "cerebras/b"] }
[aliases.split]
models = ["groq/a", "cerebras/b"]
policy = "weighted"
weights = [9, 0.5]
"""


def test_an_alias_is_a_name_a_list_or_a_table_of_models_and_policy(tmp_path: Path) -> None:
    config, file = read(tmp_path, TEXT), f"file {tmp_path}/turnout.toml"
    found = {name: config.alias(name) for name in config.aliases}
    assert {name: alias.value for name, alias in found.items() if alias is not None} == {
        "one": ("groq/a",),
        "two": ("groq/a", "cerebras/b"),
        "plain": ("groq/a", "cerebras/b"),
        "split": ("groq/a", "cerebras/b"),
    }
    assert [config.rule(name) for name in ("one", "two", "plain", "nobody")] == [None] * 4
    assert config.rule("split") == Rule("weighted", f"{file}:8", (9.0, 0.5))
    assert config.usual_rule == Rule("fastest", f"{file}:1")
    assert mistakes(tmp_path, TEXT) == []


def test_the_stronger_files_alias_counts_whole_without_the_weaker_ones_policy(tmp_path: Path) -> None:
    for folder in ("user", "project"):
        (tmp_path / folder).mkdir()
    weaker = read(tmp_path / "user", '[aliases]\nfast = { models = ["groq/a"], policy = "cheapest" }\n')
    stronger = read(tmp_path / "project", '[aliases]\nfast = ["groq/b"]\n')
    config = Config((*weaker.files, *stronger.files))
    alias = config.alias("fast")
    assert alias is not None
    assert (alias.value, config.rule("fast")) == (("groq/b",), None)


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ('polisy = "cheapest"\n', "1: unknown key 'polisy'; did you mean 'policy'?"),
        ("policy = 3\n", '1: policy is the name of one, such as "cheapest"'),
        ('policy = "cheapst"\n', "1: unknown policy 'cheapst'; did you mean 'cheapest'?"),
        (
            'policy = "zzz"\n',
            "1: unknown policy 'zzz'; known are cheapest, fastest, listed, weighted",
        ),
        (
            '[aliases]\nfast = { models = ["groq/a"], policy = "wighted" }\n',
            "2: unknown policy 'wighted'; did you mean 'weighted'?",
        ),
        ("[aliases]\nfast = { models = [1] }\n", '2: models is "provider/model" or a list of them, which an alias needs'),
        ('[aliases]\nfast = { policy = "cheapest" }\n', '2: models is "provider/model" or a list of them, which an alias needs'),
        ('[aliases]\nfast = { model = "groq/a", models = "groq/a" }\n', "2: unknown key 'model'; did you mean 'models'?"),
        ('[aliases]\nfast = { models = "groq/a", policy = "" }\n', '2: policy is the name of one, such as "cheapest"'),
        (
            '[aliases]\nfast = { models = "groq/a", weights = [1] }\n',
            '2: weights are for a policy: say policy = "weighted" beside them',
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_was_meant(tmp_path: Path, said: str, mistake: str) -> None:
    assert mistakes(tmp_path, said) == [mistake]


@pytest.mark.parametrize(
    "weights", ["[1]", "[1, 2, 3]", "[1, -1]", "[0, 0]", "[1, true]", '[1, "2"]', "[1, nan]", "[1, inf]", "3"]
)
def test_weights_are_a_number_for_each_model(tmp_path: Path, weights: str) -> None:
    text = f'[aliases.fast]\nmodels = ["groq/a", "cerebras/b"]\npolicy = "weighted"\nweights = {weights}\n'
    assert mistakes(tmp_path, text) == ["4: weights is a list of 2 numbers, one for each model, not all of them 0"]
