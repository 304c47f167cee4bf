"""Talks: one question from the command line, or one after another until the person leaves."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from turnout.cli.failures import FAILED, WrongUsage, report, say
from turnout.cli.terminal import is_terminal

if TYPE_CHECKING:
    from turnout.cli.answer import Page
    from turnout.cli.chat.models import Models
    from turnout.cli.chat.state import Chat
    from turnout.cli.chat.transcript import Transcript
    from turnout.client import Client
    from turnout.types import Completion, Message

SASSY = (
    "You complain about every question, find it beneath you, and then answer it all the same: correctly, completely "
    "and with sarcasm. Write formulas with Unicode characters, not with LaTeX."
)


def talk(options: argparse.Namespace, models: Models) -> int:
    """The exit code: of one question whether it was answered; of a conversation always 0."""
    from turnout.cli.calling import open_client
    from turnout.cli.interrupts import told_to_end

    if models.lists.files or options.data_directory:  # a machine without these files is not told that they are missing
        for note in models.lists.notes:
            say(note, "dim")
    chat = _begin(options, models)
    question = _question(options)
    with (
        told_to_end(lambda left: chat.editor is not None and chat.editor.leaves(left)),
        open_client(models.registry, timeout=options.timeout) as client,
    ):
        if question is not None:
            return _once(chat, client, question)
        _on_and_on(chat, client)
    return 0


def _begin(options: argparse.Namespace, models: Models) -> Chat:
    from turnout.cli.attachments import attachment
    from turnout.cli.chat.conversation import Conversation
    from turnout.cli.chat.sessions import Session, Sessions
    from turnout.cli.chat.state import Chat
    from turnout.cli.chat.transcript import Transcript

    sessions = Sessions()
    name = sessions.last() if options.go_on else options.session
    kept = name is not None and sessions.path(name).exists()
    if kept and (options.load or options.history_file):
        raise WrongUsage(f"there is a session '{name}' already; choose another name for what --load reads")
    once = options.prompt is not None or options.stdin
    # of a script or a single question nothing is kept unless it says under which name
    saving = not options.no_save and (bool(name) or (not once and is_terminal(sys.stdin)))
    session = Session(sessions, name, saving=saving)
    loaded = session.open(name) if kept and name is not None else _from_file(options)
    transcript = loaded or Transcript("", ())
    model = options.model or transcript.model or models.default()
    conversation = Conversation.of(transcript)
    conversation.model = models.resolve(model)  # what is wrong with the model is said before the first question
    conversation.system = _system(options, models, transcript)
    conversation.attached += [(name, attachment(name)) for name in options.attach]
    settings = models.lists.settings
    chat = Chat(
        conversation,
        session,
        models,
        lambda: _page(options.plain),
        reasoning=(not once or is_terminal(sys.stderr)) if options.reasoning is None else options.reasoning == "show",
        streams=settings.stream is not False if options.stream is None else options.stream,
        echo=options.echo,
    )
    if loaded is not None and not once and is_terminal(sys.stdout):
        from turnout.cli.chat.showing import print_all

        print_all(chat, "")
    return chat


def _from_file(options: argparse.Namespace) -> Transcript | None:
    from turnout.cli.chat.transcript import load

    if options.load:
        return load(options.load)
    if options.history_file:
        if os.path.exists(os.path.expanduser(options.history_file)):
            return load(options.history_file)
        say(f"Warning: History file {options.history_file} does not exist.  No history will be loaded.", "yellow")
    return None


def _system(options: argparse.Namespace, models: Models, loaded: Transcript) -> str | None:
    """What the command line says, else the conversation that goes on, else the environment, else config.toml."""
    settings = models.lists.settings
    if options.system is not None:
        return options.system or None
    if options.sassy:
        return SASSY
    if loaded.messages or loaded.system:
        return loaded.system
    if settings.sassy:
        return SASSY
    return os.environ.get("LLMC_SYSTEM_PROMPT") or settings.system_prompt or None


def _question(options: argparse.Namespace) -> str | None:
    """None when the person will ask."""
    if options.prompt is None and not options.stdin:
        return None
    question = options.prompt or ""
    if options.stdin:
        from turnout.cli.prompt import read_prompt

        piped = read_prompt(["-"], ())
        question = f"{question}\n\n{piped}" if question and piped else question or piped
    if not question.strip() and not options.attach:
        raise WrongUsage("nothing to ask: --prompt and standard input are empty")
    return question


def _once(chat: Chat, client: Client, question: str) -> int:
    from turnout.cli.answer import remarks

    prompt = chat.conversation.prompt(question)
    if chat.echo:
        _echo(chat, prompt)
        return 0
    try:
        done = ask(chat, client, prompt, told=is_terminal(sys.stderr))
    finally:
        chat.keep()
    for remark in remarks(done, "--session NAME"):
        say(f"turnout: {remark}")
    if done.refusal is not None:
        say(f"turnout: the model refused: {done.refusal}")
        return FAILED
    return 0


def _on_and_on(chat: Chat, client: Client) -> None:
    from turnout.cli.chat.history import History, state_folder
    from turnout.cli.chat.line_editor import open_editor, read_entry
    from turnout.cli.chat.showing import total
    from turnout.cli.chat.slash import Leave, complete, is_command, run
    from turnout.cli.prompt import is_text

    chat.history = History(f"{state_folder()}/history")
    chat.editor = open_editor(chat.history, lambda line: complete(chat, line))
    say(f"{chat.conversation.model}. /help lists the commands, Ctrl-D leaves.", "dim")
    while True:
        try:
            try:
                entry = read_entry(chat.editor)
                if not is_text(entry):
                    raise WrongUsage("that is not UTF-8 text, and was not sent")
                if is_command(entry):
                    if told := run(chat, entry):
                        say(told, "dim")
                    if chat.again:
                        _again(chat, client)
                elif entry.strip():
                    text = entry.removeprefix("/") if entry.startswith("//") else entry
                    _turn(chat, client, chat.conversation.prompt(text))
            except (BrokenPipeError, EOFError, Leave):
                raise
            except Exception as error:  # noqa: BLE001 - this turn failed; the conversation goes on
                report(error)
        except (EOFError, Leave):
            break
        except KeyboardInterrupt:
            say("\nCtrl-D leaves", "dim")
    if chat.conversation.spent.calls > 1:
        say(total(chat.conversation), "dim")
    if chat.session.saving and not chat.session.problem and chat.conversation.messages:
        say(f"session {chat.session.name}; `turnout chat --session {chat.session.name}` goes on with it", "dim")


def _again(chat: Chat, client: Client) -> None:
    """Asks the last question again. If nothing comes of it, the old answer stays."""
    taken, messages = chat.again, chat.conversation.messages
    left = len(messages)
    chat.again = []
    try:
        _turn(chat, client, taken[0])
    finally:
        if len(messages) == left:
            messages += taken
            chat.keep()


def _turn(chat: Chat, client: Client, prompt: Message) -> None:
    """Asks, and shows the answer. The conversation keeps the turn if anything of the answer came."""
    from turnout.cli.answer import remarks
    from turnout.cli.chat.showing import total

    if chat.echo:
        _echo(chat, prompt)
        return
    try:
        done = ask(chat, client, prompt, told=True)
    except KeyboardInterrupt:
        say("interrupted", "dim")
        return
    finally:
        chat.keep()
    if done.refusal is not None:
        say(f"the model refused: {done.refusal}")
    for line in remarks(done, "/save FILE"):
        say(line, "dim")
    if chat.conversation.spent.calls > 1:
        say(f"so far: {total(chat.conversation)}", "dim")


def ask(chat: Chat, client: Client, prompt: Message, *, told: bool) -> Completion:
    """One exchange. ``told``: its numbers go to stderr, and each thing that could not be carried over, once for each model.

    Ctrl-C and a broken stream leave what came in the conversation, and go on to the caller.
    """
    from turnout.cli.answer import Answer
    from turnout.cli.interrupts import uninterrupted
    from turnout.cli.summary import losses, summarise
    from turnout.errors import StreamInterrupted

    conversation = chat.conversation
    answer = Answer(chat.page(), reasoning=chat.reasoning)
    messages = conversation.asking(prompt)
    if chat.streams:
        stream = client.stream(messages=messages, model=conversation.model)
        try:
            with stream:
                answer.show(stream)
            done = stream.completion()
        except (KeyboardInterrupt, SystemExit):
            with uninterrupted():
                conversation.interrupted(prompt, stream.completion() if answer.has_begun else None)
            raise
        except StreamInterrupted as error:
            conversation.interrupted(prompt, error.partial)
            raise
    else:
        done = client.chat(messages=messages, model=conversation.model)
        answer.show_whole(done)
    conversation.answered(prompt, done)
    if told:
        for line in (summarise(done, answer.timing), *conversation.untold(losses(done))):
            say(line, "dim")
    return done


def _echo(chat: Chat, prompt: Message) -> None:
    """Shows what would be asked. The conversation stays as it was."""
    page = chat.page()
    page.write(prompt.text)
    page.end()


def _page(plain: bool) -> Page:
    from turnout.cli.answer import PlainPage
    from turnout.cli.terminal import has_colour

    if not plain and has_colour(sys.stdout):
        try:
            from turnout.cli.chat.markdown import MarkdownPage

            return MarkdownPage()
        except ImportError:
            pass  # the extra `cli` is not installed
    return PlainPage()
