"""Both clients against the same script: one table, two drivers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

import turnout
from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.engine.plan import Retry
from turnout.errors import (
    AuthenticationFailed,
    ConfigError,
    Error,
    MissingKey,
    RequestError,
    StreamInterrupted,
    TimedOut,
    TransportFailed,
    UnknownName,
)
from turnout.events import Event, Finished, TextDelta
from turnout.records import CallRecord
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import Completion, FinishReason, HttpResponse, Text, Timeouts

OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
STREAM = (
    b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
    b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
    b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\ndata: [DONE]\n\n',
)


def registry(**environ: str) -> Registry:
    return Registry(environ={"GROQ_API_KEY": "gsk-real-looking-1234", "CEREBRAS_API_KEY": "csk-real-looking-1234", **environ})


class Blocking:
    """Client, said so that a test need not know which driver it drives."""

    def __init__(self, script: Script, **settings: Any) -> None:
        self.client = Client(settings.pop("registry", None) or registry(), script, **settings)

    def chat(self, *prompt: Any, **options: Any) -> Completion:
        return self.client.chat(*prompt, **options)

    def stream(self, *prompt: Any, take: int | None = None, **options: Any) -> tuple[list[Event], Completion]:
        seen: list[Event] = []
        with self.client.stream(*prompt, **options) as events:
            for event in events:
                seen.append(event)
                if take is not None and len(seen) == take:
                    break
            return seen, events.completion()


class OnLoop:
    """AsyncClient, likewise."""

    def __init__(self, script: Script, **settings: Any) -> None:
        self.client = AsyncClient(settings.pop("registry", None) or registry(), script.asynchronous, **settings)

    def chat(self, *prompt: Any, **options: Any) -> Completion:
        return asyncio.run(self.client.chat(*prompt, **options))

    def stream(self, *prompt: Any, take: int | None = None, **options: Any) -> tuple[list[Event], Completion]:
        async def go() -> tuple[list[Event], Completion]:
            seen: list[Event] = []
            async with self.client.stream(*prompt, **options) as events:
                async for event in events:
                    seen.append(event)
                    if take is not None and len(seen) == take:
                        break
                return seen, events.completion()

        return asyncio.run(go())


@pytest.fixture(params=[Blocking, OnLoop], ids=["Client", "AsyncClient"])
def drive(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Waits between attempts are noted, not spent."""

    async def no_wait(seconds: float) -> None: ...

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(asyncio, "sleep", no_wait)
    return request.param


def test_a_prompt_reaches_its_provider_and_the_answer_tells_all(drive: Any) -> None:
    script = Script(OK)
    done = drive(script).chat("hello", model="groq/llama-3.3-70b-versatile", temperature=0.2)
    (sent,) = script.sent
    assert sent.url == "https://api.groq.com/openai/v1/chat/completions"
    assert sent.headers["authorization"] == "Bearer gsk-real-looking-1234"
    assert json.loads(sent.body) == {
        "model": "llama-3.3-70b-versatile",
        "messages": [{"role": "user", "content": "hello"}],
        "temperature": 0.2,
    }
    assert (done.text, str(done.target)) == ("hi", "groq/llama-3.3-70b-versatile")
    assert (done.usage.input_tokens, done.usage.output_tokens) == (3, 1)
    assert done.cost is not None
    assert done.cost.total == sum(done.cost.buckets.values()) > 0
    assert done.receipt is not None
    assert {line.field for line in done.receipt.lines if line.side == "request"} == {"model", "messages", "temperature"}
    assert [attempt.error for attempt in done.attempts] == [None]


def test_the_price_of_an_unknown_model_is_unknown_and_not_zero(drive: Any) -> None:
    assert drive(Script(OK)).chat("hello", model="groq/brand-new").cost is None


def test_a_stream_comes_in_events_and_ends_in_a_whole_answer(drive: Any) -> None:
    script = Script(ScriptedStream(chunks=STREAM))
    seen, done = drive(script, model="groq/m").stream("hello")
    assert [event.text for event in seen if isinstance(event, TextDelta)] == ["Hel", "lo"]
    assert Finished(FinishReason("stop", "stop")) in seen
    assert (done.text, done.usage.output_tokens, str(done.target)) == ("Hello", 2, "groq/m")
    assert json.loads(script.sent[0].body)["stream_options"] == {"include_usage": True}
    assert script.open_bodies == 0


def test_a_stream_that_fails_before_output_falls_back(drive: Any) -> None:
    script = Script(
        HttpResponse(status=401, body=b'{"error":{"message":"no"}}'),
        ScriptedStream(chunks=[STREAM[0], TransportFailed("reset")]),
        ScriptedStream(chunks=STREAM),
    )
    seen, done = drive(script, model=["groq/a", "cerebras/b"]).stream("hello")
    assert done.text == "Hello"
    assert [attempt.error for attempt in done.attempts] == ["AuthenticationFailed", "TransportFailed", None]
    assert "".join(event.text for event in seen if isinstance(event, TextDelta)) == "Hello"
    assert script.open_bodies == 0


def test_a_stream_cut_after_output_carries_the_partial(drive: Any) -> None:
    script = Script(ScriptedStream(chunks=[*STREAM[:2], TransportFailed("reset by peer")]))
    with pytest.raises(StreamInterrupted, match="reset by peer") as caught:
        drive(script, model="groq/m").stream("hello")
    assert caught.value.partial.text == "Hel"
    assert str(caught.value.target) == "groq/m"
    assert isinstance(caught.value.__cause__, TransportFailed)
    assert script.open_bodies == 0


def test_a_truncated_stream_is_never_a_success(drive: Any) -> None:
    with pytest.raises(StreamInterrupted, match="ended before the provider said") as caught:
        drive(Script(ScriptedStream(chunks=STREAM[:2])), model="groq/m").stream("hello")
    assert caught.value.partial.text == "Hel"


def test_garbage_after_output_interrupts_after_what_was_whole(drive: Any) -> None:
    script = Script(ScriptedStream(chunks=[*STREAM[:2], b"data: {]\n\n"]))
    with pytest.raises(StreamInterrupted, match="not JSON"):
        drive(script, model="groq/m").stream("hello")


def test_an_abandoned_stream_closes_its_upstream_and_is_recorded(drive: Any) -> None:
    records: list[CallRecord] = []
    script = Script(ScriptedStream(chunks=STREAM))
    seen, done = drive(script, model="groq/m", sinks=[records.append]).stream("hello", take=2)
    assert len(seen) == 2
    assert done.text == "Hel"
    assert script.open_bodies == 0
    assert [record.outcome for record in records] == ["cancelled"]


def test_every_outcome_is_one_record(drive: Any) -> None:
    records: list[CallRecord] = []
    drive(Script(OK), sinks=[records.append]).chat("x", model="groq/m")
    drive(Script(ScriptedStream(chunks=STREAM)), sinks=[records.append]).stream("x", model="groq/m")
    with pytest.raises(RequestError):
        drive(Script(HttpResponse(status=400, body=b"{}")), sinks=[records.append]).chat("x", model="groq/m")
    with pytest.raises(StreamInterrupted):
        drive(Script(ScriptedStream(chunks=STREAM[:2])), sinks=[records.append]).stream("x", model="groq/m")
    assert [record.outcome for record in records] == ["ok", "ok", "RequestError", "StreamInterrupted"]


def test_a_sink_that_fails_never_fails_the_call(drive: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(record: CallRecord) -> None:
        raise ValueError("full disk")

    assert drive(Script(OK), sinks=[broken]).chat("x", model="groq/m").text == "hi"
    assert "a sink failed" in caplog.text


def test_events_that_come_too_late_are_a_timeout(drive: Any) -> None:
    script = Script(ScriptedStream(chunks=[*STREAM[:2], TimedOut("nothing came for 60 s")]))
    with pytest.raises(StreamInterrupted, match="nothing came"):
        drive(script, model="groq/m").stream("x")


def test_pings_do_not_count_as_events(drive: Any) -> None:
    """A server that only sends comments has stalled, however busy its socket is."""
    now = [0.0]

    class Ticking(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            return iter([*STREAM[:2], *[b": ping\n\n"] * 1000])

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    ticking = Registry(environ={"GROQ_API_KEY": "gsk-real-looking-1234"}, clock=clock)
    script = Script(ScriptedStream(chunks=list(Ticking())))
    timeouts = Timeouts(first_event=100.0, between_events=30.0, total=5000.0)
    with pytest.raises(StreamInterrupted, match="no event came in time"):
        drive(script, registry=ticking, model="groq/m", timeout=timeouts).stream("x")


def test_a_reader_that_takes_its_time_is_no_stall_of_the_provider(drive: Any) -> None:
    """Between two looks at the clock more time passes than an event may take, but none of it is spent waiting for one."""
    now = [0.0]

    def clock() -> float:
        now[0] += 20.0
        return now[0]

    ticking = Registry(environ={"GROQ_API_KEY": "gsk-real-looking-1234"}, clock=clock)
    timeouts = Timeouts(first_event=1000.0, between_events=15.0, total=5000.0)
    _, done = drive(Script(ScriptedStream(chunks=STREAM)), registry=ticking, model="groq/m", timeout=timeouts).stream("x")
    assert done.text == "Hello"


def test_a_key_given_in_code_wins_over_the_environment(drive: Any) -> None:
    script = Script(OK)
    drive(script, model="groq/m", api_key="gsk-from-the-code-9").chat("x")
    assert script.sent[0].headers["authorization"] == "Bearer gsk-from-the-code-9"


def test_rate_limit_headers_come_with_the_answer(drive: Any) -> None:
    headers = {"x-ratelimit-remaining-requests": "9", "x-request-id": "r1", "set-cookie": "secret", "date": "now"}
    whole = drive(Script(HttpResponse(status=200, headers=headers, body=OK.body)), model="groq/m").chat("x")
    _, streamed = drive(Script(ScriptedStream(chunks=STREAM, headers=headers)), model="groq/m").stream("x")
    assert whole.headers == streamed.headers == {"x-ratelimit-remaining-requests": "9", "x-request-id": "r1"}


def test_a_key_given_for_one_provider_never_reaches_another(drive: Any) -> None:
    script = Script(OK, OK)
    driver = drive(script, model="groq/m", api_key="gsk-from-the-code-9", base_url="https://proxy.test/v1")
    driver.chat("x", model="cerebras/b")
    driver.chat("x", model="groq/other")
    assert [(sent.url, sent.headers["authorization"]) for sent in script.sent] == [
        ("https://api.cerebras.ai/v1/chat/completions", "Bearer csk-real-looking-1234"),
        ("https://proxy.test/v1/chat/completions", "Bearer gsk-from-the-code-9"),
    ]
    with pytest.raises(ConfigError, match="say which with model="):
        drive(script, api_key="gsk-from-the-code-9")


def test_what_is_wrong_is_said_before_anything_is_sent(drive: Any) -> None:
    script = Script()
    with pytest.raises(UnknownName, match="did you mean 'groq'"):
        drive(script).chat("x", model="gorq/m")
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        drive(script).chat("x", model="openai/gpt-5")
    with pytest.raises(RequestError, match=r"unknown option 'temprature'; did you mean 'temperature'\?"):
        drive(script).chat("x", model="groq/m", temprature=1)
    with pytest.raises(RequestError, match="nothing to say"):
        drive(script).chat(model="groq/m")
    assert script.sent == []


def test_no_error_shows_a_key(drive: Any) -> None:
    script = Script(HttpResponse(status=401, body=b'{"error":{"message":"no"}}'))
    with pytest.raises(AuthenticationFailed) as caught:
        drive(script, model="groq/m").chat("x")
    assert "gsk-real-looking" not in repr(caught.value) + str(caught.value)
    assert "gsk-real-looking" not in repr(script.sent)


def test_attempts_are_bounded_by_retry(drive: Any) -> None:
    script = Script(*[HttpResponse(status=500)] * 5)
    with pytest.raises(Error):
        drive(script, model="groq/m", retry=Retry(attempts=2)).chat("x")
    assert len(script.sent) == 2


def test_a_number_as_timeout_bounds_the_whole_call_and_leaves_the_other_waits(drive: Any) -> None:
    script = Script(OK, OK)
    drive(script, model="groq/m", timeout=9).chat("x")
    drive(script, model="groq/m").chat("x")
    bounded, usual = script.timeouts
    assert (bounded.total, bounded.between_events) == (9, usual.between_events)


def test_a_conversation_goes_on_with_the_answer_appended(drive: Any) -> None:
    script = Script(OK, OK)
    driver = drive(script, model="groq/m")
    first = driver.chat("hello")
    driver.chat(messages=[{"role": "user", "content": "hello"}, first.message, {"role": "user", "content": "again"}])
    assert [message["role"] for message in json.loads(script.sent[1].body)["messages"]] == ["user", "assistant", "user"]


def test_a_list_of_parts_is_a_prompt(drive: Any) -> None:
    from turnout import Image
    from turnout.types import UrlSource

    script = Script(OK)
    drive(script, model="groq/m").chat([Text("what is this?"), Image(UrlSource("https://x.test/a.png"))])
    (message,) = json.loads(script.sent[0].body)["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]


def test_a_closed_client_says_so(drive: Any) -> None:
    script = Script()
    driver = drive(script, model="groq/m")
    driver.client.close() if isinstance(driver.client, Client) else asyncio.run(driver.client.aclose())
    assert script.closed
    with pytest.raises(ConfigError, match="this client is closed"):
        driver.chat("x")


def test_from_provider_binds_a_model_and_checks_it_at_once() -> None:
    client = turnout.from_provider("GROQ/llama-3.3-70b-versatile", registry=registry())
    assert isinstance(client, Client)
    assert isinstance(turnout.from_provider("groq/m", registry=registry(), async_client=True), AsyncClient)
    with pytest.raises(ConfigError, match="provider/model"):
        turnout.from_provider("llama", registry=registry())
    with pytest.raises(MissingKey, match="ANTHROPIC_API_KEY"):
        turnout.from_provider("anthropic/claude-sonnet-5", registry=registry())


def test_ctrl_c_in_the_middle_closes_the_upstream() -> None:
    script = Script(ScriptedStream(chunks=STREAM))
    records: list[CallRecord] = []
    client = Client(registry(), script, model="groq/m", sinks=[records.append])

    def interrupted() -> None:
        with client.stream("x") as events:
            for event in events:
                if isinstance(event, TextDelta):
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert script.open_bodies == 0
    assert [record.outcome for record in records] == ["cancelled"]


def test_a_cancelled_task_closes_the_upstream() -> None:
    script = Script(ScriptedStream(chunks=STREAM))

    async def go() -> None:
        client = AsyncClient(registry(), script.asynchronous, model="groq/m")
        begun = asyncio.Event()

        async def read() -> None:
            async with client.stream("x") as events:
                async for _ in events:
                    begun.set()
                    await asyncio.Event().wait()

        task = asyncio.create_task(read())
        await begun.wait()
        assert script.open_bodies == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert script.open_bodies == 0
