"""Reading what a person types: with prompt_toolkit where it is installed, else with the standard library's readline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from turnout.cli.history import History
from turnout.cli.terminal import can_redraw, has_colour, is_terminal

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

Complete = Callable[[str], list[str]]  # the line so far -> what it could become
QUOTES = '"""'


class LineEditor(Protocol):
    def line(self, prompt: str) -> str:
        """One entry, without its newline. Raises EOFError for Ctrl-D and KeyboardInterrupt for Ctrl-C."""
        ...


def open_editor(history: History, complete: Complete) -> LineEditor:
    """The best editor that there is for this stdin."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        return PlainLines()
    if can_redraw(sys.stdout):
        try:
            return PromptToolkitEditor(history, complete)
        except ImportError:
            pass  # the extra `cli` is not installed
    return ReadlineEditor(history, complete)


def read_entry(editor: LineEditor) -> str:
    '''One thing to say or do. An entry that begins with """ goes on until a line that ends with """.'''
    line = editor.line("> ")
    if not line.lstrip().startswith(QUOTES):
        return line
    lines = [line.lstrip().removeprefix(QUOTES)]
    while not lines[-1].rstrip().endswith(QUOTES):
        lines.append(editor.line("… "))
    lines[-1] = lines[-1].rstrip().removesuffix(QUOTES)
    return "\n".join(lines).strip("\n")


class PlainLines:
    """Lines from a pipe or a file, or from a person whose screen is not stdout (``turnout chat | tee``): no history."""

    def line(self, prompt: str) -> str:
        if is_terminal(sys.stdin):
            sys.stderr.write(prompt)
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")


class ReadlineEditor:
    """``input()`` with GNU readline or libedit, or without both where Python was built so."""

    def __init__(self, history: History, complete: Complete) -> None:
        self._history = history
        try:
            import readline
        except ImportError:  # Windows: the console edits lines itself
            return
        for entry in history.entries:
            readline.add_history(entry)
        readline.set_auto_history(True)
        readline.set_completer_delims("")  # the completer sees the whole line
        readline.set_completer(lambda text, at: dict(enumerate(complete(text))).get(at))
        if "libedit" in (readline.__doc__ or ""):
            readline.parse_and_bind("bind ^I rl_complete")
        else:
            readline.parse_and_bind("tab: complete")
            readline.parse_and_bind(r'"\e\C-m": "\C-v\C-j"')  # Alt-Enter: a quoted newline

    def line(self, prompt: str) -> str:
        entry = input(_readline_bold(prompt))
        if entry.strip():
            self._history.add(entry)
        return entry


def _readline_bold(prompt: str) -> str:
    """Bold, with the marks (\\x01, \\x02) by which readline knows what takes no space."""
    return f"\x01\x1b[1m\x02{prompt}\x01\x1b[0m\x02" if has_colour(sys.stdout) else prompt


class PromptToolkitEditor:
    """History search, completion menus and real multi-line editing."""

    def __init__(self, history: History, complete: Complete) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import CompleteEvent, Completer, Completion
        from prompt_toolkit.document import Document
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

        class Commands(Completer):
            def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
                text = document.text_before_cursor
                return (Completion(word, start_position=-len(text)) for word in complete(text))

        keys = KeyBindings()

        @keys.add("escape", "enter")
        def newline(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        self._history = history
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(history.entries),
            completer=Commands(),
            complete_while_typing=False,
            key_bindings=keys,
            enable_history_search=True,
        )

    def line(self, prompt: str) -> str:
        entry = self._session.prompt(prompt)
        if entry.strip():
            self._history.add(entry)
        return entry
