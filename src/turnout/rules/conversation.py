"""Which conversations a protocol accepts: ids, names, roles and their order.

Only what a request can break and its codec does not put right by itself. What codecs always put right (roles that are merged,
results that are put first, arguments that become an object, tools that are described because the history calls them) is told
in their own modules.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

_ALPHANUMERIC = "a-zA-Z0-9"
_WORD = "a-zA-Z0-9_-"


class WordRules(Struct, frozen=True, kw_only=True):
    """Which texts are accepted as an id or as a name. The defaults accept any, and none at all."""

    characters: str = ""  # as they stand in a regular expression's class; "": any
    first: str = ""  # the same for the first of them, where less is accepted there
    least: int = 0  # characters; 0: it may be empty
    most: int | None = None  # characters


class ConversationRules(Struct, frozen=True, kw_only=True):
    """The defaults accept everything.

    ``results`` says where the results of calls must stand: "free" asks for nothing; "later" wants each call answered, and each
    result after its call; "turn" wants both within the turn after the calls; "next" wants besides that nobody speaks between.
    ``least`` says what there must be of a conversation: "nothing", a "message", or a "turn", which a system message is not.
    """

    ids: WordRules = WordRules()  # of tool calls
    names: WordRules = WordRules()  # of tools
    unique_ids: bool = False  # no two calls of a conversation have the same
    unique_names: bool = False  # no two tools have the same
    results: Literal["free", "later", "turn", "next"] = "free"
    single_results: bool = False  # a call has one result, not several
    results_named: bool = False  # a result is bound to its call by the tool's name
    stored: tuple[str, ...] = ()  # fields that name a conversation which the provider holds: its calls are not seen here
    least: Literal["nothing", "message", "turn"] = "nothing"
    user_first: bool = False  # the first turn is the user's
    user_before_calls: bool = False  # tools are called only after a user's turn
    alternates: bool = False  # turns of user and assistant
    blank_texts: bool = True  # a text may say nothing
    blank_ends: bool = True  # the beginning of an answer that the caller gives may end in white space


# Ids: "tool_calls[0].id: string too long. Expected a string with maximum length 40", which newer models no longer say
# (https://github.com/agno-agi/agno/issues/5382). Names: https://platform.openai.com/docs/api-reference/chat/create.
# Order: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'"
# (https://platform.openai.com/docs/guides/function-calling). All read 2026-11-21.
OPENAI_CHAT = ConversationRules(
    ids=WordRules(least=1, most=40),
    names=WordRules(characters=_WORD, least=1, most=64),
    results="next",
    least="message",
)

# call_id: "string too long. Expected a string with maximum length 64"; "No tool output found for function call";
# https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-21).
OPENAI_RESPONSES = ConversationRules(
    ids=WordRules(least=1, most=64),
    names=WordRules(characters=_WORD, least=1, most=64),
    unique_ids=True,
    results="later",
    stored=("previous_response_id", "conversation"),
    least="message",
)

# Ids: https://docs.claude.com/en/api/messages. Names: "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
# (https://github.com/home-assistant/core/issues/147760). "`tool_use` ids must be unique", "each tool_use must have a single
# result", "`tool_use` ids were found without `tool_result` blocks immediately after" (https://github.com/anthropics/claude-code/issues/28515
# and /8210). Texts and the beginning of an answer: https://docs.claude.com/en/api/errors. All read 2026-11-21.
ANTHROPIC_MESSAGES = ConversationRules(
    ids=WordRules(characters=_WORD, least=1),
    names=WordRules(characters=_WORD, least=1, most=128),
    unique_ids=True,
    unique_names=True,
    results="turn",
    single_results=True,
    least="turn",
    user_first=True,
    blank_texts=False,
    blank_ends=False,
)

# Names: "Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.) or dashes (-),
# with a maximum length of 64" (https://github.com/google-gemini/gemini-cli/issues/6704); the newest take more. Order: "Please
# ensure that the number of function response parts is equal to the number of function call parts of the function call turn"
# (https://github.com/google-gemini/gemini-cli/issues/3814), and that a "function call turn comes immediately after a user turn or
# after a function response turn" (https://ai.google.dev/gemini-api/docs/function-calling). Vertex AI refuses empty texts. Read
# 2026-11-21.
GEMINI = ConversationRules(
    names=WordRules(characters="a-zA-Z0-9_.-", first="a-zA-Z_", least=1, most=64),
    unique_names=True,
    results="turn",
    single_results=True,
    results_named=True,
    least="message",
    user_before_calls=True,
    blank_texts=False,
)

# The shapes ToolUseId and ToolName of botocore 1.44.5, of which some models take neither dot nor colon in ids:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html. "The toolUse blocks at messages.2.content
# contain duplicate Ids" (https://github.com/bvcyber/Cyber-AutoAgent-ng/issues/72). Turns:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html. All read 2026-11-21.
BEDROCK_CONVERSE = ConversationRules(
    ids=WordRules(characters=_WORD, least=1, most=64),
    names=WordRules(characters=_WORD, least=1, most=64),
    unique_ids=True,
    unique_names=True,
    results="turn",
    single_results=True,
    least="turn",
    user_first=True,
    alternates=True,
    blank_texts=False,
    blank_ends=False,
)

# https://docs.cohere.com/docs/tool-use-overview: every call is answered by a message that names its id; older models refuse
# a hyphen in names (https://github.com/lobehub/lobehub/pull/4216). All read 2026-11-21.
COHERE_CHAT = ConversationRules(
    ids=WordRules(least=1),
    names=WordRules(characters="a-zA-Z0-9_", first="a-zA-Z_", least=1),
    results="next",
    least="message",
)

# Anything goes: templates of models put it into words. An empty list of messages moves a model into memory
# (https://docs.ollama.com/api/chat, read 2026-11-21).
OLLAMA = ConversationRules(results_named=True)

# "Tool call id was abc123 but must be a-z, A-Z, 0-9, with a length of 9"; "Not the same number of function calls and responses";
# "Expected last role User or Tool": https://mistralai.github.io/mistral-common/usage/tools (read 2026-11-21).
MISTRAL_CHAT = ConversationRules(
    ids=WordRules(characters=_ALPHANUMERIC, least=9, most=9),
    names=WordRules(characters=_WORD, least=1, most=64),
    unique_ids=True,
    results="next",
    single_results=True,
    least="message",
)
