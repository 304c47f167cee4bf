"""The schema dialects of the built-in protocols."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.rules.schemas import Bounds, Dialect, SchemaRules

_STRUCTURE = frozenset({"type", "properties", "required", "additionalProperties", "items", "enum", "$ref", "$defs", "anyOf"})
_NAMES = frozenset({"title", "description"})
_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_SCALARS = frozenset({"string", "number", "boolean", "null"})

# -- OpenAI ----------------------------------------------------------------------------------------

# "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level", "array schema missing
# items": errors of the API as quoted in https://github.com/nspady/google-calendar-mcp/issues/39 and
# https://github.com/modelscope/ms-agent/pull/610 (read 2026-11-21)
_OPENAI_TOOLS = Dialect(
    held=False,
    items=True,
    root_object=True,
    plain_root=True,
    source="https://github.com/nspady/google-calendar-mcp/issues/39 (read 2026-11-21)",
)
# ``default`` is not on the page; recorded answers show that it is taken. minLength and maxLength are not on it either, nor is
# oneOf: they are not sent.
_OPENAI_STRICT = Dialect(
    keywords=_STRUCTURE | _NAMES | _NUMBERS | {"definitions", "const", "pattern", "format", "minItems", "maxItems", "default"},
    formats=frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}),
    lone_unions=True,
    lone_refs=True,
    typed="yes",
    items=True,
    closed=True,
    required="all",
    root_object=True,
    plain_root=True,
    bounds=Bounds(properties=5000, depth=10, enum_values=1000, characters=120_000),
    source="https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (read 2026-11-21)",
)
OPENAI = SchemaRules(
    tools=_OPENAI_TOOLS,
    strict_tools=_OPENAI_STRICT,
    output=Dialect(
        held=False,
        root_object=True,
        source="https://github.com/podly-pure-podcasts/podly_pure_podcasts/pull/89 (read 2026-11-21)",
    ),
    strict_output=_OPENAI_STRICT,
)

# -- Mistral ---------------------------------------------------------------------------------------

# No keyword is named as refused or not heeded; the official package asks for strict schemas with closed objects and nothing else.
_MISTRAL = "https://docs.mistral.ai/capabilities/structured-output/custom_structured_output/ (read 2026-11-21)"
MISTRAL = SchemaRules(
    tools=Dialect(held=False, root_object=True, source=_MISTRAL),
    strict_tools=Dialect(root_object=True, source=_MISTRAL),
    output=Dialect(held=False, root_object=True, source=_MISTRAL),
    strict_output=Dialect(root_object=True, source=_MISTRAL),
)

# -- Anthropic, and Claude and others behind Bedrock ----------------------------------------------

# No back references, look-arounds, word boundaries or large counts.
_PLAIN_PATTERN = r"^(?!.*(?:\(\?[=!<]|\\[1-9bB]|\{\d{3,}|\{\d*,\d{3,}))"
_CLAUDE = Dialect(
    keywords=_STRUCTURE | _NAMES | {"definitions", "const", "allOf", "default", "format", "pattern", "minItems"},
    formats=frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}),
    patterns=_PLAIN_PATTERN,
    enums=_SCALARS,
    most=(("minItems", 1),),
    lone_unions=True,
    refs="acyclic",
    lone_refs=True,
    typed="unless_valued",
    closed=True,
    source="https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations (read 2026-11-21)",
)
# "input_schema does not support oneOf, allOf, or anyOf at the top level", as quoted in the issue
_CLAUDE_TOOLS = Dialect(
    held=False,
    root_object=True,
    plain_root=True,
    source="https://github.com/anthropics/claude-code/issues/5319 (read 2026-11-21)",
)
ANTHROPIC = SchemaRules(
    tools=_CLAUDE_TOOLS,
    strict_tools=replace(_CLAUDE, root_object=True, plain_root=True),
    output=_CLAUDE,
)

# The same list, without a word about ``pattern``
_BEDROCK = replace(
    _CLAUDE,
    keywords=(_CLAUDE.keywords or frozenset()) - {"pattern"},
    source="https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html (read 2026-11-21)",
)
# "The top level schema type must be object": API_runtime_ToolInputSchema, botocore 1.44.5 (read 2026-11-21)
BEDROCK = SchemaRules(tools=_CLAUDE_TOOLS, strict_tools=replace(_BEDROCK, root_object=True, plain_root=True), output=_BEDROCK)

# -- Gemini ----------------------------------------------------------------------------------------

# "While the full JSON Schema may be sent, not all features are supported"
GEMINI = SchemaRules(
    tools=Dialect(
        held=False,
        root_object=True,
        source="https://ai.google.dev/api/caching#FunctionDeclaration (read 2026-11-21)",
    ),
    output=Dialect(
        keywords=_STRUCTURE
        | _NAMES
        | {"$id", "$anchor", "format", "prefixItems", "minItems", "maxItems", "minimum", "maximum", "propertyOrdering"},
        unheeded=None,
        formats=frozenset({"date-time", "date", "time"}),
        enums=frozenset({"string", "number"}),
        refs="optional",
        lone_refs=True,
        source="https://ai.google.dev/api/generate-content#GenerationConfig, responseJsonSchema (read 2026-11-21)",
    ),
)

# -- Cohere ----------------------------------------------------------------------------------------

_COHERE = Dialect(
    keywords=_STRUCTURE | _NAMES | {"const", "pattern", "format"},
    formats=frozenset({"date-time", "uuid", "date", "time"}),
    patterns=r"^(?!.*(?:\^|\$|\(\?[=!]))",
    enums=_SCALARS,
    type_lists=False,
    lone_unions=True,
    lone_refs=True,
    required="some",
    root_object=True,
    plain_root=True,
    source="https://docs.cohere.com/docs/structured-outputs#parameter-types-support (read 2026-11-21)",
)
COHERE = SchemaRules(
    tools=Dialect(held=False, root_object=True, source=_COHERE.source),
    strict_tools=_COHERE,
    strict_together=True,
    output=_COHERE,
)

# -- Ollama ----------------------------------------------------------------------------------------

# The server turns the schema into a grammar with llama.cpp's converter: what it does not know is passed over in silence, and a
# pattern that is not anchored at both ends is an error.
OLLAMA = SchemaRules(
    tools=Dialect(held=False, root_object=True, source="https://docs.ollama.com/api/chat (read 2026-11-21)"),
    output=Dialect(
        keywords=_STRUCTURE
        | _NAMES
        | {"definitions", "allOf", "const", "format", "pattern", "minItems", "maxItems", "minLength", "maxLength"}
        | (_NUMBERS - {"multipleOf"}),
        unheeded=None,
        ranges=frozenset({"integer"}),
        formats=frozenset({"date-time", "date", "time", "uuid"}),
        patterns=r"^\^.*\$$",
        lone_unions=True,
        lone_refs=True,
        source="https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md#json-schemas--gbnf (read 2026-11-21)",
    ),
)

# Protocols whose structured output holds the model to its schema without being asked to.
ALWAYS_HELD = frozenset(
    {"anthropic-bedrock", "anthropic-messages", "anthropic-vertex", "bedrock-converse", "gemini", "cohere-chat", "ollama"}
)
