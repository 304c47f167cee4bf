"""Requests: understood from a caller and said again as they were; and where the address says what the body does not."""

from __future__ import annotations

from typing import Any

import pytest
from gemini_wire import CODEC, GOOGLE, SERVER, departures, encode, parse, there_and_back

from turnout.errors import RequestError
from turnout.types import (
    ChatRequest,
    FileSource,
    Image,
    Message,
    Opaque,
    Origin,
    Reasoning,
    ReasoningConfig,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
    Video,
)

HI = [{"role": "user", "parts": [{"text": "Hi"}]}]
LOOK = {
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "OBJECT", "properties": {"at": {"type": "STRING", "nullable": True}}},
}
TURN = [
    *HI,
    {
        "role": "model",
        "parts": [{"functionCall": {"name": "look", "args": {}}, "thoughtSignature": "c2ln"}, {"functionCall": {"name": "look"}}],
    },
    {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "look", "response": {"result": "sky"}}},
            {"functionResponse": {"name": "look", "response": {"error": "dark", "code": 3}}},
        ],
    },
]


def asking(**fields: Any) -> dict[str, Any]:
    return {"contents": HI} | fields


@pytest.mark.parametrize(
    "body",
    [
        asking(),
        asking(model="models/gemini-2.5-flash"),
        asking(model="gemini-2.5-flash"),
        {"contents": [{"parts": [{"text": "no role"}]}, {"role": None, "parts": [{"text": "null"}]}, {"role": "user"}]},
        {"contents": [{"role": "user", "parts": {"text": "not a list"}}]},
        {"contents": []},
        asking(systemInstruction={"parts": [{"text": "Be brief."}]}),
        asking(systemInstruction={"role": "user", "parts": {"text": "Be brief."}}),
        asking(system_instruction={"role": "system", "parts": [{"text": "Be"}, {"text": "brief."}]}),
        asking(systemInstruction=None, generationConfig=None),
        {"contents": TURN, "tools": [{"functionDeclarations": [LOOK]}]},
        asking(tools=[{"function_declarations": [LOOK]}, {"functionDeclarations": [LOOK | {"name": "b"}], "googleSearch": {}}]),
        asking(tools=[{"googleSearch": {}}, {"functionDeclarations": []}, {"urlContext": {}}]),
        asking(
            tools=[
                {"functionDeclarations": [{"name": "f", "parameters_json_schema": {"type": "object"}, "behavior": "BLOCKING"}]}
            ]
        ),
        asking(toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}}),
        asking(tool_config={"function_calling_config": {"mode": "any", "allowed_function_names": ["look", "hear"]}}),
        asking(toolConfig={"functionCallingConfig": {"mode": "VALIDATED"}, "includeServerSideToolInvocations": True}),
        asking(toolConfig={"functionCallingConfig": {}}),
        asking(toolConfig={"functionCallingConfig": {"mode": "NONE"}, "retrievalConfig": {"languageCode": "de"}}),
        asking(generationConfig={}),
        asking(generation_config={"max_output_tokens": 9, "stop_sequences": ["x"], "candidate_count": 2, "top_k": 3}),
        asking(generationConfig={"topK": 40.0, "temperature": 1, "topP": 0.5, "seed": 7, "stopSequences": ["a", "b"]}),
        asking(generationConfig={"responseMimeType": "application/json"}),
        asking(generationConfig={"responseMimeType": "text/plain", "responseSchema": {"type": "STRING"}}),
        asking(generationConfig={"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}}),
        asking(generationConfig={"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "nullable": True}}),
        asking(generationConfig={"response_mime_type": "application/json", "response_json_schema": {"type": "object"}}),
        asking(generationConfig={"responseSchema": {"type": 6, "properties": {"a": {"type": 5, "items": {"type": 1}}}}}),
        asking(generationConfig={"thinkingConfig": {"thinkingBudget": 0}}),
        asking(generationConfig={"thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True}}),
        asking(generationConfig={"thinkingConfig": {"thinking_level": "HIGH", "include_thoughts": False}}),
        asking(generationConfig={"thinkingConfig": {}, "responseLogprobs": True, "logprobs": 3}),
        asking(generationConfig={"responseModalities": ["AUDIO"], "speechConfig": {"voiceConfig": {}}, "mediaResolution": "X"}),
        asking(safetySettings=[{"category": 7, "threshold": 4}], cachedContent="cachedContents/x", labels={"a": "b"}),
        asking(serviceTier="flex"),
        {"contents": [{"role": "function", "parts": [{"functionResponse": {"name": "look", "response": {}}}]}]},
        {"contents": [{"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]}]},
        {"contents": [{"role": "user", "parts": [{"inlineData": {"data": "AAAA", "displayName": "x.bin"}}]}]},
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [{"file_data": {"mimeType": "video/mp4", "file_uri": "gs://b/x"}, "videoMetadata": {"fps": 1}}],
                }
            ]
        },
        {
            "contents": [
                {
                    "role": "model",
                    "parts": [{"text": "t", "thought": True, "thought_signature": "c2ln"}, {"text": "x", "thought": False}],
                }
            ]
        },
        {
            "contents": [
                {
                    "role": "model",
                    "parts": [{"executableCode": {"code": "1"}, "thoughtSignature": "c2ln"}, {"thoughtSignature": "x"}],
                }
            ]
        },
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {
                            "functionResponse": {
                                "name": "see",
                                "id": "c1",
                                "response": {},
                                "parts": [{"inline_data": {"mime_type": "image/png", "data": "AAAA"}}],
                                "scheduling": "SILENT",
                            }
                        }
                    ],
                }
            ]
        },
    ],
)
def test_a_request_is_said_again_as_it_was(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert departures(parse(body)) == {}


def test_the_neutral_form_says_what_the_request_asks() -> None:
    request = parse(
        asking(
            systemInstruction={"parts": [{"text": "Be brief."}]},
            tools=[{"functionDeclarations": [LOOK]}, {"googleSearch": {}}],
            toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
            generationConfig={
                "maxOutputTokens": 9,
                "temperature": 0.5,
                "thinkingConfig": {"thinkingLevel": "LOW"},
                "candidateCount": 2,
            },
        )
    )
    assert [message.role for message in request.messages] == ["system", "user"]
    assert request.tools is not None
    assert isinstance(request.tools[0], Tool)
    assert request.tools[0].parameters == {"type": "object", "properties": {"at": {"type": ["string", "null"]}}}
    assert request.tools[1] == Opaque({"googleSearch": {}}, slot="tools", origin=Origin("gemini"))
    assert request.tool_choice == ToolChoice("named", "look")
    assert (request.max_output_tokens, request.temperature, request.n) == (9, 0.5, 2)
    assert request.reasoning == ReasoningConfig(effort="low")


def test_a_schema_that_someone_changed_goes_as_json_schema() -> None:
    request = parse(asking(tools=[{"functionDeclarations": [LOOK]}]))
    assert request.tools is not None
    tool = request.tools[0]
    assert isinstance(tool, Tool)
    changed = Tool(name=tool.name, parameters={"type": "object"}, origin=tool.origin, spelled=tool.spelled)
    body = encode(ChatRequest(model="m", messages=request.messages, tools=(changed,), origin=request.origin))
    assert body["tools"] == [{"functionDeclarations": [{"name": "look", "parametersJsonSchema": {"type": "object"}}]}]


def test_results_without_ids_are_matched_by_name_and_order() -> None:
    _, calls, results = parse({"contents": TURN}).messages
    made = [part.id for part in calls.parts if isinstance(part, ToolCall)]
    answered = [part for part in results.parts if isinstance(part, ToolResult)]
    assert made == [part.call_id for part in answered]
    assert len(set(made)) == 2
    assert answered[0].parts == (Text("sky"),)
    assert answered[1].parts == (Text('{"error":"dark","code":3}'),)


def test_media_is_told_apart_by_its_type_and_files_by_who_holds_them() -> None:
    parts = (
        parse(
            {
                "contents": [
                    {
                        "parts": [
                            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://youtu.be/x"}},
                            {"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/x"}},
                        ]
                    }
                ]
            }
        )
        .messages[0]
        .parts
    )
    assert parts == (Video(UrlSource("https://youtu.be/x", "video/mp4")), Image(FileSource("gs://bucket/x", "image/png")))


def test_the_body_says_neither_model_nor_stream_so_the_address_must() -> None:
    request, stream = SERVER.parse(b'{"contents": [{"parts": [{"text": "Hi"}]}]}')
    assert (request.model, stream) == ("", False)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("publishers/google/models/gemini", "publishers/google/models/gemini"),
        ("a?b#c d", "models/a%3Fb%23c%20d"),
    ],
)
def test_the_address_names_the_model_and_the_method(model: str, path: str) -> None:
    request = ChatRequest(model=model, messages=(Message("user", (Text("Hi"),)),))
    assert CODEC.encode(request, GOOGLE, stream=False).http.url == f"https://google.test/v1beta/{path}:generateContent"
    url = CODEC.encode(request, GOOGLE, stream=True).http.url
    assert url == f"https://google.test/v1beta/{path}:streamGenerateContent?alt=sse"


def test_a_model_cannot_climb_out_of_its_path() -> None:
    with pytest.raises(RequestError):
        CODEC.encode(ChatRequest(model="x/../../files", messages=()), GOOGLE, stream=False)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "contents: missing"),
        (b'{"contents": "Hi"}', "contents: expected a list"),
        (b'{"contents": ["Hi"]}', r"contents\[0\]: expected an object"),
        (b'{"contents": [{"role": "assistant", "parts": []}]}', r"contents\[0\]\.role"),
        (b'{"contents": [{"role": {}, "parts": []}]}', r"contents\[0\]\.role"),
        (b'{"contents": [{"parts": "Hi"}]}', r"contents\[0\]\.parts"),
        (b'{"contents": [{"parts": ["Hi"]}]}', r"contents\[0\]\.parts\[0\]"),
        (b'{"contents": [], "tools": {}}', "tools: expected a list"),
        (b'{"contents": [], "tools": [1]}', r"tools\[0\]"),
        (b'{"contents": [], "model": 3}', "model"),
        (b'{"contents": [], "generationConfig": 3}', "generationConfig"),
        (b'{"contents": [], "systemInstruction": "Hi"}', "systemInstruction"),
        (b'{"contents":' + b"[" * 9999, "not JSON"),
    ],
)
def test_a_wrong_request_is_told_where(body: bytes, where: str) -> None:
    with pytest.raises(RequestError, match=where):
        SERVER.parse(body)


def test_a_signature_goes_back_to_its_provider_and_to_no_other() -> None:
    theirs = Origin("gemini", "google")
    call = ToolCall("c1", "look", "{}", extra={"thoughtSignature": "c2ln"}, origin=theirs)
    thought = Reasoning("Hm.", "dGhvdWdodA==", origin=theirs)
    request = ChatRequest(model="gemini-3-pro", messages=(Message("assistant", (thought, call), origin=theirs),))
    at_home = encode(request)["contents"][0]["parts"]
    assert at_home[0] == {"text": "Hm.", "thought": True, "thoughtSignature": "dGhvdWdodA=="}
    assert at_home[1]["thoughtSignature"] == "c2ln"
    elsewhere = CODEC.encode(request, type(GOOGLE)(id="vertex", name="V", wire="gemini", base_url="https://v.test"), stream=False)
    assert b"c2ln" not in elsewhere.http.body
    assert b"dGhvdWdodA" not in elsewhere.http.body
    assert {line.field for line in elsewhere.lines} >= {"messages[0].parts[0]", "messages[0].parts[1].extra.thoughtSignature"}


def test_an_answer_goes_back_as_it_came_with_results_that_have_no_ids_either() -> None:
    theirs = Origin("gemini", "google")
    call = ToolCall("call_r1_0", "look", "{}", origin=theirs, spelled={"id": "absent"})
    messages = (Message("assistant", (call,), origin=theirs), Message("tool", (ToolResult("call_r1_0", (Text("sky"),)),)))
    contents = encode(ChatRequest(model="gemini-2.5-pro", messages=messages))["contents"]
    assert contents[0] == {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]}
    assert contents[1] == {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"output": "sky"}}}]}
