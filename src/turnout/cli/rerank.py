"""``turnout rerank``: texts in order of relevance to a query, with their scores."""

from __future__ import annotations

import argparse
import sys

from turnout.cli.numbers import positive, seconds

EXAMPLES = """
turnout rerank -m cohere/rerank-v3.5 "Which river is longest?" "The Nile" "The Rhine" "A pond"
turnout rerank -m voyage/rerank-2.5 -n 3 "Which river is longest?" @passages.txt
grep -h river notes/*.txt | turnout rerank -m jina/jina-reranker-v2-base-multilingual "longest river"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help="what the documents shall answer")
    parser.add_argument("document", nargs="*", help="a text; @FILE is the lines of a file, - those of standard input")
    parser.add_argument("-m", "--model", action="append", metavar="NAME", help="provider/model; given again: what to try next")
    parser.add_argument("-n", "--top-n", type=positive, metavar="N", help="print the best N only")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for the whole call, retries included")
    parser.add_argument("--json", action="store_true", help="print the whole answer as one JSON object")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import open_client
    from turnout.cli.failures import WrongUsage
    from turnout.cli.texts import read_texts, tell_losses

    documents = read_texts(options.document)
    if not documents:
        raise WrongUsage("no documents: give texts or @FILE, or pipe lines in; `turnout rerank --help` shows how")
    if not options.model:
        raise WrongUsage("say which model ranks, with -m provider/model; a model that chats does not")
    wished = {} if options.top_n is None else {"top_n": options.top_n}
    with open_client(model=options.model, timeout=options.timeout) as client:
        done = client.rerank(options.query, documents, **wished)
    if options.json:
        from turnout.cli.table import write_json_line

        write_json_line(done, sys.stdout)
    else:
        from turnout.cli.terminal import write

        for item in done.results:
            text = documents[item.index] if 0 <= item.index < len(documents) else ""
            write(f"{item.relevance_score:.6f}\t{item.index + 1}\t{text}\n", sys.stdout)
    tell_losses(done.receipt)
    return 0
