"""Departures that are right, each with its reason. A rule sees what kind of difference it is, never whose exchange it is in."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from turnout.errors import RequestError, ServerFault
from turnout.testing.difference import ABSENT, Difference


class Rule(Struct, frozen=True, kw_only=True):
    """``matches`` must be as narrow as it can be: what it lets through is never looked at again."""

    name: str
    reason: str
    matches: Callable[[Difference], bool]


def _obfuscation(difference: Difference) -> bool:
    return difference.kind.rpartition(".")[2] == "obfuscation" and isinstance(difference.expected, str)


_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def _alphabet(difference: Difference) -> bool:
    padding = difference.expected
    begins = isinstance(padding, str) and any(alphabet.startswith(padding) for alphabet in _ALPHABETS)
    return difference.kind in ("[].p", "p") and begins


def _told_in_the_body(difference: Difference) -> bool:
    named = isinstance(difference.got, str) and difference.expected is ABSENT
    return difference.check == "renders" and difference.path == "__type" and named


_CONSTANT = ("[].id", "[].created", "[].created_at")


def _restated_constant(difference: Difference) -> bool:
    return difference.check == "complete" and difference.kind in _CONSTANT and difference.got is not ABSENT


def _running_total(difference: Difference) -> bool:
    counted = isinstance(difference.expected, (int, float)) and isinstance(difference.got, (int, float))
    return difference.check == "complete" and counted and re.match(r"\[\]\.(message\.)?usage\.", difference.kind) is not None


def _replaced_total(difference: Difference) -> bool:
    counted = isinstance(difference.expected, int) and difference.got is ABSENT
    return difference.check == "complete" and counted and difference.kind.startswith("[].usageMetadata.")


def _predictions(difference: Difference) -> bool:
    refused = difference.check == "decodes" and isinstance(difference.got, ServerFault)
    return refused and isinstance(difference.got.body, dict) and "predictions" in difference.got.body


def _superseded(difference: Difference) -> bool:
    beside_the_message = not re.search(r"^\[\]\.(choices|usage|delta|content_block|message|id|created)\b", difference.kind)
    measured = isinstance(difference.expected, (int, float)) and isinstance(difference.got, (int, float))
    return difference.check == "complete" and measured and beside_the_message


_RESTATED = re.compile(r"\[\]\.(response|item)\.")
_SEALED_ANEW = re.compile(r"\[\]\.response\.output\[\]\.(encrypted_content|fingerprint)")
_ROUNDED = re.compile(r"\[\]\.logprobs\[\]\.(top_logprobs\[\]\.)?logprob")
_PREVIEW = re.compile(r"\[\]\.(partial_image_b64|size|quality|background|output_format)")


def _restated(difference: Difference) -> bool:
    restated = _RESTATED.match(difference.kind) is not None and difference.got is not ABSENT
    return difference.check == "complete" and (
        restated or (difference.kind == "[].text" and isinstance(difference.expected, str))
    )


def _in_a_stream(pattern: re.Pattern[str]) -> Callable[[Difference], bool]:
    return lambda difference: difference.check == "complete" and pattern.fullmatch(difference.kind) is not None


_CONSTANTS = {"object": "chat.completion", "choices[].message.tool_calls[].type": "function", "choices[].index": 0}


def _constant(difference: Difference) -> bool:
    said = _CONSTANTS.get(difference.kind, ABSENT)
    return difference.check == "renders" and difference.expected is ABSENT and difference.got == said


def _refused_by_both(difference: Difference) -> bool:
    refused = difference.check == "requests" and difference.path == "parse, of a request that got 400, 422 or 500"
    return refused and isinstance(difference.got, RequestError)


def _no_error_body(difference: Difference) -> bool:
    error = isinstance(difference.got, dict) and "error" in difference.got
    return difference.check == "renders" and difference.path == "" and error and not isinstance(difference.expected, dict)


def _prompt_tokens(difference: Difference) -> bool:
    listed = isinstance(difference.expected, list) and difference.got is ABSENT
    return difference.check == "renders" and difference.path == "context" and listed


RULES: tuple[Rule, ...] = (
    Rule(
        name="obfuscation",
        reason="random padding that hides the length of tokens; it carries no content, and each hop pads anew "
        "(https://platform.openai.com/docs/api-reference/chat/create, stream_options.include_obfuscation, read 2026-11-21)",
        matches=_obfuscation,
    ),
    Rule(
        name="alphabet padding",
        reason="Mistral and Bedrock pad stream events with the first letters of the alphabet in a member p, for the same purpose",
        matches=_alphabet,
    ),
    Rule(
        name="exception in the body",
        reason="AWS names an error's class in the header x-amzn-errortype; a rendering is a status and a body, so it says it in "
        "__type, where SDKs look too (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html, read 2026-11-21)",
        matches=_told_in_the_body,
    ),
    Rule(
        name="restated constant",
        reason="all chunks of a stream have the same id and created by documentation; of a server that gives each chunk its own, "
        "the first is kept; Ollama's every line has the time at which it was written, and the first is when the answer began",
        matches=_restated_constant,
    ),
    Rule(
        name="running total",
        reason="usage in a stream is the total so far: the last one counts, and the earlier ones are its history",
        matches=_running_total,
    ),
    Rule(
        name="replaced total",
        reason="Gemini's usageMetadata is whole in every event and the last one counts; a count that it no longer has was part "
        "of an earlier total (https://ai.google.dev/api/generate-content#UsageMetadata, read 2026-11-21)",
        matches=_replaced_total,
    ),
    Rule(
        name="predictions",
        reason="the recording holds an answer of Vertex AI's predict method at the address of generateContent; it is no answer "
        "of that protocol (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/PredictResponse, read 2026-11-21)",
        matches=_predictions,
    ),
    Rule(
        name="superseded",
        reason="a number beside the message that events repeat with new values says how things stand: the last one counts",
        matches=_superseded,
    ),
    Rule(
        name="restated whole",
        reason="Responses states the whole response and each whole item again as they grow: a text is what its deltas say, "
        "and of the rest the last statement counts (https://platform.openai.com/docs/api-reference/responses-streaming, "
        "read 2026-11-21)",
        matches=_restated,
    ),
    Rule(
        name="sealed anew",
        reason="Responses encrypts opaque content anew for the last event; the same content is held as the finished item gave it",
        matches=_in_a_stream(_SEALED_ANEW),
    ),
    Rule(
        name="rounded",
        reason="Responses gives log probabilities in deltas with more digits than in the item that they belong to, which is held",
        matches=_in_a_stream(_ROUNDED),
    ),
    Rule(
        name="preview",
        reason="a partial image shows how far a picture has come that its finished item then holds whole",
        matches=_in_a_stream(_PREVIEW),
    ),
    Rule(
        name="documented constant",
        reason="the server left out a member that has only one value by documentation; it is rendered with that value",
        matches=_constant,
    ),
    Rule(
        name="no error body",
        reason="the server refused with a body that is no object of its protocol (empty, HTML, a list); the caller gets its "
        "status in an error object of the protocol",
        matches=_no_error_body,
    ),
    Rule(
        name="refused by both",
        reason="the provider refused the request (llama.cpp says 500 to one without messages), and parsing it for a caller "
        "refuses it too, with a RequestError",
        matches=_refused_by_both,
    ),
    Rule(
        name="context of a prompt",
        reason="Ollama's /api/generate gives the tokens of prompt and answer, to be sent back instead of the conversation; it is "
        "served as a chat, whose answers hold none (https://docs.ollama.com/api/generate, read 2026-11-21)",
        matches=_prompt_tokens,
    ),
    Rule(
        name="several answers",
        reason="the recording holds the answers of several turns in one body; each was checked as a response of its own",
        matches=lambda difference: difference.check == "one answer",
    ),
)


def explanation(difference: Difference, rules: tuple[Rule, ...] = RULES) -> Rule | None:
    return next((rule for rule in rules if rule.matches(difference)), None)
