"""Reading what a person types: with prompt_toolkit where it is installed, else with the standard library's readline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from turnout.cli.chat.completing import Offer
from turnout.cli.chat.history import History
from turnout.cli.failures import WrongUsage
from turnout.cli.terminal import can_redraw, has_colour, is_terminal

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

Complete = Callable[[str], list[Offer]]  # the line so far -> what it could become
QUOTES = '"""'


class LineEditor(Protocol):
    edits: bool  # whether a text can be given to change

    def line(self, prompt: str) -> str:
        """One entry, without its newline. Raises EOFError for Ctrl-D and KeyboardInterrupt for Ctrl-C."""
        ...

    def ask(self, prompt: str, default: str = "") -> str:
        """An answer to a question of ours, which is not remembered. ``default`` stands there to be changed, if it ``edits``."""
        ...

    def forget(self) -> None:
        """What was typed before."""
        ...

    def leaves(self, left: SystemExit) -> bool:
        """Whether a line is being typed whose reading ends with ``left``, as soon as it can. To be called by a signal."""
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
        try:
            lines.append(editor.line("… "))
        except EOFError:
            raise WrongUsage(f"what {QUOTES} began was not ended with {QUOTES}, and was not sent") from None
    lines[-1] = lines[-1].rstrip().removesuffix(QUOTES)
    return "\n".join(lines).strip("\n")


class PlainLines:
    """Lines from a pipe or a file, or from a person whose screen is not stdout (``turnout chat | tee``): no history."""

    edits = False

    def ask(self, prompt: str, default: str = "") -> str:
        return self.line(prompt)

    def forget(self) -> None:
        """Nothing is remembered."""

    def leaves(self, left: SystemExit) -> bool:
        return False

    def line(self, prompt: str) -> str:
        if is_terminal(sys.stdin):
            sys.stderr.write(prompt)
            sys.stderr.flush()
        line = sys.stdin.buffer.readline()
        if not line:
            raise EOFError
        encoding = sys.stdin.encoding if is_terminal(sys.stdin) else "utf-8"  # as of every file
        return line.decode(encoding, "surrogateescape").rstrip("\r\n")


class ReadlineEditor:
    """``input()`` with GNU readline or libedit, or without both where Python was built so."""

    def __init__(self, history: History, complete: Complete) -> None:
        self._history = history
        self.edits = False
        try:
            import readline
        except ImportError:  # Windows: the console edits lines itself
            return
        self.edits = True
        for entry in history.entries:
            readline.add_history(entry)
        readline.set_auto_history(True)
        readline.set_completer_delims("")  # the completer sees the whole line
        readline.set_completer(lambda text, at: dict(enumerate(_lines(text, complete(text)))).get(at))
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

    def ask(self, prompt: str, default: str = "") -> str:
        if not self.edits:
            return input(prompt)
        import readline

        readline.set_auto_history(False)
        readline.set_startup_hook(lambda: readline.insert_text(default))
        try:
            return input(_readline_bold(prompt))
        finally:
            readline.set_startup_hook()
            readline.set_auto_history(True)

    def forget(self) -> None:
        if self.edits:
            import readline

            readline.clear_history()

    def leaves(self, left: SystemExit) -> bool:
        return False


def _lines(text: str, offers: Sequence[Offer]) -> list[str]:
    """Whole lines. If one does not begin with ``text``, the best alone: readline cuts the line to what all have in common."""
    lines = [offer.applied(text) for offer in offers]
    return lines if all(line.startswith(text) for line in lines) else lines[:1]


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
                for offer in complete(text):
                    yield Completion(offer.text, start_position=offer.begin - len(text), display_meta=offer.about or None)

        keys = KeyBindings()

        @keys.add("escape", "enter")
        def newline(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        self._history = history
        self.edits = True

        def session() -> PromptSession[str]:
            return PromptSession(
                history=InMemoryHistory(history.entries),
                completer=Commands(),
                complete_while_typing=False,
                key_bindings=keys,
                enable_history_search=True,
            )

        self._new = session
        self._session = session()
        self._asking: PromptSession[str] | None = None  # the one in which something is being typed
        self._left: SystemExit | None = None

    def line(self, prompt: str) -> str:
        entry = self._typed(self._session, prompt)
        if entry.strip():
            self._history.add(entry)
        return entry

    def ask(self, prompt: str, default: str = "") -> str:
        from prompt_toolkit import PromptSession

        return self._typed(PromptSession(), prompt, default)

    def _typed(self, session: PromptSession[str], prompt: str, default: str = "") -> str:
        self._asking = session
        try:
            return session.prompt(prompt, default=default)
        finally:
            self._asking = None
            if self._left is not None:
                raise self._left

    def forget(self) -> None:
        self._session = self._new()  # over the entries that are left

    def leaves(self, left: SystemExit) -> bool:
        app = self._asking.app if self._asking is not None else None
        if app is None or not app.is_running or app.loop is None:
            return False
        self._left = left

        def leave() -> None:
            if app.future is not None and not app.future.done():
                app.exit(result="")

        app.loop.call_soon_threadsafe(leave)
        return True
