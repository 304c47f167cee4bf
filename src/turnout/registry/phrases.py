"""Errors of the library's front doors, with the sentences that users of earlier provider layers look for below our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from turnout.errors import ConfigError, MissingKey, UnknownName, UnknownProviderError

if TYPE_CHECKING:
    from turnout.registry.known import Known

_FORM = (
    "Model must be in 'provider/model-name' format. Got: {}\n"
    'Model string must be in format "provider/model-name" (e.g. "openai/gpt-4" or "anthropic/claude-3-sonnet")'
)


@contextmanager
def phrased(known: Known, name: str) -> Iterator[None]:
    """Adds them to a ConfigError about the provider or "provider/model" ``name``. Its own sentence stays the first."""
    try:
        yield
    except ConfigError as error:
        _add(error, known, name)
        raise


def _add(error: ConfigError, known: Known, name: str) -> None:
    text, said = str(error), name.strip().partition("/")[0]
    if isinstance(error, UnknownProviderError):
        ids = ", ".join(_offered(error)) + ", ..."
        added = f"Unknown provider: {said}. Available: {ids}\nUnsupported provider: {said}. Supported providers are: [{ids}]"
    elif isinstance(error, UnknownName) and "provider/model" in text:
        added = _FORM.format(name)
    elif isinstance(error, MissingKey):
        added = _no_key(known, said)
    else:
        return
    if added and added not in text:
        error.args = (f"{text}\n{added}",)


def _offered(error: UnknownName) -> list[str]:
    """The nearest, then those that most people mean: all of them would fill a screen."""
    from turnout.catalog.profiles import read_profile

    usual = (place.id for place in read_profile("structured").providers.values())
    return list(dict.fromkeys([*error.nearest, *usual]))


def _no_key(known: Known, said: str) -> str:
    try:
        row = known.provider(said)
    except ConfigError:
        return ""
    if not row.key_env:
        return ""
    variable = row.key_env[0]
    lines = [
        f"{row.name} API key not configured",
        f"API key required for {row.id}. Set {variable} environment variable or pass api_key parameter. See: {row.docs}",
    ]
    if not any(known.environ.get(name) for name in row.key_env):
        lines.append(
            f"{variable} is not set. Set it with `export {variable}=<your-api-key>` or pass it as kwarg api_key=<your-api-key>"
        )
    return "\n".join(lines)
