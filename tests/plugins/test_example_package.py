"""The package of examples/acme-turnout, built and installed as a person would: each thing that it adds does its work."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling", reason="the example is built with hatchling")
pytest.importorskip("pip")

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-turnout"
KEY = "acme-4vJ8Qm2ZtXc9RbNw"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the package is installed into, offline."""
    source = tmp_path_factory.mktemp("source") / "acme-turnout"
    shutil.copytree(EXAMPLE, source)
    target = tmp_path_factory.mktemp("site")
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", "--target"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *options, str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


class Acme:
    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        acme = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                acme.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                choice = {"index": 0, "message": {"role": "assistant", "content": "Nile"}, "finish_reason": "stop"}
                usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
                answer = {"id": "1", "object": "chat.completion", "model": "large-1", "choices": [choice], "usage": usage}
                sent = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, format: str, *args: Any) -> None:
                """Not on the test's stderr."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def acme() -> Iterator[Acme]:
    acme = Acme()
    thread = threading.Thread(target=acme.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield acme
    acme.server.shutdown()
    thread.join()
    acme.server.server_close()


def run(site: Path, home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    environ = {**kept, "HOME": str(home), "PYTHONPATH": str(site), "COLUMNS": "200", **variables}
    return subprocess.run(
        [sys.executable, *command], env=environ, cwd=home, capture_output=True, text=True, timeout=60, check=False
    )


def test_each_thing_of_the_package_is_listed_and_works(site: Path, tmp_path: Path) -> None:
    done = run(site, tmp_path, "-m", "turnout", "plugins", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {(row["kind"], row["name"], row["distribution"], row["version"], row["state"]) for row in json.loads(done.stdout)}
    own = [
        ("provider", "acme"),
        ("wire", "acme-chat"),
        ("auth scheme", "acme-seal"),
        ("policy", "acme-steadiest"),
        ("sink", "acme-lines"),
        ("command", "acme"),
    ]
    assert {(*row, "acme-turnout", "1.0.0", "works") for row in own} <= rows


def test_its_provider_is_asked_over_its_wire_signed_by_its_scheme_and_told_to_its_sink(
    site: Path, tmp_path: Path, acme: Acme
) -> None:
    script = (
        "import turnout\n"
        "registry = turnout.Registry()\n"
        "with turnout.Client(registry, sinks=[registry.sinks.get('acme-lines')]) as client:\n"
        "    done = client.chat('longest river?', model='acme/large-1')\n"
        "print(done.text, f'{done.cost.total:.5f}')\n"
    )
    done = run(site, tmp_path, "-W", "error", "-c", script, ACME_API_KEY=KEY, ACME_BASE_URL=acme.base_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Nile 0.00065\n"
    assert done.stderr.startswith("acme: acme/large-1 ok ")
    ((path, headers, body),) = acme.asked
    assert path == "/v1/talk"
    assert headers["x-acme-seal"] == hashlib.sha256(KEY.encode() + body).hexdigest()
    assert KEY not in str(headers)


def test_its_policy_chosen_by_name_in_a_file_orders_the_calls_of_an_alias(site: Path, tmp_path: Path, acme: Acme) -> None:
    settings = tmp_path / "settings"
    settings.mkdir()
    models = '["acme/unpriced", "acme/large-1", "acme/small-1"]'
    (settings / "turnout.toml").write_text(f'[aliases]\nriver = {{ models = {models}, policy = "acme-steadiest" }}\n')
    script = (
        "import turnout\n"
        "with turnout.Client() as client:\n"
        "    done = client.chat('longest river?', model='river')\n"
        "print(done.text, done.target, done.attempts[0].because)\n"
    )
    variables = {"ACME_API_KEY": KEY, "ACME_BASE_URL": acme.base_url, "TURNOUT_CONFIG_DIR": str(settings)}
    done = run(site, tmp_path, "-W", "error", "-c", script, **variables)
    assert done.returncode == 0, done.stderr
    because = "acme-steadiest: 0 failures in a row, $0.2 for a million tokens out"
    assert done.stdout == f"Nile acme/small-1 {because}\n"
    ((_, _, body),) = acme.asked
    assert json.loads(body)["model"] == "small-1"


def test_a_policy_of_no_package_is_refused_with_the_nearest_that_there_is(site: Path, tmp_path: Path) -> None:
    script = (
        "import turnout\n"
        "try:\n"
        "    turnout.Registry().plan(['acme/large-1', 'acme/small-1'], policy='acme-stediest')\n"
        "except turnout.errors.ConfigError as error:\n"
        "    print(error)\n"
    )
    done = run(site, tmp_path, "-c", script, ACME_API_KEY=KEY)
    assert done.stdout == "argument: unknown policy 'acme-stediest'; did you mean 'acme-steadiest' or 'fastest'?\n", done.stderr


def test_its_command_runs_and_its_provider_is_listed_with_where_it_comes_from(site: Path, tmp_path: Path) -> None:
    assert run(site, tmp_path, "-m", "turnout", "acme", "--to", "Ada").stdout == "hello Ada\n"
    (row,) = json.loads(run(site, tmp_path, "-m", "turnout", "providers", "acme", "--json", ACME_API_KEY=KEY).stdout)
    assert (row["id"], row["wire"], row["usable"], row["reason"]) == ("acme", "acme-chat", True, "key from ACME_API_KEY")
    assert row["source"] == "plugin acme-turnout 1.0.0"


def test_nothing_of_the_package_is_imported_before_its_name_is_asked_for(site: Path, tmp_path: Path) -> None:
    script = (
        "import sys, turnout\n"
        "registry = turnout.Registry(environ={'GROQ_API_KEY': 'gsk_9fJ2mQx7LwT0aB4cD8eF'})\n"
        "registry.plan('groq/x'); registry.provider_ids(); turnout.ProviderRegistry(registry).stats()\n"
        "print([name for name in sys.modules if name.startswith('acme')])\n"
    )
    done = run(site, tmp_path, "-c", script)
    assert done.stdout == "[]\n", done.stderr
