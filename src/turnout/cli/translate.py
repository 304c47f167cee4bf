"""``turnout translate``: a request as another protocol would say it, and what that does to each field. Calls nobody."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turnout.catalog.schema import Model, Provider
    from turnout.registry import Registry
    from turnout.types import HttpRequest, Receipt
    from turnout.wire import Wire

EXAMPLES = """
turnout translate --from anthropic --to gemini request.json
turnout translate --from openai --to anthropic/claude-sonnet-5 - < request.json
turnout translate --from openai-responses --to bedrock-converse request.json --strict
turnout translate --from openai --to mistral request.json --json | jq .receipt
turnout translate --answer --from gemini --to anthropic answer.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the JSON body; - is standard input")
    parser.add_argument(
        "--from", required=True, dest="source", metavar="NAME", help="the protocol it is in: a provider or a wire"
    )
    parser.add_argument(
        "--to",
        required=True,
        metavar="NAME",
        help="whom it is for: provider/model, or a provider or a wire with the body's model",
    )
    parser.add_argument("--answer", action="store_true", help="the file is a whole answer, to be rendered for a caller of --to")
    parser.add_argument("--stream", action="store_true", help="ask for a stream, even if the body does not")
    parser.add_argument("--strict", action="store_true", help="exit 1 if anything would be approximated or dropped")
    parser.add_argument("--json", action="store_true", help="one JSON object: the request or answer, and the receipt")


def run(options: argparse.Namespace) -> int:
    from turnout.registry import Registry

    registry = Registry()
    body = _read(options.file)
    source = _wire(registry, options.source)
    if options.answer:
        written, receipt = _answer(body, source, _wire(registry, options.to), options)
    else:
        written, receipt = _request(registry, body, source, options)
    _print(written, receipt, as_json=options.json)
    if options.strict and not receipt.lossless:
        from turnout.cli.failures import FAILED, say

        say("turnout: something would be lost, and --strict does not allow it")
        return FAILED
    return 0


def _request(registry: Registry, body: bytes, source: Wire, options: argparse.Namespace) -> tuple[dict[str, Any], Receipt]:
    from msgspec.structs import replace

    from turnout import receipt
    from turnout.adapt import prepare

    if source.server is None:
        raise _cannot(source, "be translated from: Turnout does not serve it")
    request, stream = source.server.parse(body)
    provider, wire, model, name = _target(registry, options.to, request.model)
    if wire.chat is None:
        raise _cannot(wire, "be translated to: it has no chat")
    request = replace(request, model=name)
    prepared = prepare(request, wire, provider, model)
    encoded = wire.chat.encode(prepared.request, provider, stream=stream or options.stream)
    return _shown(encoded.http), receipt.compose(request, None, (*prepared.lines, *encoded.lines))


def _answer(body: bytes, source: Wire, to: Wire, options: argparse.Namespace) -> tuple[dict[str, Any], Receipt]:
    from msgspec import json

    from turnout import receipt
    from turnout.adapt.answers import departures
    from turnout.types import HttpResponse, Target

    if source.chat is None:
        raise _cannot(source, "be translated from: it has no chat")
    if to.server is None:
        raise _cannot(to, "be translated to: Turnout does not serve it")
    completion = source.chat.decode(HttpResponse(status=200, body=body), Target(options.source, ""))
    return {"body": json.decode(to.server.render(completion))}, receipt.compose(None, completion, departures(completion, to))


def _target(registry: Registry, name: str, asked: str) -> tuple[Provider, Wire, Model | None, str]:
    """Whom ``name`` stands for, and the model there: its own part after the "/", else the one the body asks for."""
    from turnout.catalog.schema import Provider
    from turnout.types import Target

    if name in registry.wires:
        nobody = Provider(id=name, name=name, wire=name, base_url="https://provider.example")
        return nobody, registry.wires.get(name), None, asked
    target = registry.resolve(name) if "/" in name else Target(registry.provider(name).id, asked)
    provider, wire, model = registry.spoken(target)
    return provider, wire, model, target.model


def _wire(registry: Registry, name: str) -> Wire:
    if name in registry.wires:
        return registry.wires.get(name)
    from turnout.types import Target

    target = registry.resolve(name) if "/" in name else Target(registry.provider(name).id, "")
    return registry.spoken(target)[1]


def _cannot(wire: Wire, why: str) -> Exception:
    from turnout.errors import ConfigError

    return ConfigError(f"{wire.name} cannot {why}")


def _read(name: str) -> bytes:
    from turnout.cli.failures import WrongUsage

    if name == "-":
        return sys.stdin.buffer.read()
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise WrongUsage(f"cannot read '{name}': {error.strerror}") from error


def _shown(http: HttpRequest) -> dict[str, Any]:
    from urllib.parse import urlsplit

    from msgspec import json

    address = urlsplit(http.url)
    path = address.path + (f"?{address.query}" if address.query else "")
    return {"method": http.method, "path": path, "body": json.decode(http.body)}


def _print(written: dict[str, Any], receipt: Receipt, *, as_json: bool) -> None:
    from msgspec import json, to_builtins

    from turnout.cli.terminal import write

    if as_json:
        whole = {**written, "lossless": receipt.lossless, "receipt": to_builtins(receipt.lines)}
        write(json.format(json.encode(whole), indent=2).decode() + "\n", sys.stdout)
        return
    from turnout.cli.failures import say

    write(json.format(json.encode(written["body"]), indent=2).decode() + "\n", sys.stdout)
    sys.stdout.flush()
    if "path" in written:
        say(f"{written['method']} {written['path']}", "dim")
    for line in receipt.lines:
        say(str(line), "dim" if line.fate in ("exact", "mapped") else "")
