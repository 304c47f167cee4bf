"""Conversations that save themselves as they go: one JSON file each, in a folder that only its owner can read."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from turnout.cli.chat.history import state_folder
from turnout.cli.chat.transcript import Transcript, decoded, encoded
from turnout.cli.failures import WrongUsage, say
from turnout.errors import ConfigError

_ENDING = ".json"
_LONGEST_NAME = 100  # characters
_LOCK_SECONDS = 5.0  # whoever holds it writes one file


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
        """Raises WrongUsage when there is none, or it cannot be read."""
        return decoded(self.read(name), str(self.path(name)))

    def read(self, name: str) -> bytes:
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            from turnout.cli.commands import hint

            near = hint(name, [saved.name for saved in self.all()])
            raise WrongUsage(f"there is no session '{name}'{near} /sessions lists them") from None
        except OSError as error:
            raise WrongUsage(f"cannot read the session '{name}': {error.strerror}") from error

    def write(self, name: str, content: bytes) -> None:
        """Whoever is killed meanwhile leaves the old file or the new one. Raises OSError."""
        from turnout.config.writing import replace_file

        replace_file(self.path(name), content, mode=0o600)

    def state(self, name: str) -> bytes | None:
        """What tells one content of the file from another; None where there is no file. Raises OSError."""
        try:
            return _state(self.path(name).read_bytes())
        except FileNotFoundError:
            return None

    def free_name(self, name: str) -> str:
        """ "rivers-2" beside "rivers": no session has it."""
        number = 2
        while (self.folder / f"{_numbered(name, number)}{_ENDING}").exists():
            number += 1
        return _numbered(name, number)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other chat changes a session meanwhile. One lock for the folder, beside it: it is held for moments only.

        Raises OSError, and ConfigError when another process does not let go of it.
        """
        from turnout.config.writing import locked

        with locked(self.folder, _LOCK_SECONDS):
            yield


def _state(content: bytes) -> bytes:
    return sha256(content).digest()


def _numbered(name: str, number: int) -> str:
    ending = f"-{number}"
    return name[: _LONGEST_NAME - len(ending)] + ending


def new_name() -> str:
    """ "2026-11-21-1640-3fa2": by date, and no two alike."""
    return f"{time.strftime('%Y-%m-%d-%H%M')}-{secrets.token_hex(2)}"


class Session:
    """The one in progress. ``saving`` False keeps nothing. A place that cannot be written costs no chat: each turn tries again.

    Several chats may go on with the same session. The first to save keeps its name; what the others say is kept beside it.
    """

    def __init__(self, sessions: Sessions, name: str | None = None, *, saving: bool = True) -> None:
        self.sessions = sessions
        self.name = name or new_name()
        self.saving = saving
        self.problem = ""  # why the last save came to nothing
        self._ours: set[bytes | None] = {None}  # states of the file that say: nobody else has written it since

    def open(self, name: str) -> Transcript:
        """Goes on with ``name``: what it holds now. Raises WrongUsage when there is none."""
        content = self.sessions.read(name)
        transcript = decoded(content, str(self.sessions.path(name)))
        self.name, self._ours = name, {_state(content), None}
        return transcript

    def begin(self, name: str | None = None) -> None:
        """A new one."""
        self.name, self._ours = name or new_name(), {None}

    def save(self, transcript: Transcript) -> None:
        if not self.saving or not transcript.messages:
            return
        content = encoded(transcript)
        before, self.problem = self.problem, ""
        try:
            with self.sessions.locked():
                self._give_way()
                self._ours.add(_state(content))  # first: Ctrl-C may come as soon as it is written
                self.sessions.write(self.name, content)
                self._ours = {_state(content), None}
        except OSError as error:
            self.problem = f"{self.sessions.folder}: {error.strerror}"
        except ConfigError as error:
            self.problem = str(error)
        if self.problem and self.problem != before:
            say(f"this conversation is not saved: {self.problem}", "yellow")
        elif before and not self.problem:
            say("this conversation is saved again", "dim")

    def _give_way(self) -> None:
        """Under another name, where another chat has written this one's file since it was read or written here."""
        if self.sessions.state(self.name) in self._ours:
            return
        theirs, self.name = self.name, self.sessions.free_name(self.name)
        self._ours = {None}
        say(f"another chat has changed session {theirs} meanwhile; this one goes on as session {self.name}", "yellow")

    def rename(self, name: str) -> None:
        """Raises WrongUsage for a name that is taken."""
        target = self.sessions.path(name)
        try:
            with self.sessions.locked():
                if target.exists():
                    raise WrongUsage(f"there is a session '{name}' already; choose another name")
                state = self.sessions.state(self.name)
                if state is not None and state in self._ours:
                    os.rename(self.sessions.path(self.name), target)
                else:  # nothing was saved yet, or it is another chat's by now
                    self._ours = {None}
        except OSError as error:
            raise WrongUsage(f"cannot rename the session: {error.strerror}") from error
        self.name = name
