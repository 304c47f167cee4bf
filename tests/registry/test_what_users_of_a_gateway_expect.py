"""What users of a multi-provider gateway's registry rely on. Its 22 rows: catalog/test_earlier_layers.py."""

from __future__ import annotations

import pytest
from registries import refusal

from turnout.catalog.profiles import read_profile
from turnout.catalog.schema import Provider
from turnout.config import Config
from turnout.errors import ConfigError, MissingKey, UnknownProviderError
from turnout.registry import ProviderRegistry, Registry

KEY = "k-4vJ8Qm2ZtXc9RbNw"


def names(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


def test_an_unknown_provider_is_status_400_and_offers_what_there_is() -> None:
    with pytest.raises(UnknownProviderError, match="unknown provider 'opnrouter'; did you mean 'openrouter'") as raised:
        names().plan("opnrouter/x")
    assert raised.value.status == 400
    assert "openrouter" in raised.value.nearest


@pytest.mark.parametrize(
    ("said", "id"),
    [("HUG", "huggingface"), ("hug", "huggingface"), ("HuggingFace", "huggingface"), ("Google-Vertex", "google-vertex")],
)
def test_a_providers_name_counts_in_any_case_and_by_its_short_form(said: str, id: str) -> None:
    assert names().provider_id(said) == id


def test_a_provider_that_nobody_timed_gets_thirty_seconds() -> None:
    profile = read_profile("gateway")
    assert [profile.timeout_of(name) for name in ("nobody", "groq", "huggingface", "near")] == [30, 30, 120, 120]


def test_a_missing_key_of_any_of_the_22_is_told_by_its_name_and_variable_and_the_next_is_called() -> None:
    registry = names(CEREBRAS_API_KEY=KEY, GOOGLE_PROJECT_ID="corp", CLOUDFLARE_ACCOUNT_ID="acc0unt")
    for name in read_profile("gateway").order:
        row = registry.provider(name)
        if not row.key_env or not row.key_required or name == "cerebras":
            continue
        error = refusal(registry.plan, f"{name}/x")
        assert isinstance(error, MissingKey)
        assert str(error).startswith(f"{row.name} needs an API key: set {row.key_env[0]}")
        plan = registry.plan([f"{name}/x", "cerebras/x"])
        assert [candidate.target.provider for candidate in plan.candidates] == ["cerebras"]
        assert str(error) in plan.reasons[0]


def test_a_client_that_cannot_be_imported_is_listed_counted_as_failed_and_stops_nobody() -> None:
    providers = ProviderRegistry(names(CEREBRAS_API_KEY=KEY))
    providers.register(Provider(id="acme", name="Acme", wire="", base_url=""), lazy_factory="acme_that_is_not_there:make")
    before = providers.stats()
    with pytest.raises(ConfigError, match="the factory of provider 'acme' does not load: ModuleNotFoundError"):
        providers.create_client("acme")
    providers.create_client("cerebras", model="x")
    after = providers.stats()
    assert "acme" in providers.list_providers()
    assert (before.failed, after.failed, after.loaded - before.loaded) == (0, 1, 1)
    (failure,) = providers.failures()
    assert (failure.name, "acme_that_is_not_there" in failure.reason) == ("acme", True)


def test_the_list_of_providers_is_sorted_and_has_all_of_the_22() -> None:
    providers = ProviderRegistry(names())
    listed = providers.list_providers()
    assert listed == sorted(listed)
    assert {place.id for place in read_profile("gateway").providers.values()} <= set(listed)


def test_an_app_code_is_sent_beside_the_key_and_never_without_one() -> None:
    (candidate,) = names(AIHUBMIX_API_KEY=KEY, AIHUBMIX_APP_CODE="ABCD1234").plan("aihubmix/x").candidates
    assert candidate.provider.headers["app-code"] == "ABCD1234"
    assert isinstance(refusal(names(AIHUBMIX_APP_CODE="ABCD1234").plan, "aihubmix/x"), MissingKey)


def test_a_second_region_is_called_when_the_first_refuses_the_key() -> None:
    registry = names(ALIBABA_CLOUD_API_KEY_INTERNATIONAL=KEY, ALIBABA_CLOUD_API_KEY_CHINA="k-china-0PqRs7TuVw3X")
    plan = registry.plan(["alibaba/qwen-max", "alibaba-cn/qwen-max"])
    assert [(candidate.target.provider, candidate.provider.base_url) for candidate in plan.candidates] == [
        ("alibaba", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("alibaba-cn", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
    ]
    assert [candidate.secret.source for candidate in plan.candidates if candidate.secret is not None] == [
        "ALIBABA_CLOUD_API_KEY_INTERNATIONAL",
        "ALIBABA_CLOUD_API_KEY_CHINA",
    ]


def test_a_network_that_has_moved_is_followed_by_a_variable() -> None:
    registry = names(AIMO_API_KEY=KEY, AIMO_BASE_URL="https://aimo.network")
    assert registry.plan("aimo/x").candidates[0].provider.base_url == "https://aimo.network/api/v1"


@pytest.mark.parametrize("transport", ["rest", "sdk", "auto", ""])
def test_vertex_is_asked_over_rest_whatever_the_variable_for_its_transport_says(transport: str) -> None:
    environ = {"GOOGLE_PROJECT_ID": "corp", "GOOGLE_VERTEX_LOCATION": "us-central1", "GOOGLE_VERTEX_TRANSPORT": transport}
    (candidate,) = names(**environ, GOOGLE_VERTEX_TIMEOUT="75").plan("google-vertex/gemini-2.5-flash").candidates
    assert candidate.provider.base_url.startswith("https://us-central1-aiplatform.googleapis.com/v1/projects/corp/")
    assert (candidate.wire.name, candidate.provider.timeout) == ("gemini", 75)
