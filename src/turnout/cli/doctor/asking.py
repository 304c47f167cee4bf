"""Asks providers for their models, all at once and each for a bounded time, to tell who can be reached and takes the key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.client.aio import AsyncClient
from turnout.discovery.health import Health, answered, failed, not_asked
from turnout.effects import Steps
from turnout.engine.listing import Listing
from turnout.engine.plan import Plan, Retry
from turnout.errors import ConfigError, Error, TimedOut, Unsupported
from turnout.types import HttpRequest

if TYPE_CHECKING:
    from turnout.registry import Registry

AT_ONCE = 16  # providers
SECONDS = 10.0  # for one exchange
_ONCE = Retry(attempts=1, per_target=1)


async def ask(registry: Registry, ids: Sequence[str], seconds: float = SECONDS) -> dict[str, Health]:
    """Each of ``ids``, which can be called as far as is known. Raises nothing that a provider does."""
    at_once = asyncio.Semaphore(AT_ONCE)
    async with AsyncClient(registry) as client:

        async def one(id: str) -> Health:
            async with at_once:
                return await _health(client, registry, id, seconds)

        return dict(zip(ids, await asyncio.gather(*(one(id) for id in ids)), strict=True))


def askable(registry: Registry, usable: Sequence[str], environ: Mapping[str, str], *, everything: bool) -> list[str]:
    """Those of ``usable`` to ask, the ones of the configuration first, then by priority; ``everything``: all of them. Else:

    A key that several providers could read from one variable goes to the first of them in priority alone: it is most likely
    its own. What proves itself by a platform's credentials is asked only if it is configured: looking for them may take long.
    """
    configured = {registry.provider(id).id for id in registry.config.providers}
    rows = sorted((registry.provider(id) for id in usable), key=lambda row: (row.id not in configured, row.priority, row.id))
    taken = {name for row in rows if row.id in configured for name in row.key_env}
    chosen: list[str] = []
    for row in rows:
        held = next((name for name in row.key_env if environ.get(name, "").strip()), None)
        if everything or row.id in configured or (held is None and _is_here(row.base_url)):
            chosen.append(row.id)
        elif held is not None and held not in taken:
            taken.add(held)
            chosen.append(row.id)
    return chosen


def _is_here(base_url: str) -> bool:
    from turnout.config.trust import is_loopback

    return base_url.startswith("local://") or is_loopback(base_url)


async def _health(client: AsyncClient, registry: Registry, id: str, seconds: float) -> Health:
    row = registry.provider(id)
    if row.base_url.startswith("local://"):
        return not_asked("the embedded model runs in a process of ours")
    try:
        plan = _within(registry.plan(f"{id}/models", retry=_ONCE, operation="models"), seconds)
    except (ConfigError, Unsupported) as error:
        return not_asked(str(error))
    secret = plan.candidates[0].secret
    began = time.monotonic()
    try:
        async with asyncio.timeout(2 * seconds + 1):  # a driver ends by itself; this is for what it waits for outside of HTTP
            models = await _listed(client, plan, id)
            took = time.monotonic() - began
            unsigned = await _without_key(client, plan, id) if secret is not None else False
    except TimeoutError:
        late = TimedOut(f"{id} did not answer within {2 * seconds + 1:g} s")
        return failed(late, row, secret.source if secret is not None else None, time.monotonic() - began)
    except Error as error:
        return failed(error, row, secret.source if secret is not None else None, time.monotonic() - began)
    return answered(models, took, signed=secret is not None, unsigned=unsigned)


async def _listed(client: AsyncClient, plan: Plan, id: str) -> int:
    call = Listing(plan, id)
    async with client.line(call, plan) as line:
        return len(await line.run(call.models()))


async def _without_key(client: AsyncClient, plan: Plan, id: str) -> Error | bool:
    """True if the list comes without a key too, else what is said instead."""
    candidates = [replace(candidate, sign=_unsigned, secret=None, refused=None) for candidate in plan.candidates]
    try:
        await _listed(client, replace(plan, candidates=candidates), id)
    except Error as error:
        return error
    return True


def _unsigned(request: HttpRequest) -> Steps[HttpRequest]:
    yield from ()
    return request


def _within(plan: Plan, seconds: float) -> Plan:
    return replace(plan, timeouts=replace(plan.timeouts, total=seconds))
