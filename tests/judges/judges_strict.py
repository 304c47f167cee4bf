"""A vendor's own types as a strict judge of JSON: no unknown field, no wrong kind, nothing left unlooked at.

An SDK's types are made to serve its users, so they forgive: a field they do not know is kept or dropped, a list may be a lazy
iterator that nobody reads, a union ends in "or anything else", an enumeration takes new words. ``Strict`` takes pydantic's own
description of the type (https://docs.pydantic.dev/latest/api/pydantic_core_schema/, read 2026-11-21) and takes that away.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

Schema = dict[str, Any]


class Strict:
    """``kind``: a TypedDict, a pydantic model or a union of them.

    ``open_models``: models by class name that may hold more than they say, because the vendor's server reads more there than its
    SDK writes. ``json_only`` drops from unions the models of answers, which some SDKs let a user pass back as they are.
    ``any_case``: the words of enumerations may be in small letters too.
    """

    def __init__(self, kind: Any, *, open_models: Collection[str] = (), json_only: bool = False, any_case: bool = False) -> None:
        adapter = TypeAdapter(kind)
        adapter.rebuild(force=True)  # some SDKs put off building until first use
        self._open = frozenset(open_models)
        self._json_only = json_only
        self._any_case = any_case
        whole: Any = adapter.core_schema
        self._named = {definition["ref"]: definition for definition in whole.get("definitions", ())}
        self._validator = SchemaValidator(self._close(whole))

    def complaints(self, body: bytes) -> list[str]:
        """What the type has against ``body``, one sentence each. Empty: accepted."""
        try:
            self._validator.validate_json(body, strict=True, by_alias=True, by_name=False)
        except ValidationError as error:
            said = [(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors(include_url=False)]
            return [f"{'.'.join(map(str, place)) or 'the whole'}: {message}" for place, _, message in _meant(said)]
        return []

    def _close(self, schema: Any) -> Any:
        if isinstance(schema, (list, tuple)):
            return type(schema)(self._close(item) for item in schema)
        if not isinstance(schema, dict):
            return schema
        match schema.get("type"):
            case "generator":
                return {"type": "list", "items_schema": self._close(schema["items_schema"])}
            case "function-before":
                return self._close(schema["schema"])  # what makes another form fit before it is looked at
            case "model":
                return self._fields(schema)
            case "typed-dict":
                extra = self._extra(schema["cls"])
                fields = {name: self._close(field) for name, field in schema["fields"].items()}
                return {**schema, "fields": fields, "extra_behavior": extra, "config": {"extra_fields_behavior": extra}}
            case "union":
                kept = [choice for choice in schema["choices"] if not self._anything(choice, schema["choices"])]
                schema = {**schema, "choices": kept or schema["choices"]}
            case "enum":
                words = [member.value for member in schema["members"]]  # and not what its _missing_ makes up
                return {"type": "literal", "expected": words + [word.lower() for word in words if self._any_case]}
        return {name: self._close(value) for name, value in schema.items() if name not in ("metadata", "serialization")}

    def _extra(self, kind: type) -> str:
        return "ignore" if kind.__name__ in self._open else "forbid"

    def _fields(self, model: Schema) -> Schema:
        """A model as the object it is in JSON. A discriminator that the SDK writes by itself must be there."""
        inner = model
        while inner["type"] != "model-fields":
            inner = inner["schema"]
        fields: dict[str, Schema] = {}
        for name, field in inner["fields"].items():
            value = field["schema"]
            required = value["type"] != "default" or _is_constant(value)
            fields[name] = {"type": "typed-dict-field", "schema": self._close(_undefaulted(value)), "required": required}
            if "validation_alias" in field:
                fields[name]["validation_alias"] = field["validation_alias"]
        extra = self._extra(model["cls"])
        config = {"extra_fields_behavior": extra, "val_json_bytes": "base64"}
        described = {"type": "typed-dict", "fields": fields, "cls_name": model["cls"].__name__, "extra_behavior": extra}
        return described | {"config": config} | ({"ref": model["ref"]} if "ref" in model else {})

    def _anything(self, choice: Any, choices: list[Any]) -> bool:
        """A choice of a union that is there so that nothing is ever refused."""
        schema: Schema = choice[0] if isinstance(choice, tuple) else choice
        if schema["type"] == "definition-ref":
            schema = self._named.get(schema["schema_ref"], schema)
        match schema["type"]:
            case "any":
                return True
            case "lax-or-strict":
                strict: Schema = schema["strict_schema"]
                return bool(strict["type"] == "none")  # mistralai's "a word we do not know yet"
            case "model":
                return self._json_only or schema["cls"].__name__.startswith(("Unknown", "Unset"))
            case "union":
                return all(self._anything(inner, schema["choices"]) for inner in schema["choices"])
        return _is_free(schema) and any(self._is_described(other) for other in choices)

    def _is_described(self, choice: Any) -> bool:
        schema: Schema = choice[0] if isinstance(choice, tuple) else choice
        if schema["type"] == "definition-ref":
            schema = self._named.get(schema["schema_ref"], schema)
        return schema["type"] in ("model", "typed-dict")


def _is_free(schema: Schema) -> bool:
    """An object of anything."""
    if schema["type"] == "json-or-python":
        schema = schema["json_schema"]
    if schema["type"] in ("function-wrap", "function-after"):
        return _is_free(schema["schema"])
    return schema["type"] == "dict" and schema.get("values_schema", {"type": "any"})["type"] == "any"


def _undefaulted(schema: Schema) -> Schema:
    while schema["type"] == "default":
        schema = schema["schema"]
    return schema


def _is_constant(schema: Schema) -> bool:
    while schema["type"] in ("default", "nullable", "function-after"):
        schema = schema["schema"]
    return schema["type"] == "literal" and len(schema["expected"]) == 1


Problem = tuple[tuple[str | int, ...], str, str]


def _meant(problems: list[Problem]) -> list[Problem]:
    """Of what the choices of a union each say, what those say whose discriminator fits."""
    unfit = {place[:-1] for place, kind, _ in problems if kind == "literal_error" and place[-1] in ("type", "role")}
    fit = [problem for problem in problems if not any(problem[0][:depth] in unfit for depth in range(len(problem[0]) + 1))]
    return fit or problems
