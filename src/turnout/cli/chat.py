"""``turnout chat``: a conversation in the terminal."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from turnout.cli.ask import seconds

if TYPE_CHECKING:
    from turnout.cli.answer import Page
    from turnout.cli.conversation import Conversation, Spent
    from turnout.client import Client

EXAMPLES = """
turnout chat
turnout chat -m anthropic/claude-sonnet-5 -s "You are a patient teacher of chemistry"
turnout chat --load rivers.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model", metavar="NAME", help="provider/model; /model changes it later")
    parser.add_argument("-s", "--system", metavar="TEXT", help="what the model should be and do; /system changes it later")
    parser.add_argument("--load", metavar="FILE", help="go on with a conversation that /save wrote")
    parser.add_argument("--reasoning", choices=("show", "hide"), default="show", help="the model's reasoning (default: show)")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for one answer, retries included")
    parser.add_argument("--plain", action="store_true", help="show answers as the model wrote them, even if rich is installed")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.failures import report, say
    from turnout.cli.history import History, state_folder
    from turnout.cli.line_editor import open_editor, read_entry
    from turnout.cli.slash import Leave, Slash, is_command
    from turnout.client import Client

    with Client(timeout=options.timeout) as client:
        conversation = _conversation(options, client)
        slash = Slash(conversation, client.registry)
        editor = open_editor(History(f"{state_folder()}/history"), slash.complete)
        say(f"{conversation.model}. /help lists the commands, Ctrl-D leaves.", "dim")
        while True:
            try:
                entry = read_entry(editor)
                try:
                    if is_command(entry):
                        say(slash.run(entry), "dim")
                    elif entry.strip():
                        _turn(client, conversation, entry.removeprefix("/") if entry.startswith("//") else entry, options)
                except (BrokenPipeError, Leave):
                    raise
                except Exception as error:  # noqa: BLE001 - this turn failed; the conversation goes on
                    report(error)
            except (EOFError, Leave):
                break
            except KeyboardInterrupt:
                say("\nCtrl-D leaves", "dim")
        if conversation.spent.calls > 1:
            say(_total(conversation.spent), "dim")
    return 0


def _conversation(options: argparse.Namespace, client: Client) -> Conversation:
    from turnout.cli.conversation import Conversation, load

    loaded = load(options.load) if options.load else None
    model = options.model or (loaded.model if loaded else client.registry.default_model())
    client.registry.plan(model)  # what is wrong with the model is said before the first question
    system = options.system or (loaded.system if loaded else None)
    return Conversation(model, system, loaded.messages if loaded else ())


def _turn(client: Client, conversation: Conversation, text: str, options: argparse.Namespace) -> None:
    """Asks, and shows the answer. The conversation keeps the turn if anything of the answer came."""
    from turnout.cli.answer import Answer, remarks
    from turnout.cli.failures import say
    from turnout.cli.summary import losses, summarise
    from turnout.errors import StreamInterrupted
    from turnout.types import Message, Text

    prompt = Message("user", (Text(text),))
    answer = Answer(_page(options), reasoning=options.reasoning == "show")
    stream = client.stream(messages=conversation.asking(prompt), model=conversation.model)
    try:
        with stream:
            answer.show(stream)
        done = stream.completion()
    except KeyboardInterrupt:
        conversation.interrupted(prompt, stream.completion() if answer.has_begun else None)
        say("interrupted", "dim")
        return
    except StreamInterrupted as error:
        conversation.interrupted(prompt, error.partial)
        raise
    conversation.answered(prompt, done)
    if done.refusal is not None:
        say(f"the model refused: {done.refusal}")
    for line in (*remarks(done), summarise(done, answer.timing), *losses(done)):
        say(line, "dim")


def _page(options: argparse.Namespace) -> Page:
    from turnout.cli.answer import PlainPage
    from turnout.cli.terminal import has_colour

    if not options.plain and has_colour(sys.stdout):
        try:
            from turnout.cli.markdown import MarkdownPage

            return MarkdownPage()
        except ImportError:
            pass  # the extra `cli` is not installed
    return PlainPage()


def _total(spent: Spent) -> str:
    from turnout.cli.summary import cost

    return f"{spent.calls} answers · {spent.input_tokens} in · {spent.output_tokens} out · {cost(spent.cost)}"
