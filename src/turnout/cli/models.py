"""``turnout models``: find models by name, ability, price and size."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from turnout.cli.numbers import count

if TYPE_CHECKING:
    from turnout.catalog.schema import Model
    from turnout.registry import Registry
    from turnout.types import ListedModel

EXAMPLES = """
turnout models                                            # of every provider
turnout models claude sonnet --usable                     # both words; only where a key is set
turnout models --supports tools,image-in --max-input-price 0.50
turnout models --provider groq --min-context 100k
turnout models groq --live                                # ask the endpoint itself what it serves now
turnout models --json llama | jq -r '.[].target.model'
"""

_ON_SCREEN = 50  # rows that a terminal gets unless --limit says otherwise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("search", nargs="*", help="words that the name must hold, all of them")
    parser.add_argument("--provider", metavar="ID", help="only this provider's; `turnout providers` lists them")
    parser.add_argument(
        "--live", action="store_true", help="ask the endpoint of a provider, the first word or --provider, what it serves now"
    )
    parser.add_argument("--usable", action="store_true", help="only of providers that can be used here")
    parser.add_argument(
        "--supports", type=abilities, default=[], metavar="A,B", help="tools, reasoning, image-in, structured_output…"
    )
    parser.add_argument("--max-input-price", type=price, metavar="USD", help="per million tokens; unknown prices are left out")
    parser.add_argument("--max-output-price", type=price, metavar="USD", help="per million tokens; unknown prices are left out")
    parser.add_argument("--min-context", type=tokens, metavar="N", help="tokens: 200000, 200k or 1m; unknown sizes are left out")
    parser.add_argument(
        "--limit", type=count, metavar="N", help=f"at most so many; 0 is no limit (default: {_ON_SCREEN} on a terminal)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array, one model a line")


def run(options: argparse.Namespace) -> int:
    looks = gc.isenabled()
    gc.disable()  # thousands of objects are made, and none is garbage before the end
    try:
        return _run(options)
    finally:
        if looks:
            gc.enable()


def _run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import calling_registry
    from turnout.cli.failures import FAILED, say
    from turnout.cli.terminal import is_terminal

    registry = calling_registry()
    live = _live(options, registry) if options.live else None
    models = registry.models(options.provider) if live is None else [model for model, _ in live]
    filters = _filters(options)
    found = [model for model in models if all(fits(model) for fits in filters)]
    if options.usable:
        usable = {provider: registry.usable(provider)[0] for provider in {model.target.provider for model in found}}
        found = [model for model in found if usable[model.target.provider] and registry.is_permitted(model.target)]
    if not found:
        _check_abilities(options.supports, registry.models())
    limit = options.limit if options.limit is not None else _ON_SCREEN if is_terminal(sys.stdout) and not options.json else 0
    shown = found[:limit] if limit > 0 else found
    if options.json:
        from turnout.cli.table import write_json

        said = {model.target: listed for model, listed in live or ()}
        write_json((said.get(model.target, model) for model in shown), sys.stdout)
    else:
        _write(shown)
    if len(shown) < len(found) and options.limit is None:
        say(f"{len(found) - len(shown)} more; narrow the search, or --limit 0", "dim")
    if not found:
        say("turnout: no model fits; fewer words or filters find more")
    return 0 if found else FAILED


def _live(options: argparse.Namespace, registry: Registry) -> list[tuple[Model, ListedModel]]:
    """What an endpoint says, each model in the catalog's form too. Takes the provider's name out of the words to search for."""
    from turnout.catalog.listed import from_listed
    from turnout.cli.calling import open_client
    from turnout.cli.failures import WrongUsage

    if options.provider is None:
        if not options.search:
            raise WrongUsage("--live asks one endpoint: name its provider, as in `turnout models groq --live`")
        options.provider = options.search.pop(0)
    provider = registry.provider(options.provider)
    with open_client(registry) as client:
        return [
            (from_listed(listed, provider.id, f"{provider.name}'s own list"), listed) for listed in client.models(provider.id)
        ]


def _check_abilities(wanted: Sequence[str], models: Iterable[Model]) -> None:
    """Raises WrongUsage for an ability that no model has: a typing mistake, not an answer."""
    from turnout.cli.commands import hint
    from turnout.cli.failures import WrongUsage

    known = frozenset[str]().union(*(model.supports for model in models))
    for word in wanted:
        if word not in known:
            raise WrongUsage(f"no model supports '{word}'{hint(word, known)} known are {', '.join(sorted(known))}")


def _filters(options: argparse.Namespace) -> list[Callable[[Model], bool]]:
    """What a model must pass. Only what was asked for: the catalog has thousands."""
    filters: list[Callable[[Model], bool]] = []
    if words := [word.lower() for word in options.search]:
        filters.append(lambda model: all(word in f"{model.target} {model.name}".lower() for word in words))
    if abilities := frozenset(options.supports):
        filters.append(lambda model: model.supports >= abilities)
    if (most := options.max_input_price) is not None:
        filters.append(lambda model: model.price is not None and model.price.input is not None and model.price.input <= most)
    if (dearest := options.max_output_price) is not None:
        filters.append(lambda model: model.price is not None and model.price.output is not None and model.price.output <= dearest)
    if (least := options.min_context) is not None:
        filters.append(lambda model: (room(model) or 0) >= least)
    return filters


def _write(models: Iterable[Model]) -> None:
    from turnout.cli.table import write_table

    headings = ("MODEL", "CONTEXT", "IN $/M", "OUT $/M", "SUPPORTS")
    rows = [
        (
            str(model.target),
            size(room(model)),
            dollars(model.price.input if model.price else None),
            dollars(model.price.output if model.price else None),
            abilities_shown(model) + (f" ({model.status})" if model.status else ""),
        )
        for model in models
    ]
    write_table(headings, rows, sys.stdout, right=headings[1:4])


def room(model: Model) -> int | None:
    """Tokens of context; of input where only that is said, as Google does: the context is no smaller."""
    return model.context_tokens or model.max_input_tokens


def abilities_shown(model: Model) -> str:
    """What tells models apart, the most asked for first; what nearly all can do is left out."""
    return _words_of(model.supports)


@lru_cache(maxsize=1024)  # thousands of models share a few hundred sets, prices and sizes
def _words_of(supports: frozenset[str]) -> str:
    rest = sorted(supports.difference(_FIRST, _COMMON))
    return ", ".join([*(word for word in _FIRST if word in supports), *rest])


_FIRST = ("tools", "reasoning", "structured_output", "image-in", "pdf-in", "audio-in", "video-in")
_COMMON = ("attachments", "temperature", "text-in", "text-out")


@lru_cache(maxsize=1024)
def size(count: int | None) -> str:
    """Tokens as people read them: 8192 is "8k", 1048576 "1m"; "?" when unknown."""
    if count is None:
        return "?"
    for unit, name in ((1_000_000, "m"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + name if count < 10 * unit else f"{count // unit}{name}"
    return str(count)


@lru_cache(maxsize=1024)
def dollars(price: Decimal | None) -> str:
    """Without trailing zeros; "?" when unknown, which is not free."""
    return "?" if price is None else f"{price.normalize():f}"


def abilities(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def price(text: str) -> Decimal:
    try:
        dollars = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        dollars = Decimal("nan")
    if not dollars.is_finite() or dollars < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a price in US dollars")
    return dollars


def tokens(text: str) -> int:
    """200000, "200k" or "1m"."""
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].lower() in ("k", "m") else (text, "")
    try:
        size = int(float(number) * {"": 1, "k": 1_000, "m": 1_000_000}[unit])
    except (ValueError, OverflowError):
        size = -1
    if size < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return size
