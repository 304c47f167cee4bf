"""Structured output: the answer is an object of a type of yours, or JSON that fits a schema."""

import json
import sys
from dataclasses import dataclass

import turnout

model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"


@dataclass
class Person:
    name: str
    age: int


done = turnout.ask(model, "Anna is 31 years old.", system="Extract the person.", response_model=Person, temperature=0)
print(done.parsed)
print(f"{1 + len(done.unfit)} answer(s), {done.usage.total_tokens} tokens, cost: {done.cost}")

person = {
    "title": "person",
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 40}, "age": {"type": "integer", "minimum": 0, "maximum": 150}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
text = turnout.ask(model, "Anna is 31 years old.", system="Extract the person.", response_format=person, temperature=0).text
print(json.loads(text))
