"""What was typed into ``turnout chat`` before: one JSON string a line, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from turnout.cli.failures import say

MOST_ENTRIES = 1000
LONGEST_ENTRY = 50_000  # characters


class History:
    """Entries, oldest first. A file that cannot be read or written costs the history, not the chat: it is said once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._works = True
        self.entries = self._read()

    def add(self, entry: str) -> None:
        """Remembers ``entry``, unless it repeats the last one or is a whole document that was pasted."""
        if (self.entries and self.entries[-1] == entry) or len(entry) > LONGEST_ENTRY:
            return
        self.entries.append(entry)
        self._append(entry)

    def clear(self) -> None:
        """Forgets all of it, on disk too."""
        self.entries.clear()
        self._replace([])

    def _read(self) -> list[str]:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                entries = [entry for line in file if (entry := _entry(line))]
        except FileNotFoundError:
            return []
        except OSError as error:
            self._give_up(error)
            return []
        if len(entries) > 2 * MOST_ENTRIES:  # now and then, not with every entry
            self._replace(entries[-MOST_ENTRIES:])
        return entries[-MOST_ENTRIES:]

    def _append(self, entry: str) -> None:
        """In one write: other chats append to the same file."""
        if not self._works:
            return
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(opened, _line(entry))
            finally:
                os.close(opened)
        except OSError as error:
            self._give_up(error)

    def _replace(self, entries: list[str]) -> None:
        """In one step: whoever is killed meanwhile leaves the old file or the new one."""
        from turnout.config.writing import replace_file

        if not self._works:
            return
        try:
            replace_file(Path(self._path), b"".join(map(_line, entries)), mode=0o600)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._works = False
        say(f"what you type is not kept: {self._path}: {error.strerror}", "dim")


def _line(entry: str) -> bytes:
    return f"{json.dumps(entry)}\n".encode()


def _entry(line: str) -> str | None:
    """None for a line that something else wrote."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, str) else None


def state_folder() -> str:
    """Where the platform keeps what a user's programs remember."""
    if sys.platform == "win32":
        state = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        state = "~/Library/Application Support"
    else:  # XDG Base Directory Specification 0.8: a relative path is not valid and counts as unset
        state = os.environ.get("XDG_STATE_HOME", "")
        state = state if os.path.isabs(state) else "~/.local/state"
    return os.path.join(os.path.expanduser(state), "turnout")
