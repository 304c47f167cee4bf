"""Where the clients meet the gateway: the upstream, a configuration that leads to it, and `turnout serve` as a process."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from clients.families import Family
from clients.upstream import Upstream

_START_SECONDS = 30.0


class NotStarted(Exception):
    """The gateway could not be started; the text is its own last word."""


def settings(upstream: Upstream, families: Sequence[Family]) -> str:
    return "\n".join(family.settings(upstream.url(family)) for family in families)


def environ(families: Sequence[Family]) -> dict[str, str]:
    return {name: value for family in families for name, value in family.environ.items()}


@contextlib.contextmanager
def gateway(config: Path, variables: dict[str, str], *options: str) -> Iterator[str]:
    """The base URL of a `turnout serve` that reads its settings from the folder ``config``. Raises NotStarted."""
    kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        env={**kept, **variables, "TURNOUT_CONFIG_DIR": str(config)},
        cwd=config,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stderr is not None
        url = None
        timer = threading.Timer(_START_SECONDS, process.kill)
        timer.start()
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"serving on (http://\S+)", line):
                url = found[1]
                break
        timer.cancel()
        if url is None:
            raise NotStarted(f"turnout serve did not start: {''.join(said).strip() or 'it said nothing'}")
        reader = threading.Thread(target=_pass_on, args=(process.stderr,), daemon=True)
        reader.start()
        _await(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _await(url: str, process: subprocess.Popen[str]) -> None:
    """Until it takes connections: it says where it will before it does."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection((host, int(port)), timeout=5):
                return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise NotStarted(f"turnout serve takes no connections at {url}")


def _pass_on(lines: Iterator[str]) -> None:
    with contextlib.suppress(ValueError):  # closed
        for line in lines:
            sys.stderr.write(f"gateway: {line}")


def _is_setting(name: str) -> bool:
    """Keys, addresses and proxies of whoever runs this change nothing here."""
    return name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL", "_proxy", "_PROXY")) or name.startswith(
        ("TURNOUT_", "AWS_", "GOOGLE_")
    )


@contextlib.contextmanager
def replaying(families: Sequence[Family], *options: str) -> Iterator[tuple[str, Upstream, Path]]:
    """A gateway whose every provider is the upstream, but for real models; its URL, the upstream, and the file of its records."""
    with Upstream(families) as upstream, tempfile.TemporaryDirectory() as folder:
        config = Path(folder)
        (config / "turnout.toml").write_text(settings(upstream, families), encoding="utf-8")
        records = config / "calls.jsonl"
        with gateway(config, environ(families), "--records", str(records), *options) as url:
            yield url, upstream, records
