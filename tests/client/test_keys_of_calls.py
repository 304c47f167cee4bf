"""Whose key a call carries: its own, the next target's where one's cannot be had, that of a file that it was told to read."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

import turnout
from turnout import AsyncClient, Client
from turnout.config import Config, ConfigFile
from turnout.errors import AllTargetsFailed, ConfigError, MissingKey
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
STREAM = ScriptedStream(
    chunks=(
        b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    )
)
ENVIRON = {"GROQ_API_KEY": "gsk-real-looking-1234", "CEREBRAS_API_KEY": "csk-real-looking-1234"}
OWN = "gsk-the-callers-own-9"
EMBEDDED = HttpResponse(
    status=200, body=b'{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}]}'
)
RANKED = HttpResponse(status=200, body=b'{"id":"1","results":[{"index":0,"relevance_score":0.5}],"meta":{}}')


def failing_command(*, then: str = "") -> Config:
    """Groq's key comes from a command, which fails; ``then`` is what it prints when it does not."""
    code = f"print({then!r})" if then else "raise SystemExit(1)"
    groq = {"key_command": [sys.executable, "-c", code]}
    return Config((ConfigFile("user file", "turnout.toml", {"providers": {"groq": groq}}),))


def chat(kind: str, registry: Registry, script: Script, *, stream: bool = False, settings: Any = None, **options: Any) -> Any:
    """The answer of either client, whole or added up from its stream."""
    settings = settings or {}
    if kind == "blocking":
        client = Client(registry, script, **settings)
        if not stream:
            return client.chat("x", **options)
        with client.stream("x", **options) as events:
            list(events)
            return events.completion()

    async def go() -> Any:
        client = AsyncClient(registry, script.asynchronous, **settings)
        if not stream:
            return await client.chat("x", **options)
        async with client.stream("x", **options) as events:
            async for _ in events:
                pass
            return events.completion()

    return asyncio.run(go())


BOTH = pytest.mark.parametrize("kind", ["blocking", "on a loop"])
WHOLE_OR_NOT = pytest.mark.parametrize("stream", [False, True])


@BOTH
@WHOLE_OR_NOT
def test_a_key_command_that_fails_lets_the_call_go_to_the_next_target(kind: str, stream: bool) -> None:
    registry = Registry(environ={"CEREBRAS_API_KEY": ENVIRON["CEREBRAS_API_KEY"]}, config=failing_command())
    script = Script(STREAM if stream else OK)
    done = chat(kind, registry, script, stream=stream, model=["groq/a", "cerebras/b"])
    assert (done.text, str(done.target)) == ("hi", "cerebras/b")
    assert [sent.headers["authorization"] for sent in script.sent] == ["Bearer csk-real-looking-1234"]
    assert len(done.attempts) == 1  # nothing was sent to the first


@BOTH
def test_a_key_command_that_fails_is_an_error_of_the_set_up_where_there_is_no_other_target(kind: str) -> None:
    registry = Registry(environ={}, config=failing_command())
    with pytest.raises(ConfigError, match=r"the key command .* ended with code 1"):
        chat(kind, registry, Script(), model="groq/a")


@BOTH
def test_where_every_targets_key_fails_each_is_told(kind: str) -> None:
    words = {"key_command": [sys.executable, "-c", "raise SystemExit(1)"]}
    tables = {"providers": {"groq": words, "cerebras": words}}
    registry = Registry(environ={}, config=Config((ConfigFile("user file", "turnout.toml", tables),)))
    with pytest.raises(AllTargetsFailed) as raised:
        chat(kind, registry, Script(), model=["groq/a", "cerebras/b"])
    assert [(str(target), isinstance(error, ConfigError)) for target, error in raised.value.failures] == [
        ("groq/a", True),
        ("cerebras/b", True),
    ]


@BOTH
@WHOLE_OR_NOT
def test_the_key_of_one_call_counts_more_than_any_other_and_for_that_call_alone(kind: str, stream: bool) -> None:
    script = Script(*[STREAM if stream else OK] * 2)
    registry = Registry(environ=ENVIRON, config=Config())
    settings = {"model": "groq/m", "api_key": "gsk-of-the-client-77"}
    chat(kind, registry, script, stream=stream, settings=settings, api_key=OWN)
    chat(kind, registry, script, stream=stream, settings=settings)
    assert [sent.headers["authorization"] for sent in script.sent] == [f"Bearer {OWN}", "Bearer gsk-of-the-client-77"]


def test_one_client_serves_callers_with_keys_of_their_own_one_after_the_other() -> None:
    script = Script(*[OK] * 4)
    with Client(Registry(environ=ENVIRON, config=Config()), script) as client:
        for key in (None, OWN, "gsk-of-another-caller", None):
            client.chat("x", model="groq/m", api_key=key)
    assert [sent.headers["authorization"].removeprefix("Bearer ") for sent in script.sent] == [
        "gsk-real-looking-1234",
        OWN,
        "gsk-of-another-caller",
        "gsk-real-looking-1234",
    ]


def test_a_key_of_one_call_needs_no_other_and_goes_to_one_provider_only() -> None:
    registry = Registry(environ={}, config=Config())
    script = Script(OK)
    with Client(registry, script) as client:
        assert client.chat("x", model="groq/m", api_key=OWN).text == "hi"
        with pytest.raises(ConfigError, match="api_key and base_url belong to one provider"):
            client.chat("x", model=["groq/m", "cerebras/m"], api_key=OWN)
        with pytest.raises(MissingKey, match="api_key holds a placeholder"):
            client.chat("x", model="groq/m", api_key="your_key_here")
        with pytest.raises(MissingKey, match="GROQ_API_KEY"):
            client.chat("x", model="groq/m")
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    "key", ["sk-1234567\r\nx-evil: 1", "sk 1234567", "sk-1234567\u2026", "sk-\N{CYRILLIC SMALL LETTER A}bc1234"]
)
def test_what_no_header_can_carry_is_refused_as_a_key_of_a_call_before_anything_is_sent(key: str) -> None:
    script = Script()
    with Client(Registry(environ={}, config=Config()), script) as client, pytest.raises(ConfigError) as raised:
        client.chat("x", model="groq/m", api_key=key)
    assert "1234" not in str(raised.value)
    assert script.sent == []


def test_vectors_rankings_and_counts_may_have_a_key_of_their_own_too() -> None:
    script = Script(EMBEDDED, RANKED, HttpResponse(status=200, body=b'{"input_tokens":7}'))
    with Client(Registry(environ={}, config=Config()), script) as client:
        client.embed("a", model="openai/text-embedding-3-small", api_key="sk-own-1234567")
        client.rerank("a", ["b"], model="cohere/rerank-v3.5", api_key="co-own-1234567")
        client.count_tokens("a", model="anthropic/claude-sonnet-5", api_key="ak-own-1234567")
    said = [sent.headers.get("authorization") or sent.headers["x-api-key"] for sent in script.sent]
    assert said == ["Bearer sk-own-1234567", "Bearer co-own-1234567", "ak-own-1234567"]


def test_a_key_of_one_call_is_in_no_text_of_the_client_or_its_plans() -> None:
    registry = Registry(environ={}, config=Config())
    with Client(registry, Script(OK)) as client:
        client.chat("x", model="groq/m", api_key=OWN)
        assert OWN not in repr(client) + repr(registry) + repr(registry.plan("groq/m", api_key=OWN))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "ask",
    [
        lambda file: turnout.ask("groq/x", "hi", env_file=file),
        lambda file: turnout.embed("openai/x", "hi", env_file=file),
        lambda file: turnout.rerank("cohere/x", "hi", ["a"], env_file=file),
        lambda file: turnout.from_provider("groq/x", env_file=file),
    ],
)
def test_the_functions_without_a_client_read_a_file_of_variables_that_they_are_given(folder: Path, ask: Any) -> None:
    (folder / "vars").write_text("GROQ_API_KEY=changeme\nOPENAI_API_KEY=changeme\nCO_API_KEY=changeme\n")
    with pytest.raises(MissingKey, match=r"_API_KEY holds a placeholder \('changeme'\)"):
        ask("vars")
    with pytest.raises(ConfigError, match="nowhere: No such file"):
        ask("nowhere")


def test_from_provider_takes_its_key_from_the_file_that_it_is_given(folder: Path) -> None:
    (folder / ".env").write_text(f"GROQ_API_KEY={OWN}\n")
    with pytest.raises(MissingKey):
        turnout.from_provider("groq/x")
    with turnout.from_provider("groq/x", env_file=True) as client:
        assert client.registry.usable("groq") == (True, "key from GROQ_API_KEY")
    with pytest.raises(ConfigError, match="env_file belongs to the registry"):
        turnout.from_provider("groq/x", registry=Registry(environ={}, config=Config()), env_file=True)


def test_many_callers_keys_do_not_pile_up_in_a_registry() -> None:
    registry = Registry(environ={}, config=Config())
    for number in range(3000):
        registry.plan("groq/m", api_key=f"gsk-caller-{number}")
    assert len(registry._plans) <= 1024
