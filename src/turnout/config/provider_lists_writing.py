"""Writes what discovery found into a data directory's YAML file: all of it or nothing, and nothing else of the file changes."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import join
from pathlib import Path
from typing import Any

from turnout.config.provider_lists import YAML_FILE
from turnout.config.writing import locked, replace_file
from turnout.config.yaml_file import read_text, with_line_ends_of, yaml_reader
from turnout.discovery.findings import Finding, first_known, updated
from turnout.discovery.known import OPENAI_CHAT, KnownProvider, known_provider
from turnout.errors import ConfigError

LOCK_SECONDS = 30.0  # others write a file of this size in less than one


def save_findings(folder: str, findings: Sequence[Finding]) -> str | None:
    """Makes ``findings`` part of the file and returns its path; None, and nothing is written, when all of it is known.

    The file is read again under a lock, so what another process wrote meanwhile stays; comments, order and unknown keys stay
    too. Keys are never added. The file is its owner's alone (0600), and what was there before is kept as .bak. Raises ConfigError
    for a file that is not as it should be, which is left alone, or cannot be written; MissingExtra without ruamel.yaml.
    """
    path = Path(join(folder, YAML_FILE))
    yaml = yaml_reader("rt")
    try:
        with locked(path, LOCK_SECONDS):
            text = read_text(str(path)) if path.exists() else ""
            try:
                document = yaml.load(text) if text.strip() else None
            except ConfigError as error:
                raise ConfigError(f"{path}: {error}") from error
            head = ""
            if document is None:
                document, head = _mapping(), _comments(text)
            if not _merge(document, findings, str(path)):
                return None
            content = with_line_ends_of(str(path), head.encode() + yaml.dump(document))
            replace_file(path, content, mode=0o600, backup=True)
    except OSError as error:
        raise ConfigError(f"Error persisting provider configurations to YAML: {path}: {error.strerror or error}") from error
    return str(path)


def _comments(text: str) -> str:
    """Of a file that holds nothing else."""
    return "".join(f"{line}\n" for line in text.splitlines() if line.lstrip().startswith("#"))


def _merge(document: Any, findings: Sequence[Finding], path: str) -> bool:
    """``findings`` into ``document``, in place; whether that changed anything."""
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected a table with 'providers', not {type(document).__name__}")
    if document.get("providers") is None:
        document["providers"] = _mapping()
    providers = document["providers"]
    if not isinstance(providers, dict):
        raise ConfigError(f"{path}: providers holds tables, one for each provider")
    called = {str(name).lower(): name for name in providers}
    shared = _shared(document)
    changed = False
    for finding in findings:
        name = called.get(finding.provider)
        if name is None or providers[name] is None:
            name = called[finding.provider] = name or finding.provider
            providers[name] = _entry(first_known(finding))
            changed = True
        known = known_provider(finding.provider, providers[name], path)
        now = updated(known, finding)
        if now != known:
            _write(_own(providers, name, shared), known, now, shared)
            changed = True
    return changed


def _write(entry: Any, known: KnownProvider, now: KnownProvider, shared: set[int]) -> None:
    """The models of ``now`` into ``entry``, which said ``known``."""
    if now.valid_models != known.valid_models:
        if entry.get("valid_models") is None:
            entry["valid_models"] = _mapping()
        models = _own(entry, "valid_models", shared)
        for long, short in now.valid_models.items():
            if long not in known.valid_models:
                models[_name(long)] = _name(short)
    if now.invalid_models != known.invalid_models:
        if entry.get("invalid_models") is None:
            entry["invalid_models"] = []
        names = _own(entry, "invalid_models", shared)
        for at in reversed(range(len(names))):
            if names[at] not in now.invalid_models:
                del names[at]
        names += [_name(model) for model in now.invalid_models if model not in known.invalid_models]


def _shared(document: Any) -> set[int]:
    """The tables and lists that stand in the file more than once, by an anchor and its aliases or by a merged table."""
    seen: set[int] = set()
    again: set[int] = set()
    left = [document]
    while left:
        node = left.pop()
        if id(node) in seen:
            again.add(id(node))
            continue
        seen.add(id(node))
        inside = node.values() if isinstance(node, dict) else node
        left += [value for value in inside if isinstance(value, (dict, list))]
    return again


def _own(parent: Any, key: Any, shared: set[int]) -> Any:
    """What ``parent`` has under ``key``; a copy of its own where others have the same, so that theirs stays as it is."""
    node = parent[key]
    if id(node) in shared:
        shared.update(id(value) for value in (node.values() if isinstance(node, dict) else ()))  # its tables have two owners now
        node = _mapping(node) if isinstance(node, dict) else list(node)
        parent[key] = node
    return node


def _name(text: str) -> str:
    """``text`` so that it is read back as it is: between quotes where YAML would take a character for the end of a line."""
    if text.isprintable():
        return text
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    quoted: str = DoubleQuotedScalarString(text)
    return quoted


def _entry(known: KnownProvider) -> Any:
    entry = _mapping()
    entry.update(name=known.name, base_api_url=known.base_api_url, api_key="")
    if known.wire != OPENAI_CHAT:
        entry["wire"] = known.wire  # who reads these files without knowing of wires leaves it alone
    entry["valid_models"] = _mapping()
    entry["invalid_models"] = []
    return entry


def _mapping(items: Any = ()) -> Any:
    from ruamel.yaml.comments import CommentedMap

    return CommentedMap(items)
