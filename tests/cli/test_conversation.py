"""A conversation in progress, and the file it is saved to."""

from __future__ import annotations

import os
import stat
from decimal import Decimal

import pytest

from turnout.cli.chat.conversation import Conversation
from turnout.cli.chat.transcript import load
from turnout.cli.failures import WrongUsage
from turnout.types import Choice, Completion, Cost, FinishReason, Message, Text, ToolCall, Usage

QUESTION = Message("user", (Text("Name a river"),))


def answer(*parts, cost="0.5", **usage):
    message = Message("assistant", parts)
    return Completion(
        id="1",
        model="m",
        choices=(Choice(message=message, finish=FinishReason("stop")),),
        usage=Usage(**usage),
        cost=None if cost is None else Cost(total=Decimal(cost), buckets={}, source="test"),
    )


def test_a_question_is_sent_with_the_system_prompt_and_what_was_said():
    conversation = Conversation("p/m", "Be brief")
    conversation.answered(QUESTION, answer(Text("Rhine")))
    roles = [(message.role, message.text) for message in conversation.asking(Message("user", (Text("Another"),)))]
    assert roles == [("system", "Be brief"), ("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]


def test_asking_alone_remembers_nothing():
    conversation = Conversation("p/m")
    conversation.asking(QUESTION)
    assert conversation.messages == []


def test_an_interrupted_answer_keeps_its_text_with_a_mark_and_drops_half_made_parts():
    conversation = Conversation("p/m")
    conversation.interrupted(QUESTION, answer(Text("The Rh"), ToolCall("1", "look_up", '{"na')))
    assert conversation.messages[1] == Message("assistant", (Text("The Rh [interrupted]"),))


def test_an_answer_interrupted_before_it_began_is_only_the_mark():
    conversation = Conversation("p/m")
    conversation.interrupted(QUESTION, None)
    assert [message.text for message in conversation.messages] == ["Name a river", "[interrupted]"]


def test_tokens_and_cost_are_summed():
    conversation = Conversation("p/m")
    for _ in range(2):
        conversation.answered(QUESTION, answer(Text("Rhine"), uncached_input_tokens=4, text_output_tokens=2))
    spent = conversation.spent
    assert (spent.calls, spent.input_tokens, spent.output_tokens, spent.cost) == (2, 8, 4, Decimal("1.0"))


def test_one_unknown_cost_makes_the_sum_unknown():
    conversation = Conversation("p/m")
    conversation.answered(QUESTION, answer(Text("Rhine"), cost=None))
    conversation.answered(QUESTION, answer(Text("Rhine")))
    assert conversation.spent.cost is None


def test_a_saved_conversation_loads_as_it_was(tmp_path):
    conversation = Conversation("p/m", "Be brief")
    conversation.answered(QUESTION, answer(Text("Rhine")))
    conversation.save(f"{tmp_path}/c.json")
    loaded = load(f"{tmp_path}/c.json")
    assert (loaded.model, loaded.system, list(loaded.messages)) == ("p/m", "Be brief", conversation.messages)


def test_a_saved_conversation_is_readable_by_its_owner_only(tmp_path):
    Conversation("p/m").save(f"{tmp_path}/c.json")
    assert stat.S_IMODE(os.stat(f"{tmp_path}/c.json").st_mode) == 0o600


def test_somebody_elses_file_is_never_replaced_but_its_own_is(tmp_path):
    (tmp_path / "taken.json").write_text("precious")
    conversation = Conversation("p/m")
    with pytest.raises(WrongUsage, match="exists already"):
        conversation.save(f"{tmp_path}/taken.json")
    assert (tmp_path / "taken.json").read_text() == "precious"
    conversation.save(f"{tmp_path}/own.json")
    conversation.save(f"{tmp_path}/own.json")


def test_a_file_that_is_no_conversation_is_said_to_be_none(tmp_path):
    (tmp_path / "x.json").write_text('{"model": 3}')
    with pytest.raises(WrongUsage, match="is no conversation that /save wrote"):
        load(f"{tmp_path}/x.json")
