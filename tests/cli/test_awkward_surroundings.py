"""What a shell, a disk or a locale may do to a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from upstream import HOLD, MODEL

from turnout.cli import failures, main

TURNOUT = [sys.executable, "-m", "turnout"]
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device here is always full")


def shell(line, environment, **options):
    """``line`` in sh, with ``$T`` for the command."""
    environment = {**environment, "T": " ".join(TURNOUT)}
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, timeout=60, check=False, **options)


@pytest.mark.parametrize(
    ("line", "stdout", "code"),
    [
        (f"$T ask -m {MODEL} hi <&-", b"Rhine\n", 0),
        (f"$T ask -m {MODEL} hi 2>&-", b"Rhine\n", 0),
        (f"$T ask -m {MODEL} hi >&-", b"", 0),
        (f"$T ask -m {MODEL} --stats hi 2>&-", b"Rhine\n", 0),
        ("$T ask 2>&- </dev/null", b"", 2),
        (f"$T chat -m {MODEL} <&-", b"", 0),
        ("$T models groq <&- >&- 2>&-", b"", 0),
    ],
)
def test_a_closed_stream_is_like_the_null_device(upstream, environment, line, stdout, code):
    done = shell(line, environment)
    assert (done.stdout, done.returncode) == (stdout, code)
    assert b"defect" not in done.stderr


def test_what_is_meant_for_a_closed_stderr_reaches_no_file(upstream, environment, tmp_path):
    shell(f"$T chat -m {MODEL} --session rivers -p hi 2>&-", {**environment, "TURNOUT_DEBUG": "1"})
    kept = (tmp_path / "home/.local/state/turnout/sessions/rivers.json").read_bytes()
    assert (kept[:1], kept[-2:]) == (b"{", b"}\n")


@needs_full
@pytest.mark.parametrize("words", [["version"], ["--help"], ["models"], ["models", "--json"], ["ask", "-m", MODEL, "hi"]])
def test_a_full_disk_is_a_sentence_and_exit_code_1(upstream, environment, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*TURNOUT, *words], env=environment, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"turnout: No space left on device\n")


@pytest.mark.parametrize(
    "words", [[b"\xff\xfe"], [b"-s", b"\xff", b"hi"], [b"-f", b"no\xffwhere"], [b"-m", b"openai/\xff", b"hi"]]
)
def test_what_is_no_utf_8_and_names_no_file_is_wrong_usage(upstream, environment, words):
    done = subprocess.run([*TURNOUT, "ask", "-m", MODEL, *words], env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, upstream.requests) == (2, b"", [])
    assert b"is neither UTF-8 text nor the name of a file that is there" in done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
@pytest.mark.parametrize("words", [[b"-f", b"n\xff"], [b"@n\xff"]])
def test_a_file_whose_name_is_no_utf_8_is_read(upstream, environment, tmp_path, words):
    with open(os.fsencode(tmp_path) + b"/n\xff", "w") as file:
        file.write("Name a river")
    done = subprocess.run([*TURNOUT, "ask", "-m", MODEL, *words], env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, upstream.requests[0]["messages"][0]["content"]) == (0, "Name a river")


IN_C = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}  # a locale that has only ASCII, and nothing done about it


def test_a_locale_without_letters_does_not_change_what_is_asked(upstream, environment):
    question = "Grüße – 日本"
    shell(f"$T ask -m {MODEL} '{question}'; echo '{question}' | $T chat -m {MODEL}", {**environment, **IN_C})
    assert [body["messages"][0]["content"] for body in upstream.requests] == [question, question]


def test_a_locale_without_letters_shows_what_it_can(upstream, environment):
    upstream.script = [["Grüße"]]
    done = shell(f"$T ask -m {MODEL} hi; $T chat --help", {**environment, **IN_C})
    assert done.stdout.startswith(b"Gr??e\n") or done.stdout.startswith("Grüße\n".encode())
    assert (done.stderr, done.returncode) == (b"", 0)


def test_a_line_that_is_no_text_is_told_and_the_chat_goes_on(upstream, environment):
    done = shell(f"printf 'Gr\\374\\337e\\nNext\\n' | $T chat -m {MODEL}", environment)
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert b"turnout: that is not UTF-8 text, and was not sent\n" in done.stderr
    assert [body["messages"][0]["content"] for body in upstream.requests] == ["Next"]


def test_quotes_that_are_not_ended_are_told_and_nothing_is_sent(upstream, turnout_here):
    done = turnout_here("chat", "-m", MODEL, input=b'one\n"""two\nthree\n')
    assert (done.returncode, done.stdout, len(upstream.requests)) == (0, b"Rhine\n", 1)
    assert b'what """ began was not ended with """, and was not sent' in done.stderr


def test_three_million_letters_are_one_question(upstream, turnout_here):
    assert turnout_here("chat", "-m", MODEL, input=b"x" * 3_000_000).stdout == b"Rhine\n"
    assert len(upstream.requests[0]["messages"][0]["content"]) == 3_000_000


def test_an_interrupt_that_a_clean_up_trips_over_is_an_interrupt(capsys):
    def parse():
        try:
            raise KeyboardInterrupt
        finally:
            raise AttributeError("save_nargs")  # as argparse does when Ctrl-C comes while it reads the arguments

    with pytest.raises(AttributeError) as caught:
        parse()
    assert failures.report(caught.value) == 130
    assert capsys.readouterr().err == ""


def test_an_answer_that_nobody_reads_can_be_interrupted(upstream, environment):
    upstream.script = [["x" * 200_000] * 5]
    writing = subprocess.Popen([*TURNOUT, "ask", "-m", MODEL, "hi"], env=environment, stdout=subprocess.PIPE)
    assert writing.stdout.read(1)  # the pipe is full, and nobody reads
    for _ in range(100):
        writing.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            writing.wait(timeout=0.3)
            break
    assert writing.returncode == 130
    writing.stdout.close()


@pytest.mark.parametrize(
    "module", ["datetime", "msgspec", "msgspec._core", "decimal", "turnout.registry", "turnout.cli.commands"]
)
def test_an_interrupt_while_a_module_is_imported_is_an_interrupt(environment, module):
    interrupting = f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from turnout.cli import main
sys.exit(main(["providers"]))
"""
    command = [sys.executable, "-c", interrupting]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("words", [["providers"], ["--help"], ["ask", "--help"], ["chat", "--list-models"]])
def test_datetime_is_imported_before_msgspec(environment, words):
    """msgspec 0.22 imports it in C and does not look whether that worked: Ctrl-C in between crashed one start in fifteen."""
    telling = f"""
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in ("datetime", "msgspec"): sys.stderr.write(name + " ")
sys.meta_path.insert(0, Finder())
from turnout.cli import main
main({words!r})
"""
    done = subprocess.run([sys.executable, "-c", telling], env=environment, capture_output=True, timeout=60, check=False)
    assert done.stderr.split()[:1] == [b"datetime"]


def test_an_interrupted_list_does_not_wait_for_its_reader(environment):
    """As with ``turnout models | less``, which reads no further than its screen."""
    writing = subprocess.Popen([*TURNOUT, "models"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writing.stdout.read(1)  # it writes; the pipe is full and nobody reads
    writing.send_signal(signal.SIGINT)
    assert writing.wait(timeout=30) == 130
    assert writing.stderr.read() == b""
    writing.stdout.close()
    writing.stderr.close()


@pytest.mark.parametrize(
    "words", [["ask", "-m", MODEL, "--stats", "hi"], ["version"], ["chat", "-m", MODEL, "-p", "hi"], ["nonsense"]]
)
def test_a_reader_of_both_streams_who_left_is_told_by_the_exit_code_alone(upstream, environment, words):
    writing = subprocess.Popen([*TURNOUT, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    writing.stdout.close()
    assert writing.wait(timeout=30) == (2 if words == ["nonsense"] else 141)


def test_a_reader_of_stderr_who_left_costs_nothing_of_the_answer(upstream, environment):
    upstream.script = [[{"reasoning_content": "Hm."}, "Rhine"]]
    command = [*TURNOUT, "ask", "-m", MODEL, "--stats", "hi"]
    writing = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writing.stderr.close()
    assert writing.stdout.read() == b"Rhine\n"
    writing.stdout.close()
    assert writing.wait(timeout=30) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_chat_that_is_told_to_end_keeps_what_had_come(upstream, environment, turnout_here, number):
    upstream.script = [["The Rh", HOLD], ["Elbe"]]
    command = [*TURNOUT, "chat", "-m", MODEL, "--session", "rivers", "-p", "Name a river"]
    chatting = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert chatting.stdout.read(6) == b"The Rh"
    chatting.send_signal(number)
    assert chatting.wait(timeout=30) == 128 + number
    chatting.stdout.close()
    turnout_here("chat", "--session", "rivers", "-p", "Another")
    said = [message["content"] for message in upstream.requests[-1]["messages"]]
    assert said == ["Name a river", "The Rh [interrupted]", "Another"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ask", "--temperature", "nan", "x"], "'nan' is not a number"),
        (["ask", "--temperature", "warm", "x"], "'warm' is not a number"),
        (["ask", "--timeout", "soon", "x"], "'soon' is not a time in seconds"),
        (["ask", "--timeout", "0", "x"], "'0' is not a time in seconds"),
        (["ask", "--timeout", "inf", "x"], "'inf' is not a time in seconds"),
        (["ask", "--max-output-tokens", "few", "x"], "'few' is not a whole number above zero"),
        (["models", "--max-input-price", "nan"], "'nan' is not a price in US dollars"),
        (["models", "--max-output-price", "-1"], "'-1' is not a price in US dollars"),
        (["models", "--min-context", "-5"], "'-5' is not a number of tokens"),
        (["models", "--limit", "-1"], "'-1' is not a whole number, 0 or more"),
        (["serve", "--port", "65536"], "'65536' is not a port: 0 to 65535"),
        (["serve", "--workers", "0"], "'0' is not a whole number above zero"),
        (["chat", "--session", "a", "--continue"], "argument --continue: not allowed with argument --session"),
        (["chat", "--load", "a", "-f", "b"], "argument -f/--history-file: not allowed with argument --load"),
    ],
)
def test_a_value_that_cannot_be_is_wrong_usage_and_says_what_can(environment, capsys, words, said):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{said}; `turnout {words[0]} --help` shows how\n" in shown.err


@pytest.mark.parametrize(("words", "usage"), [(["help"], "usage: turnout COMMAND"), (["help", "ask"], "usage: turnout ask ")])
def test_help_is_a_word_too(capsys, words, usage):
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(usage)
