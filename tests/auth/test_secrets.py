"""Keys: found, checked, and never shown."""

from __future__ import annotations

import copy
import pickle
import string
import traceback

import msgspec
import pytest
from hypothesis import given, strategies as st

from turnout.auth.secrets import Secret, find_key, is_placeholder
from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, MissingKey

KEY = "gsk_9fJ2mQx7LwT0aB4cD8eF"
GROQ = Provider(
    id="groq",
    name="Groq",
    wire="openai-chat",
    base_url="https://api.groq.com/openai/v1",
    key_env=("GROQ_API_KEY", "GROQ_KEY"),
    key_url="https://console.groq.com/keys",
)
VLLM = Provider(
    id="vllm", name="vLLM", wire="openai-chat", base_url="http://localhost:8000/v1", key_env=("VLLM_API_KEY",), key_required=False
)

PLACEHOLDERS = [
    "",
    "   ",
    "your_key_here",
    "your_kimi_api_key_here",
    "your-api-key-here",
    "YOUR_API_KEY",
    "your key",
    "sk-your-key",
    "changeme",
    "change-me",
    "CHANGE_ME",
    "placeholder",
    "sk-...",
    "sk-…",
    "sk-ant-api03-...",
    "sk-xxxx",
    "sk-proj-XXXX",
    "xxxx",
    "sk-ant-xxxxxxxxxxxxxxxxxxxxxxxx-end",
    "not-configured",
    "ds-not-configured",
    "not_configured",
    "<key>",
    "<your-api-key>",
    "${GROQ_API_KEY}",
    "$GROQ_API_KEY",
    "{{ secrets.KEY }}",
    "%GROQ_API_KEY%",
    "[API KEY]",
    "****************",
    "sk-****",
    "OPENAI_API_KEY",
    "api_key",
    "my-api-key",
    "none",
    "null",
    "TODO",
    "n/a",
    "REPLACE_ME",
    "replace-with-real-key",
    "insert-key",
    "paste_key_here",
    '"your_key_here"',
    "...",
]

REAL_LOOKING = [
    "sk-proj-Yx8sJk2Lq9TfW3bN6vRzD1",
    "sk-ant-api03-AbC-dEf_ghi9Jk2Lm",
    "gsk_yourAbcdefgh1234567890",
    "AIzaSyA1b2C3d4E5f6G7h8",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "xai-1a2b3c4d5e6f",
    "csk-k2j9x8xxm4",
    "0f3a9c1b2d4e4f5a8b7c6d5e4f3a2b1c",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "sk-1234",
    "dummy-key-for-unauthenticated-endpoint",
    "ollama",
    "EMPTY",
    "test",
    '{"clientid":"a","clientsecret":"b"}',
]


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_what_sample_files_hold_is_no_key(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", REAL_LOOKING)
def test_what_could_be_a_key_is_taken_for_one(value: str) -> None:
    assert not is_placeholder(value)


alphabet = string.ascii_letters.replace("x", "").replace("X", "") + string.digits


@given(st.sampled_from(["sk-", "sk-proj-", "gsk_", "xai-", "hf_", "AIza", ""]), st.text(alphabet, min_size=20, max_size=60))
def test_random_text_behind_a_vendors_prefix_is_a_key(prefix: str, random: str) -> None:
    assert not is_placeholder(prefix + random)


def found(environ: dict[str, str], provider: Provider = GROQ, **given: object) -> str | None:
    secret = find_key(provider, environ, **given)  # type: ignore[arg-type]
    return secret.reveal() if secret is not None else None


def refusal(environ: dict[str, str], provider: Provider = GROQ, **given: object) -> str:
    with pytest.raises(ConfigError) as raised:
        found(environ, provider, **given)
    return str(raised.value)


def test_the_first_variable_that_holds_a_real_key_wins() -> None:
    assert found({"GROQ_API_KEY": KEY, "GROQ_KEY": "gsk_second0second0"}) == KEY
    assert found({"GROQ_API_KEY": "", "GROQ_KEY": KEY}) == KEY
    assert found({"GROQ_API_KEY": "your_key_here", "GROQ_KEY": KEY}) == KEY


def test_an_explicit_key_wins_over_a_file_which_wins_over_the_environment() -> None:
    environ = {"GROQ_API_KEY": "gsk_from0environment"}
    configured = ("gsk_from0file0file", "turnout.toml:2")
    assert found(environ, explicit=KEY, configured=configured) == KEY
    assert found(environ, configured=configured) == "gsk_from0file0file"
    assert found(environ, configured=("gsk-not-configured", "turnout.toml:2")) == "gsk_from0environment"


def test_a_key_remembers_where_it_came_from() -> None:
    secret = find_key(GROQ, {"GROQ_KEY": KEY})
    assert secret is not None
    assert secret.source == "GROQ_KEY"


def test_a_missing_key_is_asked_for_by_variable_and_page() -> None:
    assert refusal({}) == "Groq needs an API key: set GROQ_API_KEY or GROQ_KEY (https://console.groq.com/keys)"


def test_a_placeholder_is_named_and_shown() -> None:
    text = refusal({"GROQ_API_KEY": "your_key_here"})
    assert "GROQ_API_KEY holds a placeholder ('your_key_here')" in text
    assert "https://console.groq.com/keys" in text


def test_an_empty_variable_is_called_empty() -> None:
    assert "GROQ_API_KEY is set but empty" in refusal({"GROQ_API_KEY": "  "})


def test_an_explicit_placeholder_is_refused_rather_than_passed_over() -> None:
    with pytest.raises(MissingKey, match="api_key holds a placeholder"):
        find_key(GROQ, {"GROQ_API_KEY": KEY}, explicit="sk-...")


@pytest.mark.parametrize("value", [f"<{KEY}>", f"${{{KEY}}}", KEY + "...", "your_" + KEY])
def test_a_real_key_in_the_clothes_of_a_placeholder_is_not_shown(value: str) -> None:
    text = refusal({"GROQ_API_KEY": value})
    assert "GROQ_API_KEY holds a placeholder:" in text
    assert KEY not in text


def test_a_provider_that_may_do_without_a_key_gets_none_or_the_one_there_is() -> None:
    assert found({}, VLLM) is None
    assert found({"VLLM_API_KEY": "changeme"}, VLLM) is None
    assert found({"VLLM_API_KEY": KEY}, VLLM) == KEY


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (KEY[:5] + "\n" + KEY[5:], "a line break at position 6"),
        (KEY[:5] + "\r\nx-evil: 1", "a line break at position 6"),
        (KEY[:5] + " " + KEY[5:], "a space at position 6"),
        (KEY + "\x00", "not plain ASCII at position 25"),
        (KEY + "é", "not plain ASCII at position 25"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_by_variable_and_position_only(value: str, what: str) -> None:
    for text in (refusal({"GROQ_API_KEY": value}), refusal({}, explicit=value), refusal({}, configured=(value, "GROQ_API_KEY"))):
        assert what in text
        assert KEY not in text
        assert KEY[:5] not in text


def test_white_space_around_a_key_and_quotes_are_not_part_of_it() -> None:
    assert found({"GROQ_API_KEY": f" {KEY}\n"}) == KEY
    assert found({"GROQ_API_KEY": f'"{KEY}"'}) == KEY


def test_no_way_of_writing_a_secret_shows_it() -> None:
    secret = Secret(KEY, "GROQ_API_KEY")
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", "%s" % secret, str([secret]), str({"k": secret})):  # noqa: UP031
        assert KEY not in text
        assert "GROQ_API_KEY" in text


def test_a_secret_is_neither_pickled_nor_encoded() -> None:
    secret = Secret(KEY, "GROQ_API_KEY")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode({"key": secret})
    assert copy.deepcopy([secret])[0] is secret


def test_secrets_compare_by_value() -> None:
    assert Secret(KEY, "a") == Secret(KEY, "b")
    assert Secret(KEY, "a") != Secret(KEY + "1", "a")
    assert len({Secret(KEY, "a"), Secret(KEY, "b")}) == 1


def test_a_refusal_keeps_the_key_out_of_the_traceback_text() -> None:
    with pytest.raises(ConfigError) as raised:
        find_key(GROQ, {"GROQ_API_KEY": KEY + "\x01"})
    assert KEY not in "".join(traceback.format_exception(raised.value))
