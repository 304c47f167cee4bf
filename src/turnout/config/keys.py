"""Where a file says that a key is: in the file itself, in another, in what a command prints, or in the platform's store."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from os.path import dirname, expanduser, isabs, join
from typing import Any

from turnout.auth.secrets import AwaitedSecret, Secret
from turnout.config import ConfigFile
from turnout.config.trust import unheard
from turnout.errors import ConfigError, MissingExtra, MissingKey

KEY_FIELDS = ("api_key", "key_command", "key_file", "keyring")
COMMAND_SECONDS = 60.0  # long enough to type a passphrase
_STORE_SECONDS = 60.0
_MOST_BYTES = 65536  # of what a command prints or a file holds

Configured = tuple[str, str] | Secret  # (the key, where it stands), or one that is asked for when a call needs it


def said_key(file: ConfigFile, called: str, table: Mapping[str, Any]) -> Configured | None:
    """What ``file`` says of the key of its provider ``called``; None if it says nothing.

    Nothing is run or read yet. Raises ConfigError, with the line, for what is no way to say it, or not this file's to say.
    """
    said = [field for field in KEY_FIELDS if field in table]
    if not said:
        return None
    field, where = said[0], file.where("providers", called, said[0])
    if len(said) > 1:
        raise ConfigError(f"{where}: the key of {called!r} is said in {len(said)} ways, {' and '.join(said)}: keep one")
    value = table[field]
    if field == "api_key":
        return str(value), where
    if not file.trusted:
        raise unheard(where, field, called)
    if field == "key_file":
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{where}: key_file is the path of a file that holds the key")
        path = beside(file.path, value)
        return AwaitedSecret(f"file {path} ({where})", lambda: from_file(path), time.monotonic, quick=True)
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word for word in value):
        example = '["pass", "show", "openai"]' if field == "key_command" else '["turnout", "openai"], a service and a user name'
        raise ConfigError(f"{where}: {field} is a list of words, such as {example}")
    if field == "key_command":
        return AwaitedSecret(f"command {value[0]} ({where})", lambda: from_command(value), time.monotonic)
    if len(value) != 2:
        raise ConfigError(f'{where}: keyring is a service and a user name, such as ["turnout", "{called}"]')
    return AwaitedSecret(f"keyring {value[0]}/{value[1]} ({where})", lambda: from_store(value[0], value[1]), time.monotonic)


def beside(file: str, path: str) -> str:
    """``path`` as ``file`` means it: "~" is home, and a relative one begins at the file's folder."""
    path = expanduser(path)
    return path if isabs(path) else join(dirname(file), path)


def from_file(path: str) -> str:
    """The first line of a file. Raises ConfigError for one that is missing, empty, too large, or readable by everybody.

    A file of another owner is as that owner wants it: secrets that a system mounts are often readable. What is no file, such as
    a pipe, is refused: nobody may ever write to it.
    """
    import stat

    try:
        with open(path, "rb", opener=_unblocked) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise ConfigError(f"{path}, which should hold a key, is no file: `key_command` takes what a program prints")
            if is_open_to_others(opened.fileno()):
                raise ConfigError(f"{path} holds a key and others may read it: `chmod 600 {path}`")
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}, which should hold a key, cannot be read: {error.strerror}") from None
    return _first_line(content, path)


def _unblocked(path: str, flags: int) -> int:
    """Opening a pipe to which nobody writes would wait for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_open_to_others(opened: int) -> bool:
    """Whether everybody on this machine may read or write this file of ours. Windows says such things in another way: False."""
    if sys.platform == "win32":
        return False
    import stat

    status = os.fstat(opened)
    return bool(status.st_mode & (stat.S_IROTH | stat.S_IWOTH)) and status.st_uid == os.getuid()


def from_command(words: list[str], seconds: float = COMMAND_SECONDS) -> str:
    """The first line that a program prints, as ``pass`` writes it. No shell reads the words, and what is printed is never shown.

    Raises ConfigError for a program that is missing, fails, prints nothing or too much, or takes longer than ``seconds``.
    """
    import subprocess

    name, until = words[0], time.monotonic() + seconds
    try:
        process = subprocess.Popen(  # noqa: S603 - what the user's own file says
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may repeat the key
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigError(f"the key command {name} cannot be run: {error.strerror}") from None

    def printed() -> bytes:
        assert process.stdout is not None
        with process.stdout as stdout:
            return stdout.read(_MOST_BYTES + 1)

    content: bytes | None = None
    try:
        content = _within(seconds, printed)
        if content is not None:
            process.wait(max(until - time.monotonic(), 0.01))
    except subprocess.TimeoutExpired:
        content = None
    finally:
        _end(process)
    if content is None:
        raise ConfigError(f"the key command {name} took longer than {seconds:g} s and was stopped")
    if process.returncode and len(content) <= _MOST_BYTES:
        raise ConfigError(f"the key command {name} ended with code {process.returncode}: run it yourself to see why")
    return _first_line(content, f"the key command {name}")


def _end(process: Any) -> None:
    """The program and what it started, if they still run."""
    import signal

    if process.poll() is None:
        try:
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def from_store(service: str, user: str) -> str:
    """What the platform's store of keys holds. Raises MissingExtra, MissingKey or ConfigError."""
    keyring = store()
    if keyring is None:
        raise ConfigError(f"no store of keys on this machine to hold {service}/{user}: `turnout keys set` keeps it in a file")

    key: str | None = ask_store(lambda: keyring.get_password(service, user), f"refused to give {service}/{user}")
    if key is None:
        raise MissingKey(f"the store of keys has no {service}/{user}: `turnout keys set {user}` puts one there")
    return key


def ask_store(ask: Callable[[], Any], failing: str, instead: str = "", seconds: float = _STORE_SECONDS) -> Any:
    """What ``ask`` gives. Raises ConfigError: the store ``failing``, or it does not answer. Nothing that it says is repeated."""

    def asked() -> tuple[Any, str]:
        try:
            return ask(), ""
        except Exception as error:  # noqa: BLE001 - each store has errors of its own, and they may hold anything
            return None, type(error).__name__

    answer = _within(seconds, asked)
    if answer is None:
        raise ConfigError(f"the store of keys did not answer within {seconds:g} s: is it locked?{instead}")
    value, problem = answer
    if problem:
        raise ConfigError(f"the store of keys {failing}: {problem}{instead}")
    return value


def store() -> Any:
    """The keyring library, or None where it finds no store to keep keys in. Raises MissingExtra where it is not installed."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        raise MissingExtra("keys in the platform's store need the package keyring: pip install 'turnout[keyring]'") from None
    return None if isinstance(keyring.get_keyring(), (fail.Keyring, null.Keyring)) else keyring


def _within(seconds: float, get: Callable[[], Any]) -> Any:
    """What ``get`` gives, or None when it has not after ``seconds``; its thread is then left behind."""
    from threading import Thread

    found: list[Any] = []
    thread = Thread(target=lambda: found.append(get()), name="turnout-key", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _first_line(content: bytes, where: str) -> str:
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{where} gave more than {_MOST_BYTES} bytes, which is no key")
    line = content.strip().split(b"\n", 1)[0].strip()
    if not line:
        raise MissingKey(f"{where} gave no key")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{where} gave something that is no text") from None
