"""Modes: the ways in which an answer is made to fit a schema, and which of them a target takes best."""

from __future__ import annotations

from msgspec import Struct

from turnout.adapt.forms import refuses
from turnout.catalog.schema import Model, Provider
from turnout.rules.dialects import ALWAYS_HELD
from turnout.wire import Wire

# json_schema: the form of the answer is the schema. tools: the answer is the call of a tool that has it. json_object: the form of
# the answer is any JSON object, and the prompt tells the schema. text: only the prompt tells it.
MODES = ("json_schema", "tools", "json_object", "text")

# Protocols that cannot ask for a JSON object without saying which:
# https://docs.anthropic.com/en/api/messages, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputFormat.html
# (read 2026-11-21)
_NO_JSON_OBJECT = frozenset({"anthropic-messages", "anthropic-bedrock", "anthropic-vertex", "bedrock-converse"})

# Whose servers hold any of their models to a schema: https://docs.ollama.com/capabilities/structured-outputs (read 2026-11-21)
_HOLDS_ANY = frozenset({"ollama"})

# instructor's names of modes, and what each asks for: https://python.useinstructor.com/modes-comparison/ (read 2026-11-21)
# "json": the answer is JSON in the strongest way that the target is known to take.
_NAMES: dict[str, str] = {
    **dict.fromkeys(
        (
            "TOOLS",
            "FUNCTIONS",
            "PARALLEL_TOOLS",
            "RESPONSES_TOOLS",
            "RESPONSES_TOOLS_WITH_INBUILT_TOOLS",
            "ANTHROPIC_TOOLS",
            "ANTHROPIC_REASONING_TOOLS",
            "ANTHROPIC_PARALLEL_TOOLS",
            "GENAI_TOOLS",
            "GEMINI_TOOLS",
            "VERTEXAI_TOOLS",
            "VERTEXAI_PARALLEL_TOOLS",
            "MISTRAL_TOOLS",
            "COHERE_TOOLS",
            "WRITER_TOOLS",
            "BEDROCK_TOOLS",
            "CEREBRAS_TOOLS",
            "FIREWORKS_TOOLS",
            "XAI_TOOLS",
            "GROQ_TOOLS",
        ),
        "tools",
    ),
    "TOOLS_STRICT": "strict_tools",
    **dict.fromkeys(
        (
            "JSON_SCHEMA",
            "PERPLEXITY_JSON",
            "GENAI_STRUCTURED_OUTPUTS",
            "MISTRAL_STRUCTURED_OUTPUTS",
            "OPENROUTER_STRUCTURED_OUTPUTS",
            "COHERE_JSON_SCHEMA",
        ),
        "json_schema",
    ),
    **dict.fromkeys(
        (
            "JSON",
            "GEMINI_JSON",
            "GENAI_JSON",
            "VERTEXAI_JSON",
            "WRITER_JSON",
            "BEDROCK_JSON",
            "CEREBRAS_JSON",
            "FIREWORKS_JSON",
            "XAI_JSON",
        ),
        "json",
    ),
    **dict.fromkeys(("MD_JSON", "JSON_O1", "ANTHROPIC_JSON"), "text"),
}


class Way(Struct, frozen=True):
    """One way to ask one target. ``strict``: the target is asked to hold the model to the schema."""

    mode: str
    strict: bool = False


def word(mode: object) -> str:
    """A mode as it is written: a member of an enumeration goes by its name."""
    name = getattr(mode, "name", mode)
    return name if isinstance(name, str) else repr(mode)


def is_mode(mode: object) -> bool:
    """True for one of ours, and for one of instructor's names."""
    return word(mode) in MODES or word(mode) in _NAMES


def can(wire: str, mode: object) -> bool:
    """False where ``mode`` is one of ours that a protocol has no way to say."""
    return not (word(mode) == "json_object" and wire in _NO_JSON_OBJECT)


def default_mode(row: Provider, model: str | None) -> str | None:
    """The mode that the provider's row says for the model; None if it says none."""
    if model and row.mode_by_model:
        from fnmatch import fnmatchcase  # 2 ms; few providers choose by model

        for glob, mode in row.mode_by_model.items():
            if fnmatchcase(model.lower(), glob.lower()):
                return mode
    return row.default_mode or None


def ways(asked: object, wire: Wire, row: Provider, model: Model | None, name: str, *, thinks: bool = False) -> tuple[Way, ...]:
    """How to ask the model ``name``, best first; never empty. What comes after the first is for when that is refused.

    ``asked``: a mode that ``is_mode``, which alone counts then; None: the provider's default for the model, then what the target
    is known to take, then what it may. ``model``: what is known of it. ``thinks``: the model is to think, and then few can be
    forced to call a tool.
    """
    target = _Target(wire, row, model)
    if asked is not None:
        said = word(asked)
        kind = said if said in MODES else _NAMES[said]
        return target.ways(kind) or (Way(kind),)  # asked for what it is known to lack: it is the target's to say so
    first = target.ways("json_schema") if thinks and target.holds else ()
    usual = target.ways(_NAMES.get(default_mode(row, name) or "", ""))
    return tuple(dict.fromkeys((*first, *usual, *target.best())))


class _Target:
    """What is known of one target."""

    def __init__(self, wire: Wire, row: Provider, model: Model | None) -> None:
        self._wire = wire
        self._row = row
        self._supports = model.supports if model is not None else frozenset()
        self._lacks = model.lacks if model is not None else frozenset()
        self._no_schema = "structured_output" in self._lacks or _refuses(model, "json_schema")
        self._no_object = wire.name in _NO_JSON_OBJECT or _refuses(model, "json_object")

    @property
    def holds(self) -> bool:
        """True if it is known to hold answers to a schema."""
        known = "structured_output" in self._supports or self._wire.name in _HOLDS_ANY
        return known and not self._no_schema

    def ways(self, kind: str) -> tuple[Way, ...]:
        """Of a mode of ours, or of a kind of instructor's; () where the target is known to lack it."""
        match kind:
            case "json_schema" if not self._no_schema:
                return self._with_strict(kind, self._wire.schemas.strict_output is not None)
            case "tools" if "tools" not in self._lacks:
                rules = self._wire.schemas
                safe = self._wire.name in ALWAYS_HELD or "TOOLS_STRICT" in self._row.modes
                return self._with_strict(kind, safe and rules.strict_tools is not None)
            case "strict_tools":
                return (Way("tools", strict=True),)
            case "json_object" if not self._no_object:
                return (Way(kind),)
            case "text":
                return (Way(kind),)
            case "json":  # the strongest that it is known to take
                return (*(self.ways("json_schema") if self.holds else ()), *self.ways("json_object"), Way("text"))
            case _:
                return ()

    def best(self) -> tuple[Way, ...]:
        """Every way that it is not known to lack, those first that it is known to take."""
        schema, tools = self.ways("json_schema"), self.ways("tools")
        known = (*(schema if self.holds else ()), *(tools if "tools" in self._supports else ()))
        return (*known, *schema, *tools, *self.ways("json_object"), Way("text"))

    def _with_strict(self, mode: str, sayable: bool) -> tuple[Way, ...]:
        """Strict first, where it is known that asking for it is safe."""
        safe = sayable and "structured_output" in self._supports
        return (Way(mode, strict=True), Way(mode)) if safe else (Way(mode),)


def _refuses(model: Model | None, form: str) -> bool:
    """True if it is known, read or learned, that the model takes no answer's form of this kind: see ``adapt.forms``."""
    limits = model.limits.fields.get("response_format", ()) if model is not None and model.limits is not None else ()
    return any(refuses(limit, form) for limit in limits if not (limit.thinking or limit.beside))
