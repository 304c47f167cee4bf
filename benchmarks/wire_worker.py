"""One measured process of the wires: Turnout's codecs, or one vendor's SDK. It times what the runner asks for, line by line.

    python benchmarks/wire_worker.py CHUNKS own WIRE…
    python benchmarks/wire_worker.py CHUNKS vendor WIRE

Reads one JSON object a line ({"wire", "step", "count"}) and answers each with the seconds of CPU that it took. The first line
it writes says whether the subjects could be made: {"failed": null}, or why not.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from mock_upstream import TEXT
from wire_bytes import ANSWERS, ARGUMENTS, CALL, said

Step = Callable[[], str]  # gives the text that was read; what reads none gives ""
MODEL = "m"


def own_steps(wire: str, chunks: int) -> dict[str, Step]:
    """The four things that a codec is for, of one wire, with what its provider says."""
    from msgspec.structs import replace

    from turnout import Registry
    from turnout.adapt import prepare
    from turnout.catalog.schema import Provider
    from turnout.events import TextDelta
    from turnout.types import HttpResponse, Target

    spoken: Any = Registry().wires.get(wire)
    provider = Provider(id="vendor", name="Vendor", wire=wire, base_url="https://vendor.test/v1")
    target = Target(provider=provider.id, model=MODEL)
    whole, streamed = ANSWERS[wire]
    response, pieces = HttpResponse(status=200, headers={}, body=whole()), streamed(chunks)
    asked = conversation()
    fitted = prepare(asked, spoken, provider, None).request
    chat = spoken.chat

    def encode() -> str:
        chat.encode(fitted, provider, stream=True)
        return ""

    def fit() -> str:
        # a copy, as each call has: what is remembered of one object must not count
        prepare(replace(asked), spoken, provider, None)
        return ""

    def decode() -> str:
        return chat.decode(response, target).text  # type: ignore[no-any-return]

    def stream() -> str:
        decoder = chat.decoder(target)
        texts = [event.text for piece in pieces for event in decoder.feed(piece) if type(event) is TextDelta]
        texts += [event.text for event in decoder.close() if type(event) is TextDelta]
        return "".join(texts)

    return {"fit": fit, "encode": encode, "decode": decode, "stream": stream}


def conversation() -> Any:
    """What an agent asks in its second turn: instructions, two tools, a question, a call, its result."""
    from turnout.prompt import build

    city = {"type": "string", "description": "Name of a city"}
    days = {"type": "integer", "description": "How many days ahead"}
    forecast = {"type": "object", "properties": {"city": city, "days": days}, "required": ["city", "days"]}
    place = {"type": "object", "properties": {"city": city}, "required": ["city"]}
    tools = [
        {"type": "function", "function": {"name": name, "description": f"{name} of a city", "parameters": schema}}
        for name, schema in (("weather", forecast), ("population", place))
    ]
    call = {"id": CALL, "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}
    messages = [
        {"role": "system", "content": "You answer questions about cities, in one sentence, and use tools for facts."},
        {"role": "user", "content": "What will the weather be like in Paris on Monday?"},
        {"role": "assistant", "content": "I look it up.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": CALL, "content": "18 degrees, sunny, a light wind from the west"},
    ]
    return build(MODEL, None, {"messages": messages, "tools": tools, "temperature": 0.2, "max_output_tokens": 500})


def vendor_steps(wire: str, chunks: int) -> dict[str, Step]:
    from wire_vendors import VENDORS

    whole, streamed = ANSWERS[wire]
    vendor = VENDORS[wire][1](whole(), streamed(chunks))
    return {"decode": vendor.whole, "stream": vendor.stream}


def measure(steps: dict[str, dict[str, Step]], expected: dict[str, dict[str, str]], wire: str, step: str, count: int) -> float:
    """Seconds of CPU for each of ``count`` times. Raises AssertionError when what is read is not what was said."""
    run = steps[wire][step]
    text = run()
    if text != expected[wire].get(step, ""):
        raise AssertionError(f"{wire}: {step} read {text[:200]!r}, not what the provider said")
    gc.collect()
    began = time.process_time()
    for _ in range(count):
        run()
    return (time.process_time() - began) / count


def main(chunks: str, side: str, *wires: str) -> None:
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get between the figures
    try:
        make = own_steps if side == "own" else vendor_steps
        steps = {wire: make(wire, int(chunks)) for wire in wires}
        expected = {wire: {"decode": TEXT, "stream": said(wire, int(chunks))} for wire in wires}
        for wire in wires:
            for step in steps[wire]:
                measure(steps, expected, wire, step, 1)
    except Exception as error:  # noqa: BLE001 - whatever keeps an SDK from working is what its row says
        replies.write(json.dumps({"failed": f"{type(error).__name__}: {error}"}) + "\n")
        return
    replies.write(json.dumps({"failed": None}) + "\n")
    for line in sys.stdin:
        replies.write(json.dumps(measure(steps, expected, **json.loads(line))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
