"""Whole answers and errors: a check that cannot fail is a defect, so every broken wire must be caught."""

from __future__ import annotations

import echo_defects as defects
import echo_wire as echo
import msgspec
import pytest
from echo_exchanges import (
    ANSWER,
    ASKED_TO_STREAM,
    BROKEN_STREAM,
    GARBAGE_STREAM,
    SHORT_STREAM,
    STREAM,
    UNCOUNTED,
    WRONG,
    checks,
    exchange,
    found,
)
from msgspec.structs import replace

from turnout import errors, types
from turnout.testing import examine


@pytest.mark.parametrize(
    "recorded",
    [
        exchange(ANSWER),
        exchange(UNCOUNTED),
        exchange(WRONG, status=401),
        exchange(WRONG, status=401, wait="3"),
        exchange(WRONG),
        exchange(STREAM, asked=ASKED_TO_STREAM),
        exchange(BROKEN_STREAM, asked=ASKED_TO_STREAM),
        exchange(GARBAGE_STREAM, asked=ASKED_TO_STREAM),
        exchange(SHORT_STREAM, asked=ASKED_TO_STREAM),
        exchange(ANSWER, asked=b""),
    ],
    ids=["answer", "uncounted", "error", "error in time", "error in a 200", "stream", "broken", "garbage", "short", "no request"],
)
def test_a_wire_that_speaks_rightly_departs_in_nothing(recorded):
    verdict = examine(recorded, echo.WIRE, reference=echo.REFERENCE, rules=())

    if recorded.response.body in (GARBAGE_STREAM, SHORT_STREAM):  # an echo cannot say an error that the provider did not say
        assert {difference.check for difference in verdict.unexplained} <= {"renders"}
    else:
        assert verdict.unexplained == []
        assert verdict.outcome == "equal"
    assert verdict.decoded


def test_a_crash_is_not_an_error_of_ours():
    assert checks(defects.broken(codec=defects.CrashingCodec), exchange(ANSWER)) == {"decodes"}


def test_a_refusal_of_a_good_answer_is_noticed():
    refusing = defects.broken(codec=type("Refusing", (echo.Codec,), {"decode": lambda self, response, target: _raise()}))

    assert checks(refusing, exchange(ANSWER)) == {"decodes"}


def _raise():
    raise errors.ServerFault("I do not feel like it")


def test_an_error_in_a_200_taken_for_an_answer_is_noticed():
    assert checks(defects.broken(codec=defects.BlindCodec), exchange(WRONG)) == {"decodes"}


def test_an_error_that_lost_what_the_provider_said_is_noticed_fact_by_fact():
    lost = found(defects.broken(codec=defects.VagueCodec), exchange(WRONG, status=401, wait="3"))

    assert [difference.path for difference in lost if difference.check == "decodes"] == [
        "error.message",
        "error.type",
        "error.status",
        "error class",
        "error.retry_after",
    ]


def test_headers_lost_are_noticed_in_answers_and_errors():
    class Headless(echo.Codec):
        def decode(self, response, target):
            return replace(super().decode(response, target), headers=None)

        def decode_error(self, response, target):
            error = super().decode_error(response, target)
            error.headers = None
            return error

    answered = found(defects.broken(codec=Headless), exchange(ANSWER, wait="3"))
    refused = found(defects.broken(codec=Headless), exchange(WRONG, status=401, wait="3"))

    assert [(d.check, d.path, d.expected) for d in (*answered, *refused)] == [("headers", "retry-after", "3")] * 2


def test_a_wait_that_nobody_asked_for_is_noticed():
    class Impatient(echo.Codec):
        def decode_error(self, response, target):
            error = super().decode_error(response, target)
            error.retry_after = 5.0
            return error

    assert [d.path for d in found(defects.broken(codec=Impatient), exchange(WRONG, status=401))] == ["error.retry_after"]


def test_a_member_kept_beside_the_neutral_form_is_noticed_though_it_renders():
    cheating = defects.broken(codec=defects.ForgetfulCodec, server=defects.RememberingServer)

    assert [(d.check, d.path) for d in found(cheating, exchange(ANSWER))] == [("complete", "room")]


def test_a_wire_that_carries_everything_without_understanding_it_is_noticed():
    class Opaque(echo.Codec):
        def decode(self, response, target):
            whole = super().decode(response, target)
            opaque = types.Message("assistant", (types.Opaque({"said": whole.text}),))
            return replace(whole, choices=(replace(whole.choices[0], message=opaque),))

    class OpaqueServer(echo.Server):
        def render(self, completion):
            (part,) = completion.parts
            return msgspec.json.encode({**msgspec.json.decode(super().render(completion)), **part.value})

    lost = found(defects.broken(codec=Opaque, server=OpaqueServer), exchange(ANSWER))

    assert [(d.check, d.path, d.expected, d.got) for d in lost] == [("understands", "choices[0].text", "a b", "")]


def test_a_choice_too_many_is_noticed():
    class Twice(echo.Codec):
        def decode(self, response, target):
            whole = super().decode(response, target)
            return replace(whole, choices=whole.choices * 2)

    assert [(d.path, d.expected, d.got) for d in found(defects.broken(codec=Twice), exchange(ANSWER))] == [("choices", 1, 2)]


def test_a_body_rendered_without_a_member_is_noticed():
    lost = found(defects.broken(server=defects.CarelessServer), exchange(ANSWER))

    assert [(d.check, d.path, d.expected) for d in lost] == [("renders", "room", "hall")]


def test_an_error_rendered_as_another_is_noticed():
    lost = found(defects.broken(server=defects.CarelessServer), exchange(WRONG, status=401))

    assert [(d.check, d.path) for d in lost] == [("renders", "status"), ("renders", "wrong.text"), ("renders", "wrong.kind")]


def test_buckets_that_do_not_add_up_and_counts_nobody_reported_are_noticed():
    twice = found(defects.broken(codec=defects.MiscountingCodec), exchange(ANSWER))
    invented = found(defects.broken(codec=defects.MiscountingCodec), exchange(UNCOUNTED))

    assert [(d.path, d.expected, d.got) for d in twice] == [("input_tokens", [5], 8)]
    assert [(d.path, d.expected, d.got) for d in invented] == [("cache_read_tokens, which is not reported", None, 0)]


def test_usage_that_is_not_kept_as_it_came_is_noticed():
    class Tidy(echo.Codec):
        def decode(self, response, target):
            completion = super().decode(response, target)
            return replace(completion, usage=replace(completion.usage, raw={"in": 5, "out": 2}))

    assert "usage.raw.cached" in {d.path for d in found(defects.broken(codec=Tidy), exchange(ANSWER))}


def test_a_reference_that_cannot_read_a_recording_shows_in_the_report():
    unreadable = replace(echo.REFERENCE, totals=lambda answer: answer["nowhere"])

    verdict = examine(exchange(ANSWER), echo.WIRE, reference=unreadable, rules=())

    assert [(d.check, repr(d.got)) for d in verdict.unexplained] == [("usage", "KeyError('nowhere')")]


def test_a_departure_on_the_receipt_of_an_answer_is_noticed():
    class Dropping(echo.Codec):
        def decode(self, response, target):
            line = types.ReceiptLine("response", "choices[0].message", "dropped", "too loud")
            return replace(super().decode(response, target), receipt=types.Receipt((line,)))

    assert [(d.check, d.path) for d in found(defects.broken(codec=Dropping), exchange(ANSWER))] == [
        ("receipt", "choices[0].message")
    ]
