"""Does the answer come out of the same wire as it went in?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.errors import Error
from turnout.events import fold
from turnout.testing.checks.decodes import error_body
from turnout.testing.checks.subject import Subject
from turnout.testing.difference import Difference, as_json, compared
from turnout.testing.frames import FRAMINGS, NOT_JSON, Frame
from turnout.types import ChatRequest, Completion

CHECK = "renders"


def renders(subject: Subject) -> Iterator[Difference]:
    """A whole answer: the same JSON. An error: the same status and body. A stream: events that add up to the same answer."""
    outcome = subject.outcome
    try:
        if subject.streamed:
            yield from _stream(subject)
        elif isinstance(outcome, Completion):
            yield from compared(CHECK, subject.body, _json(subject.server.render(outcome)))
        elif isinstance(outcome, Error):
            yield from _error(subject, outcome)
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        yield Difference(CHECK, "", "a rendering", error)


def folds(subject: Subject) -> Iterator[Difference]:
    """The events of a stream add up to what the whole answer would have decoded to."""
    if not subject.streamed or subject.broken:
        return
    try:
        whole = subject.decode_answer(subject.answer)
    except Exception as error:  # noqa: BLE001 - as above
        yield Difference("folds", "", "the merged answer decodes", error)
        return
    yield from compared("folds", _content(whole), _content(fold(subject.decoded.events)))


def _error(subject: Subject, error: Error) -> Iterator[Difference]:
    status, body = subject.server.render_error(error)
    if subject.exchange.response.status >= 400:
        yield from compared(CHECK, subject.exchange.response.status, status, "status")
    yield from compared(CHECK, subject.body if subject.body is not NOT_JSON else "no JSON", _json(body))


def _stream(subject: Subject) -> Iterator[Difference]:
    frames = FRAMINGS[subject.reference.framing](_rendered(subject))
    if not subject.broken:
        for sentence in subject.reference.violations(frames):
            yield Difference(CHECK, "order of events", "as documented", sentence)
        yield from compared(CHECK, subject.answer, subject.reference.merge(frames), "")
        return
    yield from _broken(subject, frames)


def _rendered(subject: Subject) -> bytes:
    renderer = subject.server.renderer(_asked(subject))
    rendered = b"".join(renderer.render(event) for event in subject.decoded.events)
    failure = subject.decoded.failure
    return rendered + (renderer.fail(failure) if isinstance(failure, Error) else renderer.finish())


def _asked(subject: Subject) -> ChatRequest:
    """What the caller asked, with usage in the stream if the provider sent it: it is to come out again."""
    request = ChatRequest(model=subject.target.model, messages=())
    with contextlib.suppress(Exception):  # a request that cannot be parsed is the finding of another check
        request, _ = subject.server.parse(subject.exchange.request.body)
    if subject.answer.get("usage") is not None:
        request = replace(request, stream_usage=True)
    return request


def _broken(subject: Subject, frames: list[Frame]) -> Iterator[Difference]:
    """A stream that broke: what came before is there, then the protocol's own error, and nothing that looks like an end."""
    faults = [index for index, frame in enumerate(frames) if subject.reference.error(frame.value, frame.event) is not None]
    if not faults or faults != list(range(faults[0], len(frames))):  # a protocol may say it twice: Responses does
        yield Difference(CHECK, "error event", "one, at the end", [frame.data[:60] for frame in frames[-2:]])
        return
    before = subject.reference.merge(frames[: faults[0]])
    yield from min((list(compared(CHECK, answer, before)) for answer in _answers_of_a_broken_stream(subject)), key=len)
    if error_body(subject) is None:  # cut short, or garbage: the provider did not say what went wrong
        return
    expected = subject.reference.said(error_body(subject))
    told = frames[faults[0]]
    got = subject.reference.said(subject.reference.error(told.value, told.event))
    yield from compared(CHECK, as_json(expected), as_json(got), "error")


def _answers_of_a_broken_stream(subject: Subject) -> list[dict[str, Any]]:
    """Up to the event with the error, and with what else that event says: a wire may report it or not."""
    if subject.fault is None:
        return [subject.answer]
    fault = subject.frames[subject.fault]
    beside = Frame(None, "", _without_error(fault.value), fault.end)
    return [subject.answer, subject.reference.merge([*subject.frames[: subject.fault], beside])]


def _without_error(value: Any) -> Any:
    return {name: member for name, member in value.items() if name != "error"} if isinstance(value, dict) else value


def _json(body: bytes) -> Any:
    return msgspec.json.decode(body)


def _content(completion: Completion) -> Any:
    """The completion without what only a whole HTTP answer has, without nulls, and with tool arguments as the JSON they are."""
    content: dict[str, Any] = _without_nulls(as_json(replace(completion, headers=None, target=None, receipt=None)))
    for choice in content.get("choices", ()):
        message = choice["message"]
        for said in (message, *message["parts"]):
            said.pop("spelled", None)  # how the wire wrote it, which a stream and a whole answer do differently
        for part in message["parts"]:
            if part["type"] == "tool_call":
                part["arguments"] = _parsed(part["arguments"])
    return content


def _without_nulls(value: Any) -> Any:
    """Null members left out, and objects of nothing but nulls with them: a stream does not repeat what is not there."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return {name: member for name, member in kept.items() if member != {} or value[name] == {}}


def _parsed(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return arguments
