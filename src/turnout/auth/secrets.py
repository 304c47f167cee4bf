"""Keys: found, checked, and never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, MissingKey


class Secret:
    """A key that no repr, str, format, log line, pickle or JSON shows. ``source`` says where it came from."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str) -> None:
        self._value = value
        self.source = source

    @classmethod
    def of(cls, value: str, source: str) -> Secret:
        """``value`` as a key, without surrounding white space. Raises ConfigError for what no header can carry."""
        return Secret(_clean(value, source), source)

    def reveal(self) -> str:
        return self._value

    def taken_out_of(self, told: Any) -> Any:
        """``told``, a text or lists and dicts of them, with this key replaced by where it came from."""
        return _without(told, self._value, f"[{self.source}]") if len(self._value) >= _TELLING else told

    def __repr__(self) -> str:
        return f"Secret(from {self.source})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not leave the process")


_TELLING = 8  # characters: what is shorter may be an ordinary word


def _without(told: Any, key: str, instead: str) -> Any:
    if isinstance(told, str):
        return told.replace(key, instead)
    if isinstance(told, dict):
        return {_without(name, key, instead): _without(value, key, instead) for name, value in told.items()}
    return [_without(value, key, instead) for value in told] if isinstance(told, (list, tuple)) else told


class AwaitedSecret(Secret):
    """A key that is not at hand: a command, a file or the platform's store gives it when a call first needs it.

    ``get`` is asked once for all who want the key, and again after the provider refused it. It raises a ConfigError only.
    ``clock`` gives monotonic seconds. ``quick``: asking costs no more than reading a file, so whoever looks for a key may do it.
    """

    __slots__ = ("_clock", "_get", "_held", "quick", "under_way")

    def __init__(self, source: str, get: Callable[[], str], clock: Callable[[], float], *, quick: bool = False) -> None:
        super().__init__("", source)
        self.under_way: dict[str, Any] = {}
        self.quick = quick
        self._get = get
        self._clock = clock
        self._held: tuple[Secret, float] | None = None  # the key, and when it was obtained

    def current(self) -> Secret | None:
        """The key at hand, or None when it is yet to be asked for."""
        held = self._held
        return held[0] if held is not None else None

    def make(self) -> Secret:
        """The key at hand, or the one that ``get`` gives now. Raises MissingKey or another ConfigError; none shows a key."""
        if (secret := self.current()) is not None:
            return secret
        value = self._get()
        if (problem := checked(value)) is not None:
            raise MissingKey(f"{self.source} {problem}")
        self._held = (Secret.of(value, self.source), self._clock())
        return self._held[0]

    def taken_out_of(self, told: Any) -> Any:
        held = self.current()
        return held.taken_out_of(told) if held is not None else told

    def refused(self, since: float) -> bool:
        """The provider refused what was signed at ``since`` (on the clock): a key from before then is asked for again."""
        held = self._held
        if held is not None and held[1] <= since:
            self._held = None
        return True

    def reveal(self) -> str:
        return self.make().reveal()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


# What sample files, tutorials and setup pages put where a key belongs. Words count only between separators: a real key is
# random and may well contain "your".
_WHOLE = frozenset(
    ("apikey", "key", "n/a", "na", "nil", "none", "null", "password", "secret", "tbd", "todo", "token", "undefined", "yourkey")
)
_WORDS = frozenset(("changeme", "enter", "insert", "paste", "placeholder", "redacted", "replace", "replaceme", "your"))
_PHRASES = ("change me", "api key", "not configured")
_STARTS = ("yourapi", "${", "{{", "%")
_MASKS = ("xxxxxx", "**", "...", "\N{HORIZONTAL ELLIPSIS}")
_BRACKETS = ("<>", "[]", "%%")
_TO_SPACES = str.maketrans("-_.<>[]{}", " " * 9)


def is_placeholder(value: str) -> bool:
    """True for an empty value or for what stands where a key should be: ``your_key_here``, ``changeme``, ``sk-...``."""
    text = value.strip().strip("\"'").strip().lower()
    if not text or text in _WHOLE or text[0] + text[-1] in _BRACKETS:
        return True
    if text.startswith(_STARTS) or (text[0] == "$" and text[1:].isidentifier()) or any(mask in text for mask in _MASKS):
        return True
    spaced = text.translate(_TO_SPACES)
    words = spaced.split()
    return (
        not words
        or not _WORDS.isdisjoint(words)
        or words[-1] == "here"
        or spaced.endswith(_PHRASES)
        or (len(words[-1]) >= 3 and not words[-1].strip("x") and all(len(word) <= 6 for word in words[:-1]))  # sk-proj-xxxx
    )


def find_key(
    provider: Provider,
    environ: Mapping[str, str],
    explicit: str | Secret | None = None,
    configured: tuple[str, str] | Secret | None = None,
) -> Secret | None:
    """The key to use: ``explicit``, else ``configured`` (value, where it stands) unless a placeholder, else the environment.

    ``configured`` may be an AwaitedSecret, which is taken at its word, but for a quick one.

    None for a provider that needs none and has none. Raises MissingKey that names the variable and where to get a key, and
    ConfigError for a value that cannot be a key.
    """
    if explicit is not None:
        return _given(provider, explicit)
    if isinstance(configured, Secret):
        if isinstance(configured, AwaitedSecret) and configured.quick:
            configured.make()
        return configured
    problems: list[str] = []
    if configured is not None:
        value, source = configured
        if not is_placeholder(value):
            return Secret(_clean(value, source), source)
        problems.append(_problem(source, value))
    for name in provider.key_env:
        found = environ.get(name)
        if found is None:
            continue
        if not is_placeholder(found):
            return Secret(_clean(found, name), name)
        problems.append(_problem(name, found))
    if not provider.key_required or not provider.key_env:
        return None
    raise MissingKey(_missing(provider, problems))


def _given(provider: Provider, explicit: str | Secret) -> Secret:
    if isinstance(explicit, Secret):
        return explicit
    if is_placeholder(explicit):
        raise MissingKey(f"{provider.name}: {_problem('api_key', explicit)}: pass a real key{_where(provider)}")
    return Secret(_clean(explicit, "api_key"), "api_key")


def _missing(provider: Provider, problems: Sequence[str]) -> str:
    variables = " or ".join(provider.key_env)
    if problems:
        return f"{provider.name} needs an API key, and {'; '.join(problems)}: set {variables}{_where(provider)}"
    return f"{provider.name} needs an API key: set {variables}{_where(provider)}"


def _where(provider: Provider) -> str:
    page = provider.key_url or provider.docs
    return f" ({page})" if page else ""


def checked(value: str) -> str | None:
    """What is wrong with ``value`` as a key, to be read after where it stands; None for what may be one."""
    if not value.strip():
        return "is set but empty"
    if not is_placeholder(value):
        return None
    shown = f" ({value.strip()!r})" if _showable(value.strip()) else ""
    return f"holds a placeholder{shown}"


def _problem(source: str, value: str) -> str:
    return f"{source} {checked(value)}"


def _showable(value: str) -> bool:
    """True for short words and numbers: a real key that someone wrapped in <...> or cut off with "..." must not be shown."""
    import re  # compiling this takes longer than the rest of finding a key

    return re.fullmatch(r"(?=.{1,40}$)\W*(?:(?:[A-Za-z]{1,12}\d{0,2}|\d{1,4})(?:[\W_]+|$))*", value) is not None


def _clean(value: str, source: str) -> str:
    """The key without surrounding white space. Anything else that a header cannot carry would be an injection, or a slip."""
    key = value.strip().strip("\"'")
    for position, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            what = (
                "a line break"
                if character in "\r\n"
                else "a space"
                if character == " "
                else "a character that is not plain ASCII"
            )
            raise ConfigError(f"{source} cannot be an API key: {what} at position {position} of {len(key)}; copy the key again")
    return key
