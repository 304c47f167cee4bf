"""Asking providers over sockets: what is listed, what is asked, what is kept, and when it is saved."""

from __future__ import annotations

import asyncio

import pytest
from model_server import CUT, HANG, KEY, RESET, listed, refused, said

from turnout.client.list_cache import ListCache, name_of
from turnout.errors import AuthenticationFailed, ConfigError, ServerFault, UnknownName
from turnout.types import ListedModel, Target


def run(desk, action, **settings):
    async def go():
        async with desk.discovery(**settings) as discovery:
            return await action(discovery)

    return asyncio.run(go())


# One provider's list


def test_a_list_is_asked_for_below_the_base_address_with_the_providers_key(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a", "b")
    models, source = run(desk, lambda discovery: discovery.models("box"))
    assert ([model.id for model in models], source) == (["a", "b"], "endpoint")
    assert server.heads[0]["authorization"] == f"Bearer {KEY}"


def test_a_list_is_kept_for_300_seconds_in_memory(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")

    async def twice(discovery):
        await discovery.models("box")
        desk.now += 299.9
        return await discovery.models("box")

    models, source = run(desk, twice)
    assert ([model.id for model in models], source) == (["a"], "memory")
    assert server.listings == ["box"]


def test_a_list_that_was_kept_for_300_seconds_is_asked_for_again(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")

    async def twice(discovery):
        await discovery.models("box")
        desk.now += 300
        return await discovery.models("box")

    assert run(desk, twice)[1] == "endpoint"
    assert server.listings == ["box", "box"]


def test_another_process_finds_the_list_on_disk(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")
    run(desk, lambda discovery: discovery.models("box"))
    other = ListCache(str(desk.folder.parent / "cache"), now=lambda: desk.now)
    assert run(desk, lambda discovery: discovery.models("box"), cache=other)[1] == "disk"
    assert server.listings == ["box"]


def test_a_forced_refresh_asks_although_a_list_is_kept(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")
    run(desk, lambda discovery: discovery.models("box"))
    assert run(desk, lambda discovery: discovery.models("box", force_refresh=True))[1] == "endpoint"
    assert server.listings == ["box", "box"]


def test_an_empty_list_is_not_kept(desk, server):
    desk.write("box")
    server.lists["box"] = listed()
    run(desk, lambda discovery: discovery.models("box"))
    run(desk, lambda discovery: discovery.models("box"))
    assert server.listings == ["box", "box"]


def test_a_list_is_kept_for_its_key_alone(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")
    run(desk, lambda discovery: discovery.models("box"))
    desk.write("box", key="sk-proj-9zzzQm2ZtXc9RbNw")
    assert run(desk, lambda discovery: discovery.models("box"))[1] == "endpoint"


@pytest.mark.parametrize("fault", [refused(500, "down"), (200, {"error": {"message": "down"}}), (200, "no list"), CUT, RESET])
def test_an_error_is_never_an_empty_list(desk, server, fault):
    desk.write("box")
    server.lists["box"] = fault
    with pytest.raises(Exception, match=r".") as raised:
        run(desk, lambda discovery: discovery.models("box"))
    assert raised.type.__module__ == "turnout.errors"


def test_files_of_kept_lists_are_private_hold_no_key_and_are_bounded_in_number(tmp_path):
    cache = ListCache(str(tmp_path), most=4)
    for number in range(7):
        cache.put(name_of("box", f"http://{number}", KEY), (ListedModel(id="a", extra={"much": "text"}),))
    files = list(tmp_path.glob("*.json"))
    assert len(files) == 4
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert all(KEY not in file.name and KEY.encode() not in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"at": "now", "models": []}', b"\xff\xfe", b'{"at": 1.0, "models": [{"id": "\xff"}]}']
)
def test_a_kept_file_that_is_broken_is_as_good_as_none(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    assert ListCache(str(tmp_path)).get("x") is None


def test_a_list_of_the_future_is_not_fresh(tmp_path):
    times = iter([2000.0, 1000.0, 1000.0])
    cache = ListCache(now=lambda: next(times))
    cache.put("x", (ListedModel(id="a"),))
    assert cache.get("x") is None
    assert cache.get("x", stale=True) is not None


# One model


def test_a_model_is_asked_the_question_and_pong_means_that_it_chats(desk, server):
    desk.write("box")
    assert run(desk, lambda discovery: discovery.chats(Target("box", "m"))) == "valid"
    assert server.bodies[0] == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "If I say 'ping', you will respond with 'pong'."},
            {"role": "user", "content": "ping"},
        ],
        "max_tokens": 10,
        "temperature": 0.1,
    }


def test_a_model_that_takes_no_temperature_is_asked_without_one(desk, server):
    desk.write("box")

    def answer(body):
        return refused(400, "temperature is not supported", param="temperature") if "temperature" in body else said("pong")

    server.chats["box", "m"] = answer
    assert run(desk, lambda discovery: discovery.chats(Target("box", "m"))) == "valid"
    assert len(server.bodies) == 2


def test_a_slow_model_is_unknown_and_not_invalid(desk, server):
    desk.write("box")
    server.chats["box", "m"] = HANG
    assert run(desk, lambda discovery: discovery.chats(Target("box", "m")), seconds=0.05) == "unknown"


# All of it


def test_models_that_say_pong_become_valid_and_the_others_invalid(desk, server):
    desk.write("box")
    server.lists["box"] = listed("chatty", "deaf")
    server.chats["box", "deaf"] = said("I am an embedding.")
    discovered = desk.discover("box")
    assert discovered.success
    assert (discovered.providers[0].valid, discovered.providers[0].invalid) == (("chatty",), ("deaf",))
    assert discovered.saved == str(desk.yaml)
    text = desk.yaml.read_text()
    assert "chatty: chatty" in text
    assert "- deaf" in text


def test_what_happens_is_told_in_the_words_of_earlier_programs(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a", "b", "c")
    server.chats["box", "b"] = said("no")
    desk.discover("box")
    assert desk.texts() == [
        "Discovered 3 models for box",
        "Validating models for box",
        ".",
        ".",
        ".",
        "Successfully discovered 2 valid and 1 invalid models for box",
        "Provider configurations persisted to YAML",
    ]


def test_a_provider_without_a_real_key_is_skipped_and_that_is_no_failure(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a")
    discovered = desk.discover("box", "openai")
    assert discovered.success
    assert discovered.providers[1].skipped.startswith("Skipping openai: No valid API key configured (")
    assert "OPENAI_API_KEY" in discovered.providers[1].skipped
    assert discovered.saved is not None


def test_an_unknown_provider_is_an_error_before_anybody_is_asked(desk, server):
    desk.write("box")
    with pytest.raises(UnknownName):
        desk.discover("box", "no-such-provider")
    assert server.listings == []


def test_without_names_every_provider_that_is_set_up_is_asked(desk, server):
    desk.write("one", "two")
    desk.environ["GROQ_API_KEY"] = "gsk_9fJ2mQx7LwT0aB4cD8eF"
    desk.environ["TURNOUT_GROQ_BASE_URL"] = server.url("groq")
    for name in ("one", "two", "groq"):
        server.lists[name] = listed("m")
    discovered = desk.discover()
    assert {outcome.provider for outcome in discovered.providers if outcome.valid} == {"one", "two", "groq"}
    assert {outcome.provider for outcome in discovered.providers if outcome.skipped} >= {"openai", "deepseek", "hyperbolic"}


def test_a_variable_that_several_providers_read_is_sent_to_one_of_them(desk):
    desk.environ["ZHIPU_API_KEY"] = "9fJ2mQx7LwT0aB4cD8eF.1a2b3c4d"
    ids = run(desk, lambda discovery: asyncio.sleep(0, discovery.configured()))
    assert [id for id in ids if "z" in id or "glm" in id] == ["zai"]


def test_a_variable_that_a_provider_of_the_lists_reads_is_sent_to_no_other(desk):
    desk.write("zai")
    desk.environ["ZHIPU_API_KEY"] = "9fJ2mQx7LwT0aB4cD8eF.1a2b3c4d"
    ids = run(desk, lambda discovery: asyncio.sleep(0, discovery.configured()))
    assert set(ids) == {"openai", "deepseek", "hyperbolic", "zai"}


def test_servers_of_this_machine_are_not_asked_unless_they_are_named(desk):
    ids = run(desk, lambda discovery: asyncio.sleep(0, discovery.configured()))
    assert not {"ollama", "lmstudio", "vllm", "local"} & set(ids)


def test_a_known_invalid_model_is_not_asked_and_stays_invalid(desk, server):
    desk.write("box", more="    invalid_models:\n    - deaf\n")
    server.lists["box"] = listed("chatty", "deaf")
    discovered = desk.discover("box")
    assert server.asked == [("box", "chatty")]
    assert discovered.providers[0].invalid == ("deaf",)
    assert "- deaf" in desk.yaml.read_text()


def test_a_forced_refresh_asks_invalid_models_again_and_takes_back_what_is_no_longer_so(desk, server):
    desk.write("box", more="    invalid_models:\n    - was-down\n")
    server.lists["box"] = listed("was-down")
    discovered = desk.discover("box", force_refresh=True)
    assert discovered.providers[0].valid == ("was-down",)
    text = desk.yaml.read_text()
    assert "was-down: was-down" in text
    assert "- was-down" not in text


@pytest.mark.parametrize("fault", [RESET, CUT, refused(503, "busy"), refused(429, "slow down")])
def test_a_fault_that_may_pass_leaves_a_model_as_it_was(desk, server, fault):
    desk.write("box", more="    valid_models:\n      mine: m\n")
    server.lists["box"] = listed("mine", "new", "good")
    server.chats["box", "mine"] = server.chats["box", "new"] = fault
    discovered = desk.discover("box")
    assert discovered.success
    assert discovered.providers[0].unknown == ("mine", "new")
    text = desk.yaml.read_text()
    assert "mine: m" in text
    assert "new" not in text
    assert "good: good" in text


def test_models_that_are_too_slow_are_neither_valid_nor_invalid_and_the_discovery_succeeds(desk, server):
    desk.write("box", more="    valid_models:\n      mine: m\n")
    before = desk.yaml.read_bytes()
    server.lists["box"] = listed("mine", "new")
    server.chats["box", "mine"] = server.chats["box", "new"] = HANG
    run(desk, lambda discovery: discovery.models("box"))  # the list is at hand, however slow this machine is today
    discovered = desk.discover("box", settings={"seconds": 0.05})
    assert discovered.success
    assert discovered.providers[0].unknown == ("mine", "new")
    assert desk.yaml.read_bytes() == before


@pytest.mark.parametrize("fault", [refused(500, "down"), (200, "no list"), CUT, RESET, HANG, refused(401, "bad key")])
def test_one_provider_that_fails_means_that_nothing_is_saved(desk, server, fault):
    desk.write("box", "broken", more="    invalid_models:\n    - sticky\n")
    before = desk.yaml.read_bytes()
    server.lists["box"] = listed("a")
    server.lists["broken"] = fault
    discovered = desk.discover(settings={"seconds": 0.3})
    assert not discovered.success
    assert discovered.saved is None
    assert desk.yaml.read_bytes() == before
    failed = next(outcome for outcome in discovered.providers if outcome.provider == "broken")
    assert failed.error
    assert any(text.startswith("Error discovering models for broken: ") for text in desk.texts())


def test_a_provider_that_fails_falls_back_to_the_list_that_was_kept(desk, server):
    desk.write("box")
    server.lists["box"] = listed("a", "b")
    desk.discover("box")
    desk.now += 1000
    server.lists["box"] = refused(500, "down")
    failed = desk.discover("box").providers[0]
    assert (failed.models, failed.source, failed.valid) == (("a", "b"), "memory", ())
    assert failed.error


def test_a_provider_that_never_answered_falls_back_to_what_the_lists_say(desk, server):
    desk.write("box", more="    valid_models:\n      mine: m\n      bad: b\n    invalid_models: [bad]\n")
    server.lists["box"] = RESET
    failed = desk.discover("box").providers[0]
    assert (failed.models, failed.source) == (("mine",), "known")


def test_a_key_that_is_refused_at_the_first_model_fails_the_provider_and_marks_no_model(desk, server):
    desk.write("box")
    server.lists["box"] = listed(*"abcdefgh")
    for model in "abcdefgh":
        server.chats["box", model] = refused(401, f"Incorrect API key: {KEY}")
    before = desk.yaml.read_bytes()
    discovered = desk.discover("box")
    assert not discovered.success
    assert desk.yaml.read_bytes() == before
    assert len(server.asked) < 8
    assert KEY not in repr(discovered) + repr(desk.steps)
    with pytest.raises(AuthenticationFailed):
        run(desk, lambda discovery: discovery.chats(Target("box", "a")))


def test_a_provider_whose_protocol_has_no_list_is_skipped(desk):
    desk.environ["JINA_API_KEY"] = "jina_9fJ2mQx7LwT0aB4cD8eF"
    outcome = desk.discover("jina").providers[0]
    assert "has no list of models" in outcome.skipped


def test_listing_alone_asks_no_model_and_saves_nothing(desk, server):
    desk.write("box")
    before = desk.yaml.read_bytes()
    server.lists["box"] = listed("a", "b")
    discovered = desk.discover("box", ask_models=False)
    assert (discovered.providers[0].models, discovered.providers[0].unknown) == (("a", "b"), ("a", "b"))
    assert server.asked == []
    assert desk.yaml.read_bytes() == before


def test_what_was_found_can_be_resolved_at_once(desk, server):
    desk.write("box")
    server.lists["box"] = listed("Acme/Box-32B")

    async def go(discovery):
        await discovery.discover(["box"], persist=False)
        return discovery.known.resolve("Acme/Box-32B")

    assert run(desk, go) == Target("box", "Acme/Box-32B")


def test_what_the_environment_holds_is_never_written(desk, server):
    desk.environ["GROQ_API_KEY"] = "gsk_9fJ2mQx7LwT0aB4cD8eF"
    desk.environ["TURNOUT_GROQ_BASE_URL"] = server.url("groq")
    server.lists["groq"] = listed("m")
    desk.discover("groq")
    text = desk.yaml.read_text()
    assert "m: m" in text
    assert "base_api_url: https://api.groq.com/openai/v1" in text
    assert "gsk_" not in text
    assert "127.0.0.1" not in text


def test_a_short_name_of_the_defaults_is_not_lost_when_the_model_is_saved(desk, server):
    desk.write("openai")
    server.lists["openai"] = listed("gpt-5")
    desk.discover("openai")
    assert "gpt-5: '5'" in desk.yaml.read_text()


def test_discoveries_at_once_share_the_bound_on_exchanges(desk, server):
    desk.write("one", "two", "three")
    for name in ("one", "two", "three"):
        server.lists[name] = listed(*(f"{name}-{number}" for number in range(20)))
    desk.discover("one", "two", "three", settings={"at_once": 5})
    assert len(server.asked) == 60
    assert server.most_at_once <= 5


def test_one_provider_is_not_asked_more_than_four_things_at_once(desk, server):
    desk.write("one")
    server.lists["one"] = listed(*map(str, range(40)))
    desk.discover("one")
    assert server.most_at_once <= 4


def test_when_its_time_is_over_a_discovery_asks_no_further_model(desk, server):
    desk.write("one")
    server.lists["one"] = listed("a", "b")
    outcome = desk.discover("one", settings={"whole": 0.0}).providers[0]
    assert (outcome.unknown, server.asked) == (("a", "b"), [])


def test_every_discovery_hears_that_its_findings_could_not_be_saved(desk, server):
    desk.write("one", "two")
    server.lists["one"] = server.lists["two"] = listed("m")

    def save(findings):
        raise ConfigError("the disk is full")

    async def go():
        async with desk.discovery(save=save) as discovery:
            return await asyncio.gather(*(discovery.discover([name]) for name in ("one", "two")), return_exceptions=True)

    assert [str(error) for error in asyncio.run(go())] == ["the disk is full"] * 2


def test_a_list_that_is_no_list_is_a_fault_of_the_server(desk, server):
    desk.write("box")
    server.lists["box"] = (200, {"data": "none"})
    with pytest.raises(ServerFault):
        run(desk, lambda discovery: discovery.models("box"))
