"""What the answers to a probe come to: what it may cost, what it taught of a target, and what is otherwise than last time."""

from __future__ import annotations

from decimal import Decimal

from turnout.adapt.refusals import lesson
from turnout.catalog.measured import Measured
from turnout.catalog.schema import Limit, Price
from turnout.discovery.probing import ROOM, TRIALS, Found, Seen, Trial
from turnout.errors import Error, RequestError, Unsupported
from turnout.types import ChatRequest, Image, Text

_CHARACTERS = 3  # of a prompt that make a token, at the least; an estimate is rather too high
_IMAGE_TOKENS = 1500
_SOURCE = "measured by turnout doctor probe"
UNKNOWN = "unknown"


def estimate(price: Price | None, trials: tuple[Trial, ...] = TRIALS) -> Decimal | None:
    """US dollars for all of ``trials`` at the most, as far as can be told before; None when no price is known."""
    costs = [cost_of(trial, price) for trial in trials]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def cost_of(trial: Trial, price: Price | None) -> Decimal | None:
    if price is None or price.input is None or price.output is None:
        return None
    request = trial.request("")
    room = min(request.max_output_tokens or ROOM, ROOM)
    return (Decimal(_input_tokens(request)) * price.input + Decimal(room) * price.output) / 1_000_000


def _input_tokens(request: ChatRequest) -> int:
    import msgspec

    images = sum(isinstance(part, Image) for message in request.messages for part in message.parts)
    text = "".join(part.text for message in request.messages for part in message.parts if isinstance(part, Text))
    tools = msgspec.json.encode((request.tools, request.response_format))
    return 20 + (len(text) + len(tools)) // _CHARACTERS + images * _IMAGE_TOKENS


def reading(trial: Trial, seen: Seen) -> Measured:
    """What one question taught: what was found, and what is not to be sent from now on.

    A refusal narrows, and nothing else does: what a model ignored today it may heed tomorrow, and a fault says nothing.
    """
    error = seen.error
    if error is None:
        return Measured(found=trial.read(seen))
    if not is_refusal(error):
        return Measured(found={trial.name: f"{UNKNOWN}: {type(error).__name__}"})
    if trial.name == "limit of an answer":
        return _room(error, lesson(error, seen.request))
    taught = lesson(error, seen.request) or Measured()
    limits = {name: limit for name, limit in taught.limits.items() if name in trial.fields}
    if not limits:
        limits = {name: Limit(unsupported=True, source=_SOURCE) for name in trial.fields}
    if trial.instead:
        limits["response_format"] = Limit(only=trial.instead, source=_SOURCE)
    return Measured(found={trial.name: "refused"}, limits=limits, lacks=frozenset(trial.lacks))


def aside(trial: Trial, seen: Seen) -> Measured | None:
    """What a refusal says of a field that the question is not about: without it, the question is asked again."""
    if seen.error is None or trial.name == "limit of an answer":
        return None
    taught = lesson(seen.error, seen.request)
    if taught is None or not (taught.rename or taught.limits.keys() - set(trial.fields)):
        return None
    return taught


def is_refusal(error: Error) -> bool:
    """The request itself was refused, so the same one will be tomorrow."""
    return isinstance(error, (RequestError, Unsupported)) and error.status in (400, 413, 422)


def _room(error: Error, taught: Measured | None) -> Measured:
    import re

    found: Found = {"limit of an answer": "refused, without a number"}
    text = str(error)
    context = re.search(
        r"maximum context length (?:is|of) (\d+)|context (?:length|window|size) (?:is|of) (\d+)", text, re.IGNORECASE
    )
    if context is not None:
        found = {"limit of an answer": "the context", "context tokens": context[1] or context[2]}
    limits = dict(taught.limits) if taught is not None else {}
    most = limits.get("max_output_tokens")
    if most is not None and most.most is not None:
        found["limit of an answer"] = f"{most.most:g} tokens" if most.most < 1e6 else f"{int(most.most)} tokens"
    return Measured(found=found, limits=limits)


def drift(old: Measured, new: Measured) -> tuple[str, ...]:
    """What is otherwise than at the last probe, a sentence each. What could not be told this time or then is no change."""
    changes = []
    for what, before, now in (("", old.found, new.found), ("backend: ", old.fingerprint, new.fingerprint)):
        for name in sorted(before.keys() | now.keys()):
            one, other = before.get(name), now.get(name)
            if one == other or one is None or other is None or str(one).startswith(UNKNOWN) or str(other).startswith(UNKNOWN):
                continue
            changes.append(f"{what}{name} was {one}, and is {other}")
    return tuple(changes)
