"""Which files are read, and what is said about a mistake in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnout.config import Config
from turnout.config.files import project_folder, read_config, user_folder
from turnout.config.lines import locate
from turnout.errors import ConfigError


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def read(user: Path, project: Path, **environ: str) -> Config:
    return read_config({"TURNOUT_CONFIG_DIR": str(user), **environ}, str(project))


def refusal(user: Path, project: Path, text: str) -> str:
    (user / "turnout.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        read(user, project)
    return str(raised.value).replace(str(user), "USER")


def test_without_files_there_is_nothing(user: Path, project: Path) -> None:
    assert read(user, project) == Config()
    assert read_config({}, str(project)) == Config()


def test_a_project_wins_over_the_user_and_both_say_where(user: Path, project: Path) -> None:
    (user / "turnout.toml").write_text('model = "groq/a"\n[aliases]\nfast = ["groq/a", "cerebras/b"]\nsmart = "openai/c"\n')
    (project / "turnout.toml").write_text('\nmodel = "groq/p"\n[aliases]\nfast = "groq/p"\n')
    config = read(user, project)
    assert config.default_model is not None
    assert config.default_model.value == "groq/p"
    assert config.default_model.source == f"project file {project}/turnout.toml:2"
    fast, smart = config.alias("fast"), config.alias("smart")
    assert fast is not None
    assert (fast.value, fast.source) == (("groq/p",), f"project file {project}/turnout.toml:4")
    assert smart is not None
    assert (smart.value, smart.source) == (("openai/c",), f"user file {user}/turnout.toml:4")
    assert config.alias("slow") is None
    assert config.aliases == ["fast", "smart"]


def test_a_provider_may_have_a_file_of_its_own(user: Path, project: Path) -> None:
    (user / "providers").mkdir()
    (user / "providers" / "Corp.toml").write_text('wire = "openai-chat"\n[models."big/one"]\ncontext_tokens = 9\n')
    (user / "providers" / "notes.txt").write_text("not TOML")
    config = read(user, project)
    assert config.providers == {"corp"}
    assert config.models == {"corp/big/one"}
    (file,) = config.files
    assert file.where("providers", "corp", "wire").endswith("Corp.toml:1")
    assert file.where("models", "corp/big/one", "context_tokens").endswith("Corp.toml:3")


def test_the_projects_file_is_found_from_a_folder_below_but_not_above_the_repository(tmp_path: Path, project: Path) -> None:
    below = project / "src" / "deep"
    below.mkdir(parents=True)
    assert project_folder(str(below), {}) is None
    (tmp_path / "turnout.toml").write_text("")
    assert project_folder(str(below), {}) is None
    (project / "turnout.toml").write_text("")
    assert project_folder(str(below), {}) == str(project)


def test_the_home_folder_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text("")
    (tmp_path / "work").mkdir()
    assert project_folder(str(tmp_path / "work"), {"HOME": str(tmp_path)}) is None
    assert project_folder(str(tmp_path / "work"), {}) == str(tmp_path)


def test_a_dot_folder_makes_a_project_too(project: Path, user: Path) -> None:
    (project / ".turnout" / "providers").mkdir(parents=True)
    (project / ".turnout" / "providers" / "here.toml").write_text('wire = "openai-chat"\n')
    assert read(user, project).providers == {"here"}


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.config/turnout"),
        ("linux", {"HOME": "/home/ada", "XDG_CONFIG_HOME": "/etc/ada"}, "/etc/ada/turnout"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/turnout"),
        ("win32", {"APPDATA": "C:/Roaming"}, "C:/Roaming/turnout"),
        ("linux", {"TURNOUT_CONFIG_DIR": "/x", "HOME": "/home/ada"}, "/x"),
        ("linux", {}, None),
        ("win32", {}, None),
    ],
)
def test_the_users_folder_is_the_platforms(
    monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], expected: str | None
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert user_folder(environ) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aliasses = 1\n", "user file USER/turnout.toml:1: unknown key 'aliasses'; did you mean 'aliases'?"),
        (
            '[providers.groq]\nname = "G"\nbase_ulr = "https://x"\n',
            "user file USER/turnout.toml:3: unknown key 'base_ulr'; did you mean 'base_url'?",
        ),
        ('[providers.groq]\nmodule = "os"\n', "user file USER/turnout.toml:2: unknown key 'module'"),
        (
            '[models."groq/x"]\ncontext_token = 1\n',
            "user file USER/turnout.toml:2: unknown key 'context_token'; did you mean 'context_tokens'?",
        ),
        ("[models.x]\n", "user file USER/turnout.toml:1: write [models.\"provider/model\"], not 'x'"),
        ("[aliases]\nfast = 3\n", 'user file USER/turnout.toml:2: an alias is "provider/model" or a list of them'),
        ("[aliases]\nfast = []\n", 'user file USER/turnout.toml:2: an alias is "provider/model" or a list of them'),
        ('[aliases]\n"a/b" = "groq/x"\n', 'user file USER/turnout.toml:2: an alias has no "/"'),
        ("model = 3\n", 'user file USER/turnout.toml:1: model is "provider/model" or an alias'),
        ('providers = "groq"\n', "user file USER/turnout.toml:1: providers holds tables, such as [providers.NAME]"),
        ("[providers]\ngroq = 1\n", "user file USER/turnout.toml:2: providers holds tables, such as [providers.NAME]"),
        ("model = \n", "user file USER/turnout.toml:1: Invalid value (at line 1"),
        ("aliases = 3\n", "user file USER/turnout.toml:1: aliases is a table of names of your own"),
        ("env_file = 3\n", "user file USER/turnout.toml:1: env_file is the path of a file of variables"),
        ("[providers.Groq]\nbase_ulr = 1\n", "user file USER/turnout.toml:2: unknown key 'base_ulr'"),
    ],
)
def test_a_mistake_is_refused_with_file_line_and_what_was_meant(user: Path, project: Path, text: str, said: str) -> None:
    assert refusal(user, project, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = 3\n", "corp.toml:1: models holds tables"),
        ("[models]\nx = 3\n", "corp.toml:2: models holds tables"),
        ("aliases = 'work'\n", "corp.toml:1: aliases is a list of names"),
        ("aliases = [1]\n", "corp.toml:1: aliases is a list of names"),
        ("wier = 'x'\n", "corp.toml:1: unknown key 'wier'; did you mean 'wire'?"),
    ],
)
def test_a_mistake_in_a_providers_own_file_is_refused_too(user: Path, project: Path, text: str, said: str) -> None:
    (user / "providers").mkdir()
    (user / "providers" / "corp.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        read(user, project)
    assert said in str(raised.value)


def test_a_file_that_is_no_text_is_refused_by_name(user: Path, project: Path) -> None:
    (user / "turnout.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"turnout\.toml: 'utf-8'"):
        read(user, project)


def test_a_deleted_current_folder_has_no_project(tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert read_config({"TURNOUT_CONFIG_DIR": str(user)}) == Config()


def test_the_line_of_a_key_is_found_through_quotes_dots_and_comments() -> None:
    text = (
        'model = "a" # model = "b"\n'
        "\n"
        "[providers.groq] # here\n"
        "base_url = 'https://x'\n"
        "quirks.drop = [\n"
        '  "seed",\n'
        "]\n"
        '[models."groq/llama-3.3"]\n'
        '"name" = "x"\n'
        "# timeout = 3\n"
        "[[list]]\n"
    )
    assert locate(text) == {
        ("model",): 1,
        ("providers", "groq"): 3,
        ("providers", "groq", "base_url"): 4,
        ("providers", "groq", "quirks", "drop"): 5,
        ("models", "groq/llama-3.3"): 8,
        ("models", "groq/llama-3.3", "name"): 9,
        ("list",): 11,
    }


@pytest.mark.parametrize("text", ['"open = 1', "[open", "= 1", "a.", "a . = 1", ""])
def test_the_line_finder_passes_over_what_is_no_toml(text: str) -> None:
    assert locate(text) == {}
