"""What each protocol's requests must hold, and how it says an error, as JSON Schema: enough to make a client or to test one.

Only fields that most callers need are named. A protocol's other fields are taken too: they stand in its vendor's own
reference, and go on to the provider or leave a receipt line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_OBJECT: Schema = {"type": "object"}
_OBJECTS: Schema = {"type": "array", "items": _OBJECT}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer"}
_MODEL: Schema = {
    "type": "string",
    "description": "provider/model, an alias, a list 'a, b' to be tried in order, or a bare name of the protocol's own vendor",
}


def _object(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _messages(content: Schema, *roles: str) -> Schema:
    role = {"type": "string", "enum": list(roles)}
    return {"type": "array", "items": _object("role", role=role, content=content)}


_BLOCKS = _either(_TEXT, _OBJECTS)
_GEMINI_CONTENTS: Schema = {"type": "array", "items": _object("parts", role=_TEXT, parts=_OBJECTS)}
_CONVERSE_MESSAGES: Schema = {
    "type": "array",
    "items": _object("role", "content", role={"type": "string", "enum": ["user", "assistant"]}, content=_OBJECTS),
}

# (wire, operation) -> the body
BODIES: Mapping[tuple[str, str], Schema] = {
    ("openai-chat", "chat"): _object(
        "model",
        "messages",
        model=_MODEL,
        messages=_messages(_maybe(_BLOCKS), "system", "developer", "user", "assistant", "tool"),
        stream=_maybe(_FLAG),
        temperature=_maybe(_NUMBER),
        max_completion_tokens=_maybe(_WHOLE),
        tools=_OBJECTS,
        response_format=_OBJECT,
    ),
    ("openai-responses", "chat"): _object(
        "model", "input", model=_MODEL, input=_BLOCKS, instructions=_maybe(_TEXT), stream=_maybe(_FLAG), tools=_OBJECTS
    ),
    ("anthropic-messages", "chat"): _object(
        "model",
        "messages",
        "max_tokens",
        model=_MODEL,
        messages=_messages(_BLOCKS, "user", "assistant"),
        max_tokens=_WHOLE,
        system=_BLOCKS,
        stream=_FLAG,
        tools=_OBJECTS,
    ),
    ("gemini", "chat"): _object(
        "contents", contents=_GEMINI_CONTENTS, systemInstruction=_OBJECT, generationConfig=_OBJECT, tools=_OBJECTS
    ),
    ("cohere-chat", "chat"): _object(
        "model",
        "messages",
        model=_MODEL,
        messages=_messages(_BLOCKS, "system", "user", "assistant", "tool"),
        stream=_FLAG,
        tools=_OBJECTS,
    ),
    ("ollama", "chat"): _object(
        "model",
        model=_MODEL,
        messages=_messages(_TEXT, "system", "user", "assistant", "tool"),
        stream={**_FLAG, "default": True},
        options=_OBJECT,
        tools=_OBJECTS,
        format=_either(_TEXT, _OBJECT),
    ),
    ("ollama-generate", "chat"): _object(
        "model",
        model=_MODEL,
        prompt=_TEXT,
        system=_TEXT,
        images=_TEXTS,
        stream={**_FLAG, "default": True},
        options=_OBJECT,
        format=_either(_TEXT, _OBJECT),
    ),
    ("bedrock-converse", "chat"): _object(
        "messages", messages=_CONVERSE_MESSAGES, system=_OBJECTS, inferenceConfig=_OBJECT, toolConfig=_OBJECT
    ),
    ("openai-chat", "embed"): _object("model", "input", model=_MODEL, input=_either(_TEXT, _TEXTS)),
    ("cohere-chat", "embed"): _object("model", "input_type", model=_MODEL, input_type=_TEXT, texts=_TEXTS),
    ("ollama", "embed"): _object("model", "input", model=_MODEL, input=_either(_TEXT, _TEXTS)),
    ("gemini", "embed"): _OBJECT,  # two paths, of which one takes a list of the other's bodies
    ("cohere-chat", "rerank"): _object("model", "query", "documents", model=_MODEL, query=_TEXT, documents=_TEXTS),
    ("openai-chat", "rerank"): _object("model", "query", "documents", model=_MODEL, query=_TEXT, documents=_BLOCKS),
    ("anthropic-messages", "count"): _object(
        "model", "messages", model=_MODEL, messages=_messages(_BLOCKS, "user", "assistant"), system=_BLOCKS, tools=_OBJECTS
    ),
    ("gemini", "count"): _OBJECT,
    ("openai-responses", "count"): _object("model", model=_MODEL, input=_BLOCKS),
}

_OPENAI_ERROR = _object(
    "error",
    error=_object("message", "type", message=_TEXT, type=_maybe(_TEXT), code=_maybe(_either(_TEXT, _WHOLE)), param=_maybe(_TEXT)),
)
_MESSAGE = _object("message", message=_TEXT)

# wire -> an error, as its clients read it
ERRORS: Mapping[str, Schema] = {
    "openai-chat": _OPENAI_ERROR,
    "openai-responses": _OPENAI_ERROR,
    "anthropic-messages": _object(
        "type", "error", type={"const": "error"}, error=_object("type", "message", type=_TEXT, message=_TEXT)
    ),
    "gemini": _object("error", error=_object("code", "message", "status", code=_WHOLE, message=_TEXT, status=_TEXT)),
    "cohere-chat": _MESSAGE,
    "ollama": _object("error", error=_TEXT),
    "ollama-generate": _object("error", error=_TEXT),
    "bedrock-converse": _MESSAGE,
    "mistral-chat": _object(message=_either(_TEXT, _OBJECT), detail=_either(_TEXT, _OBJECTS), type=_maybe(_TEXT)),
}

# wire -> the media type of its streams
STREAMS: Mapping[str, str] = {
    "openai-chat": "text/event-stream",
    "openai-responses": "text/event-stream",
    "anthropic-messages": "text/event-stream",
    "gemini": "text/event-stream",
    "cohere-chat": "text/event-stream",
    "ollama": "application/x-ndjson",
    "ollama-generate": "application/x-ndjson",
    "bedrock-converse": "application/vnd.amazon.eventstream",
}

_SAYS_AS: Mapping[str, str] = {"mistral-chat": "openai-chat"}  # a dialect -> the protocol whose requests and streams it has


def body_of(wire: str, operation: str) -> Schema:
    return BODIES.get((_SAYS_AS.get(wire, wire), operation), _OBJECT)


def error_of(wire: str) -> Schema:
    return ERRORS.get(wire, _OBJECT)


def stream_of(wire: str) -> str:
    return STREAMS.get(_SAYS_AS.get(wire, wire), "text/event-stream")
