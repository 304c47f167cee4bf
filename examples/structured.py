"""Structured output: the answer is JSON that fits a schema."""

import json
import sys

import turnout

model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2-135m"
person = {
    "title": "person",
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 40}, "age": {"type": "integer", "minimum": 0, "maximum": 150}},
    "required": ["name", "age"],
    "additionalProperties": False,
}

done = turnout.ask(model, "Anna is 31 years old.", system="Extract the person.", response_format=person, temperature=0)
found = json.loads(done.text)
print(found["name"], found["age"])
