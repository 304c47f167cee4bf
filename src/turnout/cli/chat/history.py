"""What was typed into ``turnout chat`` before: one JSON string a line, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import sys

from turnout.cli.failures import say

MOST_ENTRIES = 1000


class History:
    """Entries, oldest first. A file that cannot be read or written costs the history, not the chat: it is said once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._works = True
        self.entries = self._read()

    def add(self, entry: str) -> None:
        """Remembers ``entry``, unless it repeats the last one."""
        if self.entries and self.entries[-1] == entry:
            return
        self.entries.append(entry)
        self._write([entry], os.O_APPEND)

    def clear(self) -> None:
        """Forgets all of it, on disk too."""
        self.entries.clear()
        self._write([], os.O_TRUNC)

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
            self._write(entries[-MOST_ENTRIES:], os.O_TRUNC)
        return entries[-MOST_ENTRIES:]

    def _write(self, entries: list[str], how: int) -> None:
        if not self._works:
            return
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | how, 0o600), "w", encoding="utf-8") as file:
                file.writelines(json.dumps(entry) + "\n" for entry in entries)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._works = False
        say(f"what you type is not kept: {self._path}: {error.strerror}", "dim")


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
