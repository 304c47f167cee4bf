"""The gateways that are measured: how each is started, and what is sent to it. All go to the same upstream on loopback."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEERS = ROOT / ".venv-peers" / "bin"

QUESTION = '"messages":[{"role":"user","content":"What is the capital of France?"}]'
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


class Peer(NamedTuple):
    """``missing`` says what to do where it cannot be started. ``model`` is what it calls the upstream's model."""

    name: str
    command: list[str]
    port: int
    model: str = "mock-1"
    path: str = CHAT
    environ: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    missing: str = ""
    embedded: bool = False  # no server: the worker itself makes the calls, and prints what ``load`` prints

    def body(self, stream: bool, padding: int = 0) -> str:
        """A chat request of this peer's protocol, ``padding`` bytes of text longer."""
        question = QUESTION.replace("What is", "x " * (padding // 2) + "What is")
        limit = '"max_tokens":64,' if self.path == MESSAGES else ""
        return f'{{"model":"{self.model}",{limit}{"" if not stream else chr(34) + "stream" + chr(34) + ":true,"}{question}}}'

    def end(self, stream: bool) -> str:
        """What the last bytes of a right answer hold."""
        if self.path == MESSAGES:
            return "message_stop" if stream else "output_tokens"
        if stream:
            return "[DONE]"
        return '"fp_' if self.name != "litellm" else "}"  # it puts the members into another order


def peers(upstream: int, scratch: Path) -> list[Peer]:
    """Ports are those after the upstream's."""
    found: list[Peer] = [Peer("no gateway", [], upstream)]
    for at, server in enumerate((_haproxy, _nginx), 1):
        found.append(server(upstream, upstream + at, scratch))
    port = upstream + 3
    for lane in ("fast", "full"):
        found.append(_turnout(f"turnout, {lane}", lane, upstream, port, CHAT, scratch))
        port += 1
    found.append(_turnout("turnout, from anthropic", "fast", upstream, port, MESSAGES, scratch))
    found.append(_tensorzero(upstream, scratch))
    found.append(_portkey(upstream, port + 1))
    found.append(_litellm(upstream, port + 2, scratch))
    return found


def _turnout(name: str, lane: str, upstream: int, port: int, path: str, scratch: Path) -> Peer:
    """Groq's place in the registry, with the upstream's address: a provider with prices, so that costs are counted."""
    environ = {"GROQ_API_KEY": "gsk-of-the-benchmark", "GROQ_BASE_URL": f"http://127.0.0.1:{upstream}/v1"}
    records = str(scratch / f"{port}.jsonl")
    command = [sys.executable, "-m", "turnout", "serve", "--port", str(port), "--lane", lane, "--records", records]
    return Peer(name, command, port, "groq/llama-3.3-70b-versatile", path, environ)


def _haproxy(upstream: int, port: int, scratch: Path) -> Peer:
    config = scratch / "haproxy.cfg"
    config.write_text(
        "global\n nbthread 1\n maxconn 4000\n"
        "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n http-reuse always\n"
        f"frontend front\n bind 127.0.0.1:{port}\n default_backend back\n"
        f"backend back\n server one 127.0.0.1:{upstream}\n"
    )
    return Peer("haproxy", ["haproxy", "-f", str(config)], port, missing=_absent("haproxy", "apt-get install haproxy"))


def _nginx(upstream: int, port: int, scratch: Path) -> Peer:
    config = scratch / "nginx.conf"
    config.write_text(
        f"worker_processes 1;\ndaemon off;\npid {scratch}/nginx.pid;\nerror_log {scratch}/nginx.log;\n"
        "events { worker_connections 4000; }\n"
        f"http {{ access_log off; client_max_body_size 64m; client_body_buffer_size 1m; client_body_temp_path {scratch}/nginx;\n"
        f" upstream back {{ server 127.0.0.1:{upstream}; keepalive 512; }}\n"
        f" server {{ listen 127.0.0.1:{port} backlog=1024; keepalive_requests 1000000;\n"
        "  location / { proxy_pass http://back; proxy_http_version 1.1; proxy_set_header connection ''; proxy_buffering off; }\n"
        " }\n}\n"
    )
    return Peer("nginx", ["nginx", "-c", str(config)], port, missing=_absent("nginx", "apt-get install nginx-light"))


def _litellm(upstream: int, port: int, scratch: Path) -> Peer:
    config = scratch / "litellm.yaml"
    config.write_text(
        "model_list:\n  - model_name: mock-1\n    litellm_params:\n      model: openai/mock-1\n"
        f"      api_base: http://127.0.0.1:{upstream}/v1\n      api_key: sk-of-the-benchmark\n"
        "litellm_settings:\n  telemetry: false\n  request_timeout: 60\n"
    )
    command = [str(PEERS / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    environ = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # no key is asked for by any peer
        "NO_PROXY": "127.0.0.1",
    }
    return Peer("litellm", command, port, environ=environ, missing=_no_environment("litellm"))


def _portkey(upstream: int, port: int) -> Peer:
    start = HERE / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    headers = {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
        "authorization": "Bearer sk-of-the-benchmark",
    }
    missing = _absent("node", "apt-get install nodejs npm") or ("" if start.exists() else "npm ci in benchmarks/gateway")
    return Peer("portkey", ["node", str(start), "--headless", f"--port={port}"], port, headers=headers, missing=missing)


def _tensorzero(upstream: int, scratch: Path) -> Peer:
    config = scratch / "tensorzero.toml"
    config.write_text(
        "[gateway]\nobservability.enabled = false\n"
        '[models.mock]\nrouting = ["mock"]\n[models.mock.providers.mock]\ntype = "openai"\nmodel_name = "mock-1"\n'
        f'api_base = "http://127.0.0.1:{upstream}/v1/"\napi_key_location = "none"\n'
        '[functions.ask]\ntype = "chat"\n[functions.ask.variants.only]\ntype = "chat_completion"\nmodel = "mock"\n'
    )
    command = [str(PEERS / "python"), str(HERE / "embedded.py"), str(config)]
    return Peer("tensorzero, embedded", command, 0, missing=_no_environment("tensorzero"), embedded=True)


def _absent(program: str, remedy: str) -> str:
    return "" if shutil.which(program) else f"not here: {remedy}"


def _no_environment(program: str) -> str:
    return "" if os.path.exists(PEERS / "python") else f"{program} is not here: make .venv-peers/peers.stamp"
