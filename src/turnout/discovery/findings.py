"""What asking a provider found, and how it becomes part of what is known."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from turnout.discovery.known import OPENAI_CHAT, KnownProvider


class Finding(Struct, frozen=True, kw_only=True):
    """What one provider, asked now, has: the models that answered the question, and those that cannot.

    A model of which nothing is known (it was not asked, or no answer came) is in neither. The address and the name are for a
    provider that no list has yet; the address of one is never the environment's.
    """

    provider: str
    name: str = ""
    base_api_url: str = ""
    wire: str = OPENAI_CHAT
    valid: dict[str, str] = {}  # long name -> the short name it gets where it has none
    invalid: tuple[str, ...] = ()


def first_known(finding: Finding) -> KnownProvider:
    """A provider that no list has yet, as the first finding says it. It has no key: what the environment holds is not written."""
    return KnownProvider(id=finding.provider, name=finding.name, base_api_url=finding.base_api_url, wire=finding.wire)


def updated(known: KnownProvider, finding: Finding) -> KnownProvider:
    """``known`` with what was found. Holds whatever ``known`` has become meanwhile, so two who write in turn undo nothing.

    No valid model is taken away: it may be listed by hand, with its short name. One that answered is not invalid any longer.
    """
    invalid = [model for model in known.invalid_models if model not in finding.valid]
    invalid += [model for model in finding.invalid if model not in invalid]
    new = {long: short for long, short in finding.valid.items() if long not in known.valid_models}
    return replace(known, valid_models=known.valid_models | new, invalid_models=tuple(invalid))


def to_ask(known: KnownProvider, listed: Iterable[str], *, force: bool) -> list[str]:
    """Which of the ``listed`` models are asked: what is known to be invalid stays so unless everything is asked anew."""
    return [model for model in listed if force or model not in known.invalid_models]
