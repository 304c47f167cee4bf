"""Says a request's schemas in the target's dialect, and holds the answer to what could not be said."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.adapt.schemas.checks import Check as Check, restore as restore, verify as verify
from turnout.adapt.schemas.demands import Inexpressible
from turnout.adapt.schemas.rewriting import Rewriting
from turnout.adapt.schemas.vocabulary import Schema
from turnout.errors import Unsupported
from turnout.receipt import approximated, mapped
from turnout.rules import Dialect, SchemaRules
from turnout.rules.dialects import ALWAYS_HELD
from turnout.types import ChatRequest, Opaque, ReceiptLine, ResponseFormat, Tool


def fit(
    request: ChatRequest, rules: SchemaRules, wire: str, provider: str | None, lines: list[ReceiptLine]
) -> tuple[ChatRequest, tuple[Check, ...]]:
    """``request`` with its schemas in the dialects of ``rules``, and what its answer is to be checked for.

    A schema that came from ``wire`` itself goes as it came. Raises Unsupported where an answer cannot be asked for in this form,
    RequestError for a schema that no target can take: a ``$ref`` out of it or to nothing, or one that grows without end.
    """
    if request.tools is None and request.response_format is None:
        return request, ()
    fitting = _Fitting(rules, wire, provider, lines)
    tools = fitting.tools(request.tools) if request.tools else request.tools
    wanted = request.response_format
    own = request.origin is not None and request.origin.returns_to(wire, provider)
    if isinstance(wanted, ResponseFormat) and wanted.schema is not None and wanted.kind == "json_schema" and not own:
        unasked = request.origin is not None and request.origin.wire in ALWAYS_HELD
        wanted = fitting.output(wanted, wanted.schema, unasked)
    if tools is request.tools and wanted is request.response_format:
        return request, tuple(fitting.checks)
    return replace(request, tools=tools, response_format=wanted), tuple(fitting.checks)


class _Fitting:
    def __init__(self, rules: SchemaRules, wire: str, provider: str | None, lines: list[ReceiptLine]) -> None:
        self._rules = rules
        self._wire = wire
        self._provider = provider
        self._lines = lines
        self.checks: list[Check] = []

    def tools(self, tools: tuple[Tool | Opaque, ...]) -> tuple[Tool | Opaque, ...]:
        functions = [tool for tool in tools if isinstance(tool, Tool)]
        strict = not self._rules.strict_together or all(tool.strict for tool in functions)
        fitted = tuple(self._tool(tool, f"tools[{at}]", strict) for at, tool in enumerate(tools))
        return tools if all(new is old for new, old in zip(fitted, tools, strict=True)) else fitted

    def _tool(self, tool: Tool | Opaque, path: str, strict: bool) -> Tool | Opaque:
        if isinstance(tool, Opaque) or tool.parameters is None:
            return tool
        if tool.origin is not None and tool.origin.returns_to(self._wire, self._provider):
            return tool
        field = f"{path}.parameters"
        held = self._rules.strict_tools if tool.strict and strict else None
        if held is not None:
            try:
                schema = self._schema(tool.parameters, held, field, tool.name)
            except Inexpressible as error:
                why = f"{error}: the tool is sent without strict, and its arguments are checked here"
                self._lines.append(approximated("request", f"{path}.strict", why))
                tool = replace(tool, strict=None)
            else:
                return tool if schema is tool.parameters else replace(tool, parameters=schema)
        assert tool.parameters is not None
        lost = bool(tool.strict) or held is not None  # asked to be held to the schema, and is not
        try:
            schema = self._schema(tool.parameters, self._rules.tools, field, tool.name, relaxed=lost)
        except Inexpressible as error:
            raise Unsupported(f"{field}: {error}. Say it as an object, or choose a model of another provider") from None
        return tool if schema is tool.parameters else replace(tool, parameters=schema)

    def output(self, wanted: ResponseFormat, schema: Schema, unasked: bool) -> ResponseFormat:
        field = "response_format.schema"
        held = self._rules.strict_output
        if held is not None and wanted.strict is None and unasked:
            why = "its own protocol holds every answer to the schema; here that is asked for as strict"
            self._lines.append(mapped("request", "response_format.strict", why))
            wanted = replace(wanted, strict=True)
        lost = False
        if held is not None and wanted.strict:
            try:
                return replace(wanted, schema=self._schema(schema, held, field, None))
            except Inexpressible as error:
                why = f"{error}: sent without strict, and the answer is checked here"
                self._lines.append(approximated("request", "response_format.strict", why))
                wanted, lost = replace(wanted, strict=False), True
        try:
            fitted = self._schema(schema, self._rules.output, field, None, relaxed=lost)
        except Inexpressible as error:
            raise Unsupported(
                f"{field}: {error}. Change the schema (an object at the root, every property named), "
                "ask for JSON in the prompt, or choose a model of another provider"
            ) from None
        return wanted if fitted is wanted.schema else replace(wanted, schema=fitted)

    def _schema(self, schema: Schema, dialect: Dialect, field: str, tool: str | None, *, relaxed: bool = False) -> Schema:
        rewriting = Rewriting(schema, dialect, field)
        written = rewriting.write()
        notes = rewriting.notes
        self._lines += notes.lines()
        if relaxed or notes.relaxed or notes.nulls:
            self.checks.append(Check(schema=schema, tool=tool, relaxed=relaxed or notes.relaxed, nulls=notes.nulls))
        return written
