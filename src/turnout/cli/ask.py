"""``turnout ask``: one question, one answer on stdout."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from turnout.cli.numbers import positive, seconds, temperature

if TYPE_CHECKING:
    from turnout.client import Client
    from turnout.types import Completion, ResponseFormat

EXAMPLES = """
turnout ask "Name three rivers"
turnout ask -m anthropic/claude-sonnet-5 -s "Answer in French" "Name three rivers"
git diff | turnout ask "Write a commit message for this change"
turnout ask "Sum this up in two sentences" @report.txt
turnout ask -a invoice.pdf --schema invoice.schema.json "Read this invoice" | jq .total
turnout ask -m groq/llama-3.3-70b-versatile -m local/smollm2-135m "The second answers if the first cannot"
turnout ask --json "Name three rivers" | jq '.usage, .cost.total'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", nargs="*", help="the question; @FILE is a file's text, - is standard input")
    parser.add_argument("-f", "--file", action="append", default=[], metavar="FILE", help="add a file's text to the prompt")
    parser.add_argument(
        "-a", "--attach", action="append", default=[], metavar="FILE|URL", help="send an image, PDF, sound or text"
    )
    parser.add_argument("-m", "--model", action="append", metavar="NAME", help="provider/model; given again: what to try next")
    parser.add_argument("-s", "--system", metavar="TEXT", help="what the model should be and do")
    parser.add_argument("--temperature", type=temperature, metavar="T", help="0 is the most predictable")
    parser.add_argument("--max-output-tokens", type=positive, metavar="N", help="the most tokens to answer with")
    parser.add_argument("--schema", metavar="FILE", help="a JSON Schema that the answer must follow; exits 1 if it is not JSON")
    parser.add_argument("--reasoning", choices=("show", "hide"), help="the model's reasoning, on stderr (default: on a terminal)")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for the whole call, retries included")
    parser.add_argument("--no-stream", action="store_true", help="wait for the whole answer")
    parser.add_argument("--json", action="store_true", help="print the whole completion as one JSON object")
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="tokens, speed, cost and receipt on stderr (default: on a terminal)",
    )


def run(options: argparse.Namespace) -> int:
    from turnout.cli.prompt import read_prompt

    prompt = read_prompt(options.prompt, options.file)
    call = _call(options, prompt)
    from turnout.cli.calling import open_client

    with open_client(model=options.model, timeout=options.timeout) as client:
        done = _answer(client, call, options)
    return _verdict(done, options)


def _call(options: argparse.Namespace, prompt: str) -> dict[str, Any]:
    """The arguments of ``Client.chat``, without those that were not given."""
    from turnout.cli.attachments import attachment
    from turnout.cli.failures import WrongUsage
    from turnout.types import Text

    parts = [attachment(name) for name in options.attach]
    if not prompt and not parts:
        raise WrongUsage("nothing to ask: give a prompt, -f FILE or @FILE, or pipe text in; `turnout ask --help` shows how")
    call: dict[str, Any] = {
        "prompt": [*parts, Text(prompt)] if parts and prompt else parts or prompt,
        "system": options.system,
        "temperature": options.temperature,
        "max_output_tokens": options.max_output_tokens,
        "response_format": _schema(options.schema) if options.schema else None,
    }
    return {name: value for name, value in call.items() if value is not None}


def _schema(name: str) -> ResponseFormat:
    import json

    from turnout.cli.failures import WrongUsage
    from turnout.types import ResponseFormat

    try:
        with open(name, encoding="utf-8") as file:
            schema = json.load(file)
    except OSError as error:
        raise WrongUsage(f"cannot read the schema '{name}': {error.strerror}") from error
    except ValueError as error:
        raise WrongUsage(f"the schema '{name}' is not JSON: {error}") from error
    if not isinstance(schema, dict):
        raise WrongUsage(f"the schema '{name}' must be a JSON object")
    title = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in str(schema.get("title") or "answer"))
    return ResponseFormat(kind="json_schema", name=title[:64], schema=schema)


def _print_json(done: Completion) -> None:
    from decimal import Decimal

    from msgspec import to_builtins

    from turnout.cli.table import write_json_line

    # ``text`` is a property of Completion: no field of it, but what most scripts want
    write_json_line({"text": done.text, **to_builtins(done, builtin_types=(Decimal,))}, sys.stdout)


def _answer(client: Client, call: dict[str, Any], options: argparse.Namespace) -> Completion:
    """What came, shown as it came or, with --json, when it was whole; then its numbers."""
    from turnout.cli.answer import Answer, PlainPage
    from turnout.cli.failures import say
    from turnout.cli.summary import losses, summarise
    from turnout.cli.terminal import is_terminal

    reasoning = is_terminal(sys.stderr) if options.reasoning is None else options.reasoning == "show"
    answer = Answer(PlainPage(), reasoning=reasoning)
    if options.json:
        done: Completion = client.chat(**call)
        _print_json(done)
    elif options.no_stream:
        done = client.chat(**call)
        answer.show_whole(done)
    else:
        with client.stream(**call) as events:
            answer.show(events)
        done = events.completion()
    told = is_terminal(sys.stderr) and not options.json  # which has all of it
    if told if options.stats is None else options.stats:
        for line in (summarise(done, answer.timing), *losses(done)):
            say(line, "dim")
    return done


def _verdict(done: Completion, options: argparse.Namespace) -> int:
    """What the answer's text does not say goes to stderr; a refusal, or an answer that breaks its schema, is a failure."""
    from turnout.cli.answer import remarks
    from turnout.cli.failures import FAILED, say

    if not options.json:
        for remark in remarks(done, "--json"):
            say(f"turnout: {remark}")
    if done.refusal is not None:
        say(f"turnout: the model refused: {done.refusal}")
        return FAILED
    if options.schema and not _is_json(done.text):
        say("turnout: the answer is not the JSON that --schema asked for")
        return FAILED
    return 0


def _is_json(text: str) -> bool:
    import json

    try:
        json.loads(text)
    except ValueError:
        return False
    return True
