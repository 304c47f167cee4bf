"""What users of a multi-provider gateway's registry rely on. Its 22 rows: catalog/test_earlier_layers.py."""

from __future__ import annotations

import pytest
from registries import configured, refusal

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


@pytest.mark.parametrize("code", ["", " ", "your_app_code_here"])
def test_a_key_without_its_app_code_is_not_enough_and_the_next_provider_is_called(code: str) -> None:
    registry = names(AIHUBMIX_API_KEY=KEY, AIHUBMIX_APP_CODE=code, CEREBRAS_API_KEY=KEY)
    error = refusal(registry.plan, "aihubmix/x")
    assert isinstance(error, MissingKey)
    assert str(error).startswith("AIHubMix needs AIHUBMIX_APP_CODE beside its key, to be sent as app-code")
    assert registry.usable("aihubmix") == (False, str(error))
    plan = registry.plan(["aihubmix/x", "cerebras/x"])
    assert [candidate.target.provider for candidate in plan.candidates] == ["cerebras"]


def test_a_file_of_ones_own_lifts_the_need_of_an_app_code() -> None:
    config = configured(providers={"aihubmix": {"header_required": []}})
    registry = Registry(environ={"AIHUBMIX_API_KEY": KEY}, config=config)
    (candidate,) = registry.plan("aihubmix/x").candidates
    assert "app-code" not in candidate.provider.headers


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


def test_a_missing_key_is_a_value_error_as_it_was() -> None:
    with pytest.raises(ValueError, match="Cerebras needs an API key: set CEREBRAS_API_KEY"):
        names().plan("cerebras/x")


def test_a_missing_key_says_that_it_is_not_configured_in_the_words_that_users_know() -> None:
    with pytest.raises(ValueError, match="Cerebras API key not configured") as raised:
        ProviderRegistry(names()).create_client("cerebras", model="x")
    assert isinstance(raised.value, MissingKey)


def test_a_new_provider_is_one_entry_and_no_more() -> None:
    providers = ProviderRegistry(names(NEWPROVIDER_API_KEY=KEY))
    providers.register(
        Provider(
            id="newprovider",
            name="New",
            wire="openai-chat",
            base_url="https://new.example/v1",
            key_env=("NEWPROVIDER_API_KEY",),
            timeout=30,
            priority=23,
        )
    )
    (candidate,) = providers.registry.plan("NewProvider/m").candidates
    assert (candidate.provider.base_url, candidate.provider.timeout) == ("https://new.example/v1", 30)


def test_vertex_is_asked_in_us_central1_where_no_variable_says_a_location_and_the_plan_says_so() -> None:
    plan = names(GOOGLE_PROJECT_ID="corp").plan("google-vertex/gemini-2.5-flash", api_key="ya29.given")
    assert plan.candidates[0].provider.base_url == (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/corp/locations/us-central1/publishers/google"
    )
    assert plan.reasons == (
        "Vertex is asked in the location us-central1, as none of GOOGLE_CLOUD_LOCATION, GOOGLE_VERTEX_LOCATION is set",
    )


def test_a_model_id_with_its_vendor_in_front_is_asked_of_vertex_without_it() -> None:
    registry = names(GOOGLE_PROJECT_ID="corp")
    (candidate,) = registry.plan("google-vertex/google/gemini-2.5-flash", api_key="ya29.given").candidates
    assert candidate.target.model == "gemini-2.5-flash"
