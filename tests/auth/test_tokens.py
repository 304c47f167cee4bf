"""Tokens: obtained once for many, renewed in time, dropped when refused, never shown. Through both clients."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from obtaining_steps import around, run

from turnout.auth.secrets import Secret
from turnout.auth.tokens import MARGIN, Token, TokenScheme, TokenSource
from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.config import Config, ConfigFile
from turnout.engine.plan import Retry
from turnout.errors import AuthenticationFailed, ConfigError, Error, TimedOut, TransportFailed
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpRequest, HttpResponse, Timeouts

REQUEST = HttpRequest(method="POST", url="https://corp.openai.azure.com/openai/v1/chat/completions")
OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}]}',
)
EXPIRED = HttpResponse(status=401, body=b'{"error":{"code":"401","message":"the token was withdrawn"}}')


class Time:
    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Giver:
    """Gives token-1, token-2, …, each for ``lasts`` seconds; or raises what stands in ``failures`` first."""

    def __init__(self, now: Time, lasts: float | None = 3600.0) -> None:
        self.now, self.lasts, self.asked = now, lasts, 0
        self.failures: list[Error] = []

    def __call__(self) -> Token:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        expires = None if self.lasts is None else self.now() + self.lasts
        return Token(Secret(f"token-{self.asked}", "a test"), expires)


@pytest.fixture
def now() -> Time:
    return Time()


@pytest.fixture
def giver(now: Time) -> Giver:
    return Giver(now)


@pytest.fixture
def source(giver: Giver, now: Time) -> TokenSource:
    return TokenSource(giver, clock=now, now=now)


def sent(source: TokenSource) -> str:
    return run(TokenScheme(source)(REQUEST, None)).headers["authorization"]


def test_a_token_is_kept_until_the_margin_before_its_end(source: TokenSource, now: Time) -> None:
    assert sent(source) == "Bearer token-1"
    now.at += 3600 - MARGIN - 1
    assert sent(source) == "Bearer token-1"
    now.at += 2
    assert sent(source) == "Bearer token-2"


def test_a_token_of_a_minute_is_not_renewed_at_every_call(source: TokenSource, giver: Giver, now: Time) -> None:
    giver.lasts = 60
    for _ in range(5):
        sent(source)
    assert giver.asked == 1
    now.at += 49
    assert sent(source) == "Bearer token-2"


def test_a_token_that_names_no_end_is_kept(source: TokenSource, giver: Giver, now: Time) -> None:
    giver.lasts = None
    sent(source)
    now.at += 1e9
    assert sent(source) == "Bearer token-1"


def test_a_renewal_that_fails_leaves_the_old_token_in_use_until_its_end(source: TokenSource, giver: Giver, now: Time) -> None:
    sent(source)
    now.at += 3600 - 200
    giver.failures += [TransportFailed("no route"), TransportFailed("no route")]
    assert sent(source) == "Bearer token-1"
    assert sent(source) == "Bearer token-1"
    assert giver.asked == 2  # not at every call
    now.at += 201
    with pytest.raises(TransportFailed, match="no route"):
        sent(source)
    assert sent(source) == "Bearer token-4"


def test_a_refused_token_is_dropped_and_one_obtained_since_is_not(source: TokenSource, giver: Giver, now: Time) -> None:
    sent(source)
    now.at += 10
    assert source.refused(now())
    now.at += 10
    assert sent(source) == "Bearer token-2"
    assert source.refused(now() - 5)  # of a request that was signed with the first
    assert sent(source) == "Bearer token-2"
    assert giver.asked == 2


def test_a_key_is_sent_instead_of_a_token(source: TokenSource, giver: Giver) -> None:
    from turnout.auth.schemes import header

    signed = run(TokenScheme(source, header("api-key"))(REQUEST, Secret("key-1", "AZURE_API_KEY")))
    assert signed.headers == {"api-key": "key-1"}
    assert giver.asked == 0


def test_schemes_of_one_registry_share_a_token_and_other_credentials_have_their_own() -> None:
    kept: dict[Any, Any] = {}
    one, other = object(), object()
    assert around({}, credential=one, kept=kept).keep(("azure", "s"), list) is around({}, credential=one, kept=kept).keep(
        ("azure", "s"), list
    )
    assert around({}, credential=one, kept=kept).keep(("azure", "s"), list) is not around({}, credential=other, kept=kept).keep(
        ("azure", "s"), list
    )


def test_nothing_that_can_be_printed_shows_a_token(source: TokenSource, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    signed = run(TokenScheme(source)(REQUEST, None))
    held = vars(source)
    assert "token-1" not in f"{signed!r} {source!r} {source} {held} {caplog.text}"


# -- through the clients ---------------------------------------------------------------------------


class Credential:
    """A TokenCredential as azure-identity has them (azure.core.credentials). ``gate`` holds back the first answer."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked = 0
        self.threads: set[int] = set()
        self.failure = failure
        self.gate = threading.Event()
        self.gate.set()

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.asked += 1
        self.threads.add(threading.get_ident())
        assert scopes == ("https://cognitiveservices.azure.com/.default",)
        assert self.gate.wait(30)
        if self.failure is not None:
            raise self.failure
        return AccessToken(f"entra-{self.asked}", 2_000_000_000)


MODEL = "azure/gpt-4.1"
ENVIRON = {"AZURE_RESOURCE_NAME": "corp"}


def registry(credential: Any, **environ: str) -> Registry:
    pytest.importorskip("azure.identity", reason="the extra azure is not installed")
    return Registry(environ={**ENVIRON, **environ}, config=Config(), credentials={"azure": credential})


def blocking(names: Registry, script: Script, **settings: Any) -> Callable[[], object]:
    client = Client(names, script, model=MODEL, **settings)
    return lambda: client.chat("hi")


def asynchronous(names: Registry, script: Script, **settings: Any) -> Callable[[], object]:
    client = AsyncClient(names, script.asynchronous, model=MODEL, **settings)
    return lambda: asyncio.run(client.chat("hi"))  # type: ignore[arg-type]


both = pytest.mark.parametrize("caller", [blocking, asynchronous])


@both
def test_a_call_carries_the_token_to_its_provider(caller: Any) -> None:
    script = Script(OK, OK)
    call = caller(registry(Credential()), script)
    call()
    call()
    assert [request.headers["authorization"] for request in script.sent] == ["Bearer entra-1"] * 2
    assert script.sent[0].url == "https://corp.openai.azure.com/openai/v1/chat/completions"


@both
def test_a_401_drops_the_token_and_tries_once_more(caller: Any) -> None:
    script, credential = Script(EXPIRED, OK), Credential()
    caller(registry(credential), script)()
    assert [request.headers["authorization"] for request in script.sent] == ["Bearer entra-1", "Bearer entra-2"]


@both
def test_a_second_401_is_the_end(caller: Any) -> None:
    script = Script(EXPIRED, EXPIRED)
    with pytest.raises(AuthenticationFailed, match="the token was withdrawn"):
        caller(registry(Credential()), script)()
    assert script.finished


@both
def test_a_401_to_a_key_is_not_tried_again(caller: Any) -> None:
    script = Script(EXPIRED)
    with pytest.raises(AuthenticationFailed):
        caller(registry(Credential(), AZURE_API_KEY="3b1c9f0de2a1"), script)()
    assert script.sent[0].headers["api-key"] == "3b1c9f0de2a1"


@both
def test_a_401_is_not_tried_again_beyond_the_budget_of_attempts(caller: Any) -> None:
    script = Script(EXPIRED)
    with pytest.raises(AuthenticationFailed):
        caller(registry(Credential()), script, retry=Retry(attempts=1))()


@both
def test_credentials_that_do_not_come_end_with_the_call(caller: Any) -> None:
    credential = Credential()
    credential.gate.clear()
    call = caller(registry(credential), Script(), timeout=Timeouts(total=0.05), retry=Retry(attempts=1))
    with pytest.raises(Error) as raised:
        call()
    credential.gate.set()
    assert "did not come in time" in str(raised.value)


@both
def test_a_librarys_surprise_is_an_error_of_ours_without_its_text(caller: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        caller(registry(Credential(ZeroDivisionError("secret-in-a-message"))), Script())()
    assert "ZeroDivisionError" in str(raised.value)
    assert "secret-in-a-message" not in str(raised.value)


class Many:
    """A Script without end, for many threads at once."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest, **given: Any) -> HttpResponse:
        self.sent.append(request)
        return OK


class AsyncMany(Many):
    async def send(self, request: HttpRequest, **given: Any) -> HttpResponse:  # type: ignore[override]
        return super().send(request)


def test_two_hundred_callers_in_threads_and_tasks_ask_for_one_token() -> None:
    credential = Credential()
    credential.gate.clear()
    names = registry(credential)
    plain, loops = Many(), AsyncMany()
    client = Client(names, plain, model=MODEL)  # type: ignore[arg-type]
    threads = [threading.Thread(target=lambda: client.chat("hi")) for _ in range(100)]
    for thread in threads:
        thread.start()

    async def tasks() -> int:
        asking = AsyncClient(names, loops, model=MODEL)  # type: ignore[arg-type]
        calls = [asyncio.ensure_future(asking.chat("hi")) for _ in range(100)]
        turns = 0
        while turns < 1000:  # the loop turns while everybody waits for the token: nothing blocks it
            await asyncio.sleep(0)
            turns += 1
        assert not any(call.done() for call in calls)
        credential.gate.set()
        await asyncio.gather(*calls)
        return turns

    assert asyncio.run(tasks()) == 1000
    for thread in threads:
        thread.join(30)
    assert credential.asked == 1
    assert credential.threads.isdisjoint({threading.get_ident()})
    assert [request.headers["authorization"] for request in plain.sent + loops.sent] == ["Bearer entra-1"] * 200


def test_a_task_that_is_cancelled_takes_the_token_from_nobody() -> None:
    credential = Credential()
    credential.gate.clear()
    names, loops = registry(credential), AsyncMany()

    async def tasks() -> None:
        asking = AsyncClient(names, loops, model=MODEL)  # type: ignore[arg-type]
        first, second = (asyncio.ensure_future(asking.chat("hi")) for _ in range(2))
        for _ in range(20):  # both wait for the token now, or soon will: it does not come before the gate opens
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        credential.gate.set()
        await second

    asyncio.run(tasks())
    assert credential.asked == 1
    assert len(loops.sent) == 1


def test_a_failure_is_told_to_each_who_waited_as_an_error_of_its_own() -> None:
    from azure.core.exceptions import ClientAuthenticationError

    credential = Credential(ClientAuthenticationError("AADSTS7000215: invalid client secret"))
    names = registry(credential)

    async def tasks() -> list[Any]:
        asking = AsyncClient(names, AsyncMany(), model=MODEL)  # type: ignore[arg-type]
        return await asyncio.gather(*(asking.chat("hi") for _ in range(3)), return_exceptions=True)

    errors = asyncio.run(tasks())
    assert [type(error) for error in errors] == [AuthenticationFailed] * 3
    assert len({id(error) for error in errors}) == 3
    assert all("AADSTS7000215" in str(error) for error in errors)


def test_an_untrusted_projects_file_sends_no_token_of_the_machine_anywhere() -> None:
    rogue = {"wire": "openai-chat", "base_url": "https://evil.example/v1", "auth": "google"}
    for auth in ("google", "azure", "sigv4:bedrock"):
        file = ConfigFile("project file", "turnout.toml", {"providers": {"rogue": {**rogue, "auth": auth}}}, {}, trusted=False)
        with pytest.raises(ConfigError, match="TURNOUT_TRUST_PROJECT"):
            Registry(environ={}, config=Config((file,))).plan("rogue/m")


def test_waiting_out_the_time_is_timed_out_for_the_caller_alone() -> None:
    from turnout.client.obtaining import obtained

    gate = threading.Event()

    class Slow:
        def __init__(self) -> None:
            self.under_way: dict[str, Any] = {}

        def make(self) -> str:
            gate.wait(30)
            return "made"

    slow = Slow()
    with pytest.raises(TimedOut):
        obtained(slow, 0.0)
    assert "now" in slow.under_way  # it goes on for the next
    gate.set()
    assert obtained(slow, 30.0) == "made"
