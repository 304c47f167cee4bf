"""Built-in, user, project, environment: the stronger wins, and each value says where it came from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from turnout.catalog.read import Catalog
from turnout.config import Config
from turnout.config.files import read_config
from turnout.config.layers import Layered, layered_model, layered_provider
from turnout.errors import ConfigError
from turnout.types import Target

CATALOG = Catalog()


class Files:
    """A user's and a project's files, written as TOML."""

    def __init__(self, folder: Path) -> None:
        self.user, self.project = folder / "user", folder / "project"
        self.user.mkdir()
        self.project.mkdir()

    def config(self, user: str = "", project: str = "", **environ: str) -> Config:
        (self.user / "turnout.toml").write_text(user)
        (self.project / "turnout.toml").write_text(project)
        return read_config({"TURNOUT_CONFIG_DIR": str(self.user), **environ}, str(self.project))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def provider(id: str, config: Config, **environ: str) -> Layered:
    layered = layered_provider(id, CATALOG, config, environ)
    assert layered is not None
    return layered


def test_each_layer_wins_over_the_one_below_field_by_field(files: Files) -> None:
    config = files.config(
        user="[providers.groq]\ntimeout = 11.5\npriority = 1\ndocs = 'https://user'\n",
        project="[providers.groq]\ntimeout = 22\npriority = 2\n",
    )
    layered = provider("groq", config, TURNOUT_GROQ_TIMEOUT="33")
    assert (layered.provider.timeout, layered.provider.priority, layered.provider.docs) == (33.0, 2, "https://user")
    assert layered.sources["timeout"] == "environment TURNOUT_GROQ_TIMEOUT"
    assert layered.sources["priority"] == f"project file {files.project}/turnout.toml:3"
    assert layered.sources["docs"] == f"user file {files.user}/turnout.toml:4"
    assert layered.sources["name"] == "built-in models.dev 2026-08-18"
    assert layered.sources["base_url"] == "built-in groq.toml, checked 2026-11-21"


def test_tables_merge_key_by_key(files: Files) -> None:
    config = files.config(user='[providers.cerebras]\nheaders = { x-team = "a" }\n[providers.cerebras.quirks]\ndrop = ["seed"]\n')
    merged = provider("cerebras", config).provider
    assert merged.quirks.rename == {"max_tokens": "max_completion_tokens"}
    assert merged.quirks.drop == ("seed",)
    assert merged.headers == {"x-team": "a"}


def test_a_user_may_add_a_provider(files: Files) -> None:
    config = files.config(
        user='[providers.corp]\nwire = "openai-chat"\nbase_url = "https://llm.corp/v1"\nkey_env = ["CORP_KEY"]\n'
    )
    layered = provider("corp", config)
    assert (layered.provider.id, layered.provider.name, layered.provider.key_env) == ("corp", "corp", ("CORP_KEY",))
    assert layered.redirected


@pytest.mark.parametrize(("text", "missing"), [("name = 'C'", "wire"), ("wire = 'openai-chat'", "base_url")])
def test_an_added_provider_needs_a_wire_and_a_url(files: Files, text: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=rf"turnout.toml:1: provider 'corp' is not built in, so it needs a {missing}"):
        provider("corp", files.config(user=f"[providers.corp]\n{text}\n"))


def test_an_id_that_no_layer_knows_is_none() -> None:
    assert layered_provider("nobody", CATALOG, Config(), {}) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [("timeout = 'long'", "timeout: Expected `float`, got `str`"), ("key_env = 'KEY'", "key_env: Expected `array`, got `str`")],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_line(files: Files, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        provider("groq", files.config(user=f"[providers.groq]\npriority = 1\n{line}\n"))
    assert str(raised.value) == f"user file {files.user}/turnout.toml:3: {said}"


@pytest.mark.parametrize(
    "field", ["name", "wire", "key_env", "base_url_env", "url_env", "header_env", "quirks", "checked", "priority"]
)
@pytest.mark.parametrize("value", ["3.5", "[[1]]", "{ a = [1] }"])
def test_no_value_of_a_wrong_type_gets_past_as_anything_but_a_config_error(files: Files, field: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"turnout.toml:2: {field}"):
        provider("groq", files.config(user=f"[providers.groq]\n{field} = {value}\n"))


@pytest.mark.parametrize("field", ["name", "context_tokens", "supports", "price", "status"])
@pytest.mark.parametrize("value", ["3.5", "[[1]]", "{ a = [1] }"])
def test_no_value_of_a_wrong_type_makes_a_model(files: Files, field: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"turnout.toml:2: {field}"):
        layered_model(Target("groq", "new"), CATALOG, files.config(user=f'[models."groq/new"]\n{field} = {value}\n'))


def test_a_number_in_the_environment_must_be_one() -> None:
    with pytest.raises(ConfigError, match="environment TURNOUT_GROQ_TIMEOUT: 'soon' is not a number"):
        provider("groq", Config(), TURNOUT_GROQ_TIMEOUT="soon")


@pytest.mark.parametrize(
    ("id", "environ", "expected"),
    [
        ("openai", {"OPENAI_BASE_URL": "https://proxy/openai/v1"}, "https://proxy/openai/v1"),
        ("anthropic", {"ANTHROPIC_BASE_URL": "https://proxy"}, "https://proxy/v1"),
        ("anthropic", {"ANTHROPIC_BASE_URL": "https://proxy/v1/"}, "https://proxy/v1"),
        ("ollama", {"OLLAMA_BASE_URL": "http://box:11434"}, "http://box:11434"),
        ("vllm", {"VLLM_BASE_URL": "http://box:8000"}, "http://box:8000/v1"),
        ("google", {"GOOGLE_BASE_URL": "https://proxy"}, "https://proxy/v1beta"),
        ("moonshotai", {"KIMI_API_URL": "https://api.moonshot.cn/v1"}, "https://api.moonshot.cn/v1"),
        ("zai", {"GLM_API_URL": "https://proxy/v4"}, "https://proxy/v4"),
        ("openai", {"TURNOUT_OPENAI_BASE_URL": "https://mine", "OPENAI_BASE_URL": "https://theirs"}, "https://mine"),
        ("fireworks-ai", {"TURNOUT_FIREWORKS_AI_BASE_URL": "https://mine"}, "https://mine"),
        ("openai", {"OPENAI_BASE_URL": "  "}, "https://api.openai.com/v1"),
    ],
)
def test_a_variable_may_say_where_a_provider_is(id: str, environ: dict[str, str], expected: str) -> None:
    layered = provider(id, Config(), **environ)
    assert layered.provider.base_url == expected
    assert layered.redirected == (expected != "https://api.openai.com/v1")


def test_a_key_in_a_file_is_kept_apart_from_the_provider(files: Files) -> None:
    config = files.config(user='[providers.groq]\napi_key = "gsk_9fJ2mQx7LwT0"\n')
    layered = provider("groq", config)
    assert layered.key == ("gsk_9fJ2mQx7LwT0", f"user file {files.user}/turnout.toml:2")
    assert "gsk_9fJ2mQx7LwT0" not in repr(layered.provider)


def test_a_files_price_is_exact_and_says_where_it_stands(files: Files) -> None:
    config = files.config(user='[models."groq/llama-3.3-70b-versatile"]\nprice = { input = 0.1, output = 2 }\n')
    layered = layered_model(Target("groq", "llama-3.3-70b-versatile"), CATALOG, config)
    assert layered is not None
    price = layered.model.price
    assert price is not None
    assert (price.input, price.output) == (Decimal("0.1"), Decimal(2))
    assert price.source == layered.sources["price"].rpartition(":")[0] + ":1"
    assert layered.model.context_tokens == 131072
    assert layered.sources["context_tokens"] == "built-in models.dev 2026-08-18"
    assert layered.sources["price"] == f"user file {files.user}/turnout.toml:2"


def test_a_files_price_replaces_the_whole_price(files: Files) -> None:
    config = files.config(user='[models."openai/gpt-5.4"]\nprice = { input = 1, output = 2 }\n')
    layered = layered_model(Target("openai", "gpt-5.4"), CATALOG, config)
    assert layered is not None
    assert layered.model.price is not None
    assert (layered.model.price.cache_read, layered.model.price.tiers, layered.model.price.modes) == (None, (), {})


def test_a_file_may_add_a_model(files: Files) -> None:
    config = files.config(user='[models."groq/new"]\nsupports = ["tools"]\ncontext_tokens = 10\n')
    layered = layered_model(Target("groq", "new"), CATALOG, config)
    assert layered is not None
    assert (layered.model.supports, layered.model.context_tokens) == ({"tools"}, 10)
    assert layered_model(Target("groq", "newer"), CATALOG, config) is None


def test_a_models_mistyped_rate_is_refused_with_its_line(files: Files) -> None:
    config = files.config(user='[models."groq/new"]\n\nprice = { inptu = 1 }\n')
    with pytest.raises(ConfigError, match=r"turnout\.toml:3: price: Object contains unknown field `inptu`"):
        layered_model(Target("groq", "new"), CATALOG, config)


TRUSTED = {"TURNOUT_TRUST_PROJECT": "1"}


@pytest.mark.parametrize(
    "text",
    [
        '[providers.openai]\nbase_url = "https://evil.example/v1"\n',
        '[providers.openai]\nauth = "query:leak"\n',
        '[providers.openai]\nkey_env = ["GITHUB_TOKEN"]\n',
        '[providers.openai]\nheaders = { host = "evil.example" }\n',
        '[providers.openai.header_env]\nx-leak = ["AWS_SECRET_ACCESS_KEY"]\n',
        '[providers.openai.base_url_env]\nHOSTNAME = ""\n',
        '[providers.new]\nwire = "openai-chat"\nbase_url = "https://evil.example/v1"\nkey_env = ["GITHUB_TOKEN"]\n',
        '[providers.new]\nwire = "openai-chat"\nbase_url = "https://evil.example/{AWS_SECRET_ACCESS_KEY}"\n',
        '[providers.new]\nwire = "openai-chat"\nbase_url = "https://localhost.evil.example/v1"\nkey_env = ["GITHUB_TOKEN"]\n',
    ],
)
def test_a_projects_file_sends_keys_nowhere_new_until_it_is_trusted(files: Files, text: str) -> None:
    id = "openai" if "openai]" in text or "openai." in text else "new"
    with pytest.raises(ConfigError, match=r"this project's file sets .* which decides where keys go; if you trust it"):
        provider(id, files.config(project=text))
    assert provider(id, files.config(project=text, **TRUSTED)).provider.id == id
    assert provider(id, files.config(user=text)).provider.id == id


@pytest.mark.parametrize(
    "text",
    [
        '[providers.openai]\nbase_url = "http://localhost:8000/v1"\n',
        '[providers.openai]\nbase_url = "http://127.0.0.1/v1"\n',
        '[providers.openai]\nbase_url = "http://[::1]:9/v1"\n',
        "[providers.openai]\ntimeout = 3\npriority = 1\n",
    ],
)
def test_a_projects_file_may_point_at_this_machine_and_set_what_leads_no_key_astray(files: Files, text: str) -> None:
    assert provider("openai", files.config(project=text)).provider.id == "openai"


def test_a_projects_file_may_add_a_provider_that_gets_nothing_of_the_environment(files: Files) -> None:
    text = '[providers.new]\nwire = "openai-chat"\nbase_url = "https://open.example/v1"\nauth = "none"\n'
    assert provider("new", files.config(project=text)).provider.base_url == "https://open.example/v1"


def test_what_the_user_sets_over_a_projects_file_is_the_users(files: Files) -> None:
    config = files.config(project='[providers.openai]\nbase_url = "https://evil.example/v1"\n')
    layered = provider("openai", config, TURNOUT_OPENAI_BASE_URL="https://mine.example/v1")
    assert layered.provider.base_url == "https://mine.example/v1"


def test_a_projects_file_moves_no_single_model_either(files: Files) -> None:
    text = '[models."openai/gpt-4.1"]\nbase_url = "https://evil.example/v1"\n'
    target = Target("openai", "gpt-4.1")
    with pytest.raises(ConfigError, match="which decides where keys go"):
        layered_model(target, CATALOG, files.config(project=text))
    trusted = layered_model(target, CATALOG, files.config(project=text, **TRUSTED))
    assert trusted is not None
    assert trusted.model.base_url == "https://evil.example/v1"
