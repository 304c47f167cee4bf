"""Gemini generateContent, at Google's two addresses: https://ai.google.dev/api/generate-content (read 2026-11-21)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from clients.families import Family, dumps, sse
from clients.story import INPUT_TOKENS, OUTPUT_TOKENS, TOOL, Answer, Seen

_USAGE = {
    "promptTokenCount": INPUT_TOKENS,
    "candidatesTokenCount": OUTPUT_TOKENS,
    "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
}
# Documented for calls that another model made: https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)
_UNSIGNED = ("skip/thought/signature/validator", "context/engineering/is/the/way/to/go")  # as ``standard`` gives them


def standard(data: str) -> str:
    """Base64 in its first alphabet: the API takes both, and Google's own client writes the other."""
    return data.replace("-", "+").replace("_", "/")


def camel(value: Any) -> Any:
    """Field names in one form: the API takes ``inline_data`` for ``inlineData``, and Google's own client sends both."""
    match value:
        case dict():
            return {_camel(name): it if name in _VERBATIM else camel(it) for name, it in value.items()}
        case list():
            return [camel(it) for it in value]
    return value


_VERBATIM = ("args", "response", "parametersJsonSchema", "parameters_json_schema", "responseJsonSchema", "response_json_schema")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Gemini(Family):
    """Calls come without ids: results are told apart by their order."""

    name = "gemini"
    provider = "google"
    wire = "gemini"
    model = "gemini-3-pro-preview"
    ids = ("", "")
    signature = "cmVwbGF5ZWQgdGhvdWdodCBzaWduYXR1cmUg//777yAwMDAx"
    environ: Mapping[str, str] = {"GEMINI_API_KEY": "AIza-replayed-0001"}

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-goog-api-key", "").startswith("AIza-")

    def read(self, path: str, body: dict[str, Any]) -> Seen:
        body = camel(body)
        generation = body.get("generationConfig") or {}
        seen = Seen(stream=":streamGenerateContent" in path, max_tokens=generation.get("maxOutputTokens"))
        for content in [body.get("systemInstruction") or {"parts": []}, *body["contents"]]:
            for part in content["parts"]:
                self._part(part, seen)
        for tool in body.get("tools") or ():
            for declared in tool.get("functionDeclarations") or ():
                seen.tools[declared["name"]] = declared.get("parametersJsonSchema") or declared.get("parameters")
        seen.schema = generation.get("responseJsonSchema") or generation.get("responseSchema")
        if seen.schema is not None:
            assert generation.get("responseMimeType") == "application/json", "a schema needs responseMimeType application/json"
        return seen

    def _part(self, part: dict[str, Any], seen: Seen) -> None:
        signature = standard(part.get("thoughtSignature", ""))
        match part:
            case {"functionCall": call}:
                seen.calls.append((f"#{len(seen.calls)}", call.get("args") or {}))
                if signature and signature not in _UNSIGNED:
                    seen.reasoning.append(("", signature))
            case {"functionResponse": result}:
                assert isinstance(result["response"], dict), "functionResponse.response must be an object"
                text = next(iter(result["response"].values()))
                seen.results.append((f"#{len(seen.results)}", text if isinstance(text, str) else json.dumps(text)))
            case {"inlineData": {"mimeType": "image/png", "data": data}}:
                seen.images.append(base64.b64decode(standard(data), validate=True))
            case {"thought": True, "text": text}:
                seen.reasoning.append((text, signature))
            case {"text": text}:
                seen.texts.append(text)

    def refusal(self, body: dict[str, Any]) -> str | None:
        """Gemini 3 refuses an unsigned call: https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)"""
        for content in camel(body)["contents"]:
            calls = [part for part in content["parts"] if "functionCall" in part]
            if content.get("role") == "model" and calls:
                signature = standard(calls[0].get("thoughtSignature", ""))
                if not signature:
                    return f"Function call is missing a thought_signature in functionCall parts: {TOOL}"
                if signature not in (self.signature, *_UNSIGNED):
                    return "Corrupted thought signature."
        return None

    # -- answers ---------------------------------------------------------------------------------

    def _calls(self, answer: Answer) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"functionCall": {"name": call.name, "args": call.arguments}} for call in answer.calls]
        if parts:
            parts[0]["thoughtSignature"] = self.signature
        return parts

    def _response(self, parts: list[dict[str, Any]], model: str, finish: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "usageMetadata": _USAGE, "modelVersion": model, "responseId": "replayed"}

    def whole(self, answer: Answer, model: str) -> bytes:
        parts: list[dict[str, Any]] = [{"text": answer.reasoning, "thought": True}] if answer.reasoning else []
        parts += [{"text": answer.text}] if answer.text else []
        return dumps(self._response(parts + self._calls(answer), model, "STOP"))

    def pieces(self, answer: Answer, model: str) -> list[bytes]:
        said: list[list[dict[str, Any]]] = []
        if answer.reasoning:
            said += [[{"text": piece, "thought": True}] for piece in (answer.reasoning[:9], answer.reasoning[9:])]
        said += [[{"text": piece}] for piece in answer.pieces]
        said += [self._calls(answer)] if answer.calls else []
        last = len(said) - 1
        return [sse(self._response(parts, model, "STOP" if at == last else None)) for at, parts in enumerate(said)]

    def error(self, status: int, message: str) -> bytes:
        kind = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}.get(status, "INVALID_ARGUMENT")
        return dumps({"error": {"code": status, "message": message, "status": kind}})


class Vertex(Gemini):
    """The same at Vertex AI: an access token, and the project in the path."""

    name = "vertex"
    provider = "google-vertex"
    environ: Mapping[str, str] = {"GOOGLE_CLOUD_PROJECT": "replayed"}

    def settings(self, url: str) -> str:
        return f'[providers.google-vertex]\nbase_url = "{url}/publishers/google"\napi_key = "ya29.replayed-0002"\n'

    def signed(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization", "").startswith("Bearer ya29.")
