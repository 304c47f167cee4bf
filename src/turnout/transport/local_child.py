"""The program that serves one GGUF file: llama.cpp's own HTTP server, in a process of its own.

A process, because loading holds the interpreter's lock for its whole length (0.4 s for 135 million parameters, tens of
seconds for a large file), because stopping the server while a whole answer is being made waits for ever (xllamacpp
2026.10.11549, measured 2026-11-21), because it does not survive a fork, and because an assertion in native code would end
the caller. It imports nothing of Turnout: ``EmbeddedServer`` runs this file with an interpreter that has no site packages.

Standard input: one line of JSON, the settings below; then it stays open, and its end, even by the parent's death, ends this
program. Standard output: one line of JSON, ``{"base_url": …}`` or ``{"missing": …}`` or ``{"failed": …}``.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any, TypedDict


class ChildSettings(TypedDict):
    sys_path: list[str]  # where the parent finds xllamacpp
    weights: str
    name: str  # what the server calls the model
    chat_template: str  # "" for the template inside the weights
    fit: bool  # shrink what does not fit into a GPU's memory; costs a second look at the weights
    host: str
    slots: int  # calls served at the same time
    context_tokens: int  # of each slot
    threads: int
    key: str  # every request must carry it
    verbose: bool


def main() -> None:
    out = os.dup(1)  # llama.cpp may print on 1; the parent reads only this copy
    os.dup2(2, 1)
    settings: ChildSettings = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = settings["sys_path"]
    # How long a thread of libgomp spins before it sleeps. Unset, two busy neighbours on two cores cut 110 tokens/s to 2-6; with
    # 1000 it is 27, and as fast as unset without neighbours (measured 2026-11-21).
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        server = load(settings)
    except ImportError as error:
        say(out, {"missing": str(error)})
        return
    except RuntimeError as error:
        say(out, {"failed": str(error)})
        return
    say(out, {"base_url": str(server.listening_address)})
    if not settings["verbose"]:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)  # the parent's file for errors while loading must not grow for the life of the server
    sys.stdin.buffer.read()
    os._exit(0)  # an orderly stop may wait for ever on a call under way


def load(settings: ChildSettings) -> Any:
    """A server that answers. Raises ImportError without xllamacpp, RuntimeError for weights that llama.cpp refuses."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.verbosity = 3 if settings["verbose"] else 1  # 1: errors, 3: what it does
    params.model.path = settings["weights"]
    params.model_alias = {settings["name"]}
    params.chat_template = settings["chat_template"]
    params.fit_params = settings["fit"]
    params.n_parallel = settings["slots"]
    # Each slot has its own share of the context. With a shared one (kv_unified) a call that fills it ends all the others with
    # "Context size has been exceeded" (measured 2026-11-21).
    params.n_ctx = settings["slots"] * settings["context_tokens"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.warmup = False
    params.cache_ram_mib = 0  # prompts of past calls; without this up to 8 GiB
    params.hostnames = [settings["host"]]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.cors_origins = ""
    params.endpoint_slots = False  # it would show one caller's prompt to another
    params.ui = False
    return xllamacpp.Server(params)


def say(out: int, words: dict[str, str]) -> None:
    with suppress(BrokenPipeError):  # the parent is gone, and the end of standard input will say so
        os.write(out, json.dumps(words).encode() + b"\n")
    os.close(out)


if __name__ == "__main__":
    main()
