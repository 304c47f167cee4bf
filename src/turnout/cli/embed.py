"""``turnout embed``: texts as vectors, one line of JSON for each."""

from __future__ import annotations

import argparse
import sys

from turnout.cli.numbers import positive, seconds

EXAMPLES = """
turnout embed -m openai/text-embedding-3-small "Name three rivers"
turnout embed -m voyage/voyage-4 --input-type document @sentences.txt > vectors.jsonl
turnout embed -m ollama/nomic-embed-text - < sentences.txt
turnout embed -m cohere/embed-v4.0 --input-type query --json "Which river is longest?" | jq .usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="*", help="what to embed; @FILE is the lines of a file, - those of standard input")
    parser.add_argument("-m", "--model", action="append", metavar="NAME", help="provider/model; given again: what to try next")
    parser.add_argument("--dimensions", type=positive, metavar="N", help="how long the vectors shall be, where the model can")
    parser.add_argument("--input-type", metavar="WORD", help="what the vectors are for: query, document, similarity…")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for the whole call, retries included")
    parser.add_argument("--json", action="store_true", help="print the whole answer as one JSON object")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import open_client
    from turnout.cli.failures import WrongUsage
    from turnout.cli.table import write_json_line
    from turnout.cli.texts import read_texts, tell_losses

    texts = read_texts(options.text)
    if not texts:
        raise WrongUsage("nothing to embed: give texts or @FILE, or pipe lines in; `turnout embed --help` shows how")
    if not options.model:
        raise WrongUsage("say which model embeds, with -m provider/model; a model that chats does not")
    wished = {"dimensions": options.dimensions, "input_type": options.input_type}
    with open_client(model=options.model, timeout=options.timeout) as client:
        done = client.embed(texts, **{name: value for name, value in wished.items() if value is not None})
    for value in (done,) if options.json else (item.numbers for item in sorted(done.data, key=lambda item: item.index)):
        write_json_line(value, sys.stdout)
    tell_losses(done.receipt)
    return 0
