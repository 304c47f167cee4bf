"""Every recorded answer and stream, given to callers of every protocol, understood by that protocol's official SDK."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from judges_answers import Heard, complaints
from judges_clients import client
from judges_conversations import COMPLETIONS, events_of
from judges_recorded import Answer, answers
from judges_rules import explained_answer
from judges_types import misfits
from judges_wires import JUDGED, SERVED, family, needs_corpus, wire
from msgspec.structs import replace

from turnout.errors import (
    AuthenticationFailed,
    Error,
    ModelNotFound,
    Overloaded,
    RateLimited,
    RequestError,
    ServerFault,
)
from turnout.events import Event
from turnout.types import ChatRequest, Completion

MODES = ("whole", "stream")


def rendered(name: str, completion: Completion) -> bytes:
    server = wire(name).server
    assert server is not None
    return server.render(completion)


def streamed(name: str, events: list[Event]) -> bytes:
    server = wire(name).server
    assert server is not None
    renderer = server.renderer(ChatRequest(model="m", messages=(), stream_usage=True))
    return b"".join(renderer.render(event) for event in events) + renderer.finish()


def heard(name: str, mode: str, body: bytes, *, strict: bool = True) -> Heard | str:
    """What the SDK understood, or what it raised, in words."""
    sdk = client(name, strict=strict)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an SDK's user sees on the side is no answer
        try:
            return sdk.whole(200, body) if mode == "whole" else sdk.stream(body)
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises of our bytes is the finding
            return f"{type(error).__name__}: {error.__cause__ or error}"


def objections(answer: Answer, name: str) -> list[str]:
    events = answer.subject.decoded.events if answer.mode == "stream" else []
    body = rendered(name, answer.completion) if answer.mode == "whole" else streamed(name, events)
    if family(name) == family(answer.wire):
        return as_the_vendors_own(answer, body, name)
    return judged(name, answer.mode, body, answer.completion)


def judged(name: str, mode: str, body: bytes, completion: Completion) -> list[str]:
    """What the SDK has against ``body``, and how what it understood departs from ``completion``. What only a strict look finds
    and a rule explains must still be understood by the SDK as its users have it."""
    got = heard(name, mode, body)
    found = [*misfits(name, mode, body), *([got] if isinstance(got, str) else complaints(name, completion, got))]
    left = [complaint for complaint in found if not explained_answer(name, complaint, completion)]
    if left or isinstance(got, Heard):
        return left
    got = heard(name, mode, body, strict=False)
    found = [got] if isinstance(got, str) else complaints(name, completion, got)
    return [complaint for complaint in found if not explained_answer(name, complaint, completion)]


def as_the_vendors_own(answer: Answer, body: bytes, name: str) -> list[str]:
    """In its own protocol an answer is to the SDK what the vendor's own bytes are, dialects and mistakes included; or it is what
    the vendor meant, where the SDK misreads the bytes."""
    theirs = heard(answer.wire, answer.mode, answer.said, strict=False)
    ours = heard(name, answer.mode, body, strict=False)
    if ours == theirs or (isinstance(theirs, str) and isinstance(ours, Heard)):
        return []
    if isinstance(theirs, Heard) and isinstance(ours, Heard) and ours == replace(theirs, **_missed(theirs, answer.completion)):
        return []
    if isinstance(theirs, str) and isinstance(ours, str) and theirs.partition(":")[0] == ours.partition(":")[0]:
        return []
    if not judged(name, answer.mode, body, answer.completion):
        return []
    return [f"of the vendor's bytes: {theirs}, of ours: {ours}"]


def _missed(theirs: Heard, completion: Completion) -> dict[str, Any]:
    """Counts that the vendor reported where its SDK does not look (not in the last chunk, say), which we report where it does."""
    counts = {name: getattr(completion.usage, name) for name in ("input_tokens", "output_tokens")}
    return {name: count for name, count in counts.items() if getattr(theirs, name) is None}


@needs_corpus
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", SERVED)
@pytest.mark.parametrize("source", JUDGED)
def test_a_recorded_answer_is_understood_by_every_sdk(source: str, target: str, mode: str) -> None:
    assert [(it.id, found) for it in answers(source, target, mode) if (found := objections(it, target))] == []


@needs_corpus
@pytest.mark.parametrize("mode", MODES)
def test_what_mistral_answered_is_to_its_sdk_as_it_was(mode: str) -> None:
    asked = answers("mistral-chat", "mistral-chat", mode)
    assert len(asked) > 1
    assert [(answer.id, found) for answer in asked if (found := objections(answer, "mistral-chat"))] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", SERVED)
@pytest.mark.parametrize("feature", COMPLETIONS)
def test_an_answer_of_every_feature_is_understood_by_every_sdk(feature: str, target: str, mode: str) -> None:
    completion = COMPLETIONS[feature]
    body = rendered(target, completion) if mode == "whole" else streamed(target, list(events_of(completion)))
    assert judged(target, mode, body, completion) == []


# -- that the judges can say no --------------------------------------------------------------------


@pytest.mark.parametrize("target", SERVED)
def test_an_sdk_objects_to_an_answer_that_is_none(target: str) -> None:
    for body in (b"[]", b'{"choices": 1, "output": 1, "content": 1, "candidates": 1, "message": 1}'):
        assert misfits(target, "whole", body) or isinstance(heard(target, "whole", body), str), body
    assert isinstance(heard(target, "whole", b"<html>"), str)


@pytest.mark.parametrize("target", SERVED)
def test_an_sdk_notices_a_stream_that_was_cut(target: str) -> None:
    whole = streamed(target, list(events_of(COMPLETIONS["text"])))
    assert isinstance(heard(target, "stream", whole), Heard)
    assert isinstance(heard(target, "stream", whole[: len(whole) // 2]), str)


# A change to the plainest answer each: another text, no text, another end, an end of no protocol, other counts.
_PLAIN = {
    "anthropic-messages": (b'"text":"There."', b'"text":7', b'"end_turn"', b'"output_tokens":'),
    "bedrock-converse": (b'"text":"There."', b'"text":7', b'"end_turn"', b'"outputTokens":'),
    "cohere-chat": (b'"text":"There."', b'"text":7', b'"COMPLETE"', b'"output_tokens":'),
    "gemini": (b'"text":"There."', b'"text":7', b'"STOP"', b'"candidatesTokenCount":'),
    "ollama": (b'"content":"There."', b'"content":7', b'"stop"', b'"eval_count":'),
    "openai-chat": (b'"content":"There."', b'"content":7', b'"stop"', b'"completion_tokens":'),
    "openai-responses": (b'"text":"There."', b'"text":7', b'"completed"', b'"output_tokens":'),
}


@pytest.mark.parametrize("target", SERVED)
def test_a_judge_objects_to_one_wrong_thing_in_a_good_answer(target: str) -> None:
    text, no_text, end, count = _PLAIN[family(target)]
    good = rendered(target, COMPLETIONS["text"])
    assert judged(target, "whole", good, COMPLETIONS["text"]) == []
    for said, other in ((text, text.replace(b"There", b"Where")), (text, no_text), (end, b'"made up"'), (count, count + b"1")):
        assert said in good
        assert judged(target, "whole", good.replace(said, other), COMPLETIONS["text"]), other


@pytest.mark.parametrize("target", SERVED)
def test_a_difference_between_two_answers_is_noticed(target: str) -> None:
    said = heard(target, "whole", rendered(target, COMPLETIONS["tools"]))
    assert isinstance(said, Heard)
    assert complaints(target, COMPLETIONS["tools"], said) == []
    for other in ("text", "parallel tools", "cut off by length"):
        assert complaints(target, COMPLETIONS[other], said), other


# -- errors -------------------------------------------------------------------------------------

_ERRORS = (
    RequestError("the request is odd"),
    AuthenticationFailed("who is that"),
    ModelNotFound("no such model"),
    RateLimited("not so fast"),
    Overloaded("too many of you"),
    ServerFault("the model fell over"),
)
_SDKS = ("anthropic", "botocore", "cohere", "google", "mistralai", "ollama", "openai")


@pytest.mark.parametrize("target", SERVED)
@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_raises_in_the_sdk_with_what_it_says(error: Error, target: str) -> None:
    server = wire(target).server
    assert server is not None
    status, body = server.render_error(error)
    with pytest.raises(Exception, match=str(error)) as raised:
        client(target).whole(status, body)
    assert type(raised.value).__module__.partition(".")[0] in _SDKS


# -- streams that break ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", SERVED)
@pytest.mark.parametrize("feature", ["text", "tools", "reasoning"])
def test_a_stream_that_fails_in_the_middle_raises_in_the_sdk_and_never_ends_well(feature: str, target: str) -> None:
    server = wire(target).server
    assert server is not None
    events = list(events_of(COMPLETIONS[feature]))
    for seen in range(1, len(events) - 2):  # before the end is said
        renderer = server.renderer(ChatRequest(model="m", messages=()))
        body = b"".join(renderer.render(event) for event in events[:seen])
        got = heard(target, "stream", body + renderer.fail(ServerFault("the model fell over")))
        assert isinstance(got, str), f"after {events[seen - 1]}"
        # Mistral's SDK knows no event but those of an answer, and says so instead of what it was told
        assert "the model fell over" in got or (target == "mistral-chat" and "input_value={'error'" in got), got
