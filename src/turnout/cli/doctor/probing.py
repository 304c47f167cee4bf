"""``turnout doctor probe``: says what asking will cost, asks, shows what was found and what has changed, and keeps it."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from msgspec import Struct

from turnout.cli.numbers import seconds
from turnout.errors import ConfigError

if TYPE_CHECKING:
    from turnout.catalog.measured import Measured
    from turnout.catalog.schema import Limit, Model
    from turnout.registry import Registry
    from turnout.types import Target

MOST = Decimal("0.05")  # US dollars
_FORMS = {"tool": "the arguments of a tool", "json_object": "any JSON"}

EXAMPLES = """
turnout doctor probe groq/openai/gpt-oss-20b
turnout doctor probe groq                      # the cheapest of its models
turnout doctor probe custom/my-model --yes     # its price is not known: asks all the same
"""


class Shown(Struct, frozen=True, kw_only=True):
    """What --json prints. ``spent``: US dollars, as text; None when no price is known. ``drift``: a sentence each."""

    target: str
    measured: Measured
    spent: str | None
    drift: tuple[str, ...]
    kept_in: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="PROVIDER[/MODEL]", help="without a model, the cheapest that is known")
    parser.add_argument(
        "--max-cost", type=_dollars, default=MOST, metavar="USD", help=f"ask nothing beyond this (default: {MOST} US dollars)"
    )
    parser.add_argument("--yes", action="store_true", help="ask although no price is known")
    parser.add_argument("--timeout", type=seconds, default=60.0, metavar="S", help="seconds for each question (default: 60)")
    parser.add_argument("--no-save", action="store_true", help="show what was found, and keep nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    import asyncio  # `turnout doctor --offline` has this module for its arguments alone

    from turnout.cli.failures import FAILED, say
    from turnout.client.probe import probe
    from turnout.config.measuring import measured_path, read_all, remember
    from turnout.discovery.probing import TRIALS
    from turnout.discovery.probing_results import drift, estimate
    from turnout.registry import Registry

    registry = Registry()
    target = _target(registry, options.target)
    model = registry.model(target)
    price = model.price if model is not None else None
    expected = estimate(price)
    if expected is not None:
        say(f"turnout: {len(TRIALS)} questions to {target} cost at most ${expected:.4f}; the cap is ${options.max_cost:f}")
    elif not (options.yes or target.provider == "local" or _agreed(target, len(TRIALS))):
        say(f"turnout: nothing was asked of {target}: no price is known for it, so say --yes if it may cost what it costs")
        return FAILED
    probed = asyncio.run(
        probe(
            registry,
            target,
            price=price,
            most=options.max_cost,
            seconds=options.timeout,
            report=lambda trial: say(f"  {trial.about}", "dim"),
        )
    )
    path = None if options.no_save else measured_path(registry.environ)
    before = (read_all(path) or {}).get(str(target)) if path is not None else None
    changes = drift(before, probed.measured) if before is not None and before.probed is not None else ()
    lost = None
    if path is not None:
        try:
            remember(path, target, probed.measured, instead=True)
        except (OSError, ConfigError) as error:  # what was paid for is shown all the same
            path, lost = None, f"turnout: what was found could not be kept in {path}: {error}"
    shown = Shown(
        target=str(target),
        measured=probed.measured,
        spent=f"{probed.spent:f}" if probed.spent is not None else None,
        drift=changes,
        kept_in=path,
    )
    _write(shown, json=options.json)
    if lost is not None:
        say(lost, "yellow")
    return 0 if lost is None else FAILED


def _target(registry: Registry, said: str) -> Target:
    from turnout.registry.choosing import wished

    if "/" in said:
        return registry.resolve(said)
    id = registry.provider(said).id
    if (chosen := wished(registry, id)) is not None:
        return chosen[0]
    priced = [model for model in registry.models(id) if _price(model) is not None]
    chatting = [model for model in priced if "tools" in model.supports] or priced
    if chatting:
        return min(chatting, key=lambda model: (_price(model) or Decimal(0), model.target.model)).target
    raise ConfigError(f"no model of {id} is known with its price: say which to probe, as {id}/MODEL")


def _price(model: Model) -> Decimal | None:
    price = model.price
    if price is None or price.input is None or price.output is None or model.deprecated:
        return None
    return price.input + price.output if price.input + price.output > 0 else None


def _agreed(target: Target, questions: int) -> bool:
    from turnout.cli.failures import say
    from turnout.cli.terminal import is_terminal

    if not is_terminal(sys.stdin):
        return False
    say(f"turnout: no price is known for {target}. Ask it {questions} short questions all the same? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(shown: Shown, *, json: bool) -> None:
    from turnout.cli.failures import without_keys

    if json:
        import msgspec

        text = msgspec.json.encode(shown).decode()
    else:
        text = "\n".join(_lines(shown))
    sys.stdout.write(without_keys(text) + "\n")


def _lines(shown: Shown) -> list[str]:
    from turnout.cli.doctor.shown import section

    measured = shown.measured
    lines = section(shown.target, _rows(measured.found))
    lines += section("the backend", _rows(measured.fingerprint), "says nothing of itself")
    left_out = [_left_out(name, limit) for name, limit in measured.limits.items()]
    left_out += [f"{name} is sent as {other}" for name, other in measured.rename.items()]
    left_out += [f"it has no {word}" for word in sorted(measured.lacks)]
    lines += section("from now on", left_out, "everything is sent as it is asked for")
    if shown.drift:
        lines += section("otherwise than at the last probe", [f"! {change}" for change in shown.drift])
    if shown.spent is not None:
        lines.append(f"it cost ${shown.spent}")
    if shown.kept_in is not None:
        lines.append(f"kept in {shown.kept_in} for 30 days")
    return lines


def _left_out(name: str, limit: Limit) -> str:
    if name == "response_format" and limit.only is not None:
        return f"a JSON schema is asked for as {_FORMS.get(str(limit.only), 'nothing')}, and the answer is checked"
    return f"{name} is {'left out' if limit.unsupported else 'brought into range'}"


def _rows(found: dict[str, str]) -> list[str]:
    width = max((len(name) for name in found), default=0)
    return [f"{name:<{width}}  {value}" for name, value in found.items()]


def _dollars(text: str) -> Decimal:
    try:
        dollars = Decimal(text)
    except InvalidOperation:
        dollars = Decimal(-1)
    if not (dollars.is_finite() and dollars >= 0):
        raise argparse.ArgumentTypeError(f"{text} is not an amount of US dollars")
    return dollars
