"""References within one schema: what they point to, and which of them lead back to themselves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from turnout.adapt.schemas.vocabulary import DEFINITIONS, MAPS, Schema
from turnout.errors import RequestError

ROOT = "#"
_HOPS = 100


class References:
    """The references of ``root``. ``field`` says in errors which schema it is."""

    def __init__(self, root: Schema, field: str) -> None:
        self._root = root
        self._field = field
        self._component: dict[str, int] | None = None

    def target(self, ref: Any) -> Any:
        """What it points to, one step. Raises RequestError for another document, which is never fetched, and for nothing."""
        if not isinstance(ref, str) or not ref.startswith("#"):
            raise RequestError(
                f"{self._field}: $ref {ref!r} points outside the schema, and nothing is fetched: put it under $defs",
                param=self._field,
            )
        found: Any = self._root
        for step in ref[1:].split("/")[1:] if ref.startswith("#/") else []:
            step = _unescaped(step)
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise self._nothing(ref)
        if (ref != ROOT and not ref.startswith("#/")) or not isinstance(found, (dict, bool)):
            raise self._nothing(ref)
        return found

    def resolved(self, schema: Any) -> Any:
        """``schema`` with a reference at its top replaced by what it points to; what stands beside it holds too, by "allOf"."""
        for _ in range(_HOPS):
            if not isinstance(schema, dict) or "$ref" not in schema:
                return schema
            beside = {key: value for key, value in schema.items() if key != "$ref" and key not in DEFINITIONS}
            target = self.target(schema["$ref"])
            if isinstance(target, dict):
                target = {key: value for key, value in target.items() if key not in DEFINITIONS}
            schema = {"allOf": [target], **beside} if beside else target
        raise RequestError(f"{self._field}: $ref leads from one to the next without end", param=self._field)

    def _nothing(self, ref: str) -> RequestError:
        return RequestError(f"{self._field}: $ref {ref!r} points to nothing in the schema", param=self._field)

    @cached_property
    def exist(self) -> bool:
        return bool(self.inside(self._root)) or any(key in self._root for key in DEFINITIONS)

    # -- recursion -----------------------------------------------------------------------------

    def cyclic(self, ref: str) -> bool:
        """True if what it points to contains, over however many steps, the same reference again."""
        return ref in self._components()

    def together(self, ref: str, other: str) -> bool:
        """True if each leads to the other."""
        components = self._components()
        return ref in components and components.get(ref) == components.get(other)

    def inside(self, schema: Any) -> list[str]:
        """Every reference in it, in order, not following any."""
        found: list[str] = []
        waiting = [schema]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    found.append(node["$ref"])
                for key, value in reversed(node.items()):
                    if key in MAPS and isinstance(value, dict):  # names of properties are no keywords
                        waiting += reversed(value.values())
                    elif key not in _VALUES:
                        waiting.append(value)
            elif isinstance(node, list):
                waiting += reversed(node)
        return found

    def _components(self) -> dict[str, int]:
        """Each reference on a cycle, with the number of its cycle."""
        if self._component is None:
            graph: dict[str, list[str]] = {}
            waiting = [ROOT]
            for definitions in DEFINITIONS:
                group = self._root.get(definitions)
                waiting += [f"#/{definitions}/{_escaped(name)}" for name in group] if isinstance(group, dict) else []
            while waiting:
                ref = waiting.pop()
                if ref not in graph:
                    graph[ref] = self.inside(self.target(ref))
                    waiting += graph[ref]
            self._component = _cycles(graph)
        return self._component


_VALUES = frozenset({"enum", "const", "default", "examples", "example", *DEFINITIONS})  # values, or schemas of their own


def _unescaped(step: str) -> str:
    if "%" in step:
        from urllib.parse import unquote  # 6 ms; hardly a name needs it

        step = unquote(step)
    return step.replace("~1", "/").replace("~0", "~")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").replace("%", "%25")


def _cycles(graph: dict[str, list[str]]) -> dict[str, int]:
    """Tarjan's strongly connected components, those that are cycles; without recursion."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    found: dict[str, int] = {}
    for start in graph:
        if start in number:
            continue
        work: list[tuple[str, int]] = [(start, 0)]
        while work:
            node, at = work.pop()
            if at == 0:
                number[node] = low[node] = len(number)
                stack.append(node)
                waiting.add(node)
            if at < len(graph[node]):
                work.append((node, at + 1))
                after = graph[node][at]
                if after not in number:
                    work.append((after, 0))
                elif after in waiting:
                    low[node] = min(low[node], number[after])
                continue
            if low[node] == number[node]:
                members = stack[stack.index(node) :]
                del stack[len(stack) - len(members) :]
                waiting.difference_update(members)
                if len(members) > 1 or node in graph[node]:
                    found |= dict.fromkeys(members, number[node])
            if work:
                above = work[-1][0]
                low[above] = min(low[above], low[node])
    return found
