"""Holds an answer to the schema that was asked for, where its target was told less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from turnout.adapt.schemas.nulls import without_nulls
from turnout.adapt.schemas.references import References
from turnout.adapt.schemas.vocabulary import Schema
from turnout.errors import RequestError
from turnout.receipt import approximated
from turnout.types import Choice, Completion, Message, ReceiptLine, Text, ToolCall
from turnout.wire.json_text import read_json

_MOST = 20  # violations told of one answer
_LONGEST = 10_000  # characters of a text that a pattern is tried on
# A repeated group with a choice or a repetition in it may take time without end: (a+)+, (a|a)*
_ENDLESS = re.compile(r"\([^()]*(?:[*+|]|\{\d+,)[^()]*(?:\([^()]*\)[^()]*)*\)(?:[*+]|\{\d*,?\d*\})")
_NOT_CHECKED = "not checked against its schema: the package jsonschema is missing; pip install 'turnout[schema]'"


class Check(Struct, frozen=True, kw_only=True):
    """What an answer is to meet: the arguments of calls to ``tool``, or with None the text of the answer.

    ``relaxed``: the target was told less than ``schema``. ``nulls``: it was told to say null for what is left out.
    """

    schema: Schema
    tool: str | None = None
    relaxed: bool = False
    nulls: bool = False


def restore(completion: Completion, checks: tuple[Check, ...]) -> Completion:
    """``completion`` without the nulls that stand for properties left out; the same object if it has none."""
    nulled = [check for check in checks if check.nulls]
    if not nulled:
        return completion
    choices = tuple(_restored(choice, nulled) for choice in completion.choices)
    if all(new is old for new, old in zip(choices, completion.choices, strict=True)):
        return completion
    return msgspec.structs.replace(completion, choices=choices)


def _restored(choice: Choice, checks: list[Check]) -> Choice:
    parts = list(choice.message.parts)
    for check in checks:
        for at, text in _subjects(choice.message, check):
            new = _without_nulls(text, check.schema)
            if new is not None:
                part = parts[at]
                changed = {"arguments": new} if isinstance(part, ToolCall) else {"text": new}
                parts[at] = msgspec.structs.replace(part, **changed)
    if all(new is old for new, old in zip(parts, choice.message.parts, strict=True)):
        return choice
    return msgspec.structs.replace(choice, message=msgspec.structs.replace(choice.message, parts=tuple(parts)))


def _without_nulls(text: str, schema: Schema) -> str | None:
    """None if nothing changes."""
    if "null" not in text:
        return None
    try:
        value = read_json(text)
        restored = without_nulls(value, schema, References(schema, "the answer's schema"))
    except (msgspec.DecodeError, UnicodeError, RequestError, RecursionError):
        return None
    return None if restored is value else msgspec.json.encode(restored).decode()


def verify(completion: Completion, checks: tuple[Check, ...]) -> tuple[ReceiptLine, ...]:
    """A line for each place of the answer that does not meet the schema asked for; none where all is well.

    The lines name places and rules, never what the answer says.
    """
    lines: list[ReceiptLine] = []
    for check in checks:
        if not check.relaxed:
            continue
        for number, choice in enumerate(completion.choices):
            for at, text in _subjects(choice.message, check):
                part = choice.message.parts[at]
                place = f"choices[{number}].parts[{at}]" + (".arguments" if isinstance(part, ToolCall) else ".text")
                for where, why in _violations(text or ("{}" if check.tool is not None else ""), check.schema):
                    if len(lines) == _MOST:
                        return (*lines, approximated("response", place, "does not meet its schema in more places"))
                    lines.append(approximated("response", place + where, why))
    return tuple(lines)


def _subjects(message: Message, check: Check) -> Iterator[tuple[int, str]]:
    """Where in the message the JSON stands that the check is about. An answer in several texts has none that stands alone."""
    if check.tool is not None:
        for at, part in enumerate(message.parts):
            if isinstance(part, ToolCall) and part.name == check.tool and not part.custom:
                yield at, part.arguments
        return
    texts = [(at, part.text) for at, part in enumerate(message.parts) if isinstance(part, Text) and part.phase != "commentary"]
    calls = any(isinstance(part, ToolCall) for part in message.parts)
    if len(texts) == 1 and not calls:
        yield texts[0]


def _violations(text: str, schema: Schema) -> Iterator[tuple[str, str]]:
    """Where, and which rule of the schema is not met."""
    try:
        value = read_json(text)
    except (msgspec.DecodeError, UnicodeError):
        yield "", "not JSON, which its schema asks for"
        return
    except RecursionError as deep:
        yield "", f"not checked against its schema: {deep}"
        return
    try:
        from jsonschema import exceptions, validators  # type: ignore[import-untyped]  # an extra, and slow to import
        from referencing import Registry, exceptions as unresolved
    except ImportError:
        yield "", _NOT_CHECKED
        return
    untried = [name for names in _pattern_names(schema) for name in names if _endless(name)]
    try:
        base = validators.validator_for(schema, default=validators.Draft202012Validator)
        guarded = validators.extend(base, {"pattern": _pattern(untried)})
        validator = guarded(schema, registry=Registry(), format_checker=base.FORMAT_CHECKER)  # an empty registry fetches nothing
        for error in validator.iter_errors(value) if not untried else ():
            where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            yield where, f"does not meet {_rule(error.validator, error.validator_value)}"
    except (exceptions.UnknownType, unresolved.Unresolvable, re.error, RecursionError) as error:
        yield "", f"not checked: its schema cannot be read ({type(error).__name__})"
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError):  # "properties": 3, "multipleOf": 0
        yield "", "not checked: its schema is not valid JSON Schema"
    for pattern in dict.fromkeys(untried):
        yield "", f"not checked against the pattern {pattern!r}, which may take time without end"


def _pattern_names(schema: Any) -> Iterator[Any]:
    """Each "patternProperties" in the schema."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("patternProperties"), dict):
                yield node["patternProperties"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _rule(keyword: Any, value: Any) -> str:
    text = msgspec.json.encode(value).decode() if isinstance(value, (str, int, float, bool, list, type(None))) else ""
    return f"{keyword}: {text}" if text and len(text) <= 100 else str(keyword)


def _endless(pattern: Any) -> bool:
    return isinstance(pattern, str) and _ENDLESS.search(pattern) is not None


def _pattern(untried: list[str]) -> Any:
    def pattern(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

        if not validator.is_type(instance, "string"):
            return
        if _endless(wanted) or len(instance) > _LONGEST:
            untried.append(wanted)
        elif not re.search(wanted, instance):
            yield ValidationError("no match")

    return pattern
