"""Records what the embedded model's server really says, for the tests of the wires: tests/fixtures/llamacpp/*.jsonl.

    python scripts/record_fixtures.py          (needs the local extra and the weights: make demo)

The format is that of ``turnout.testing.exchange``. Ids and times are the server's own, so every run differs from the last.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from turnout.transport.http import HttpTransport
from turnout.transport.local import LocalTransport
from turnout.transport.local_servers import LocalServers
from turnout.types import HttpRequest, Timeouts

FOLDER = Path(__file__).parent.parent / "tests" / "fixtures" / "llamacpp"
MODEL = "smollm2-135m"
KEPT_HEADERS = ("content-type",)
CONTEXT_TOKENS = 512  # small, so that a request that exceeds it is small too

RIVERS = "Name three rivers."
WEATHER = "What is the weather in Paris?"
ANNA = "Extract: Anna is 31 years old."
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
REPORT = "18 degrees and sunny"

Body = dict[str, Any]


def chat() -> dict[str, Body]:
    start: Body = {"model": MODEL, "max_tokens": 24, "temperature": 0}
    tool = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": CITY}}
    called = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    plain = {**start, "messages": [{"role": "user", "content": RIVERS}]}
    tools = {**start, "max_tokens": 64, "messages": [{"role": "user", "content": WEATHER}], "tools": [tool]}
    schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    structured = {**start, "max_tokens": 64, "messages": [{"role": "user", "content": ANNA}], "response_format": schema}
    conversation = [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": WEATHER},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": REPORT},
    ]
    return {
        "plain": plain,
        "stream": {**plain, **streamed},
        "stop-sequence-hit": {**plain, "stop": [" River"]},
        "logprobs": {**plain, "max_tokens": 3, "logprobs": True, "top_logprobs": 2},
        "tool-call": {**tools, "tool_choice": "required"},
        "tool-call-stream": {**tools, "tool_choice": "required", **streamed},
        "tool-result": {**start, "messages": conversation, "tools": [tool]},
        "structured": structured,
        "structured-stream": {**structured, **streamed},
        "error-400": {**start, "messages": 3},
        "error-400-context": {**start, "messages": [{"role": "user", "content": "word " * CONTEXT_TOKENS}]},
    }


def messages() -> dict[str, Body]:
    start: Body = {"model": MODEL, "max_tokens": 24, "temperature": 0}
    tool = {"name": "get_weather", "description": "Weather of a city", "input_schema": CITY}
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    person = {"name": "person", "description": "What is known of a person", "input_schema": PERSON}
    plain = {**start, "messages": [{"role": "user", "content": RIVERS}]}
    tools = {**start, "max_tokens": 64, "messages": [{"role": "user", "content": WEATHER}], "tools": [tool]}
    forced = {**start, "max_tokens": 64, "messages": [{"role": "user", "content": ANNA}], "tools": [person]}
    conversation = [
        {"role": "user", "content": WEATHER},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": REPORT}]},
    ]
    return {
        "plain": plain,
        "stream": {**plain, "stream": True},
        "stop-sequence-hit": {**plain, "stop_sequences": [" River"]},
        "tool-call": {**tools, "tool_choice": {"type": "any"}},
        "tool-call-stream": {**tools, "tool_choice": {"type": "any"}, "stream": True},
        "tool-result": {**start, "system": "You are brief.", "messages": conversation, "tools": [tool]},
        "structured": {**forced, "tool_choice": {"type": "tool", "name": "person"}},  # the server knows no output_config
        "error-500": start,  # its word for a request without messages
        "error-400-context": {**start, "messages": [{"role": "user", "content": "word " * CONTEXT_TOKENS}]},
    }


def responses() -> dict[str, Body]:
    start: Body = {"model": MODEL, "max_output_tokens": 24, "temperature": 0}
    tool = {"type": "function", "name": "get_weather", "description": "Weather of a city", "parameters": CITY}
    plain = {**start, "input": RIVERS}
    tools = {**start, "max_output_tokens": 64, "input": WEATHER, "tools": [tool], "tool_choice": "required"}
    conversation = [
        {"role": "user", "content": WEATHER},
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Paris"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": REPORT},
    ]
    return {
        "plain": plain,
        "stream": {**plain, "stream": True},
        "tool-call": tools,
        "tool-call-stream": {**tools, "stream": True},
        "tool-result": {**start, "instructions": "You are brief.", "input": conversation, "tools": [tool]},
        "error-400": {**start, "input": 3},
    }


# endpoint -> path, wire, requests by kind
ENDPOINTS = {
    "chat.completions": ("/v1/chat/completions", "openai-chat", chat()),
    "messages": ("/v1/messages", "anthropic-messages", messages()),
    "responses": ("/v1/responses", "openai-responses", responses()),
}


def record(transport: LocalTransport, endpoint: str, path: str, wire: str, kind: str, body: Body) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    if wire == "anthropic-messages":
        headers["anthropic-version"] = "2023-06-01"
    request = HttpRequest(method="POST", url=f"local://{MODEL}{path}", headers=headers, body=json.dumps(body).encode())
    response = transport.send(request, timeouts=Timeouts(), deadline=time.monotonic() + 120.0)
    text = response.body.decode()
    streamed = response.headers["content-type"].startswith("text/event-stream")
    return {
        "id": f"llamacpp.{endpoint}.{kind}",
        "source": f"scripts/record_fixtures.py, xllamacpp {version('xllamacpp')}, {MODEL}",
        "request": {"method": "POST", "url": f"http://127.0.0.1:8080{path}", "headers": headers, "json": body},
        "response": {
            "status": response.status,
            "headers": {name: response.headers[name] for name in KEPT_HEADERS},
            **({"sse": text} if streamed else {"json": json.loads(text)}),
        },
        "tags": ["recorded", f"wire:{wire}", "stream" if streamed else "plain", kind],
    }


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    transport = LocalTransport(HttpTransport(), LocalServers(os.environ, slots=1, context_tokens=CONTEXT_TOKENS))
    try:
        for endpoint, (path, wire, requests) in ENDPOINTS.items():
            lines = [record(transport, endpoint, path, wire, kind, body) for kind, body in requests.items()]
            file = FOLDER / f"llamacpp__{endpoint}.jsonl"
            file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
            print(f"{file.relative_to(FOLDER.parent.parent.parent)}: {len(lines)} exchanges, {file.stat().st_size:,} bytes")
    finally:
        transport.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
