"""The packaged catalog, read a row at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.read import DATA, Catalog
from turnout.catalog.schema import PriceTier, Rates
from turnout.errors import UnknownName
from turnout.types import Target


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_every_provider_and_model_of_the_snapshot_reads(catalog: Catalog) -> None:
    assert catalog.source == "models.dev 2026-08-18"
    derived = [id for id in catalog.ids if catalog.provider_rows(id)[0][0] == "built-in models.dev 2026-08-18"]
    assert len(derived) == 191
    named_in_files = 17  # that it lacks: embedding models, two of Perplexity and three of Vertex AI, and twelve old ones
    assert sum(1 for id in derived for _ in catalog.models(id)) == 6731 + named_in_files
    assert len(catalog.providers()) == len(catalog.ids)


def test_a_provider_is_its_row_with_its_toml_file_over_it(catalog: Catalog) -> None:
    groq = catalog.provider("groq")
    assert groq.name == "Groq"
    assert groq.wire == "openai-chat"
    assert groq.base_url == "https://api.groq.com/openai/v1"
    assert groq.key_env == ("GROQ_API_KEY",)
    assert groq.source == "built-in models.dev 2026-08-18; built-in groq.toml, checked 2026-11-21"
    assert groq.checked == date(2026, 11, 21)


def test_a_provider_without_a_file_is_its_row(catalog: Catalog) -> None:
    provider = catalog.provider("databricks")
    assert provider.base_url == "https://{DATABRICKS_HOST}/ai-gateway/mlflow/v1"
    assert provider.url_env == {"DATABRICKS_HOST": "DATABRICKS_HOST"}
    assert provider.key_env == ("DATABRICKS_TOKEN",)
    assert provider.checked == date(2026, 8, 18)


def test_a_model_has_limits_abilities_price_and_source(catalog: Catalog) -> None:
    model = catalog.model(Target("anthropic", "claude-opus-4-8"))
    assert model is not None
    assert (model.name, model.family, model.context_tokens, model.max_output_tokens) == (
        "Claude Opus 4.8",
        "claude-opus",
        1_000_000,
        128_000,
    )
    assert {"tools", "reasoning", "structured_output", "image-in", "pdf-in", "text-out"} <= model.supports
    assert model.lacks == {"temperature"}
    assert model.price is not None
    assert (model.price.input, model.price.output, model.price.cache_read) == (Decimal(5), Decimal(25), Decimal("0.5"))
    assert (model.price.cache_write, model.price.cache_write_1h) == (Decimal("6.25"), Decimal(10))
    assert model.price.source == model.source.removeprefix("built-in ") == "models.dev 2026-08-18"


def test_a_mode_goes_by_the_name_that_the_response_reports(catalog: Catalog) -> None:
    def modes(provider: str, model: str) -> dict[str, Rates]:
        found = catalog.model(Target(provider, model))
        assert found is not None
        assert found.price is not None
        return found.price.modes

    assert modes("anthropic", "claude-opus-4-8")["fast"].input == Decimal(10)
    assert modes("openai", "gpt-5.4")["priority"].output == Decimal(30)


def tiers(catalog: Catalog, provider: str, model: str) -> tuple[PriceTier, ...]:
    found = catalog.model(Target(provider, model))
    assert found is not None
    assert found.price is not None
    return found.price.tiers


def test_long_input_is_priced_from_the_vendors_own_bound(catalog: Catalog) -> None:
    assert [tier.above_input_tokens for tier in tiers(catalog, "google", "gemini-2.5-pro")] == [200_000]
    assert [tier.above_input_tokens for tier in tiers(catalog, "openai", "gpt-5.4")] == [272_000]


def test_a_reseller_has_no_known_price_between_the_snapshots_bound_and_the_vendors(catalog: Catalog) -> None:
    unsure, sure = tiers(catalog, "openrouter", "openai/gpt-5.4")
    assert (unsure.above_input_tokens, unsure.input) == (200_000, None)
    assert (sure.above_input_tokens, sure.input) == (272_000, Decimal(5))


def test_a_family_whose_bound_nobody_states_has_no_known_price_for_long_input(catalog: Catalog) -> None:
    (unsure,) = tiers(catalog, "minimax", "MiniMax-M3")
    assert (unsure.above_input_tokens, unsure.input, unsure.output) == (200_000, None, None)


def test_a_zero_beside_a_paid_price_is_unknown_and_a_free_model_is_free(catalog: Catalog) -> None:
    paid = catalog.model(Target("openai", "gpt-3.5-turbo"))
    free = catalog.model(Target("groq", "allam-2-7b"))
    assert paid is not None
    assert paid.price is not None
    assert paid.price.cache_read is None
    assert free is not None
    assert free.price is not None
    assert (free.price.input, free.price.output) == (0, 0)


def test_a_limit_of_zero_in_the_source_is_unknown(catalog: Catalog) -> None:
    model = catalog.model(Target("openai", "chatgpt-image-latest"))
    assert model is not None
    assert model.context_tokens is None
    assert model.price is None


def test_a_model_that_speaks_otherwise_says_so(catalog: Catalog) -> None:
    model = catalog.model(Target("zenmux", "anthropic/claude-opus-4.5"))
    assert model is not None
    assert (model.wire, model.base_url) == ("anthropic-messages", "https://zenmux.ai/api/anthropic/v1")


def test_the_embedded_model_is_free_and_known_to_be(catalog: Catalog) -> None:
    local = catalog.provider("local")
    model = catalog.model(Target("local", "smollm2-135m"))
    assert (local.base_url, local.auth, local.key_env) == ("local://{model}/v1", "none", ())
    assert model is not None
    assert model.price is not None
    assert (model.price.input, model.price.output, model.context_tokens) == (0, 0, 4096)
    assert model.price.source == "runs on this machine: nobody sends a bill"


def test_an_unknown_provider_is_refused_with_the_nearest_names(catalog: Catalog) -> None:
    with pytest.raises(UnknownName) as raised:
        catalog.provider("gorq")
    assert str(raised.value) == f"unknown provider 'gorq'; did you mean 'groq'? `turnout providers` lists all {len(catalog.ids)}"
    assert raised.value.nearest == ("groq",)


def test_a_name_like_no_other_is_refused_without_a_guess(catalog: Catalog) -> None:
    with pytest.raises(UnknownName) as raised:
        catalog.provider("qqqqqqqqqq")
    assert str(raised.value) == f"unknown provider 'qqqqqqqqqq'; `turnout providers` lists all {len(catalog.ids)}"


def test_an_unknown_model_is_none(catalog: Catalog) -> None:
    assert catalog.model(Target("groq", "out-since-this-morning")) is None


def test_reading_one_provider_opens_no_other_providers_models(tmp_path: Path) -> None:
    for name in ("providers.json", "overrides.json", "models/groq.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((Path(DATA) / name).read_bytes())
    catalog = Catalog(str(tmp_path))
    assert catalog.provider("openai").id == "openai"
    assert catalog.model(Target("groq", "llama-3.3-70b-versatile")) is not None
    with pytest.raises(FileNotFoundError):
        catalog.model(Target("openai", "gpt-4.1"))


def test_who_serves_a_model_begins_with_the_likeliest(catalog: Catalog) -> None:
    serving = catalog.serving("GPT-4.1")
    assert serving[0] == Target("openai", "gpt-4.1")
    assert len(serving) > 3


def test_threads_that_read_at_once_get_the_same(catalog: Catalog) -> None:
    fresh, names = Catalog(), catalog.ids[:40]
    results: list[list[int]] = []
    threads = [Thread(target=lambda: results.append([len(fresh.model_names(name)) for name in names])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [[len(catalog.model_names(name)) for name in names]] * 8


def test_nearest_ignores_case_and_keeps_the_known_spelling() -> None:
    assert nearest("claude-OPUS-4", ["Claude-Opus-4", "gpt"]) == ("Claude-Opus-4",)


def test_a_suggestion_reads_as_a_question() -> None:
    assert suggestion(()) == ""
    assert suggestion(["a"]) == "; did you mean 'a'?"
    assert suggestion(["a", "b", "c"]) == "; did you mean 'a', 'b' or 'c'?"
