"""Conversations that save themselves as they go: one JSON file each, in a folder that only its owner can read."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from msgspec import Struct

from turnout.cli.chat.history import state_folder
from turnout.cli.chat.transcript import Transcript, encoded, load
from turnout.cli.failures import WrongUsage, say

_ENDING = ".json"
_LONGEST_NAME = 100  # characters


class Saved(Struct, frozen=True):
    """A session on disk. ``when``: seconds since 1970 of its last change."""

    name: str
    when: float

    @property
    def age(self) -> str:
        """ "3 min ago", "2 days ago"."""
        seconds = max(time.time() - self.when, 0.0)
        for size, unit in ((86400, "day"), (3600, "hour"), (60, "min")):
            if seconds >= size:
                count = int(seconds // size)
                return f"{count} {unit}{'s' if count > 1 and unit != 'min' else ''} ago"
        return "now"


class Sessions:
    """The folder of them."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = Path(folder or os.path.join(state_folder(), "sessions"))

    def path(self, name: str) -> Path:
        """Raises WrongUsage for what is no name."""
        wrong = not name or name.startswith(".") or len(name) > _LONGEST_NAME or any(c in '/\\:*?"<>|' or c < " " for c in name)
        if wrong:
            raise WrongUsage(f"'{name}' is no name for a session: up to {_LONGEST_NAME} characters, none of / \\ : * ? \" < > |")
        return self.folder / f"{name}{_ENDING}"

    def all(self) -> list[Saved]:
        """Those there are, the last changed first."""
        try:
            with os.scandir(self.folder) as entries:
                found = [
                    Saved(entry.name.removesuffix(_ENDING), entry.stat().st_mtime)
                    for entry in entries
                    if entry.name.endswith(_ENDING) and not entry.name.startswith(".")
                ]
        except OSError:
            return []
        return sorted(found, key=lambda saved: (-saved.when, saved.name))

    def last(self) -> str:
        """The name of the one that changed last. Raises WrongUsage when there is none."""
        for saved in self.all():
            return saved.name
        raise WrongUsage(f"there is no session in {self.folder} to go on with")

    def load(self, name: str) -> Transcript:
        if not self.path(name).exists():
            from turnout.cli.commands import hint

            raise WrongUsage(
                f"there is no session '{name}'{hint(name, [saved.name for saved in self.all()])} /sessions lists them"
            )
        return load(str(self.path(name)))

    def save(self, name: str, transcript: Transcript) -> None:
        """Whoever is killed meanwhile leaves the old file or the new one. Raises OSError."""
        from turnout.config.writing import replace_file

        replace_file(self.path(name), encoded(transcript), mode=0o600)

    def rename(self, old: str, new: str) -> None:
        target = self.path(new)
        if target.exists():
            raise WrongUsage(f"there is a session '{new}' already; choose another name")
        try:
            os.rename(self.path(old), target)
        except FileNotFoundError:
            return  # nothing of it was saved yet
        except OSError as error:
            raise WrongUsage(f"cannot rename the session: {error.strerror}") from error


def new_name() -> str:
    """ "2026-11-21-1640-3fa2": by date, and no two alike."""
    return f"{time.strftime('%Y-%m-%d-%H%M')}-{secrets.token_hex(2)}"


class Session:
    """The one in progress. ``saving`` False keeps nothing. A place that cannot be written costs the session, not the chat."""

    def __init__(self, sessions: Sessions, name: str | None = None, *, saving: bool = True) -> None:
        self.sessions = sessions
        self.name = name or new_name()
        self.saving = saving

    def save(self, transcript: Transcript) -> None:
        if not self.saving or not transcript.messages:
            return
        try:
            self.sessions.save(self.name, transcript)
        except OSError as error:
            self.saving = False
            say(f"this conversation is no longer saved: {self.sessions.folder}: {error.strerror}", "yellow")

    def rename(self, name: str) -> None:
        if self.saving:
            self.sessions.rename(self.name, name)
        self.name = name
