"""What a library costs a fresh interpreter: by its import, and until its first answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

from subjects import KEY, MODEL, NAME, PROMPT

BARE = "bare interpreter"
_MESSAGES = [{"role": "user", "content": PROMPT}]

# statements to import each, and to get an answer of the server at URL after it
IMPORTS = {
    BARE: "pass",
    "turnout": "from turnout import Client",
    "openai": "import openai",
    "litellm": "import litellm",
    "any-llm-sdk": "import any_llm",
}
ANSWERS = {
    BARE: "pass",
    "turnout": f"Client(model={NAME!r}, api_key={KEY!r}, base_url=URL).chat({PROMPT!r})",
    "openai": f"openai.OpenAI(api_key={KEY!r}, base_url=URL).chat.completions.create(model={MODEL!r}, messages={_MESSAGES})",
    "litellm": f"litellm.completion(model={NAME!r}, api_key={KEY!r}, api_base=URL, messages={_MESSAGES})",
    "any-llm-sdk": f"any_llm.completion({NAME.replace('/', ':')!r}, api_key={KEY!r}, api_base=URL, messages={_MESSAGES})",
}

_TELL_RESIDENT = """
import os, sys
if sys.platform.startswith("linux"):
    with open("/proc/self/statm") as statm:
        print(int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


class Started(NamedTuple):
    seconds: float  # from starting the interpreter to its end
    resident_bytes: float | None  # at its end; None where the system does not tell


def start(statement: str, environ: Mapping[str, str], folder: str) -> Started:
    """A fresh interpreter that runs ``statement``. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-c", statement + _TELL_RESIDENT]
    begun = time.perf_counter()
    ended = subprocess.run(command, env=dict(environ), cwd=folder, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    said = ended.stdout.split()
    return Started(seconds, float(said[-1]) if said else None)
