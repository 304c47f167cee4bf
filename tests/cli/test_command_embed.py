"""``turnout embed`` and ``turnout rerank``, against a provider on the loopback interface."""

from __future__ import annotations

import json

import pytest
from upstream import KEY

EMBEDS = "openai/text-embedding-3-small"


def vectors(*numbers):
    data = [{"object": "embedding", "index": at, "embedding": list(one)} for at, one in enumerate(numbers)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return 200, {"object": "list", "data": data[::-1], "model": "text-embedding-3-small", "usage": usage}


def ranking(*scores):
    results = [{"index": index, "relevance_score": score} for index, score in scores]
    return 200, {"id": "r", "results": results, "meta": {"billed_units": {"search_units": 1}}}


@pytest.fixture
def ranks(upstream, environment, tmp_path):
    """Cohere's protocol at the same address."""
    environment["COHERE_API_KEY"] = KEY
    (tmp_path / "home/.config/turnout").mkdir(parents=True)
    (tmp_path / "home/.config/turnout/turnout.toml").write_text(f'[providers.cohere]\nbase_url = "{upstream.base_url}"\n')
    return upstream


def test_each_text_is_a_line_of_numbers_in_the_order_of_the_texts(upstream, turnout_here):
    upstream.script = [vectors([0.5, 1.0], [2.0, 0.25])]
    done = turnout_here("embed", "-m", EMBEDS, "The Nile", "The Rhine")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"[0.5,1.0]\n[2.0,0.25]\n", b"")
    assert upstream.requests[0]["input"] == ["The Nile", "The Rhine"]


def test_lines_of_a_file_and_of_a_pipe_are_texts_each(upstream, turnout_here, tmp_path):
    (tmp_path / "rivers.txt").write_text("The Nile\n\nThe Rhine\n")
    upstream.script = [vectors([1.0], [2.0]), vectors([1.0], [2.0])]
    turnout_here("embed", "-m", EMBEDS, "@rivers.txt")
    turnout_here("embed", "-m", EMBEDS, "-", input=b"The Nile\nThe Rhine\n")
    assert [body["input"] for body in upstream.requests] == [["The Nile", "The Rhine"]] * 2


def test_json_is_the_whole_answer_with_what_it_used(upstream, turnout_here):
    upstream.script = [vectors([0.5])]
    whole = json.loads(turnout_here("embed", "-m", EMBEDS, "--dimensions", "1", "--json", "The Nile").stdout)
    assert (whole["usage"]["raw"], len(whole["data"])) == ({"prompt_tokens": 4, "total_tokens": 4}, 1)
    assert upstream.requests[0]["dimensions"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("embed", "-m", EMBEDS), b"nothing to embed"),
        (("embed", "The Nile"), b"say which model embeds"),
        (("rerank", "-m", "cohere/rerank-v3.5", "longest?"), b"no documents"),
        (("rerank", "longest?", "The Nile"), b"say which model ranks"),
    ],
)
def test_what_is_missing_is_wrong_usage_and_nobody_is_asked(upstream, turnout_here, words, said):
    done = turnout_here(*words)
    assert (done.returncode, done.stdout, upstream.requests) == (2, b"", [])
    assert said in done.stderr


def test_documents_are_lines_of_score_place_and_text_the_best_first(ranks, turnout_here):
    ranks.script = [ranking((1, 0.9), (0, 0.25))]
    done = turnout_here("rerank", "-m", "cohere/rerank-v3.5", "-n", "2", "Which is longest?", "A pond", "The Nile")
    assert (done.returncode, done.stdout) == (0, b"0.900000\t2\tThe Nile\n0.250000\t1\tA pond\n")
    assert (ranks.requests[0]["documents"], ranks.requests[0]["top_n"]) == (["A pond", "The Nile"], 2)


def test_json_is_the_whole_ranking(ranks, turnout_here):
    ranks.script = [ranking((0, 0.5))]
    whole = json.loads(turnout_here("rerank", "-m", "cohere/rerank-v3.5", "--json", "Which?", "The Nile").stdout)
    assert whole["results"][0]["relevance_score"] == 0.5
