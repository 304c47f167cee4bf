"""What is installed is named by version and hash, and never by an address: whoever installs says where from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON = sorted((ROOT / "requirements").glob("*.txt"))
NODE = [ROOT / "clients" / "npm" / "package-lock.json", ROOT / "benchmarks" / "gateway" / "package-lock.json"]


def of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("lock", [*PYTHON, *NODE], ids=of)
def test_a_lock_holds_no_address(lock):
    assert re.findall(r"\S*://\S*", lock.read_text()) == []


@pytest.mark.parametrize("lock", PYTHON, ids=of)
def test_every_python_package_is_locked_with_a_hash(lock):
    packages = re.findall(r"^\S+==.*(?:\n +.*)*", lock.read_text(), flags=re.MULTILINE)
    assert packages
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("lock", NODE, ids=of)
def test_every_npm_package_is_locked_with_a_hash(lock):
    packages = {name: entry for name, entry in json.loads(lock.read_text())["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []
