"""What Mistral's chat takes of an OpenAI Chat request, and in which words. An unknown field is refused with a 422.

https://docs.mistral.ai/api/ and the request types of mistralai 3.7.0, its own client (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.receipt import approximated, dropped, mapped
from turnout.types import ReceiptLine

# Documented fields of OpenAI Chat and of hosts that extend it, which Mistral has not. Others go as they are: they may be new.
_FOREIGN = frozenset(
    {
        *(
            "audio",
            "logit_bias",
            "modalities",
            "moderation",
            "prompt_cache_retention",
            "safety_identifier",
            "service_tier",
            "store",
        ),
        *("user", "verbosity", "web_search_options", "prompt_cache_options"),
        *("chat_template_kwargs", "enable_thinking", "extra_body", "include_reasoning", "min_p", "models", "plugins", "provider"),
        *("reasoning", "route", "thinking", "top_a", "transforms", "usage"),
    }
)
_FOREIGN_IN_MESSAGES = ("annotations", "audio", "reasoning_details", "encrypted_content")
_RENAMED = {"seed": "random_seed", "max_completion_tokens": "max_tokens"}
# Those that it runs itself: ToolTypes and the tools of mistralai 3.7.0 (read 2026-11-21). No set: a type may be anything.
_TOOLS = ("code_interpreter", "connector", "document_library", "image_generation", "web_search", "web_search_premium")
_NO_ARGUMENTS = {"type": "object", "properties": {}}


def fit(body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``body``, a request in OpenAI's words, in Mistral's; changed in place, but for what the request keeps whole.

    ``own``: a caller said it in these words, which may be Mistral's already.
    """
    if isinstance(reasoning := body.get("reasoning"), dict) and isinstance(effort := reasoning.get("effort"), str):
        body.setdefault("reasoning_effort", effort)
        del body["reasoning"]
        lines.append(mapped("request", "reasoning.effort", "said as reasoning_effort"))
    for name, theirs in _RENAMED.items():
        if name in body and theirs not in body:
            body[theirs] = body.pop(name)
            lines.append(mapped("request", name, f"Mistral calls it {theirs}"))
    if body.pop("stream_options", None) is not None:
        lines.append(mapped("request", "stream_options", "Mistral reports usage with the last chunk unasked"))
    foreign = [name for name in body if name in _FOREIGN]
    lines.extend(dropped("request", name, "Mistral refuses this field") for name in foreign if body.pop(name) is not None)
    _fit_tools(body, own, lines)
    messages = body["messages"]
    for at, message in enumerate(messages):
        _fit_message(message, f"messages[{at}]", own, lines)
    return body


def _fit_tools(body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> None:
    if isinstance(functions := body.pop("functions", None), list):
        body["tools"] = [{"type": "function", "function": function} for function in functions]
        lines.append(mapped("request", "functions", "said as tools"))
    if (choice := body.pop("function_call", None)) is not None:
        body["tool_choice"] = {"type": "function", "function": choice} if isinstance(choice, dict) else choice
        lines.append(mapped("request", "function_call", "said as tool_choice"))
    tools = body.get("tools")
    kept: list[dict[str, Any]] = []
    for tool in tools if isinstance(tools, list) else ():
        if not isinstance(tool, dict) or not ("function" in tool or tool.get("type") in _TOOLS):
            lines.append(dropped("request", f"tools[{_named(tool)}]", "Mistral has no such tool"))
            continue
        tool = _unmarked(tool, "tools", lines)
        function = tool.get("function")
        if isinstance(function, dict) and "parameters" not in function and not own:
            tool = {**tool, "function": {**function, "parameters": _NO_ARGUMENTS}}
        kept.append(tool)
    if kept:
        body["tools"] = kept
    elif isinstance(tools, list) and tools:
        del body["tools"]
        body.pop("tool_choice", None)
    match body.get("tool_choice"):
        case {"type": "allowed_tools", "allowed_tools": {"mode": str(mode), "tools": [*allowed]}}:
            names = [
                tool["function"].get("name")
                for tool in allowed
                if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
            ]
            body["tools"] = [
                tool for tool in kept if isinstance(tool.get("function"), dict) and tool["function"].get("name") in names
            ]
            body["tool_choice"] = mode
            lines.append(approximated("request", "tool_choice", "the tools that are not allowed were left out of this request"))
    if body.get("tool_choice") == "required" and not own:
        body["tool_choice"] = "any"
        lines.append(mapped("request", "tool_choice", 'Mistral says "any"'))


def _named(tool: Any) -> Any:
    fields = tool if isinstance(tool, dict) else {}
    custom = fields.get("custom")
    return custom.get("name") if isinstance(custom, dict) else fields.get("type")


def _fit_message(message: dict[str, Any], path: str, own: bool, lines: list[ReceiptLine]) -> None:
    if message.get("role") == "developer":
        message["role"] = "system"
        lines.append(mapped("request", f"{path}.role", 'Mistral says "system"'))
    if message.get("role") == "function":
        message["role"] = "tool"
        lines.append(mapped("request", f"{path}.role", 'Mistral says "tool"'))
    if message.get("role") != "tool" and message.pop("name", None) is not None:
        lines.append(dropped("request", f"{path}.name", "Mistral does not name who speaks"))
    foreign = [name for name in _FOREIGN_IN_MESSAGES if message.pop(name, None) is not None]
    lines.extend(dropped("request", f"{path}.{name}", "Mistral refuses this field") for name in foreign)
    content = message.get("content")
    if isinstance(content, list):
        parts = [fitted for part in content if (fitted := _part(part, path, own, lines)) is not None]
        message["content"] = parts if parts or not content else ""
    _fit_spoken(message, path, lines)
    if isinstance(message.get("tool_calls"), list):
        message["tool_calls"] = [_call(call, path, lines) for call in message["tool_calls"]]


def _call(call: Any, path: str, lines: list[ReceiptLine]) -> Any:
    if not isinstance(call, dict) or not isinstance(custom := call.get("custom"), dict):
        return call
    said = msgspec.json.encode({"input": custom.get("input", "")}).decode()
    lines.append(approximated("request", f"{path}.tool_calls", 'its free text is the argument "input" of a function call'))
    function = {"name": custom.get("name", ""), "arguments": said}
    return {name: value for name, value in call.items() if name != "custom"} | {"type": "function", "function": function}


def _fit_spoken(message: dict[str, Any], path: str, lines: list[ReceiptLine]) -> None:
    """Refusals and reasoning, which OpenAI's dialects say beside the content and Mistral in it."""
    refusal = message.pop("refusal", None)
    if isinstance(refusal, str) and refusal:
        message["content"] = [*_listed(message.get("content")), {"type": "text", "text": refusal}]
        if len(message["content"]) == 1:
            message["content"] = refusal
        lines.append(approximated("request", f"{path}.refusal", "said as text"))
    thoughts = [message.pop(name, None) for name in ("reasoning_content", "reasoning")]
    thought = next((text for text in thoughts if isinstance(text, str) and text), None)
    if thought is not None:
        chunk = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
        message["content"] = [chunk, *_listed(message.get("content"))]
        lines.append(mapped("request", f"{path}.reasoning", "said as a thinking chunk"))
    legacy = message.pop("function_call", None)
    if isinstance(legacy, dict):
        message["tool_calls"] = [{"id": "", "type": "function", "function": legacy}]
        lines.append(mapped("request", f"{path}.function_call", "said as a tool call"))


def _listed(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content if isinstance(content, list) else []


def _part(part: Any, path: str, own: bool, lines: list[ReceiptLine]) -> Any:
    """A content part in Mistral's form; None, with a line, for what has none."""
    if not isinstance(part, dict):
        return part
    part = _unmarked(part, path, lines)
    match part:
        case {"type": "input_audio", "input_audio": {"data": str(data)}} if not own:
            return {"type": "input_audio", "input_audio": data}
        case {"type": "file", "file": {"file_id": str(id)}}:
            return {"type": "file", "file_id": id}
        case {"type": "file", "file": {"file_data": str(data), **rest}}:
            name = rest.get("filename")
            lines.append(mapped("request", f"{path}.file", "said as document_url"))
            address = data if data.startswith(("data:", "http")) else f"data:application/octet-stream;base64,{data}"
            return {"type": "document_url", "document_url": address} | ({"document_name": name} if name else {})
        case {"type": "refusal", "refusal": str(text)}:
            lines.append(approximated("request", f"{path}.refusal", "said as text"))
            return {"type": "text", "text": text}
        case {"type": "video_url"}:
            lines.append(dropped("request", path, "Mistral takes no video"))
            return None
    return part


def _unmarked(value: dict[str, Any], path: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``value`` without the mark of other hosts' caches. A copy: what is kept whole belongs to the request."""
    if "cache_control" not in value:
        return value
    lines.append(dropped("request", f"{path}.cache_control", "Mistral caches prefixes without marks"))
    return {name: inner for name, inner in value.items() if name != "cache_control"}
