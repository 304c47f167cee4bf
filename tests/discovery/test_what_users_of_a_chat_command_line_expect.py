"""Lines that users of an earlier chat command line rely on, beside those that the other modules of this folder show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from os.path import basename
from pathlib import Path
from typing import Any

import pytest
from model_server import listed, said

from turnout.client.discovering import Discovery
from turnout.config import Config
from turnout.config.chat_settings import save_settings
from turnout.config.list_files import mistakes_in
from turnout.config.provider_lists import ChatSettings, ProviderLists, read_lists, read_yaml, with_lists
from turnout.config.provider_lists_writing import save_findings
from turnout.discovery import Finding, KnownProviders
from turnout.discovery.known import known_provider
from turnout.errors import UnknownProviderError
from turnout.registry import Registry
from turnout.types import HttpRequest, HttpResponse, Target, Timeouts

REAL, OTHER = "sk-proj-4vJ8Qm2ZtXc9RbNw", "sk-proj-8hK2pLx0QwEr5TyU"
SHAPES = Path(__file__).parent.parent / "fixtures" / "provider_lists"
YAMLS, TOMLS = sorted(SHAPES.glob("*.yaml")), sorted(SHAPES.glob("*.toml"))


@pytest.fixture
def put(folder: Path):
    """Files of the shapes into the data directory."""

    def go(*shapes: Path, environ: Mapping[str, str] | None = None) -> ProviderLists:
        for shape in shapes:
            name = "openaicompat-providers.yaml" if shape.suffix == ".yaml" else "config.toml"
            (folder / name).write_bytes(shape.read_bytes())
        return read_lists(str(folder), environ or {})

    return go


def key(lists: ProviderLists, id: str) -> str | None:
    secret = lists.known[id].api_key
    return secret.reveal() if secret is not None else None


# Existing files


@pytest.mark.parametrize("shape", [*YAMLS, *TOMLS], ids=lambda shape: shape.name)
def test_a_file_of_each_shape_loads_as_it_is_and_has_nothing_wrong(put, folder, shape):
    lists = put(shape)
    assert not [note for note in lists.notes if "Error" in note]
    assert {"openai", "deepseek", "hyperbolic"} <= set(lists.known)
    assert Registry(environ={}, config=with_lists(Config(), lists)).mistakes() == []
    assert [mistake for file in folder.iterdir() for mistake in mistakes_in(str(file))] == []


@pytest.mark.parametrize("yaml", YAMLS, ids=lambda shape: shape.name)
@pytest.mark.parametrize("toml", TOMLS, ids=lambda shape: shape.name)
def test_any_yaml_file_goes_with_any_toml_file(put, yaml, toml):
    alone, both = put(yaml), put(yaml, toml)
    assert set(both.known) >= set(alone.known)
    for id, known in alone.known.items():
        assert both.known[id].valid_models.keys() >= known.valid_models.keys()
        assert both.known[id].invalid_models == known.invalid_models


@pytest.mark.parametrize("shape", YAMLS, ids=lambda shape: shape.name)
def test_a_yaml_file_of_each_shape_is_written_with_all_that_it_held(put, folder, shape):
    before = put(shape).known
    save_findings(str(folder), [Finding(provider="openai", valid={"gpt-9": "gpt-9"})])
    after = read_lists(str(folder), {}).known
    assert after["openai"].valid_models == {**before["openai"].valid_models, "gpt-9": "gpt-9"}
    assert [after[id] for id in before if id != "openai"] == [before[id] for id in before if id != "openai"]
    lines = (folder / "openaicompat-providers.yaml").read_text().splitlines()
    assert [line for line in shape.read_text().splitlines() if "#" in line and line not in lines] == []


@pytest.mark.parametrize("shape", TOMLS, ids=lambda shape: shape.name)
def test_a_toml_file_of_each_shape_is_written_with_all_that_it_held(put, folder, shape):
    before = put(shape)
    save_settings(str(folder), ChatSettings(model="deepseek/r1"))
    after = read_lists(str(folder), {})
    assert after.settings.model == "deepseek/r1"
    assert after.settings.system_prompt == before.settings.system_prompt
    assert after.known.items() == before.known.items()


def test_the_documented_toml_file_says_the_same_as_the_programs_own(put):
    documented = put(SHAPES / "as_documented.toml")
    assert documented.settings == ChatSettings(model="openai/4o", system_prompt="You are terse.", sassy=True)
    assert (key(documented, "openai"), key(documented, "deepseek")) == (REAL, None)
    both = put(SHAPES / "both_shapes.toml")
    assert (both.settings.model, both.settings.stream, key(both, "openai")) == ("deepseek/r1", False, REAL)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["written_by_the_program.yaml", "written_by_the_program.toml"])
def test_a_file_of_windows_is_read_and_its_lines_end_as_they_did(folder, mark, name):
    path = folder / ("openaicompat-providers.yaml" if name.endswith("yaml") else "config.toml")
    path.write_bytes(mark + (SHAPES / name).read_bytes().replace(b"\n", b"\r\n"))
    assert key(read_lists(str(folder), {}), "openai") == REAL
    if name.endswith("yaml"):
        save_findings(str(folder), [Finding(provider="openai", valid={"gpt-9": "gpt-9"})])
    else:
        save_settings(str(folder), ChatSettings(model="openai/4o"))
    written = path.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") >= 11
    assert b"\r\r" not in written
    assert key(read_lists(str(folder), {}), "openai") == REAL


def test_an_entry_that_says_nothing_overrides_nothing(put):
    lists = put(SHAPES / "by_hand.yaml")
    assert lists.known["openai"].valid_models["gpt-4.1"] == "4.1"
    assert lists.known["hyperbolic"].valid_models["Qwen/QwQ-32B"] == "qdub"
    assert lists.known["box"].valid_models == {"qwen3:0.6b": "small"}


# One provider


def test_a_provider_without_a_name_or_an_address_is_called_by_its_id_and_has_none():
    known = known_provider("box", {})
    assert (known.name, known.base_api_url) == ("box", "")


def test_a_provider_is_found_by_its_name_in_any_case_with_its_key_address_and_models(put):
    known = put(SHAPES / "written_by_the_program.yaml").known["OpenAI"]
    assert known.api_key is not None
    assert (known.api_key.reveal(), known.base_api_url) == (REAL, "https://api.openai.com/v1")
    assert known.valid_models["gpt-4o-2024-08-06"] == "4o"
    assert known.invalid_models == ("gpt-3.5-turbo-instruct",)


def test_a_provider_that_nobody_has_is_a_key_error_and_a_value_error_that_says_not_found(put):
    with pytest.raises(UnknownProviderError, match="Provider 'acme' not found"):
        put().known["acme"]


@pytest.mark.parametrize(("blank", "real"), [("", False), ("   ", False), ("sk-...", False), (REAL, True)])
def test_a_key_is_one_if_more_than_blanks_and_no_placeholder_stands_there(blank, real):
    assert (known_provider("box", {"api_key": blank}).api_key is not None) == real


def test_the_provider_before_the_slash_counts_in_any_case_and_the_rest_as_it_is(put):
    known = put().known
    assert known.resolve("OpenAI/4o") == Target("openai", "gpt-4o-2024-08-06")
    assert known.resolve("hyperbolic/Qwen/QwQ-32B") == Target("hyperbolic", "Qwen/QwQ-32B")
    assert known.resolve("r1") == Target("deepseek", "deepseek-reasoner")  # and not of OpenAI


def test_the_two_that_a_later_version_added_are_built_in():
    registry = Registry(environ={}, config=Config())
    assert registry.provider("xai").base_url == "https://api.x.ai/v1"
    assert registry.provider("zai-coding-plan").base_url == "https://api.z.ai/api/coding/paas/v4"


# Discovery


class Waits:
    """A transport that answers with no model, and remembers how long it might have taken."""

    def __init__(self) -> None:
        self.totals: list[float] = []

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        self.totals.append(timeouts.total)
        body = b'{"data":[{"id":"m"}]}' if basename(request.url) == "models" else b'{"choices":[]}'
        return HttpResponse(status=200, body=body)

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> Any:
        raise AssertionError("nothing is streamed")

    async def aclose(self) -> None:
        """Nothing is held."""


def test_a_list_and_each_question_have_ten_seconds(desk):
    desk.write("box")
    waits = Waits()
    desk.discover("box", settings={"transport": waits})
    assert [round(total, 2) for total in waits.totals] == [10.0, 10.0]


def test_what_was_found_is_among_the_scoped_models_at_once(desk, server):
    desk.write("box")
    server.lists["box"] = listed("new", "deaf")
    server.chats["box", "deaf"] = said("no")

    async def go() -> tuple[list[str], list[str]]:
        async with desk.discovery() as discovery:
            before = discovery.known.scoped_models()
            await discovery.discover(["box"])
            return before, discovery.known.scoped_models()

    before, after = asyncio.run(go())
    assert "box/new (new)" not in before
    assert after == [*before, "box/new (new)"]


def test_one_provider_may_be_asked_and_the_others_stay_as_they_are(desk, server):
    desk.write("box", "crate")
    server.lists["box"] = listed("a")
    desk.discover("box")
    assert server.listings == ["box"]
    entries = read_yaml(str(desk.yaml))["providers"]
    assert ("valid_models" in entries["box"], "valid_models" in entries["crate"]) == (True, False)


def test_a_discovery_that_shall_not_be_kept_writes_nothing(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")
    before = desk.yaml.read_bytes()
    assert desk.discover("box", persist=False).success
    assert desk.yaml.read_bytes() == before


# Which key counts


def test_an_explicit_key_counts_before_toml_that_before_yaml_and_that_before_the_environment(put, folder):
    yaml, toml = SHAPES / "written_by_the_program.yaml", SHAPES / "both_shapes.toml"
    environ = {"OPENAI_API_KEY": "sk-proj-0aS1dF2gH3jK4lZx"}

    def carried(lists: ProviderLists, explicit: str | None = None) -> str:
        registry = Registry(environ=environ, config=with_lists(Config(), lists))
        secret = registry.plan("openai/gpt-4o", api_key=explicit).candidates[0].secret
        assert secret is not None
        return secret.reveal()

    assert carried(put(environ=environ)) == environ["OPENAI_API_KEY"]
    assert carried(put(SHAPES / "after_a_discovery.yaml", environ=environ)) == environ["OPENAI_API_KEY"]  # a placeholder there
    (folder / "openaicompat-providers.yaml").write_text(yaml.read_text().replace(REAL, OTHER))
    assert carried(put(environ=environ)) == OTHER
    assert carried(put(toml, environ=environ)) == REAL
    assert carried(put(environ=environ), "sk-proj-9qW8eR7tY6uI5oPa") == "sk-proj-9qW8eR7tY6uI5oPa"


def test_a_variable_that_holds_no_key_is_told_and_keeps_nobody_from_the_other_providers(put):
    environ = {"DEEPSEEK_API_KEY": "sk-proj-9qW8 eR7tY6u", "OPENAI_API_KEY": OTHER}
    lists = put(SHAPES / "after_a_discovery.yaml", environ=environ)
    assert (key(lists, "deepseek"), key(lists, "openai")) == (None, OTHER)
    (note,) = [note for note in lists.notes if "DEEPSEEK_API_KEY" in note]
    assert note == "DEEPSEEK_API_KEY cannot be an API key: a space at position 13 of 20; copy the key again"


def test_lists_are_known_without_any_discovery_or_network(put):
    known: KnownProviders = put(SHAPES / "after_a_discovery.yaml").known
    assert known.available_models("deepseek") == ["deepseek-chat", "deepseek-reasoner"]
    assert Discovery(Registry(environ={}, config=Config()), known, environ={}).known is known
