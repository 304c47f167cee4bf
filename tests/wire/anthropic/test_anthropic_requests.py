"""Anthropic Messages requests: understood from callers, and said again to a provider of the same protocol."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st
from messages_wire import ACME, CODEC, SERVER, encode, lines, parse, there_and_back

from turnout.catalog.schema import Provider, Quirks
from turnout.errors import Error, RequestError
from turnout.types import (
    CacheControl,
    DataSource,
    Document,
    FileSource,
    Image,
    Message,
    Opaque,
    Origin,
    Reasoning,
    ReasoningConfig,
    ResponseFormat,
    Text,
    TextSource,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
)

CALLER = Origin("anthropic-messages")
MARK = {"type": "ephemeral", "ttl": "1h"}
HELLO = {"role": "user", "content": "Hello"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"b": 1, "a": 2}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
PNG = {"type": "base64", "media_type": "image/png", "data": "aGk="}


def ask(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "claude", "max_tokens": 9, "messages": list(messages) or [HELLO]} | fields


def said(*blocks: Any, role: str = "user") -> dict[str, Any]:
    return ask({"role": role, "content": list(blocks)})


@pytest.mark.parametrize(
    "body",
    [
        ask(),
        ask({"role": "user", "content": [{"type": "text", "text": "Hello"}]}),
        ask({"role": "user", "content": ""}),
        ask({"role": "user", "content": []}),
        ask(HELLO, HELLO, {"role": "assistant", "content": "Hi"}, {"role": "assistant", "content": "there  "}),
        ask({"role": "assistant", "content": "Hi"}),
        ask(HELLO | {"id": "m1"}),
        ask(system="Be brief."),
        ask(system=""),
        ask(system=[]),
        ask(system=[{"type": "text", "text": "Be brief.", "cache_control": MARK}, {"type": "text", "text": "Be kind."}]),
        ask(HELLO, {"role": "system", "content": "Now in French."}, HELLO, system="Be brief."),
        ask({"role": "system", "content": [{"type": "text", "text": "First."}]}, HELLO),
        ask(
            HELLO, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT, {"type": "text", "text": "?"}]}
        ),
        said({"type": "text", "text": "?"}, RESULT),
        said({"type": "tool_result", "tool_use_id": "t"}),
        said(RESULT | {"content": []}),
        said(RESULT | {"content": None}),
        said(RESULT | {"content": [{"type": "text", "text": "42"}], "is_error": True, "cache_control": MARK}),
        said(
            RESULT | {"content": [{"type": "image", "source": PNG}, {"type": "search_result", "title": "T"}], "is_error": False}
        ),
        said(RESULT | {"cache_control": None}),
        said({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "scope": "g"}}),
        said({"type": "text", "text": "x", "citations": None}, role="assistant"),
        said({"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "redacted_thinking", "data": "d"}, CALL),
        said({"type": "thinking", "thinking": "hm"}, role="assistant"),
        said({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, role="assistant"),
        said(CALL | {"caller": {"type": "direct"}, "cache_control": MARK}, role="assistant"),
        said({"type": "image", "source": PNG}, {"type": "image", "source": {"type": "url", "url": "https://a"}}),
        said({"type": "image", "source": {"type": "file", "file_id": "f"}, "cache_control": MARK}),
        said(
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                "title": "T",
                "context": "C",
            }
        ),
        said({"type": "document", "source": {"type": "url", "url": "https://a"}, "citations": {"enabled": True}}),
        said({"type": "document", "source": {"type": "content", "content": "x"}, "title": None}),
        said({"type": "document", "source": PNG | {"extra": 1}}),
        said({"type": "container_upload", "file_id": "f"}),
        ask(stream=True),
        ask(stream=False),
        ask(stream=None),
        ask(temperature=1, top_p=0.5, top_k=3, stop_sequences=["END"], service_tier="standard_only"),
        ask(temperature=None, system=None, tools=None, tool_choice=None, stop_sequences=None, thinking=None),
        ask(stop_sequences=[], tools=[]),
        ask(metadata={"user_id": "u"}),
        ask(metadata={"user_id": None}),
        ask(metadata={"user_id": "u", "more": 1}),
        ask(metadata={}),
        ask(thinking={"type": "enabled", "budget_tokens": 1024, "display": "summarized"}),
        ask(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        ask(thinking={"type": "disabled"}),
        ask(thinking={"type": "a_kind_of_next_year", "budget_tokens": 3}),
        ask(
            output_config={
                "format": {"type": "json_schema", "schema": {"type": "object"}},
                "effort": "low",
                "task_budget": {"n": 1},
            }
        ),
        ask(output_config={"format": {"type": "grammar"}}),
        ask(output_config={}),
        ask(output_format={"type": "json_schema", "schema": {"type": "object"}}),
        ask(output_format={"type": "json_schema", "schema": {}}, output_config={"format": {"type": "json_schema", "schema": {}}}),
        ask(
            tools=[
                {"name": "look", "description": "d", "input_schema": {"type": "object"}, "strict": True, "cache_control": MARK}
            ]
        ),
        ask(tools=[{"type": "custom", "name": "look", "input_schema": {}, "defer_loading": True, "description": None}]),
        ask(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": None}, {"name": "no_schema"}]),
        ask(tool_choice={"type": "auto"}),
        ask(tool_choice={"type": "any", "disable_parallel_tool_use": True}),
        ask(tool_choice={"type": "tool", "name": "look", "disable_parallel_tool_use": False}),
        ask(tool_choice={"type": "none"}),
        ask(tool_choice={"type": "a_choice_of_next_year", "names": ["a"]}),
        ask(cache_control=MARK, container="c", context_management={"edits": []}, mcp_servers=[{"url": "u"}], speed="fast"),
    ],
    ids=lambda body: json.dumps(body)[:100],
)
def test_a_request_goes_on_as_it_came(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert lines(parse(body)) == ()


def test_the_same_request_is_the_same_bytes() -> None:
    body = json.dumps(ask(tools=[{"name": "b"}, {"name": "a"}], metadata={"user_id": "u"})).encode()
    one, two = (CODEC.encode(SERVER.parse(body)[0], ACME, stream=True).http for _ in range(2))
    assert one == two


def test_the_text_of_a_tool_input_survives_letter_by_letter() -> None:
    body = b'{"model":"c","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"text","text":"x"},'
    body += b'{"type":"tool_use","id":"t","name":"n","input":{"z" : 1.0, "a": "\\u00e9"}}]}]}'
    assert b'"input":{"z" : 1.0, "a": "\\u00e9"}' in CODEC.encode(parse(body), ACME, stream=False).http.body


def test_blocks_become_parts_of_their_kind() -> None:
    marked = {"type": "text", "text": "x", "cache_control": MARK}
    file = {"type": "document", "source": {"type": "file", "file_id": "f"}, "citations": {"enabled": True}}
    page = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}, "title": "T"}
    result = RESULT | {"content": [{"type": "image", "source": PNG}], "is_error": True}
    (message,) = parse(said(marked, {"type": "image", "source": PNG}, file, page, result)).messages
    assert message.parts == (
        Text("x", cache_control=CacheControl("1h")),
        Image(DataSource("aGk=", "image/png")),
        Document(FileSource("f"), citations=True),
        Document(TextSource("x"), title="T"),
        ToolResult("toolu_1", (Image(DataSource("aGk=", "image/png")),), True),
    )
    assert message.origin == CALLER


def test_urls_thoughts_and_calls_are_understood() -> None:
    url = {"type": "image", "source": {"type": "url", "url": "https://a"}}
    (message,) = parse(said(url, {"type": "thinking", "thinking": "hm", "signature": "s"}, CALL)).messages
    assert message.parts == (
        Image(UrlSource("https://a")),
        Reasoning("hm", "s", origin=CALLER),
        ToolCall("toolu_1", "look", '{"b": 1, "a": 2}'),
    )


def test_the_settings_of_a_request_are_understood() -> None:
    request = parse(
        ask(
            system="Be brief.",
            temperature=0.5,
            top_k=3,
            stop_sequences=["END"],
            metadata={"user_id": "u"},
            thinking={"type": "enabled", "budget_tokens": 1024},
            output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"},
            tools=[{"name": "look", "input_schema": {"type": "object"}}, {"type": "bash_20250124", "name": "bash"}],
            tool_choice={"type": "any", "disable_parallel_tool_use": True},
        )
    )
    assert (request.messages[0].role, request.messages[0].text) == ("system", "Be brief.")
    assert (request.max_output_tokens, request.temperature, request.top_k, request.stop) == (9, 0.5, 3, ("END",))
    assert request.user == "u"
    assert request.reasoning == ReasoningConfig(enabled=True, effort="low", budget_tokens=1024)
    assert request.response_format == ResponseFormat(kind="json_schema", schema={"type": "object"})
    assert request.tools is not None
    assert isinstance(request.tools[0], Tool)
    assert isinstance(request.tools[1], Opaque)
    assert (request.tool_choice, request.parallel_tool_calls) == (ToolChoice("required"), False)
    assert request.extra is None


def test_a_forgotten_limit_is_added_and_told() -> None:
    body = ask()
    del body["max_tokens"]
    assert there_and_back(body) == body | {"max_tokens": 4096}
    (line,) = lines(parse(body))
    assert (line.field, line.fate) == ("max_output_tokens", "mapped")


def test_the_request_goes_to_the_messages_of_the_base_url_in_the_versioned_protocol() -> None:
    http = CODEC.encode(parse(ask()), ACME, stream=False).http
    assert (http.method, http.url) == ("POST", "https://acme.test/v1/messages")
    assert http.headers == {"content-type": "application/json", "anthropic-version": "2023-06-01"}


def test_betas_travel_in_their_header_beside_those_of_the_provider() -> None:
    provider = Provider(id="a", name="A", wire="anthropic-messages", base_url="https://a", headers={"anthropic-beta": "always"})
    encoded = CODEC.encode(parse(ask(betas=["one", "two"])), provider, stream=False)
    assert encoded.http.headers["anthropic-beta"] == "always,one,two"
    assert "betas" not in json.loads(encoded.http.body)


def test_a_providers_quirks_are_heeded_and_told() -> None:
    quirks = Quirks(drop=("top_k",), rename={"max_tokens": "limit"})
    provider = Provider(id="a", name="A", wire="anthropic-messages", base_url="https://a", quirks=quirks)
    encoded = CODEC.encode(parse(ask(top_k=3)), provider, stream=False)
    assert json.loads(encoded.http.body) == {"model": "claude", "messages": [HELLO], "limit": 9}
    assert [line.field for line in encoded.lines] == ["top_k", "max_tokens"]


def test_a_message_added_to_a_parsed_request_is_brought_into_order() -> None:
    request = parse(ask(HELLO, {"role": "assistant", "content": "Hi"}))
    longer = type(request)(
        model="c", messages=(*request.messages, Message("system", (Text("Be brief."),))), origin=request.origin
    )
    assert encode(longer)["system"] == "Be brief."


# -- what is wrong, and where ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ({"messages": [HELLO]}, "model", "missing; expected a string"),
        ({"model": 5, "messages": [HELLO]}, "model", "expected a string, got a number"),
        ({"model": "c"}, "messages", "missing; expected a list of messages"),
        ({"model": "c", "messages": {}}, "messages", "expected a list of messages, got an object"),
        (ask("hi"), "messages[0]", 'expected an object with role and content, got "hi"'),
        (ask(HELLO, {"content": "x"}), "messages[1].role", "missing; expected a string"),
        (ask({"role": "tool", "content": "x"}), "messages[0].role", 'expected one of user, assistant, system, got "tool"'),
        (ask({"role": "user"}), "messages[0].content", "missing; expected a string or a list of blocks"),
        (ask({"role": "user", "content": 3}), "messages[0].content", "expected a string or a list of blocks, got a number"),
        (said("x"), "messages[0].content[0]", 'expected a content block, got "x"'),
        (said({"text": "x"}), "messages[0].content[0].type", "missing; expected a string"),
        (said({"type": "text"}), "messages[0].content[0].text", "missing; expected a string"),
        (said({"type": "text", "text": None}), "messages[0].content[0].text", "expected a string, got null"),
        (
            said({"type": "image", "source": PNG | {"data": 1}}),
            "messages[0].content[0].source.data",
            "expected a string, got a number",
        ),
        (said({"type": "tool_use", "id": "x"}), "messages[0].content[0].name", "missing; expected a string"),
        (said(RESULT | {"content": [{}]}), "messages[0].content[0].content[0].type", "missing; expected a string"),
        (said(RESULT | {"content": 4}), "messages[0].content[0].content", "expected a string or a list of blocks, got a number"),
        (ask(system=3), "system", "expected a string or a list of blocks, got a number"),
        (ask(system=[{"type": "text"}]), "system[0].text", "missing; expected a string"),
        (ask(max_tokens="9"), "max_tokens", 'expected an integer, got "9"'),
        (ask(max_tokens=True), "max_tokens", "expected an integer, got a boolean"),
        (ask(temperature="hot"), "temperature", 'expected a number, got "hot"'),
        (ask(stream="yes"), "stream", 'expected true or false, got "yes"'),
        (ask(stop_sequences="END"), "stop_sequences", 'expected a list of strings, got "END"'),
        (ask(tools={}), "tools", "expected a list of tools, got an object"),
        (ask(tools=[{"description": "x"}]), "tools[0].name", "missing; expected a string"),
        (ask(tool_choice="auto"), "tool_choice", 'expected an object with a type, got "auto"'),
        (ask(tool_choice={"type": "tool"}), "tool_choice.name", "missing; expected a string"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_request_is_told_with_its_place(body: dict[str, Any], path: str, expected: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(body)
    assert str(caught.value) == f"{path}: {expected}"
    assert caught.value.param == path


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'"x"', b"[" * 9999, b'{"model": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="the request body is"):
        parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "role", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "metadata",
    "output_config",
    "stop_sequences",
    "stream",
    "betas",
    "max_tokens",
]
MESSAGES = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "system"]),
    JSON | st.lists(JSON),
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4), st.lists(MESSAGES, max_size=2))
def test_whatever_a_caller_sends_it_is_refused_or_goes_on_as_it_came(fields: dict[str, Any], messages: list[Any]) -> None:
    body = {"model": "c", "max_tokens": 1, "messages": messages} | fields
    with suppress(RequestError):
        request, stream = SERVER.parse(json.dumps(body).encode())
        betas = body.pop("betas", None)
        got = encode(request, stream=stream)
        assert {"max_tokens": 4096} | got == {"max_tokens": 4096} | body | ({"betas": betas} if "betas" in got else {})


@given(st.binary(max_size=40))
def test_whatever_bytes_a_caller_sends_nothing_but_our_errors_is_raised(body: bytes) -> None:
    with suppress(Error):
        SERVER.parse(body)
