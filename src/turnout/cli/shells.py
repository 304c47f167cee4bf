"""Completion scripts, written from the parsers themselves, so that they never differ from --help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from msgspec import Struct

from turnout.cli.commands import Command, about, loaded, parser_for

_FILES = ("FILE", "FILE|URL")


class Option(Struct, frozen=True):
    """``names``: "-m", "--model". ``values``: the words that may follow, or None for no value; () when any text may."""

    names: tuple[str, ...]
    about: str
    values: tuple[str, ...] | None
    takes: str = ""  # "provider", "model" or "file" when the value is one


class Described(Struct, frozen=True):
    """A command: its options, and the words that may stand for its arguments."""

    name: str
    about: str
    options: tuple[Option, ...]
    words: tuple[str, ...]


def described() -> list[Described]:
    """Every command that loads, in the order of ``turnout --help``."""
    return [_command(name, command) for name, command in loaded()]


def _command(name: str, command: Command) -> Described:
    parser = parser_for(name, command)
    options: list[Option] = []
    words: list[str] = []
    for action in parser._actions:
        if action.option_strings:
            options.append(_option(action))
        elif action.choices is not None:
            words += map(str, action.choices)
        for nested in action.choices.values() if isinstance(action, argparse._SubParsersAction) else ():
            options += (_option(inner) for inner in nested._actions if inner.option_strings and inner.dest != "help")
    return Described(name, about(name, command), tuple(options), tuple(words))


def _option(action: argparse.Action) -> Option:
    takes = {"--model": "model", "--provider": "provider"}.get(action.option_strings[-1], "")
    if action.metavar in _FILES:
        takes = "file"
    values = None if action.nargs == 0 else tuple(map(str, action.choices or ()))
    return Option(tuple(action.option_strings), action.help or "", values, takes)


def _words(values: Sequence[str]) -> str:
    return " ".join(values)


def _models(providers: Sequence[str]) -> list[str]:
    return [f"{provider}/" for provider in providers]


def bash(commands: Sequence[Described], providers: Sequence[str]) -> str:
    """For bash 3.2 and later, with or without the bash-completion package."""
    lines = [
        "# bash completion for turnout",
        "_turnout() {",
        '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}"',
        "    COMPREPLY=()",
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f'        COMPREPLY=($(compgen -W "{_words([command.name for command in commands])} --help --version" -- "$word"))',
        "        return",
        "    fi",
        '    case "$command:$before" in',
    ]
    for command in commands:
        for option in command.options:
            if option.values is not None:
                pattern = "|".join(f"{command.name}:{name}" for name in option.names)
                lines.append(f"        {pattern}) {_bash_values(option, providers)}; return ;;")
    lines += ["    esac", '    case "$command" in']
    for command in commands:
        options = _words([name for option in command.options for name in option.names if name.startswith("--")])
        words = f'COMPREPLY=($(compgen -W "{_words(command.words)}" -- "$word"))' if command.words else ":"
        lines += [
            f"        {command.name})",
            f'            if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "{options}" -- "$word"))',
            f"            else {words}; fi ;;",
        ]
    return "\n".join([*lines, "    esac", "}", "complete -o default -F _turnout turnout", ""])


def _bash_values(option: Option, providers: Sequence[str]) -> str:
    if option.takes == "file":
        return 'COMPREPLY=($(compgen -f -- "$word"))'
    if option.takes == "model":
        return f'COMPREPLY=($(compgen -W "{_words(_models(providers))}" -- "$word")); compopt -o nospace 2>/dev/null'
    values = providers if option.takes == "provider" else option.values
    return f'COMPREPLY=($(compgen -W "{_words(values)}" -- "$word"))' if values else ":"


def zsh(commands: Sequence[Described], providers: Sequence[str]) -> str:
    lines = ["#compdef turnout", "_turnout() {", "    local -a providers models", f"    providers=({_words(providers)})"]
    lines += ["    models=(${^providers}/)", "    if (( CURRENT == 2 )); then", "        local -a commands=("]
    lines += [f"            {_quoted(f'{command.name}:{command.about}')}" for command in commands]
    lines += ["        )", "        _describe command commands", "        return", "    fi"]
    lines += ["    local command=$words[2]", "    shift words", "    (( CURRENT-- ))", "    case $command in"]
    for command in commands:
        lines.append(f"        {command.name}) _arguments -S \\")
        lines += [f"            {_zsh_option(option)} \\" for option in command.options]
        lines.append(
            f"            {_quoted(f'*:argument:({_words(command.words)})' if command.words else '*:argument:_files')} ;;"
        )
    return "\n".join(
        [
            *lines,
            "    esac",
            "}",
            "",
            'if [[ "$funcstack[1]" == _turnout ]]; then _turnout "$@"; else compdef _turnout turnout; fi',
            "",
        ]
    )


def _zsh_option(option: Option) -> str:
    about = option.about.replace("[", "(").replace("]", ")").replace(":", ";")
    value = ""
    if option.values is not None:
        actions = {"file": "_files", "provider": "compadd -a providers", "model": "compadd -S '' -a models"}
        value = f":value:{actions.get(option.takes) or (f'({_words(option.values)})' if option.values else ' ')}"
    names = f"{{{','.join(option.names)}}}" if len(option.names) > 1 else option.names[0]
    return f"{names}{_quoted(f'[{about}]{value}')}" if len(option.names) > 1 else _quoted(f"{names}[{about}]{value}")


def fish(commands: Sequence[Described], providers: Sequence[str]) -> str:
    lines = ["# fish completion for turnout", "complete -c turnout -f"]
    lines += [
        f"complete -c turnout -n __fish_use_subcommand -a {_quoted(command.name)} -d {_quoted(command.about)}"
        for command in commands
    ]
    for command in commands:
        when = f"complete -c turnout -n {_quoted(f'__fish_seen_subcommand_from {command.name}')}"
        if command.words:
            lines.append(f"{when} -a {_quoted(_words(command.words))}")
        for option in command.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            lines.append(f"{when} {names}{_fish_values(option, providers)} -d {_quoted(option.about)}")
    return "\n".join([*lines, ""])


def _fish_values(option: Option, providers: Sequence[str]) -> str:
    if option.values is None:
        return ""
    if option.takes == "file":
        return " -r -F"
    values = {"provider": providers, "model": _models(providers)}.get(option.takes, option.values)
    return f" -x -a {_quoted(_words(values))}" if values else " -x"


def _quoted(text: str) -> str:
    """In single quotes, as sh, zsh and fish all read them."""
    return "'" + text.replace("'", "'\\''") + "'"
