"""Which field of a request a refusal is about, and what would be taken instead.

Read from what providers answer with status 400 or 422. Each form below stands beside where it was read, on 2026-11-21.
What is not one of them teaches nothing: a wrong guess would take a field from every later call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from re import Match

from turnout.catalog.measured import Measured
from turnout.catalog.schema import Limit
from turnout.errors import ContextTooLong, Error, RequestError, Unsupported
from turnout.types import ChatRequest, ResponseFormat

_STATUSES = (400, 422)
_FORM = "response_format"
_MOST_TEXT = 4000  # characters of an error that are read

# Protocols' names of a field, in lower case and without "_" -> ours. Only what may be left out with a receipt: never a model,
# messages, tools, a shape of the answer, or what bounds a bill or a danger.
_LEAVABLE = {
    "temperature": "temperature",
    "topp": "top_p",
    "topk": "top_k",
    "stop": "stop",
    "stopsequences": "stop",
    "seed": "seed",
    "randomseed": "seed",
    "frequencypenalty": "frequency_penalty",
    "presencepenalty": "presence_penalty",
    "logprobs": "logprobs",
    "responselogprobs": "logprobs",
    "toplogprobs": "top_logprobs",
    "paralleltoolcalls": "parallel_tool_calls",
    "reasoning": "reasoning",
    "reasoningeffort": "reasoning",
    "user": "user",
    "streamoptions": "stream_usage",
}
_LEAVABLE_EXTRAS = ("logit_bias", "metadata", "min_p", "prompt_cache_key", "repetition_penalty", "top_a", "verbosity")
_OUTPUT = ("maxtokens", "maxcompletiontokens", "maxoutputtokens", "maxtokenstosample")
_BOUNDED = {**dict.fromkeys(_OUTPUT, "max_output_tokens"), "temperature": "temperature", "topp": "top_p", "topk": "top_k"}
_OUTPUT_NAMES = ("max_tokens", "max_completion_tokens")  # that say the same, so that one may stand for the other

_NAME = r"(?<![\w.])[`'\"]?(?:body\.)?([A-Za-z_]+)[`'\"]?"  # of a field at the top: a path into one is another matter
_NUMBER = r"(\d+(?:\.\d+)?)"

# The whole of a form's first group is the name of a field that is not taken.
_UNSUPPORTED = (
    # OpenAI, Azure: https://github.com/microsoft/vscode-copilot-release/issues/8065
    rf"unsupported parameter: {_NAME}",
    rf"unknown parameter: {_NAME}",
    rf"unrecognized request arguments? supplied: {_NAME}",
    # xAI: https://github.com/n8n-io/n8n/issues/14581, https://github.com/miaoxworld/NativeTavern/issues/83
    rf"argument not supported on this model: {_NAME}",
    rf"does not support parameter {_NAME}",
    # Groq, Cerebras: https://github.com/fanenr/chatbot/issues/21
    rf"property {_NAME} is unsupported",
    rf"{_NAME} is not supported (?:with|by|for|on) this model",
    # Anthropic: https://github.com/sipeed/picoclaw/issues/2939
    rf"{_NAME} is deprecated for this model",
    r"(?:^|[\s\"'])([A-Za-z_]+): extra inputs are not permitted",
    # Mistral: https://github.com/mistralai/platform-docs-public/issues/7
    r"extra_forbidden\\?[\"'], ?\\?[\"']loc\\?[\"']: ?\[\\?[\"']body\\?[\"'], ?\\?[\"']([A-Za-z_]+)\\?[\"']\]",
    # vLLM: https://github.com/vllm-project/vllm/issues/12864
    r"validation errors? for \w+\n([A-Za-z_]+)\n\s+extra inputs are not permitted",
    # Gemini: https://github.com/n4ze3m/page-assist/issues/418
    r"unknown name \\?\"([A-Za-z_]+)\\?\"(?: at 'generation_?config')?: cannot find field",
    # Bedrock: https://github.com/promptfoo/promptfoo/issues/914; a path behind the "#" is a place in tools or messages
    r"#: extraneous key \[([A-Za-z_]+)\] is not permitted",
)

# Gemini names what it is about in words: https://github.com/vercel/ai/issues/4022, https://github.com/mscraftsman/generative-ai/issues/135
_IN_WORDS = (
    (r"penalty is not enabled for", ("frequency_penalty", "presence_penalty")),
    (r"logprobs is not enabled for", ("logprobs", "top_logprobs")),
)


# A JSON schema for the answer, which is then asked for in another way: ``adapt.forms``.
_NO_SCHEMA = (
    # OpenAI, Azure: https://github.com/web-infra-dev/midscene/issues/259
    r"'response_format' of type 'json_schema' is not supported with",
    # DeepSeek: https://github.com/llm-exe/llm-exe/issues/662, https://github.com/browser-use/browser-use/pull/215
    r"this response_format type is unavailable now",
    r"response_format\.type `json_schema` is unavailable now",
    # Volcengine: https://github.com/agno-agi/agno/issues/2553
    r"response_format\.type` specified in the request are not valid: invalid value: `json_schema`",
)
# A tool that must be called: DeepSeek, https://github.com/BerriAI/litellm/pull/31466; vLLM and others have no tools at all
_NO_TOOL = r"tool_choice|(?:tool|function)[ _](?:use|call|calling)\b.{0,40}\bnot |\bnot support.{0,40}\b(?:tool|function)s?\b"
# Any JSON: OpenAI and Azure, https://github.com/mrwadams/stride-gpt/issues/19; DeepSeek, https://github.com/browserbase/stagehand/issues/1204
_NO_JSON = rf"{_FORM}|json_object|the word [`'\"]json[`'\"]"


def lesson(error: Error, request: ChatRequest) -> Measured | None:
    """What ``error`` says of fields that ``request`` holds; None if it is about anything else. Never raises.

    A field that may not be left out is never in it, but a bound on the tokens of an answer may be lowered, and a schema for the
    answer be asked for in another way.
    """
    text = _told(error)
    if text is None:
        return None
    if (renamed := _renamed(text)) is not None:
        return Measured(rename=renamed) if request.max_output_tokens is not None else None
    if _asks_for_a_schema(request) and any(_search(form, text) is not None for form in _NO_SCHEMA):
        return Measured(limits={_FORM: Limit(only="tool", source=f"learned from {error.target}")})
    limits = {name: limit for name, limit in _limits(text, error) if is_set(request, name)}
    return Measured(limits=limits) if limits else None


def next_form(error: Error, request: ChatRequest, known: Measured) -> Measured | None:
    """The next way to ask for a schema, if ``error`` refuses the one that ``known`` said: as a tool, as any JSON, not at all."""
    text, limit = _told(error), known.limits.get(_FORM)
    if text is None or limit is None or not _asks_for_a_schema(request):
        return None
    source = f"learned from {error.target}"
    if limit.only == "tool" and not request.tools and _search(_NO_TOOL, text) is not None:
        return Measured(limits={_FORM: Limit(only="json_object", source=source)})
    if limit.only in ("tool", "json_object") and _search(_NO_JSON, text) is not None:
        return Measured(limits={_FORM: Limit(only="text", source=source)})
    return None


def _told(error: Error) -> str | None:
    """What a refusal says; None for what is no refusal of a request by its target."""
    if not isinstance(error, (RequestError, Unsupported)) or isinstance(error, ContextTooLong):
        return None
    return str(error)[:_MOST_TEXT] if error.status in _STATUSES and error.target is not None else None


def _asks_for_a_schema(request: ChatRequest) -> bool:
    wanted = request.response_format
    return isinstance(wanted, ResponseFormat) and wanted.kind == "json_schema"


def is_set(request: ChatRequest, name: str) -> bool:
    if name.startswith("extra."):
        return bool(request.extra) and name[6:] in (request.extra or {})
    return getattr(request, name) is not None


def _renamed(text: str) -> dict[str, str] | None:
    """OpenAI, Azure: https://github.com/griptape-ai/ComfyUI-Griptape/issues/312"""
    found = _search(rf"unsupported parameter: {_NAME} is not supported with this model\. use {_NAME} instead", text)
    if found is None or found[1] == found[2] or not {found[1], found[2]} <= set(_OUTPUT_NAMES):
        return None
    return {found[1]: found[2]}


def _limits(text: str, error: Error) -> Iterator[tuple[str, Limit]]:
    source = f"learned from {error.target}"
    for form, read in _FORMS:
        if (found := _search(form, text)) is not None:
            yield from read(found, source)
            return
    for form, names in _IN_WORDS:
        if _search(form, text) is not None:
            yield from ((name, Limit(unsupported=True, source=source)) for name in names)
            return
    said = [error.param] if error.code in ("unsupported_parameter", "unknown_parameter") and error.param else []
    said += [word for form in _UNSUPPORTED for word in _all(form, text)]
    for name in dict.fromkeys(field for word in said if (field := _leavable(word)) is not None):
        yield name, Limit(unsupported=True, source=source)


def _only(found: Match[str], source: str) -> Iterator[tuple[str, Limit]]:
    if (name := _leavable(found[1])) is not None:
        yield name, Limit(only=float(found[2]), source=source)


def _beside(found: Match[str], source: str) -> Iterator[tuple[str, Limit]]:
    first, second = _leavable(found[1]), _leavable(found[2])
    if first is not None and second is not None and not second.startswith("extra."):
        yield second, Limit(unsupported=True, beside=first, source=source)


def _most(found: Match[str], source: str) -> Iterator[tuple[str, Limit]]:
    if (name := _BOUNDED.get(_plain(found[1]))) is not None and float(found[2]) > 0:
        yield name, Limit(most=float(found[2]), source=source)


def _range(found: Match[str], source: str) -> Iterator[tuple[str, Limit]]:
    name, most = _BOUNDED.get(_plain(found[1])), float(found[3])
    if name is None:
        return
    if found.re.groups == 4 and found[4].lower() == "exclusive":
        most -= 1 if name in ("max_output_tokens", "top_k") else 0.01
    if most > 0:
        yield name, Limit(least=float(found[2]), most=most, source=source)


_FORMS: tuple[tuple[str, Callable[[Match[str], str], Iterator[tuple[str, Limit]]]], ...] = (
    # OpenAI, of reasoning models: https://github.com/BeehiveInnovations/pal-mcp-server/issues/78
    (rf"{_NAME} does not support \S+ with this model\. only the default \({_NUMBER}\) value is supported", _only),
    # Moonshot: https://github.com/XCNXNXNX/dsh-portable-tavern/issues/1
    (rf"invalid {_NAME}: only {_NUMBER} is allowed", _only),
    # Anthropic: https://github.com/cloud-apim/otoroshi-llm-extension/issues/140
    (rf"{_NAME} and {_NAME} cannot both be specified", _beside),
    # Anthropic: https://github.com/OpenHands/OpenHands/issues/11090
    (rf"{_NAME}: \d+ > {_NUMBER}, which is the maximum allowed", _most),
    # OpenAI: https://github.com/ChatGPTNextWeb/NextChat/issues/3195
    (rf"{_NAME} is too large: \d+\. this model supports at most {_NUMBER}", _most),
    # Groq: https://github.com/anomalyco/opencode/issues/1000, https://github.com/skapadia3214/groq-moa/issues/8
    (rf"{_NAME}(?: for \S+)? must be less than or equal to [`'\"]?{_NUMBER}", _most),
    # DeepSeek: https://github.com/deepseek-ai/DeepSeek-V3/issues/69
    (rf"valid range of {_NAME} is \[{_NUMBER}, ?{_NUMBER}\]", _range),
    # Vertex: https://github.com/aaif-goose/goose/issues/11364
    (
        rf"has an? {_NAME} value of \S+ but the supported range is from {_NUMBER} \(inclusive\) to {_NUMBER} "
        r"\((inclusive|exclusive)\)",
        _range,
    ),
)


def _leavable(name: str) -> str | None:
    if (field := _LEAVABLE.get(_plain(name))) is not None:
        return field
    return f"extra.{name}" if name in _LEAVABLE_EXTRAS else None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _all(form: str, text: str) -> list[str]:
    import re

    return re.findall(form, text, re.IGNORECASE)


def _search(form: str, text: str) -> Match[str] | None:
    import re  # only a refusal needs it

    return re.search(form, text, re.IGNORECASE)
