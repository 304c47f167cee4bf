"""Files that are written whole or not at all, and by one process at a time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from turnout.config.writing import locked, replace_file
from turnout.errors import ConfigError

# Forks a writer for each line that writing.py runs; the writer says through a pipe that it is there, waits, and is killed.
KILLED = """
import json, os, signal, sys
from pathlib import Path
from turnout.config import writing
path, old, write = Path(sys.argv[1]), sys.argv[2].encode(), sys.argv[3]
if "keep" in write or "forget" in write:
    import tomlkit
    from turnout.config.kept_keys import forget, keep
    path.parent.mkdir(exist_ok=True)
found = []
for stop_at in range(1, 1000):
    for left in path.parent.glob(".*.new"):  # by those killed before: looking at them takes lines too
        left.unlink()
    path.write_bytes(old)
    here, there = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(here)
        seen = 0
        def line(frame, event, value):
            global seen
            seen += event == "line"
            if seen == stop_at:
                seen += 1
                os.write(there, b"here")
                signal.pause()
            return line
        sys.settrace(lambda frame, event, value: line if frame.f_code.co_filename == writing.__file__ else None)
        try:
            exec(write)
        finally:
            os._exit(0)
    os.close(there)
    reached = os.read(here, 4)
    if reached:
        os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    os.close(here)
    found.append(path.read_text())
    if not reached:
        break
print(json.dumps(found))
"""


def killed_at_every_line(path: Path, old: str, write: str) -> list[str]:
    """What ``path`` held after each kill; after the last one, nobody was killed."""
    environ = {**os.environ, "TURNOUT_CONFIG_DIR": str(path.parent)}
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), old, write],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environ,
    )
    found: list[str] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("backup", [False, True])
def test_a_writer_killed_at_any_point_leaves_the_old_file_or_the_new_one(tmp_path: Path, backup: bool) -> None:
    old, new = "old\n" * 5000, "new\n" * 9000
    found = killed_at_every_line(tmp_path / "file", old, f"writing.replace_file(path, b'new\\n' * 9000, backup={backup})")
    assert len(found) > 20
    assert {text for text in found if text not in (old, new)} == set()
    assert found[0] == old
    assert found[-1] == new
    assert found == sorted(found, key=[old, new].index), "once new, the file stays new"


def test_a_killed_writer_of_keys_leaves_the_old_keys_or_the_new_ones(tmp_path: Path) -> None:
    old = '[providers.groq]\napi_key = "gsk_1"\n'
    found = killed_at_every_line(tmp_path / "keys.toml", old, "keep(os.environ, 'openai', 'sk-2', 'file')")
    new = old + '\n[providers.openai]\napi_key = "sk-2"\n'
    assert found[-1].split() == new.split()
    assert set(found) == {old, found[-1]}
    found = killed_at_every_line(tmp_path / "keys.toml", old, "forget(os.environ, 'groq')")
    assert "gsk_1" not in found[-1]
    assert set(found) == {old, found[-1]}


COUNTS = """
import sys
from pathlib import Path
from turnout.config.writing import locked, replace_file
path = Path(sys.argv[1])
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
for _ in range(100):
    with locked(path, 60):
        replace_file(path, str(int(path.read_text()) + 1).encode())
"""


def test_processes_that_write_at_once_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    writers = [
        subprocess.Popen([sys.executable, "-c", COUNTS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert path.read_text() == "300"
    assert sorted(os.listdir(tmp_path)) == [".count.lock", "count"]


HOLDS = """
import signal, sys
from pathlib import Path
from turnout.config.writing import locked
with locked(Path(sys.argv[1]), 1):
    sys.stdout.write("held\\n"); sys.stdout.flush(); signal.pause()
"""


def test_a_lock_is_waited_for_until_its_deadline_and_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=r"file is being written by another process, for 0.05 s"), locked(path, 0.05):
            pytest.fail("two hold the lock")
        holder.kill()
        holder.wait()
    with locked(path, 0):
        replace_file(path, b"mine")
    assert path.read_bytes() == b"mine"


def test_a_lock_holds_between_threads_too(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "file", 0),
        pytest.raises(ConfigError, match="is being written by another process"),
        locked(tmp_path / "file", 0),
    ):
        pytest.fail("two hold the lock")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_its_owners_alone_whatever_it_was_and_its_backup_too(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    replace_file(path, b"first")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    replace_file(path, b"second", backup=True)
    assert (mode(path), path.read_bytes()) == (0o600, b"second")
    saved = path.with_name("file.bak")
    assert (mode(saved), saved.read_bytes()) == (0o600, b"first")
    replace_file(path, b"third", mode=0o640)
    assert mode(path) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "turnout.toml").write_text("old")
    link = tmp_path / "turnout.toml"
    link.symlink_to("dotfiles/turnout.toml")
    with locked(link, 0):
        replace_file(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "dotfiles" / "turnout.toml").read_text() == "new"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        replace_file(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_what_a_killed_writer_left_long_ago_is_swept_away_and_what_another_writes_now_is_not(tmp_path: Path) -> None:
    left, now, other = (tmp_path / name for name in (".file.77-aa.new", ".file.78-bb.new", ".files.79-cc.new"))
    for path in (left, now, other):
        path.write_text("a key")
    os.utime(left, (0, 0))
    os.utime(other, (0, 0))
    replace_file(tmp_path / "file", b"new")
    assert sorted(os.listdir(tmp_path)) == [".file.78-bb.new", ".files.79-cc.new", "file"]
