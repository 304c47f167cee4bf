"""Asks one target the questions of ``discovery.probing``, within a cap on cost, and says by what its backend can be known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from turnout.catalog.measured import Measured, added, narrowed_by
from turnout.client.aio import AsyncClient
from turnout.cost.price import price as priced
from turnout.discovery.probing import TRIALS, Seen, Trial
from turnout.discovery.probing_results import UNKNOWN, aside, cost_of, reading
from turnout.effects import Steps, send
from turnout.engine.call import Call
from turnout.engine.plan import Candidate, Plan, Retry
from turnout.errors import Error
from turnout.events import TextDelta
from turnout.records import CallRecord
from turnout.types import ChatRequest, Completion, HttpResponse, Message, Target, Text, Timeouts

if TYPE_CHECKING:
    from turnout.catalog.schema import Price
    from turnout.registry import Registry
    from turnout.transport import AsyncTransport

NO_MODEL = "turnout-probe-no-such-model"
_AGAIN = 3  # times that one question is asked without what its refusal names
_RETRY = Retry(attempts=2, per_target=2, retry_after_max=10.0)
# of an answer's headers, those whose names say who answers; never their values, which may hold an account
_TELLING = ("x-", "openai-", "anthropic-", "via")


class Probed(Struct, frozen=True):
    """``spent``: US dollars, as far as it is known; None when no price is."""

    measured: Measured
    spent: Decimal | None


async def probe(
    registry: Registry,
    target: Target,
    *,
    price: Price | None,
    most: Decimal | None,
    seconds: float,
    report: Callable[[Trial], None],
    transport: AsyncTransport | None = None,
) -> Probed:
    """``most``: US dollars, beyond which no question is asked; it does not count where no price is known. ``seconds`` each.

    Raises what the first question raises: a target that answers nothing at all is not measured.
    """
    plan = registry.plan(str(target), timeouts=Timeouts(total=seconds), retry=_RETRY)
    # as if nothing were known of the model: what is known would be left out before it could be measured
    bare = replace(plan.candidates[0], model=None, heads={})
    measured = Measured()
    spent = Decimal(0)
    async with AsyncClient(registry, transport) as client:
        for trial in TRIALS:
            expected = cost_of(trial, price)
            if most is not None and expected is not None and spent + expected > most:
                measured = added(measured, Measured(found={trial.name: f"{UNKNOWN}: not asked, for the cap on cost"}))
                continue
            report(trial)
            for _ in range(_AGAIN):
                seen = await _ask(client, plan, _narrowed(bare, measured), trial)
                spent += _cost(seen, price) or Decimal(0)
                taught = aside(trial, seen)
                if taught is None:
                    break
                measured = added(measured, taught)
            if seen.error is not None and trial is TRIALS[0]:
                raise seen.error
            measured = added(measured, reading(trial, seen))
            if seen.completion is not None and trial is TRIALS[0]:
                measured = added(measured, Measured(fingerprint=_answers_as(seen.completion)))
        measured = added(measured, await _unknown_model(client, plan, bare))
        measured = added(measured, await _listed(client, target))
    return Probed(replace(measured, probed=datetime.now(UTC).date()), spent if price is not None else None)


def _narrowed(bare: Candidate, measured: Measured) -> Candidate:
    """With what was learned on the way: other names of fields, and what every call must leave out."""
    provider, _ = narrowed_by(Measured(rename=measured.rename), bare.provider, None, bare.target)
    _, model = narrowed_by(Measured(limits=measured.limits), provider, None, bare.target)
    return replace(bare, provider=provider, model=model, heads={})


async def _ask(client: AsyncClient, plan: Plan, candidate: Candidate, trial: Trial) -> Seen:
    request = trial.request(candidate.target.model)
    call = Call(request, replace(plan, candidates=(candidate,), learned=None))
    try:
        async with client.line(call, plan) as line:
            if not trial.stream:
                return Seen(request=request, completion=await line.run(call.complete()))
            session = await line.run(call.open())
            pieces = sum(isinstance(event, TextDelta) for event in tuple(session.seen))
            while not session.ended:
                pieces += sum(isinstance(event, TextDelta) for event in await line.advance(session))
                session.check()
            return Seen(request=request, completion=call.ended(session), pieces=pieces)
    except Error as error:
        return Seen(request=request, error=error)


def _cost(seen: Seen, price: Price | None) -> Decimal | None:
    if seen.completion is None or price is None:
        return None
    cost = priced(seen.completion.usage, price, seen.completion.service_tier)
    return cost.total if cost is not None else None


def _answers_as(completion: Completion) -> dict[str, str]:
    told = {"model": completion.model, "id": _kind(completion.id)}
    return {name: value for name, value in told.items() if value}


def _kind(id: str) -> str:
    """What stands before the part of an id that is another each time: "chatcmpl", "msg", "gen"; empty where there is none."""
    word = "".join(takewhile(str.isalpha, id))
    return word if id[len(word) : len(word) + 1] in ("-", "_") and set(word.lower()) - set("abcdef") else ""


class _Exchange:
    """One exchange that is no call: nothing of it is recorded."""

    recorded = True

    def __init__(self, plan: Plan, candidate: Candidate) -> None:
        self._plan = plan
        self._candidate = candidate
        self.deadline = plan.clock() + plan.timeouts.total

    def record(self, outcome: str) -> CallRecord:
        now = self._plan.clock()
        return CallRecord(model=NO_MODEL, outcome=outcome, started=now, seconds=0.0)

    def response(self) -> Steps[HttpResponse]:
        """What is answered to a question for a model that there is not."""
        request = ChatRequest(model=NO_MODEL, messages=(Message("user", (Text("Say yes."),)),), max_output_tokens=16)
        encoded = self._candidate.codec.encode(request, self._candidate.provider, stream=False)
        signed = yield from self._candidate.sign(encoded.http)
        return (yield from send(signed, self._plan.timeouts, self.deadline))


async def _unknown_model(client: AsyncClient, plan: Plan, candidate: Candidate) -> Measured:
    exchange = _Exchange(plan, candidate)
    try:
        async with client.line(exchange, plan) as line:
            response = await line.run(exchange.response())
    except Error as error:
        return Measured(found={"unknown model": f"{UNKNOWN}: {type(error).__name__}"})
    names = sorted({name.lower() for name in response.headers if name.lower().startswith(_TELLING) and "ratelimit" not in name})
    fingerprint = {"headers": " ".join(names[:24])} if names else {}
    if server := next((value for name, value in response.headers.items() if name.lower() == "server"), ""):
        fingerprint["server"] = server[:60]
    if 200 <= response.status < 300:
        return Measured(found={"unknown model": "answered all the same"}, fingerprint=fingerprint)
    refusal = candidate.codec.decode_error(response, candidate.target)
    shape = " ".join(str(part) for part in (response.status, refusal.type, refusal.code) if part is not None)
    if candidate.secret is not None:
        shape = candidate.secret.taken_out_of(shape)
    shape = shape[:120]
    return Measured(found={"unknown model": "refused", "error shape": shape}, fingerprint=fingerprint)


async def _listed(client: AsyncClient, target: Target) -> Measured:
    """What the endpoint's own list says of the model; nothing where there is no list, or it is not in it."""
    try:
        models = await client.models(target.provider)
    except Error:
        return Measured()
    model = next((model for model in models if model.id == target.model), None)
    if model is None:
        return Measured(found={"listed": "no"})
    found = {"listed": "yes"}
    if model.context_tokens is not None:
        found["context tokens, as listed"] = str(model.context_tokens)
    return Measured(found=found, fingerprint={"owned by": model.owned_by} if model.owned_by else {})
