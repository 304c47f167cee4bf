"""What is asked and what is answered: the same small conversations for every client and every provider family.

A prompt carries the name of its scene, so that the upstream knows from the request alone, whatever its protocol, what to answer.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

SCENES = ("plain", "stream", "tools", "parallel", "structured", "images", "reasoning", "errors", "cancel")

TEXT = ("The ", "Loire, ", "in France – 1,006 km.")  # in the pieces of a stream; not ASCII alone
PLAIN = "".join(TEXT)
WEATHER = "It is 18 degrees in Paris."
BOTH = "Paris has 18 degrees, Lyon has 21."
PERSON = '{"name": "Anna", "age": 31}'
DOT = "A red dot."
THOUGHT = "Paris is asked for; the tool knows."
RESULTS = {"Paris": "18 degrees", "Lyon": "21 degrees"}
TOOL = "weather"
TOOL_TEXT = "The weather in a city"
TOOL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Its name"}},
    "required": ["city"],
    "additionalProperties": False,
}
PERSON_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
INPUT_TOKENS, OUTPUT_TOKENS = 21, 7
RETRY_AFTER = 120  # seconds; longer than a gateway waits
MARK = re.compile(r"\[(\w+)(?:-(\w+))? #(\w+)\]")


def _png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00")) + chunk(b"IEND", b"")


PNG = _png()

ASKED = {
    "plain": "Name a river.",
    "stream": "Name a river.",
    "tools": "What is the weather in Paris?",
    "parallel": "What is the weather in Paris and in Lyon?",
    "structured": "Anna is 31 years old. Who is it?",
    "images": "What is this?",
    "reasoning": "Think about it: what is the weather in Paris?",
    "errors": "Fail.",
    "cancel": "Count to a million.",
}


def prompt(scene: str, id: str, detail: str = "") -> str:
    """``id`` tells this conversation from all others, ``detail`` the way in which to fail."""
    return f"{ASKED[scene]} [{scene}{'-' + detail if detail else ''} #{id}]"


@dataclass(frozen=True)
class Call:
    arguments: dict[str, Any]
    id: str
    name: str = TOOL


@dataclass(frozen=True)
class Answer:
    """What a model says: reasoning, then text, then calls. Each family writes it in its own form."""

    text: str = ""
    pieces: tuple[str, ...] = ()
    reasoning: str = ""
    calls: tuple[Call, ...] = ()


@dataclass
class Seen:
    """What a request held, read by the family whose protocol it is in."""

    texts: list[str] = field(default_factory=list)  # of users and systems
    stream: bool = False
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> JSON Schema
    schema: dict[str, Any] | None = None  # of the answer
    images: list[bytes] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # id and arguments of what the history says was called
    results: list[tuple[str, str]] = field(default_factory=list)  # id and text
    reasoning: list[tuple[str, str]] = field(default_factory=list)  # text and signature of what the history says was thought
    max_tokens: int | None = None


class Unlike(Exception):
    """The request is not what this scene's client meant to send."""


def answer(seen: Seen, *, ids: tuple[str, str], thinks: bool) -> tuple[str, str, str, Answer]:
    """The scene, its detail and id, and what to say. Raises Unlike with what is missing in the request."""
    found = next((mark for text in seen.texts if (mark := MARK.search(text))), None)
    if found is None:
        raise Unlike(f"no prompt of any scene arrived; the texts are {seen.texts}")
    scene, detail, id = found[1], found[2] or "", found[3]
    return scene, detail, id, _says(scene, seen, ids, thinks)


def _says(scene: str, seen: Seen, ids: tuple[str, str], thinks: bool) -> Answer:
    match scene:
        case "plain" | "stream":
            return Answer(PLAIN, TEXT)
        case "cancel":
            return Answer(PLAIN, TEXT)
        case "structured" if seen.schema is None and set(seen.tools.get("json", {}).get("properties", {})) == {"name", "age"}:
            return Answer(calls=(Call({"name": "Anna", "age": 31}, ids[0], "json"),))  # how some clients ask for a schema
        case "structured":
            _expect(seen.schema is not None, "no schema of the answer arrived")
            wanted = set((seen.schema or {}).get("properties", {}))
            _expect(wanted == {"name", "age"}, f"the answer's schema has the properties {sorted(wanted)}, not name and age")
            return Answer(PERSON, (PERSON[:9], PERSON[9:]))
        case "images":
            _expect(seen.images == [PNG], f"{len(seen.images)} images arrived, or other bytes than were sent")
            return Answer(DOT, (DOT,))
        case "tools" | "parallel" | "reasoning":
            schema = seen.tools.get(TOOL)
            _expect(schema is not None, f"the tool {TOOL} and its schema did not arrive, but {seen.tools}")
            city = (schema or {}).get("properties", {}).get("city", {})
            _expect(city.get("description") == "Its name", f"the tool's schema arrived as {schema}")
            cities = ("Paris", "Lyon") if scene == "parallel" else ("Paris",)
            if not seen.results:
                thought = THOUGHT if scene == "reasoning" and thinks else ""
                return Answer(
                    reasoning=thought, calls=tuple(Call({"city": city}, id) for city, id in zip(cities, ids, strict=False))
                )
            _check_results(seen, cities)
            said = BOTH if scene == "parallel" else WEATHER
            return Answer(said, (said[:7], said[7:]))
    return Answer(PLAIN, TEXT)


def _check_results(seen: Seen, cities: tuple[str, ...]) -> None:
    """Each call came back with its arguments, and each result is bound to the call that it answers."""
    called = {id: arguments.get("city") for id, arguments in seen.calls}
    _expect(sorted(map(str, called.values())) == sorted(cities), f"the history says that {called} were called")
    answered = {called.get(id, f"unknown call {id}"): text for id, text in seen.results}
    wanted = {city: RESULTS[city] for city in cities}
    _expect(answered == wanted, f"the results arrived as {answered}, not {wanted}")


def _expect(right: bool, otherwise: str) -> None:
    if not right:
        raise Unlike(otherwise)
