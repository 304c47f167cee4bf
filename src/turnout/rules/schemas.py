"""Which JSON Schema a protocol understands, for the arguments of tools and for the form of an answer.

What each built-in protocol understands is in ``turnout.rules.dialects``.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Bounds(Struct, frozen=True, kw_only=True):
    """How large a schema may be. None: no bound is known. Objects nest one level each; the root is level 1."""

    properties: int | None = None
    depth: int | None = None
    enum_values: int | None = None
    characters: int | None = None  # of names of properties and definitions, and of enum and const values


class Dialect(Struct, frozen=True, kw_only=True):
    """What may be said in one place. The defaults take any schema as it is.

    ``keywords`` are understood: said, and the model is held to them where the place holds it at all. ``unheeded`` may be said
    too, but nobody heeds them; None: any keyword may. All others are refused there, so they are not sent.
    """

    keywords: frozenset[str] | None = None  # None: all
    unheeded: frozenset[str] | None = frozenset()
    held: bool = True  # the model is held to the schema; False: it only reads it
    formats: frozenset[str] | None = None  # values of ``format`` that are understood; None: all
    patterns: str | None = None  # a regular expression that a ``pattern`` must match to be understood; None: all are
    enums: frozenset[str] | None = None  # JSON types of the values that ``enum`` and ``const`` may hold; None: all
    most: tuple[tuple[str, int], ...] = ()  # the greatest value a keyword may have
    ranges: frozenset[str] | None = None  # JSON types whose minimum and maximum are understood; None: all
    type_lists: bool = True  # "type" may be a list
    lone_unions: bool = False  # "anyOf" may not stand beside "properties" and the like
    refs: Literal["all", "optional", "acyclic", "none"] = "all"  # optional: recursion only through properties not required
    lone_refs: bool = False  # nothing may stand beside "$ref"
    typed: Literal["no", "unless_valued", "yes"] = "no"  # a schema must say its type, unless it has alternatives (or values)
    items: bool = False  # every array must say its items
    closed: bool = False  # every object must say "additionalProperties": false
    required: Literal["any", "some", "all"] = "any"  # how many of an object's properties must be required
    root_object: bool = False  # the root must say that it is an object
    plain_root: bool = False  # the root may not be a union, an enum or a negation
    bounds: Bounds = Bounds()
    source: str = ""  # where this was read, and when


class SchemaRules(Struct, frozen=True, kw_only=True):
    """The defaults take any schema as it is.

    ``strict_tools`` and ``strict_output`` hold where ``strict`` is asked for; None: the protocol has no such thing there.
    """

    tools: Dialect = Dialect(held=False)
    strict_tools: Dialect | None = None
    strict_together: bool = False  # all tools of a request are strict, or none is
    output: Dialect = Dialect()
    strict_output: Dialect | None = None
