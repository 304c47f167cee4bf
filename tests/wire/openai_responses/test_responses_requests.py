"""Requests of callers who speak Responses: read into the neutral form, and said again as they were said."""

from __future__ import annotations

from typing import Any

import pytest
from responses_wire import ACME, CODEC, SERVER, encode, lines, parse, there_and_back

from turnout.catalog.schema import Provider, Quirks
from turnout.errors import RequestError
from turnout.types import (
    DataSource,
    Document,
    FileSource,
    Image,
    Opaque,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
)

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAA"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"a": "b"}'}


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m", "input": "Hello"},
        {"model": "m", "input": [{"role": "user", "content": "Hello"}], "stream": False},
        {"model": "m", "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
        {"model": "m", "instructions": "Be brief.", "input": "Hello", "stream": True},
        {"model": "m", "instructions": "Be brief.", "input": [{"role": "developer", "content": "Be kind."}]},
        {"model": "m", "previous_response_id": "resp_0", "input": [], "store": True, "background": True},
        {"prompt": {"id": "pmpt_1", "version": "2"}},
        {"model": "m", "input": None, "conversation": {"id": "conv_1"}},
        {"model": "m", "input": "x", "include": ["reasoning.encrypted_content"], "store": False, "truncation": "auto"},
        {"model": "m", "input": "x", "reasoning": {"effort": "low", "summary": "auto"}, "text": {"verbosity": "low"}},
        {"model": "m", "input": "x", "reasoning": {}, "text": {}, "metadata": {"a": "b"}, "max_tool_calls": 3},
        {"model": "m", "input": "x", "text": {"format": {"type": "text"}, "verbosity": "high"}, "top_logprobs": 2},
        {"model": "m", "input": "x", "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}},
        {"model": "m", "input": "x", "text": {"format": {"type": "grammar", "of": "tomorrow"}}},
        {
            "model": "m",
            "input": "x",
            "max_output_tokens": 16,
            "temperature": 0,
            "top_p": 0.5,
            "user": "u",
            "service_tier": "flex",
        },
        {"model": "m", "input": "x", "temperature": None, "tools": None, "tool_choice": None, "reasoning": None},
        {"model": "m", "input": "x", "stream": True, "stream_options": {"include_obfuscation": False}},
        {"model": "m", "input": "x", "tools": [], "parallel_tool_calls": False},
    ],
)
def test_a_request_goes_on_as_it_came(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert [line for line in lines(parse(body)) if line.fate != "exact"] == []


@pytest.mark.parametrize(
    "item",
    [
        REASONING,
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": ""}], "status": "completed"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [], "encrypted_content": None},
        {"type": "reasoning", "encrypted_content": "gAAA"},
        {"type": "reasoning", "summary": [{"type": "unheard_of"}]},
        CALL,
        {**CALL, "namespace": "n", "status": "completed"},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "sql", "input": "SELECT 1"},
        {"type": "function_call_output", "call_id": "c", "output": "18 degrees"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "18"}], "status": "completed"},
        {"type": "function_call_output", "call_id": "c", "output": ""},
        {"type": "function_call_output", "call_id": "c", "output": {"odd": 1}},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "1 row"},
        {"role": "assistant", "content": "Four."},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Four."}], "phase": "commentary"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": []},
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "phase": None},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_audio", "id": 1}, {"type": "input_text", "text": "a"}],
        },
        {"role": "user", "content": []},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}]},
        {"role": "user", "content": [{"type": "input_image", "file_id": "file-1", "image_url": None}]},
        {
            "role": "user",
            "content": [{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}],
        },
        {"role": "user", "content": [{"type": "input_file", "file_url": "https://x.test/a.pdf"}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav", "x": 1}}]},
        {"role": "user", "content": [{"type": "hologram"}, "odd"]},
        {"type": "item_reference", "id": "msg_0"},
        {"id": "msg_0"},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"},
        {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "file_id": "f"}},
        {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
        {"type": "additional_tools", "role": "developer", "tools": []},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    ],
)
def test_every_kind_of_item_goes_on_as_it_came(item: dict[str, Any]) -> None:
    body = {"model": "m", "input": [{"role": "user", "content": "x"}, item, {"role": "user", "content": "y"}]}
    assert there_and_back(body) == body
    alone = {"model": "m", "input": [item]}
    assert there_and_back(alone) == alone


def test_the_order_of_items_is_kept_across_those_that_have_no_neutral_form() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    spoken = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Done."}],
        "phase": "final_answer",
    }
    result = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
    body = {
        "model": "m",
        "input": [REASONING, search, REASONING, CALL, result, REASONING, spoken, {"role": "user", "content": "!"}],
    }
    assert there_and_back(body) == body


def test_what_the_model_said_between_two_speakers_is_one_turn() -> None:
    spoken = {"role": "assistant", "content": "Looking."}
    request = parse(
        {"model": "m", "input": [{"role": "user", "content": "?"}, REASONING, spoken, CALL, {**CALL, "call_id": "2"}]}
    )
    assert [message.role for message in request.messages] == ["user", "assistant"]
    said = request.messages[1].parts
    assert [type(part) for part in said] == [Reasoning, Reasoning, Text, ToolCall, ToolCall]
    assert [part.encrypted for part in said if isinstance(part, Reasoning)] == [None, "gAAA"]


def test_a_call_is_known_by_its_call_id_and_keeps_its_items_own() -> None:
    (part,) = parse({"model": "m", "input": [CALL]}).messages[0].parts
    assert isinstance(part, ToolCall)
    assert (part.id, part.name, part.arguments, part.extra) == ("call_1", "look", '{"a": "b"}', {"id": "fc_1"})


def test_instructions_are_the_system_message() -> None:
    first, second = parse({"model": "m", "instructions": "Be brief.", "input": "Hello"}).messages
    assert (first.role, first.text, second.role, second.text) == ("system", "Be brief.", "user", "Hello")


def test_a_result_is_a_tool_message_of_its_own() -> None:
    output = [{"type": "input_text", "text": "18"}, {"type": "input_image", "image_url": "https://x.test/a.png"}]
    message = parse({"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": output}]}).messages[0]
    assert message.role == "tool"
    (part,) = message.parts
    assert isinstance(part, ToolResult)
    assert [type(inner) for inner in part.parts] == [Text, Image]


def test_media_are_told_apart_by_where_they_are() -> None:
    content = [
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
        {"type": "input_image", "image_url": "https://x.test/a.png"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
    ]
    picture, page, file, pdf = parse({"model": "m", "input": [{"role": "user", "content": content}]}).messages[0].parts
    assert isinstance(picture, Image)
    assert (picture.source, picture.detail) == (DataSource("AA==", "image/png"), "low")
    assert isinstance(page, Image)
    assert page.source == UrlSource("https://x.test/a.png")
    assert isinstance(file, Document)
    assert file.source == FileSource("file-1")
    assert isinstance(pdf, Document)
    assert (pdf.source, pdf.filename) == (DataSource("AA==", "application/pdf"), "a.pdf")


def test_tools_are_flat_and_built_in_ones_are_kept_whole() -> None:
    body = {
        "model": "m",
        "input": "x",
        "tools": [
            {
                "type": "function",
                "name": "look",
                "description": "d",
                "parameters": SCHEMA,
                "strict": False,
                "defer_loading": True,
            },
            {"type": "web_search", "search_context_size": "low"},
            {"type": "custom", "name": "sql", "format": {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}},
        ],
        "tool_choice": {"type": "function", "name": "look"},
    }
    request = parse(body)
    assert request.tools is not None
    first, *others = request.tools
    assert isinstance(first, Tool)
    assert (first.name, first.parameters, first.strict, first.extra) == ("look", SCHEMA, False, {"defer_loading": True})
    assert all(isinstance(tool, Opaque) for tool in others)
    assert request.tool_choice == ToolChoice("named", "look")
    assert there_and_back(body) == body


@pytest.mark.parametrize(
    "choice",
    ["auto", "none", "required", {"type": "allowed_tools", "mode": "auto", "tools": []}, {"type": "mcp", "server_label": "s"}],
)
def test_every_tool_choice_goes_on_as_it_came(choice: Any) -> None:
    body = {"model": "m", "input": "x", "tools": [{"type": "function", "name": "f"}], "tool_choice": choice}
    assert there_and_back(body) == body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"[]", None),
        (b"{", None),
        ({"model": 1, "input": "x"}, "model"),
        ({"model": "m", "input": 5}, "input"),
        ({"model": "m", "input": ["x"]}, "input[0]"),
        ({"model": "m", "input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"model": "m", "input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"model": "m", "input": [{"role": "assistant"}]}, "input[0].content"),
        ({"model": "m", "input": "x", "tools": {}}, "tools"),
        ({"model": "m", "input": "x", "tools": ["look"]}, "tools[0]"),
        ({"model": "m", "input": "x", "stream": "yes"}, "stream"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_with_its_place(body: Any, param: str | None) -> None:
    with pytest.raises(RequestError) as failure:
        parse(body)
    assert failure.value.param == param
    assert param is None or str(failure.value).startswith(param)


def test_the_address_keeps_what_a_base_url_asks_for_behind_its_path() -> None:
    azure = Provider(id="a", name="A", wire="openai-responses", base_url="https://r.test/openai?api-version=2025-03-01-preview")
    request = parse({"model": "m", "input": "x"})
    assert CODEC.encode(request, azure, stream=False).http.url == "https://r.test/openai/responses?api-version=2025-03-01-preview"
    assert CODEC.encode(request, ACME, stream=False).http.url == "https://acme.test/v1/responses"


def test_a_provider_that_refuses_a_field_does_not_get_it() -> None:
    quirks = Quirks(drop=("user",), rename={"max_output_tokens": "max_tokens"})
    picky = Provider(id="p", name="Picky", wire="openai-responses", base_url="https://p.test", quirks=quirks)
    request = parse({"model": "m", "input": "x", "user": "u", "max_output_tokens": 16})
    assert encode(request, provider=picky) == {"model": "m", "input": "x", "max_tokens": 16}
    fates = {line.field: line.fate for line in CODEC.encode(request, picky, stream=False).lines}
    assert fates == {"user": "dropped", "max_output_tokens": "mapped"}


def test_parsing_says_whether_the_answer_is_to_be_streamed() -> None:
    assert SERVER.parse(b'{"model": "m", "input": "x", "stream": true}')[1] is True
    assert SERVER.parse(b'{"model": "m", "input": "x"}')[1] is False
