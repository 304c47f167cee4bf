"""What was measured, in a file: read, added to, bounded, and never half written."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from turnout.catalog.measured import Measured
from turnout.catalog.schema import Limit
from turnout.config.measuring import HOLDS, MOST_TARGETS, keeper, measured_path, read_all, read_measured, remember
from turnout.registry import Registry
from turnout.types import Target

TARGET = Target("groq", "openai/gpt-oss-20b")
NO_SEED = Limit(unsupported=True, source="learned from groq/openai/gpt-oss-20b")
TODAY = date(2026, 11, 21)


@pytest.fixture
def environ(tmp_path):
    return {"TURNOUT_CONFIG_DIR": str(tmp_path / "turnout"), "GROQ_API_KEY": "gsk-real-looking-1234"}


def test_what_is_kept_is_read_again_with_a_models_own_slash_and_nobody_else_may_read_it(environ):
    path = measured_path(environ)
    remember(path, TARGET, Measured(limits={"seed": NO_SEED}, learned=TODAY))
    assert read_measured(environ, TODAY) == {TARGET: Measured(limits={"seed": NO_SEED}, learned=TODAY)}
    from pathlib import Path

    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_later_lessons_are_added_and_a_probe_takes_their_place(environ):
    path = measured_path(environ)
    remember(path, TARGET, Measured(limits={"seed": NO_SEED}, learned=TODAY))
    remember(path, TARGET, Measured(limits={"top_p": NO_SEED}, learned=TODAY))
    assert read_measured(environ, TODAY)[TARGET].limits.keys() == {"seed", "top_p"}
    remember(path, TARGET, Measured(probed=TODAY), instead=True)
    assert read_measured(environ, TODAY)[TARGET].limits == {}


def test_what_is_older_than_thirty_days_is_measured_anew(environ):
    remember(measured_path(environ), TARGET, Measured(limits={"seed": NO_SEED}, learned=TODAY))
    assert TARGET in read_measured(environ, TODAY + HOLDS)
    assert read_measured(environ, TODAY + HOLDS + timedelta(days=1)) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"targets": 1}'])
def test_a_file_that_cannot_be_read_narrows_nothing_and_is_kept_when_the_next_is_written(environ, tmp_path, content):
    (tmp_path / "turnout").mkdir()
    (tmp_path / "turnout" / "measured.json").write_bytes(content)
    assert read_measured(environ, TODAY) == {}
    remember(measured_path(environ), TARGET, Measured(learned=TODAY))
    assert (tmp_path / "turnout" / "measured.json.bak").read_bytes() == content
    assert TARGET in read_measured(environ, TODAY)


def test_the_oldest_goes_where_there_are_too_many(environ, tmp_path):
    import msgspec

    from turnout.config.measuring import MeasuredFile

    many = {f"groq/{number}": Measured(learned=TODAY + timedelta(days=1)) for number in range(MOST_TARGETS)}
    many["groq/0"] = Measured(learned=TODAY - timedelta(days=1))
    (tmp_path / "turnout").mkdir()
    (tmp_path / "turnout" / "measured.json").write_bytes(msgspec.json.encode(MeasuredFile(many)))
    path = measured_path(environ)
    remember(path, TARGET, Measured(learned=TODAY))
    kept = read_all(path)
    assert len(kept) == MOST_TARGETS
    assert "groq/0" not in kept
    assert str(TARGET) in kept


def test_many_who_write_at_once_lose_nothing(environ):
    path = measured_path(environ)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: remember(path, Target("groq", str(n)), Measured(learned=TODAY)), range(24)))
    assert len(read_all(path)) == 24


def test_without_a_home_nothing_is_kept():
    assert keeper({}) is None
    assert read_measured({}) == {}


def test_what_is_told_is_kept_with_the_day_and_a_registry_made_later_narrows_by_it(environ):
    keeper(environ)(TARGET, Measured(limits={"seed": NO_SEED}))
    for thread in threading.enumerate():
        if thread.name == "turnout-measured":
            thread.join(10)
    assert read_all(measured_path(environ))[str(TARGET)].learned == datetime.now(UTC).date()
    candidate = Registry(environ=environ).plan(str(TARGET)).candidates[0]
    assert NO_SEED in candidate.model.limits.fields["seed"]


def test_a_registry_that_does_not_remember_writes_nothing(environ):
    assert Registry(environ=environ).learned.tell is None
    assert Registry(environ=environ, remembers=True).learned.tell is not None
