"""``turnout discover``: asks providers for their models, and the models whether they chat."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from turnout.cli.numbers import seconds

if TYPE_CHECKING:
    from turnout.client.local_lists import LocalServer
    from turnout.config.provider_lists import ProviderLists
    from turnout.discovery.outcomes import Discovered, Outcome

EXAMPLES = """
turnout discover                            # every provider that is set up
turnout discover openai groq                # these two
turnout discover openai --force-refresh     # ask anew, and ask models that were found invalid once more
turnout discover openai --no-ping           # what it lists; no model is asked, nothing is saved
turnout discover --local                    # Ollama, LM Studio, llama.cpp and vLLM on this machine's usual ports
turnout discover --list-models              # what the lists say now; nobody is asked
turnout discover --json openai | jq -r '.[0].valid[]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        f"{parser.epilog}\n\nEach model gets one question of a few tokens, which costs what the provider takes for it."
        "\nWhat was found is saved only if every provider that was asked answered; exits 1 otherwise."
    )
    parser.add_argument("providers", nargs="*", metavar="PROVIDER", help="ids or aliases (default: all that are set up)")
    parser.add_argument("--provider", metavar="ID", action="append", default=[], help="the same as PROVIDER")
    parser.add_argument(
        "--discover-models", metavar="ID", nargs="?", action="append", default=[], help="the same as PROVIDER; without one, all"
    )
    parser.add_argument(
        "--force-refresh",
        "--update-valid-models",
        "-uvm",
        action="store_true",
        help="take no list that was kept (for 300 s), and ask models that are known to be invalid again",
    )
    parser.add_argument("-l", "--list-models", action="store_true", help="print what the lists say now; nobody is asked")
    parser.add_argument(
        "--local", action="store_true", help="look for model servers on this machine's usual ports, and nowhere else"
    )
    parser.add_argument("--no-ping", action="store_true", help="ask for lists only; no model is asked and nothing is saved")
    parser.add_argument("--no-save", action="store_true", help="ask, print and save nothing")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for each exchange (default: 10)")
    parser.add_argument(
        "-d", "--data-directory", metavar="DIR", help="where openaicompat-providers.yaml and config.toml are, or shall be"
    )
    parser.add_argument("--create-config", action="store_true", help="write a config.toml there unless there is one, and end")
    parser.add_argument("--json", action="store_true", help="print a JSON array, one provider a line")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.failures import say
    from turnout.client.discover import provider_lists

    if options.local:
        return _local(options)
    lists = provider_lists(options.data_directory)
    if options.create_config:
        return _create_config(lists)
    if lists.files or options.data_directory:  # a machine without these files is not told that they are missing
        for note in lists.notes:
            say(note, "dim")
    chosen = [*options.providers, *options.provider, *filter(None, options.discover_models)]
    if options.list_models:
        return _list(lists, chosen)
    discovered = _discover(options, lists, chosen)
    _write(discovered, json=options.json)
    return _exit_code(discovered, chosen)


def _discover(options: argparse.Namespace, lists: ProviderLists, chosen: Sequence[str]) -> Discovered:
    from turnout.cli.progress import Progress
    from turnout.client.discover import discovery_here

    persist = not (options.no_save or options.no_ping)
    if persist:
        from turnout.config.yaml_file import yaml_reader

        yaml_reader("rt")  # if it is not installed, that is told before models are asked, which costs money

    async def go() -> Discovered:
        with Progress() as progress:
            async with discovery_here(lists=lists, seconds=options.timeout, report=progress.show) as discovery:
                return await discovery.discover(
                    chosen or None,
                    force_refresh=options.force_refresh,
                    ask_models=not options.no_ping,
                    persist=persist,
                )

    return asyncio.run(go())


def _exit_code(discovered: Discovered, chosen: Sequence[str]) -> int:
    from turnout.cli.failures import FAILED, MISCONFIGURED, say

    if not discovered.success:
        say("turnout: not every provider answered, so nothing was saved", "yellow")
        return FAILED
    if chosen and all(outcome.skipped is not None for outcome in discovered.providers):
        return MISCONFIGURED
    if all(outcome.skipped is not None for outcome in discovered.providers):
        say("turnout: no provider could be asked; `turnout doctor` says what each needs")
        return MISCONFIGURED
    return 0


def _write(discovered: Discovered, *, json: bool) -> None:
    from turnout.cli.table import write_json, write_table

    if json:
        write_json(discovered.providers, sys.stdout)
        return
    rows = [row for outcome in discovered.providers if outcome.skipped is None for row in _rows(outcome)]
    if rows:
        write_table(("MODEL", "CHATS", "FROM"), rows, sys.stdout)


def _rows(outcome: Outcome) -> list[tuple[str, str, str]]:
    words = {
        **dict.fromkeys(outcome.valid, "yes"),
        **dict.fromkeys(outcome.invalid, "no"),
        **dict.fromkeys(outcome.unknown, "unknown"),
    }
    otherwise = "yes" if outcome.source == "known" else "unknown"  # a list names the models that chat
    return [(f"{outcome.provider}/{model}", words.get(model, otherwise), outcome.source) for model in outcome.models]


def _list(lists: ProviderLists, chosen: Sequence[str]) -> int:
    from turnout.discovery.known import listing

    lines = [line for id in chosen for line in listing(lists.known, id)] if chosen else listing(lists.known)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _local(options: argparse.Namespace) -> int:
    from turnout.cli.failures import FAILED, say
    from turnout.cli.table import write_json, write_table
    from turnout.client.local_lists import USUAL, local_servers

    servers = asyncio.run(local_servers())
    if options.json:
        write_json(servers, sys.stdout)
    elif servers:
        write_table(("SERVER", "AT", "MODEL"), [row for server in servers for row in _server_rows(server)], sys.stdout)
    if not servers:
        say(f"turnout: nothing listens at {', '.join(port.base_url for port in USUAL)}")
    return 0 if any(server.error is None for server in servers) else FAILED


def _server_rows(server: LocalServer) -> list[tuple[str, str, str]]:
    said = [f"{server.provider}/{model}" for model in server.models] or [f"({server.error or 'no model'})"]
    return [(server.name, server.base_url, one) for one in said]


def _create_config(lists: ProviderLists) -> int:
    from turnout.cli.failures import say
    from turnout.config.chat_settings import FIRST, save_settings
    from turnout.config.provider_lists import TOML_FILE

    path = os.path.join(lists.folder, TOML_FILE)
    if os.path.exists(path):
        say(f"turnout: {path} is there already, and stays as it is")
    else:
        path = save_settings(lists.folder, FIRST)
    sys.stdout.write(f"{path}\n")
    return 0
