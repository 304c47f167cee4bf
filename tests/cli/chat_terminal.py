"""``turnout chat`` as a person has it: a real pseudo-terminal, prompt_toolkit, rich, and keys pressed one after another."""

from __future__ import annotations

import re
import signal
import sys

import pytest

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
pytest.importorskip("prompt_toolkit", reason="the extra `cli` is not installed")
pytest.importorskip("rich", reason="the extra `cli` is not installed")

CTRL_C, CTRL_D, CTRL_R, TAB, ALT_ENTER, UP = "\x03", "\x04", "\x12", "\t", "\x1b\r", "\x1b[A"
LISTS = """\
providers:
  openai:
    valid_models:
      gpt-4o-mini: mini
      gpt-4o-2024-08-06: 4o
"""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]")


class Terminal:
    """40 lines of 100 columns, and a person who waits for what is shown."""

    def __init__(self, environment, *arguments):
        # nobody answers here where the cursor is, which prompt_toolkit would wait for
        environment = {**environment, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "turnout", "chat", *arguments],
            env=environment,
            encoding="utf-8",
            dimensions=(40, 100),
            timeout=15,
        )
        self._child.delaybeforesend = None
        self.greeting = ""

    def press(self, keys):
        self._child.send(keys)

    def sees(self, pattern, *, plain=True):
        """What was shown up to it, and it; ``plain``: without what moves the cursor and colours."""
        self._child.expect(pattern)
        shown = self._child.before + self._child.after
        return ESCAPES.sub("", shown) if plain else shown

    def ready(self):
        """All up to the prompt, drawn: the editor turns bracketed paste on first, and shows the cursor last."""
        return self.sees(r"\x1b\[\?2004h.*?>.*?\x1b\[\?25h", plain=False)

    def says(self, line):
        self.press(f"{line}\r")

    def ends(self):
        self._child.expect(pexpect.EOF)
        self._child.close()
        return self._child.exitstatus

    def kill(self):
        self.signal(signal.SIGKILL)
        self._child.wait()

    def signal(self, number):
        self._child.kill(number)

    def close(self):
        self._child.close(force=True)

    def resize(self, lines, columns):
        self._child.setwinsize(lines, columns)

    def still_shows(self, seconds):
        """Whatever comes in that time."""
        shown = ""
        try:
            while True:
                shown += self._child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return shown
