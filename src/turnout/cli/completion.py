"""``turnout completion``: a script that teaches a shell the commands, their options and the providers."""

from __future__ import annotations

import argparse
import sys

EXAMPLES = """
turnout completion bash > ~/.local/share/bash-completion/completions/turnout
turnout completion zsh > "${fpath[1]}/_turnout"
turnout completion fish > ~/.config/fish/completions/turnout.fish
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(options: argparse.Namespace) -> int:
    from turnout.cli import shells
    from turnout.registry import Registry

    script = {"bash": shells.bash, "zsh": shells.zsh, "fish": shells.fish}[options.shell]
    providers = sorted(provider.id for provider in Registry().providers())
    sys.stdout.write(script(shells.described(), providers))
    return 0
