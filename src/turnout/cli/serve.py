"""``turnout serve``: the gateway, on uvicorn."""

from __future__ import annotations

import argparse
import os

from turnout.cli.numbers import count, port, positive

EXAMPLES = """
turnout serve
turnout serve --port 8080 --host 0.0.0.0 --api-key-env GATEWAY_KEY
turnout serve --records calls.jsonl
turnout serve --workers 4
OPENAI_BASE_URL=http://127.0.0.1:3000/v1 OPENAI_API_KEY=- python my_program.py
ANTHROPIC_BASE_URL=http://127.0.0.1:3000 ANTHROPIC_API_KEY=- python my_program.py
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port, default=3000, help="the port to listen on (default: 3000; 0: any that is free)")
    parser.add_argument("--api-key-env", metavar="NAME", help="callers must send the key that this variable holds")
    parser.add_argument(
        "--translation", choices=("lenient", "strict"), default="lenient", help="strict: refuse what would be lost"
    )
    parser.add_argument("--lane", choices=("fast", "full"), default="fast", help="full: read and write every request anew")
    parser.add_argument(
        "--concurrent", type=positive, default=1000, metavar="N", help="calls at once, of all workers together (default: 1000)"
    )
    parser.add_argument(
        "--waiting", type=count, default=1000, metavar="N", help="calls that wait for their turn, of all workers (default: 1000)"
    )
    parser.add_argument(
        "--max-body", type=positive, default=64, metavar="MB", help="the largest request, in megabytes (default: 64)"
    )
    parser.add_argument(
        "--keep-records", type=count, default=1000, metavar="N", help="records to be asked for at /calls/ID (default: 1000)"
    )
    parser.add_argument("--workers", type=positive, default=1, metavar="N", help="processes on the same port (default: 1)")
    parser.add_argument(
        "--records", metavar="FILE", help="append a record of each call to FILE, as JSON lines; no content, no key"
    )
    parser.add_argument(
        "--snapshot",
        metavar="FILE",
        default=os.environ.get("TURNOUT_SNAPSHOT", "").strip() or None,
        help="keep in FILE which providers can be called, for `turnout doctor` (default: TURNOUT_SNAPSHOT)",
    )
    parser.add_argument(
        "--drain-seconds", type=positive, default=30, metavar="S", help="how long streams may go on after SIGTERM (default: 30)"
    )


def run(options: argparse.Namespace) -> int:
    from turnout.errors import ConfigError, MissingExtra

    try:
        import uvicorn  # noqa: F401
    except ImportError:
        raise MissingExtra("the gateway is not installed: pip install 'turnout[gateway]'") from None
    key = None
    if options.api_key_env:
        key = os.environ.get(options.api_key_env, "").strip()
        if not key:
            raise ConfigError(f"{options.api_key_env} is empty: put the key that callers must send into it")
    from turnout.gateway.serving import serve
    from turnout.gateway.settings import Limits, Settings

    settings = Settings(
        api_key=key,
        lane=options.lane,
        translation=options.translation,
        limits=Limits(concurrent=options.concurrent, waiting=options.waiting, body_bytes=options.max_body * 1024 * 1024),
        records_kept=options.keep_records,
    )
    return serve(
        settings,
        host=options.host,
        port=options.port,
        drain_seconds=options.drain_seconds,
        records=options.records,
        workers=options.workers,
        snapshot=options.snapshot,
    )
