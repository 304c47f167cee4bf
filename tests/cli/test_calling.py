"""The client of the commands: one, and what a refusal taught the one command the next one knows."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from upstream import MODEL

import turnout.cli

REFUSED = (400, {"error": {"message": "Unsupported parameter: 'stream_options'", "param": "stream_options"}})
NOT_OURS = {"doctor"}  # it measures: what it learns is its result


def test_every_command_that_calls_takes_its_client_from_one_place():
    folder = Path(turnout.cli.__file__).parent
    making = {
        f"{path.relative_to(folder)}"
        for path in folder.rglob("*.py")
        if re.search(r"\bClient\(", path.read_text()) and path.relative_to(folder).parts[0] not in NOT_OURS
    }
    assert making == {"calling.py"}


def remembered():
    """Waits for what a command writes beside the call."""
    for thread in threading.enumerate():
        if thread.name == "turnout-measured":
            thread.join(10)


@pytest.mark.parametrize("flags", [(), ("-d", "data")])
def test_what_a_chat_was_refused_the_next_command_leaves_out_at_once(upstream, turnout_here, folder, flags):
    upstream.script = [REFUSED, ["Rhine"], ["Elbe"], ["Po"]]
    assert turnout_here("chat", *flags, "-m", MODEL, "-p", "Name a river").stdout == b"Rhine\n"
    remembered()
    assert turnout_here("chat", *flags, "-m", MODEL, "-p", "Another").stdout == b"Elbe\n"
    assert turnout_here("ask", "-m", MODEL, "A third").stdout == b"Po\n"
    assert ["stream_options" in body for body in upstream.requests] == [True, False, False, False]


def test_a_chat_with_a_data_directory_reads_the_file_of_variables_that_turnout_toml_asks_for(
    upstream, environment, turnout_here, folder, tmp_path
):
    (tmp_path / "home/.config/turnout").mkdir(parents=True)
    (tmp_path / "home/.config/turnout/turnout.toml").write_text(f'env_file = "{tmp_path}/keys.env"\n')
    (tmp_path / "keys.env").write_text(f"OPENAI_API_KEY={environment.pop('OPENAI_API_KEY')}\n")
    assert turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi").stdout == b"Rhine\n"
