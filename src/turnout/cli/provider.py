"""``turnout provider new``: writes the file of a provider of your own, asks it for its models, and says what to check."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turnout.registry import Registry

EXAMPLES = """
turnout provider new acme --wire openai-chat --base-url https://api.acme.example/v1
turnout provider new box --wire openai-chat --base-url http://192.168.1.20:8000/v1 --no-key
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{parser.epilog}\n\nExits 1 if the file is written and the provider does not answer."
    commands = parser.add_subparsers(dest="action", required=True, metavar="new")
    new = commands.add_parser("new", help="write its file in your own folder of settings, and try it", allow_abbrev=False)
    new.add_argument("id", help="what to call it: lower-case letters, digits, '-', '_' and '.'")
    new.add_argument("--wire", default="openai-chat", help="the protocol that it speaks (default: openai-chat)")
    new.add_argument("--base-url", required=True, metavar="URL", help="what the wire's paths are appended to")
    new.add_argument("--name", help="what people call it (default: the id)")
    keys = new.add_mutually_exclusive_group()
    keys.add_argument(
        "--key-env", action="append", metavar="VARIABLE", help="where its key is; may be repeated (default: ID_API_KEY)"
    )
    keys.add_argument("--no-key", action="store_true", help="it wants none")
    new.add_argument("--docs", metavar="URL", help="where it is described")
    new.add_argument("--offline", action="store_true", help="ask it nothing now")
    new.add_argument("--force", action="store_true", help="replace the file if there is one")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.calling import calling_registry
    from turnout.config.writing import replace_file
    from turnout.registry import Registry

    registry = Registry()
    id, text = _written(options)
    path = _path(id, options.force, registry)
    _check(id, text, path, registry)
    replace_file(path, text.encode(), mode=0o600, backup=True)
    sys.stdout.write(f"wrote {path}\n\n{text}\n")
    return _try(id, calling_registry(), offline=options.offline)


def _written(options: argparse.Namespace) -> tuple[str, str]:
    """The id, and what its file holds. Raises WrongUsage for an id that cannot be one."""
    import json
    import re

    from turnout.auth.ways import way_of
    from turnout.cli.failures import WrongUsage

    id = options.id.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", id):
        raise WrongUsage(f"{options.id!r} cannot be the id of a provider: take lower-case letters, digits, '-', '_' and '.'")
    variable = re.sub(r"\W", "_", id).replace(".", "_").upper() + "_API_KEY"
    keys = [] if options.no_key else options.key_env or [variable]
    fields: dict[str, object] = {"name": options.name or options.id, "wire": options.wire}
    fields["base_url"] = options.base_url.rstrip("/")
    if keys:
        fields["key_env"] = keys
    if (auth := way_of("bearer", options.wire) if keys else "none") != "bearer":
        fields["auth"] = auth
    if options.docs:
        fields["docs"] = options.docs
    for name, value in fields.items():
        if any(not character.isprintable() for character in str(value)):
            raise WrongUsage(f"{name} holds a character that cannot be printed")
    # a JSON string or list of printable characters is one of TOML too
    return id, "".join(f"{name:<8} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())


def _path(id: str, force: bool, registry: Registry) -> Path:
    from turnout.cli.failures import WrongUsage
    from turnout.config.files import user_folder
    from turnout.errors import ConfigError, UnknownName

    folder = user_folder(os.environ)
    if folder is None:
        raise ConfigError("there is no home to write the file to: set TURNOUT_CONFIG_DIR")
    path = Path(folder, "providers", f"{id}.toml")
    if path.exists() and not force:
        raise WrongUsage(f"{path} is there already; --force replaces it, and keeps it as {path.name}.bak")
    try:
        known = registry.provider_id(id)
    except UnknownName:
        return path
    if not path.exists() and not force:
        raise WrongUsage(f"{id!r} is known already, as {known!r}: `turnout providers {known}`; --force lays the file over it")
    return path


def _check(id: str, text: str, path: Path, registry: Registry) -> None:
    """Raises ConfigError for what Turnout could not call, before anything is written."""
    import tomllib

    from turnout.config import Config, ConfigFile
    from turnout.config.endpoint import base_url
    from turnout.types import Target

    file = ConfigFile("new file", str(path), {"providers": {id: tomllib.loads(text)}})
    others = tuple(known for known in registry.config.files if known.path != str(path))
    provider, _, _ = registry.remade(config=Config((*others, file))).spoken(Target(id, "-"))
    base_url(provider, provider.base_url, "-", registry.environ)


def _try(id: str, registry: Registry, *, offline: bool) -> int:
    from turnout.cli.calling import open_client
    from turnout.cli.failures import FAILED, say, sentence
    from turnout.cli.terminal import write
    from turnout.errors import Error
    from turnout.types import Timeouts

    usable, reason = registry.usable(id)
    checks: list[str] = []
    code = 0
    if not usable:
        say(f"turnout: not asked for its models: {reason}")
        checks.append(f"has it a key?                    {reason}")
        code = FAILED
    elif not offline:
        try:
            with open_client(registry, timeout=Timeouts(connect=5.0, total=15.0)) as client:
                models = client.models(id)
        except Error as error:
            say(f"turnout: it does not list its models: {sentence(error)}")
            checks.append("is the base URL right, up to what the wire appends (/models, /chat/completions)? Is the key?")
            checks.append("some providers list nothing: then name a model of its own below")
            code = FAILED
        else:
            sys.stdout.write(f"it lists {len(models)} models" + (":\n" if models else "\n"))
            write("".join(f"  {id}/{model.id}\n" for model in models[:10]), sys.stdout)
            if len(models) > 10:
                sys.stdout.write(f"  … and {len(models) - 10} more\n")
            example = models[0].id if models else "MODEL"
            checks.append(f'does it answer?                  turnout ask -m {id}/{example} "Name three rivers"')
    checks.append(f"is it usable from here?          turnout providers {id}")
    checks.append("does it refuse a field, or call one otherwise? say so under [quirks]: docs/adding-a-provider.md")
    checks.append("limits and prices of its models: [models.NAME] in the same file; without them a cost is unknown")
    write("\nto check:\n" + "".join(f"  - {check}\n" for check in checks), sys.stdout)
    return code
