"""``turnout count``: how many tokens a prompt has, as its provider counts them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """
turnout count -m anthropic/claude-sonnet-5 "Name three rivers"
git diff | turnout count -m openai/gpt-5.1 -s "Write a commit message for this change"
turnout count -m google/gemini-2.5-flash -a invoice.pdf "Read this invoice" --json | jq .input_tokens
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from turnout.cli.numbers import seconds

    parser.add_argument("prompt", nargs="*", help="the prompt; @FILE is a file's text, - is standard input")
    parser.add_argument("-f", "--file", action="append", default=[], metavar="FILE", help="add a file's text to the prompt")
    parser.add_argument(
        "-a", "--attach", action="append", default=[], metavar="FILE|URL", help="count an image, PDF, sound or text too"
    )
    parser.add_argument("-m", "--model", action="append", metavar="NAME", help="provider/model; given again: whom to ask next")
    parser.add_argument("-s", "--system", metavar="TEXT", help="what the model should be and do")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for the whole call, retries included")
    parser.add_argument("--json", action="store_true", help="print the count and what was said beside it as one JSON object")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import open_client
    from turnout.cli.failures import say
    from turnout.cli.prompt import read_prompt

    call = _call(options, read_prompt(options.prompt, options.file))
    with open_client(model=options.model, timeout=options.timeout) as client:
        counted = client.count_tokens(**call)
    if options.json:
        from turnout.cli.table import write_json_line

        write_json_line(counted, sys.stdout)
        return 0
    sys.stdout.write(f"{counted.input_tokens}\n")
    if counted.of == "text":
        say("turnout: this provider counts the text alone, without what a chat puts around it", "dim")
    for line in counted.lines:
        say(f"turnout: {line}", "dim")
    return 0


def _call(options: argparse.Namespace, prompt: str) -> dict[str, Any]:
    from turnout.cli.attachments import attachment
    from turnout.cli.failures import WrongUsage
    from turnout.types import Text

    parts = [attachment(name) for name in options.attach]
    if not prompt and not parts:
        raise WrongUsage("nothing to count: give a prompt, -f FILE or @FILE, or pipe text in; `turnout count --help` shows how")
    call = {"prompt": [*parts, Text(prompt)] if parts and prompt else parts or prompt, "system": options.system}
    return {name: value for name, value in call.items() if value is not None}
