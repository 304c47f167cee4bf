"""Providers that code registers, beside all that are built in."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from registries import GROQ_KEY, WIRES

from turnout import AsyncClient, Client
from turnout.catalog.schema import Provider
from turnout.config import Config
from turnout.errors import (
    ConfigError,
    ConfigurationError,
    DuplicateProviderError,
    MissingKey,
    ModeError,
    UnknownName,
    UnknownProviderError,
)
from turnout.registry import ProviderRegistry, Registration, Registry, register_provider
from turnout.types import Target

CORP = Provider(id="corp", name="Corp", wire="openai-chat", base_url="https://llm.corp/v1", key_env=("CORP_KEY",))


def registry(**environ: str) -> ProviderRegistry:
    return ProviderRegistry(Registry(environ=environ, config=Config(), wires=WIRES))


def made(**given: Any) -> dict[str, Any]:
    return given


class Maker:
    def create_client(self, **given: Any) -> dict[str, Any]:
        return {"by": "an object", **given}


async def made_later(**given: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return given


# What is there


def test_everything_built_in_is_there_from_the_start_and_nothing_of_it_is_loaded() -> None:
    providers = registry()
    stats = providers.stats()
    assert stats.total == stats.lazy == len(providers.list_providers()) > 200
    assert (stats.loaded, stats.failed) == (0, 0)
    assert stats["total"] == stats.total
    assert providers.list_providers() == sorted(providers.list_providers())


def test_names_count_in_any_case_and_by_their_aliases() -> None:
    providers = registry()
    assert providers.has_provider("HUG")
    assert providers.get(" Kimi ").id == "moonshotai"
    assert not providers.has_provider("gorq")
    assert not providers.has_provider("groq/llama")


def test_each_registry_is_a_value_of_its_own() -> None:
    one, other = registry(), registry()
    one.register("acme", made)
    assert one.has_provider("acme")
    assert not other.has_provider("acme")


@pytest.mark.parametrize("kind", [UnknownProviderError, UnknownName, ConfigurationError, ConfigError, ValueError, KeyError])
def test_an_unknown_provider_is_refused_as_every_earlier_layer_refused_it(kind: type[Exception]) -> None:
    for ask in (registry().get, registry().get_factory, registry().create_client):
        with pytest.raises(kind, match="unknown provider 'gorq'; did you mean 'groq'") as raised:
            ask("gorq")
        assert str(raised.value).startswith("unknown")  # and not in the quotes that a KeyError puts around it
        assert isinstance(raised.value, UnknownProviderError)
        assert (raised.value.status, raised.value.nearest) == (400, ("groq",))


# Registering


@pytest.mark.parametrize(("factory", "by"), [(made, None), (Maker(), "an object")])
def test_a_factory_is_a_function_or_an_object_and_gets_what_create_client_was_given(factory: Any, by: str | None) -> None:
    providers = registry()
    providers.register("acme", factory)
    client = providers.create_client("Acme", api_key="k-1234567", model="large", mode="TOOLS", region="eu")
    expected = {"api_key": "k-1234567", "model": "large", "mode": "TOOLS", "async_client": False, "region": "eu"}
    assert client == ({"by": by} if by else {}) | expected
    assert providers.get_factory("acme") is factory


def test_an_async_factory_is_run_for_who_does_not_await_and_awaited_by_who_does() -> None:
    providers = registry()
    providers.register("acme", made_later)
    assert providers.create_client("acme", model="m")["model"] == "m"

    async def both() -> None:
        assert (await providers.create_client("acme", model="m", async_client=True))["async_client"] is True
        with pytest.raises(ConfigError, match="the factory of acme is async and a loop is running here"):
            providers.create_client("acme")

    asyncio.run(both())


def test_a_second_registration_is_refused_unless_it_replaces() -> None:
    providers = registry()
    providers.register("acme", made)
    for name in ("acme", "groq", "hug"):
        with pytest.raises(DuplicateProviderError, match=f"Provider '{name}' already registered. Use replace=True to override."):
            providers.register(name, made)
    with pytest.raises(ValueError, match="already registered"):
        providers.register("acme", made)
    maker = Maker()
    providers.register("acme", maker, replace=True)
    assert providers.get_factory("acme") is maker


@pytest.mark.parametrize(
    ("provider", "given", "said"),
    [
        ("acme", {}, "Must provide factory or lazy_factory for 'acme', or its wire and base_url"),
        ("acme", {"factory": made, "lazy_factory": made}, "it needs one of them"),
        ("acme", {"factory": 7}, "the factory of 'acme' is a int: it must be callable or have a create_client"),
        ("a/b", {"factory": made}, "'a/b' cannot be the id of a provider"),
        (" ", {"factory": made}, "cannot be the id of a provider"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_what_to_do(provider: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        registry().register(provider, **given)


def test_nothing_to_call_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="provide factory or lazy_factory"):
        registry().register("acme")


def test_a_lazy_factory_is_loaded_once_and_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "acme_factory.py").write_text("def make(**given):\n    return given\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded: list[int] = []

    def lazy() -> Callable[..., Any]:
        loaded.append(1)
        return made

    providers = registry()
    providers.register("acme", lazy_factory=lazy)
    providers.register("by-name", lazy_factory="acme_factory:make")
    assert loaded == []
    assert providers.stats().loaded == 0
    assert providers.get_factory("acme") is providers.get_factory("acme") is made
    assert loaded == [1]
    assert providers.create_client("by-name", model="m")["model"] == "m"
    assert providers.stats().loaded == 2


def test_replacing_an_eager_entry_by_a_lazy_one_leaves_nothing_stale() -> None:
    providers = registry()
    providers.register("acme", made)
    total = providers.stats().total
    providers.register("acme", lazy_factory=lambda: Maker(), replace=True)
    assert (providers.stats().total, providers.stats().loaded) == (total, 0)
    assert providers.create_client("acme")["by"] == "an object"


def test_what_does_not_load_is_remembered_and_the_rest_goes_on() -> None:
    providers = registry(GROQ_API_KEY=GROQ_KEY)
    tries: list[int] = []

    def broken() -> Any:
        tries.append(1)
        raise ImportError("no module named acme_sdk")

    providers.register("acme", lazy_factory=broken)
    for _ in range(2):
        with pytest.raises(ConfigError, match="'acme' does not load: ImportError: no module named acme_sdk"):
            providers.create_client("acme")
    assert tries == [1]
    stats = providers.stats()
    assert stats.failed == 1
    assert stats.total == stats.loaded + stats.lazy + stats.failed
    assert [(failure.name, "no module named acme_sdk" in failure.reason) for failure in providers.failures()] == [("acme", True)]
    assert isinstance(providers.create_client("groq", model="x"), Client)
    providers.register("acme", made, replace=True)
    assert providers.failures() == []


@pytest.mark.parametrize("lazy", [lambda: 7, "json:absent", "absent_module:make"])
def test_a_lazy_factory_that_gives_none_is_named(lazy: Any) -> None:
    providers = registry()
    providers.register("acme", lazy_factory=lazy)
    with pytest.raises(ConfigError, match="the factory of provider 'acme' does not load"):
        providers.get_factory("acme")


def test_a_decorator_registers_its_factory_and_gives_it_back() -> None:
    providers = registry()

    @providers.register_provider("acme", lazy=False)
    def make(**given: Any) -> str:
        return "made"

    @providers.register_provider("acme", replace=True)
    def make_later(**given: Any) -> str:
        return "made later"

    assert (make(), providers.create_client("acme")) == ("made", "made later")


def test_a_marked_factory_is_registered_where_it_is_added() -> None:
    @register_provider(CORP)
    def make(**given: Any) -> str:
        return "made"

    providers = registry()
    assert not providers.has_provider("corp")
    providers.add(make)
    assert providers.create_client("corp") == make() == "made"
    assert make.turnout_provider == Registration(CORP)
    with pytest.raises(ConfigError, match="was not marked by register_provider"):
        providers.add(made)

    @register_provider("acme", registry=providers)
    def acme(**given: Any) -> str:
        return "acme"

    assert providers.create_client("acme") == acme()


def test_unregistering_brings_back_what_was_replaced_and_touches_nothing_built_in() -> None:
    providers = registry(GROQ_API_KEY=GROQ_KEY)
    own = Provider(id="groq", name="Ours", wire="openai-chat", base_url="https://llm.corp", key_env=("GROQ_API_KEY",))
    providers.register(own, replace=True)
    assert providers.get("groq").name == "Ours"
    assert providers.get("groq").docs == ""  # replaced whole: nothing of the other row is left
    providers.unregister("groq")
    assert providers.get("groq").name == "Groq"
    with pytest.raises(ConfigError, match="'groq' was not registered by code"):
        providers.unregister("groq")
    with pytest.raises(UnknownProviderError):
        providers.unregister("acme")


# Clients


def test_a_provider_as_data_needs_no_factory() -> None:
    providers = registry(CORP_KEY="corp-1234567")
    providers.register(CORP)
    client = providers.create_client("corp", model="large")
    assert isinstance(client, Client)
    (candidate,) = providers.registry.plan("corp/large").candidates
    assert candidate.target == Target("corp", "large")
    assert candidate.provider.base_url == "https://llm.corp/v1"
    assert providers.registry.provider_sources("corp")["base_url"] == "registered in code"


def test_a_provider_without_a_wire_says_how_it_is_called() -> None:
    providers = registry()
    providers.register("acme", made)
    with pytest.raises(ConfigError, match="acme has no wire"):
        providers.registry.plan("acme/x")


def test_a_built_in_provider_gives_turnouts_own_clients() -> None:
    providers = registry(GROQ_API_KEY=GROQ_KEY)
    assert isinstance(providers.create_client("groq", model="llama"), Client)
    assert isinstance(providers.create_client("groq", model="llama", async_client=True), AsyncClient)
    client = providers.create_client("groq", api_key="gsk_another_key_1", base_url="https://proxy.corp/v1")
    (candidate,) = client.registry.plan("groq/any").candidates
    assert candidate.provider.base_url == "https://proxy.corp/v1"
    assert client.registry.key("groq").reveal() == "gsk_another_key_1"
    assert providers.registry.plan("groq/any").candidates[0].provider.base_url == "https://api.groq.com/openai/v1"


@pytest.mark.parametrize("given", [{}, {"model": "llama"}])
def test_a_missing_key_is_said_when_the_client_is_made(given: dict[str, str]) -> None:
    with pytest.raises(MissingKey, match="Groq needs an API key: set GROQ_API_KEY"):
        registry().create_client("groq", **given)


@pytest.mark.parametrize(
    ("provider", "model", "mode"),
    [
        ("openai", "gpt-5", "TOOLS"),
        ("anthropic", "claude-sonnet-5", "ANTHROPIC_TOOLS"),
        ("bedrock", "anthropic.claude-sonnet-5", "BEDROCK_TOOLS"),
        ("bedrock", "amazon.nova-pro", "BEDROCK_JSON"),
        ("ollama", "llama3.2:3b", "TOOLS"),
        ("ollama", "qwen2.5-coder", "TOOLS"),
        ("ollama", "gemma2", "JSON"),
        ("groq", None, "TOOLS"),
        ("morpheus", "x", None),
    ],
)
def test_a_factory_gets_the_providers_default_mode_for_the_model(provider: str, model: str | None, mode: str | None) -> None:
    providers = registry()
    providers.register(providers.get(provider), made, replace=True)
    assert providers.create_client(provider, model=model)["mode"] == mode


def test_a_mode_that_the_provider_has_not_is_refused_with_those_that_it_has() -> None:
    for kind in (ModeError, ConfigurationError, ValueError):
        with pytest.raises(kind, match=r"Invalid mode 'JSON' for provider 'anthropic'\. Valid modes: ANTHROPIC_TOOLS, "):
            registry(ANTHROPIC_API_KEY="sk-ant-1234567").create_client("anthropic", model="x", mode="JSON")


def test_a_failing_factory_raises_its_own_error_and_no_message_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(**given: Any) -> None:
        raise RuntimeError(f"bad key {given['api_key']}")

    providers = registry()
    providers.register("acme", refuse)
    with caplog.at_level(logging.INFO, "turnout"), pytest.raises(RuntimeError, match="bad key"):
        providers.create_client("acme", api_key="k-secret-1")
    assert "Error creating acme client: RuntimeError" in caplog.text
    assert "k-secret-1" not in caplog.text
    providers.register("acme", made, replace=True)
    with caplog.at_level(logging.INFO, "turnout"):
        providers.create_client("acme", api_key="k-secret-1", mode="TOOLS")
    (record,) = [record for record in caplog.records if record.message == "Created acme client"]
    assert (record.__dict__["provider"], record.__dict__["mode"], record.__dict__["async"]) == ("acme", "TOOLS", False)


# Threads


def test_a_factory_loads_once_however_many_threads_ask_for_it() -> None:
    providers = registry()
    begun, loads = threading.Barrier(8), []

    def lazy() -> Callable[..., Any]:
        loads.append(threading.get_ident())
        return made

    providers.register("acme", lazy_factory=lazy)
    found: list[Any] = []

    def ask() -> None:
        begun.wait()
        found.append(providers.get_factory("acme"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [made] * 8
    assert len(loads) == 1


def test_threads_register_and_leave_without_losing_each_other() -> None:
    providers = registry()

    def work(number: int) -> None:
        for turn in range(20):
            name = f"acme-{number}-{turn}"
            providers.register(name, made)
            assert providers.create_client(name, model="m")["model"] == "m"
            if turn % 2:
                providers.unregister(name)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [None] * 4
    assert len([name for name in providers.list_providers() if name.startswith("acme-")]) == 40


def test_a_factory_that_registers_another_while_it_loads_does_not_wait_for_itself() -> None:
    providers = registry()

    def lazy() -> Callable[..., Any]:
        providers.register("other", made, replace=True)
        return providers.get_factory("other")

    providers.register("acme", lazy_factory=lazy)
    assert providers.get_factory("acme") is made
