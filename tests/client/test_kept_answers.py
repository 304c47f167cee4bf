"""A cache of whole answers: what is asked again is not paid for again, and says so; and no cache breaks a call."""

from __future__ import annotations

import asyncio
import json
import logging
from decimal import Decimal
from typing import Any

import msgspec
import pytest

import turnout
from turnout.client import AsyncClient, Client
from turnout.config import Config
from turnout.records import CallRecord
from turnout.registry import ProviderRegistry, Registry
from turnout.testing.transport import Script
from turnout.types import Completion, HttpResponse, ToolCall

KEY = "sk-4vJ8Qm2ZtXc9RbNw"
pytestmark = pytest.mark.filterwarnings("error")


def answer(text: str | None = "Nile", finish: str = "stop", **more: Any) -> HttpResponse:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": finish}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "c-1", "model": "gpt-4o", "choices": [choice], "usage": usage, "system_fingerprint": "fp"}
    return HttpResponse(status=200, headers={"x-request-id": "r-1"}, body=json.dumps(body).encode())


class Shelf(dict[str, bytes]):
    """A cache is anything with get and set."""

    def set(self, key: str, value: bytes) -> None:
        self[key] = value


class Broken:
    def __init__(self, *, reads: bool = False) -> None:
        self._reads = reads

    def get(self, key: str) -> Any:
        if self._reads:
            return None
        raise RuntimeError("no connection to the shelf")

    def set(self, key: str, value: bytes) -> None:
        raise RuntimeError("no room on the shelf")


class Asking:
    """Both clients over one script and one cache; each call is a client's own."""

    def __init__(self, kind: str, *script: HttpResponse, cache: Any = None, **settings: Any) -> None:
        self.kind = kind
        self.cache = Shelf() if cache is None else cache
        self.script = Script(*script)
        self.records: list[CallRecord] = []
        registry = Registry(environ={"OPENAI_API_KEY": KEY, "GROQ_API_KEY": KEY}, config=Config())
        own = {"registry": registry, "model": "openai/gpt-4o", "cache": self.cache, "sinks": [self.records.append]}
        self.settings: dict[str, Any] = own | settings

    def chat(self, prompt: Any = "The longest river?", **options: Any) -> Any:
        if self.kind == "sync":
            with Client(transport=self.script, **self.settings) as client:
                return client.chat(prompt, **options)

        async def run() -> Any:
            async with AsyncClient(transport=self.script.asynchronous, **self.settings) as client:
                return await client.chat(prompt, **options)

        return asyncio.run(run())


both = pytest.mark.parametrize("kind", ["sync", "async"])


@both
def test_what_is_asked_again_is_answered_from_the_cache_and_costs_nothing(kind: str) -> None:
    asking = Asking(kind, answer())
    first, second = asking.chat(), asking.chat()
    assert len(asking.script.sent) == 1
    assert (second.text, second.id, second.target, second.finish) == ("Nile", "c-1", first.target, first.finish)
    assert second.message == first.message
    assert first.cost.total == Decimal("0.00035")
    assert (second.cost.total, second.cost.buckets, second.attempts) == (0, {}, ())
    assert (second.usage.input_tokens, second.usage.output_tokens) == (0, 0)
    assert "response usage: mapped (the answer is from the cache: nothing was sent, used or paid for it)" in str(second.receipt)
    assert second.headers is None


@both
def test_a_hit_is_a_record_of_its_own_without_an_attempt_or_a_cost(kind: str) -> None:
    asking = Asking(kind, answer())
    asking.chat()
    done = asking.chat()
    paid, free = asking.records
    assert (paid.outcome, len(paid.attempts)) == ("ok", 1)
    assert (free.outcome, free.attempts, free.model, free.target) == ("ok", (), "openai/gpt-4o", done.target)
    assert (free.cost, free.usage) == (done.cost, done.usage)


@both
@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "The longest road?"},
        {"model": "openai/gpt-4o-mini"},
        {"model": "groq/gpt-4o"},
        {"model": ["openai/gpt-4o", "groq/x"]},
        {"temperature": 0.2},
        {"system": "Be brief."},
        {"user": "anna"},
        {"seed": 7},
        {"extra": {"metadata": {"a": 1}}},
        {"translation": "strict"},
        {"response_format": {"type": "object", "properties": {}}},
    ],
)
def test_what_is_asked_otherwise_or_of_another_is_another_question(kind: str, other: dict[str, Any]) -> None:
    asking = Asking(kind, answer("one"), answer("two"))
    asking.chat()
    assert asking.chat(**other).text == "two"
    assert len(asking.cache) == 2


@both
def test_another_address_is_another_target(kind: str) -> None:
    asking = Asking(kind, answer("one"), answer("two"))
    asking.chat()
    asking.settings |= {"base_url": "https://proxy.corp/v1"}
    assert asking.chat().text == "two"


@both
def test_an_alias_and_the_target_that_it_stands_for_are_the_same_question(kind: str) -> None:
    from turnout.config import ConfigFile

    file = ConfigFile("user file", "turnout.toml", {"aliases": {"big": "openai/gpt-4o"}})
    asking = Asking(kind, answer())
    asking.settings["registry"] = Registry(environ={"OPENAI_API_KEY": KEY}, config=Config((file,)))
    asking.chat()
    assert asking.chat(model="big").text == "Nile"


@both
def test_a_call_with_a_key_of_its_own_neither_fills_the_cache_nor_is_answered_from_it(kind: str) -> None:
    asking = Asking(kind, answer("ours"), answer("theirs"), answer("theirs again"))
    asking.chat()
    assert asking.chat(api_key="sk-another-9XcT4").text == "theirs"
    assert asking.chat(api_key="sk-another-9XcT4").text == "theirs again"
    assert len(asking.cache) == 1


@both
def test_no_key_is_in_what_the_cache_holds(kind: str) -> None:
    asking = Asking(kind, answer())
    asking.chat()
    ((key, value),) = asking.cache.items()
    assert key.startswith("turnout-")
    assert len(key) == 72
    assert KEY not in key + value.decode()
    asking.settings |= {"api_key": "sk-our-new-one-8KwP"}
    assert asking.chat().text == "Nile"  # it is the same question with another key of ours


@both
@pytest.mark.parametrize("finish", ["content_filter", "unheard_of", None])
def test_an_answer_that_is_not_whole_is_not_kept(kind: str, finish: Any) -> None:
    asking = Asking(kind, answer("one", finish), answer("two"))
    asking.chat()
    assert asking.chat().text == "two"


@both
def test_an_error_is_not_kept(kind: str) -> None:
    asking = Asking(kind, HttpResponse(status=400, body=b"{}"), answer("two"))
    with pytest.raises(turnout.Error):
        asking.chat()
    assert asking.cache == {}
    assert asking.chat().text == "two"


@both
@pytest.mark.parametrize("cache", [Broken(), Broken(reads=True)])
def test_a_cache_that_fails_is_told_to_the_log_and_never_breaks_a_call(
    kind: str, cache: Broken, caplog: pytest.LogCaptureFixture
) -> None:
    asking = Asking(kind, answer("one"), answer("two"), cache=cache)
    assert [asking.chat().text, asking.chat().text] == ["one", "two"]
    assert "the cache of answers cannot be" in caplog.text


@both
@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"id":1}', b"\xff", "text", 7])
def test_what_a_cache_holds_that_is_no_answer_is_no_answer(kind: str, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    asking = Asking(kind, answer("one"), answer("two"))
    asking.chat()
    (key,) = asking.cache
    asking.cache[key] = value
    assert asking.chat().text == "two"
    assert logging.WARNING in {record.levelno for record in caplog.records}
    assert msgspec.json.decode(asking.cache[key], type=Completion).text == "two"


@both
def test_the_calls_of_tools_come_out_of_the_cache_as_they_went_in(kind: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sea" }'}}
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    asking = Asking(kind, answer(None, "tool_calls", tool_calls=[call]))
    first, second = asking.chat(tools=[tool]), asking.chat(tools=[tool])
    assert isinstance(second.parts[0], ToolCall)
    assert second.message == first.message


class Person(msgspec.Struct):
    name: str
    age: int


@both
@pytest.mark.parametrize("mode", ["tools", "json_schema"])
def test_an_object_is_kept_too_and_read_again_as_its_type_is_then(kind: str, mode: str) -> None:
    class Elder(msgspec.Struct):
        name: str
        age: int

        def __post_init__(self) -> None:
            raise ValueError("nobody is old enough")

    Elder.__name__ = Elder.__qualname__ = "Person"
    said = '{"name":"Anna","age":31}'
    call = {"id": "call_1", "type": "function", "function": {"name": "Person", "arguments": said}}
    one = answer(None, "tool_calls", tool_calls=[call]) if mode == "tools" else answer(said)
    asking = Asking(kind, answer("no"), one, *[one] * 3)
    first = asking.chat(response_model=Person, mode=mode)
    again = asking.chat(response_model=Person, mode=mode)
    assert first.parsed == again.parsed == Person("Anna", 31)
    assert (len(first.attempts), len(first.unfit)) == (2, 1)
    assert (again.attempts, again.unfit, again.cost.total) == ((), (), 0)
    assert len(asking.script.sent) == 2
    with pytest.raises(turnout.errors.InvalidAnswer, match="nobody is old enough"):
        asking.chat(response_model=Elder, mode=mode)
    assert len(asking.script.sent) == 5


@both
def test_an_object_that_was_asked_for_otherwise_is_another_question(kind: str) -> None:
    said = answer('{"name":"Anna","age":31}')
    asking = Asking(kind, said, said, said)
    asking.chat(response_model=Person, mode="json_schema")
    asking.chat(response_model=Person, mode="text")
    asking.chat()
    assert len(asking.cache) == 3


@both
def test_a_stream_neither_fills_the_cache_nor_comes_from_it(kind: str) -> None:
    asking = Asking(kind, answer(), HttpResponse(status=418, body=b"{}"))
    asking.chat()
    with Client(transport=asking.script, **asking.settings) as client:
        with pytest.raises(turnout.Error, match="418"), client.stream("The longest river?"):
            pass


@pytest.mark.parametrize("async_client", [False, True])
def test_from_provider_and_create_client_take_a_cache(async_client: bool) -> None:
    shelf, registry = Shelf(), Registry(environ={"OPENAI_API_KEY": KEY}, config=Config())
    for client in (
        turnout.from_provider("openai/gpt-4o", cache=shelf, registry=registry, async_client=async_client),
        ProviderRegistry(registry).create_client("openai", model="gpt-4o", cache=shelf, async_client=async_client),
    ):
        assert client._settings.cache is shelf
