"""A type that an answer is to be an object of: its JSON Schema, and how a text becomes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args

import msgspec
from msgspec import Struct

from turnout.errors import RequestError
from turnout.wire.json_text import is_json, read_json

T = TypeVar("T")

_MOST_PROBLEMS = 20  # told of one answer
_LONGEST_PROBLEM = 300  # characters
_DEFINITIONS = "#/$defs/"
_HINT = "response_model takes a msgspec.Struct, a dataclass, a TypedDict or a pydantic model"


class Unfit(Exception):
    """A text that is no object of the type. Its text says where and why, never what the answer says."""


class AnswerType(Struct, Generic[T], frozen=True, kw_only=True):
    """``schema`` has an object at its root. ``decode`` raises Unfit."""

    name: str  # as protocols take it: letters, digits, _ and -, at most 64
    said: str  # as people write it
    schema: dict[str, Any]
    description: str | None
    decode: Callable[[str], T]

    def read(self, text: str) -> T:
        """What ``text`` says, which is JSON, or holds it in a fenced block or between words. Raises Unfit."""
        found = json_in(text)
        try:
            read_json(found)
        except (msgspec.DecodeError, UnicodeError):
            raise Unfit("it is not JSON" if text.strip() else "it is empty") from None
        except RecursionError as error:
            raise Unfit(str(error)) from None
        return self.decode(found)


def answer_type(wanted: type[T]) -> AnswerType[T]:
    """Raises RequestError for what no schema can be made of.

    A pydantic model is asked for its own schema and reads its own answers; nothing is imported for it. A type that is no object
    (``list[Person]``, a Literal, a union) travels as the only property, ``answer``, of one.
    """
    if isinstance(wanted, (str, dict)):
        raise _no_type(f"{_HINT}, not a {type(wanted).__name__}; a JSON Schema goes into response_format")
    if hasattr(wanted, "model_json_schema") and hasattr(wanted, "model_validate_json"):
        return _pydantic(wanted)
    if hasattr(wanted, "__pydantic_validator__"):
        raise _no_type(f"{_said(wanted)} is a dataclass of pydantic, whose rules would not hold here: make it a BaseModel")
    schema = _rooted(_schema(wanted, msgspec.json.schema))
    if schema.get("type") == "object":
        return _made(wanted, schema, _name(schema, wanted), _decoder(wanted, lambda value: value))
    wrapped = msgspec.defstruct("answer", [("answer", wanted)], forbid_unknown_fields=True)
    schema = _rooted(_schema(wrapped, msgspec.json.schema))
    return _made(wanted, schema, "answer", _decoder(wrapped, lambda value: value.answer))


def json_in(text: str) -> str:
    """The JSON that ``text`` is, or else holds: in a block between fences, or from its first brace to its last.

    What is no JSON either way comes back as it is, without the blanks around it.
    """
    whole = text.strip()
    if is_json(whole):
        return whole
    for block in whole.split("```")[1::2]:
        head, newline, rest = block.partition("\n")
        found = (rest if newline and not head.strip().startswith(("{", "[")) else block).strip()
        if is_json(found):
            return found
    found = whole[whole.find("{") : whole.rfind("}") + 1]
    return found if is_json(found) else whole


def _made(wanted: Any, schema: dict[str, Any], name: str, decode: Callable[[str], T]) -> AnswerType[T]:
    about = schema.get("description")
    return AnswerType(
        name=name, said=_said(wanted), schema=schema, description=about if isinstance(about, str) else None, decode=decode
    )


def _schema(wanted: Any, make: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make(wanted)
    except (TypeError, ValueError, RuntimeError, NameError, AttributeError) as error:
        raise _no_type(f"no JSON Schema can be made of {_said(wanted)}: {str(error).splitlines()[0]}. {_HINT}") from error


def _rooted(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with what its root points to in its place, so that every target finds an object there."""
    ref, definitions = schema.get("$ref"), schema.get("$defs")
    if not isinstance(ref, str) or not isinstance(definitions, dict):
        return schema
    name = ref.removeprefix(_DEFINITIONS)
    root = definitions.get(name)
    if not isinstance(root, dict):
        return schema
    if msgspec.json.encode(ref) not in msgspec.json.encode(definitions):  # else it holds itself, and stays among them
        definitions = {key: value for key, value in definitions.items() if key != name}
    return root | ({"$defs": definitions} if definitions else {})


def _name(schema: dict[str, Any], wanted: Any) -> str:
    title = str(schema.get("title") or getattr(wanted, "__name__", "answer"))
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in title).strip("_")
    return plain[:64] or "answer"


def _decoder(wanted: Any, take: Callable[[Any], T]) -> Callable[[str], T]:
    decoder = msgspec.json.Decoder(wanted)

    def decode(text: str) -> T:
        try:
            return take(decoder.decode(text))
        except (msgspec.MsgspecError, ValueError) as error:
            raise Unfit(_short(_without_value(str(error)))) from None

    return decode


def _pydantic(wanted: Any) -> AnswerType[Any]:
    schema = _rooted(_schema(wanted, lambda model: model.model_json_schema()))

    def decode(text: str) -> Any:
        try:
            return wanted.model_validate_json(text)
        except ValueError as error:  # pydantic's own, which is one
            raise Unfit(_problems(error)) from None

    if schema.get("type") == "object":
        return _made(wanted, schema, _name(schema, wanted), decode)

    def unwrapped(text: str) -> Any:
        value = read_json(text)
        if not isinstance(value, dict) or value.keys() != {"answer"}:
            raise Unfit('it is no object with the one property "answer"')
        return decode(msgspec.json.encode(value["answer"]).decode())

    inner = {key: value for key, value in schema.items() if key != "$defs"}
    outer: dict[str, Any] = {"title": "answer", "type": "object", "properties": {"answer": inner}, "required": ["answer"]}
    outer |= {"additionalProperties": False} | ({"$defs": schema["$defs"]} if "$defs" in schema else {})
    return _made(wanted, outer, "answer", unwrapped)


def _without_value(problem: str) -> str:
    """What msgspec found, without the value it found: "Invalid enum value 'x' - at `$.y`"."""
    for kind in ("Invalid enum value", "Invalid value"):
        if problem.startswith(kind):
            at = problem.rfind(" - at `")
            return kind + (problem[at:] if at >= 0 else "")
    return problem


def _problems(error: Any) -> str:
    """What pydantic found, without the values it found, which are what the answer says."""
    listed = getattr(error, "errors", None)
    if not callable(listed):
        return _short(str(error))
    found = listed(include_url=False, include_input=False, include_context=False)
    said = [f"{_short(str(one.get('msg', '')))} - at `{_path(one.get('loc', ()))}`" for one in found[:_MOST_PROBLEMS]]
    more = [f"and {len(found) - _MOST_PROBLEMS} more"] if len(found) > _MOST_PROBLEMS else []
    return "; ".join(said + more)


def _path(steps: Any) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PROBLEM else text[:_LONGEST_PROBLEM] + "…"


def _said(wanted: Any) -> str:
    return str(wanted if get_args(wanted) else getattr(wanted, "__name__", wanted))[:100]


def _no_type(message: str) -> RequestError:
    return RequestError(message, param="response_model")
