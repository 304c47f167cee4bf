"""Streams: every broken decoder and renderer is caught, by the check that is there for it."""

from __future__ import annotations

import echo_defects as defects
import echo_wire as echo
from echo_exchanges import (
    ASKED_TO_STREAM,
    BROKEN_STREAM,
    SHORT_STREAM,
    STREAM,
    checks,
    exchange,
    found,
)
from msgspec.structs import replace

from turnout import events, types


def test_a_recording_that_stops_in_the_middle_must_not_pass_for_whole():
    assert (
        found(defects.decoding_with(defects.HopefulDecoder), exchange(SHORT_STREAM, asked=ASKED_TO_STREAM))[0].check == "decodes"
    )


def test_events_withheld_because_an_error_came_with_them_are_noticed():
    lost = found(defects.decoding_with(defects.WithholdingDecoder), exchange(BROKEN_STREAM, asked=ASKED_TO_STREAM))

    assert "events before the error" in {difference.path for difference in lost}


def test_a_member_lost_in_a_stream_is_noticed():
    class Deaf(echo.Decoder):
        def said(self, data):
            return (event for event in super().said(data) if not isinstance(event, events.ExtraReported))

    assert {"complete", "renders"} <= checks(defects.decoding_with(Deaf), exchange(STREAM, asked=ASKED_TO_STREAM))


def test_a_reason_to_stop_understood_as_another_is_noticed():
    class Cheerful(echo.Decoder):
        def said(self, data):
            for event in super().said(data):
                yield (
                    replace(event, finish=types.FinishReason("length", "end")) if isinstance(event, events.Finished) else event
                )

    lost = found(defects.decoding_with(Cheerful), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert ("understands", "choices[0].finish", "length") in [(d.check, d.path, d.got) for d in lost]


def test_a_piece_lost_while_rendering_a_stream_is_noticed():
    lost = found(defects.broken(server=defects.CarelessServer), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert [(d.check, d.path, d.expected, d.got) for d in lost] == [("renders", "said", "a b", "ab")]


def test_a_broken_stream_rendered_as_a_whole_one_is_noticed():
    lost = found(defects.broken(server=defects.CarelessServer), exchange(BROKEN_STREAM, asked=ASKED_TO_STREAM))

    assert [(d.check, d.path) for d in lost] == [("renders", "error event")]


def test_a_text_split_over_two_parts_is_noticed():
    class Splitting(echo.Decoder):
        def said(self, data):
            for event in super().said(data):
                yield replace(event, index=1) if isinstance(event, events.TextDelta) and event.text == "b" else event

    lost = found(defects.decoding_with(Splitting), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert ("complete", "merged said") in [(d.check, d.path) for d in lost]


def test_a_stream_rendered_in_another_order_than_documented_is_noticed():
    lost = found(defects.broken(server=defects.LateServer), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert [(d.check, d.path) for d in lost] == [("renders", "order of events")]


def test_events_that_add_up_to_another_answer_are_noticed():
    assert checks(defects.decoding_with(defects.MisplacingDecoder), exchange(STREAM, asked=ASKED_TO_STREAM)) == {"folds"}


def test_events_that_depend_on_the_cutting_are_noticed_for_every_size():
    lost = found(defects.decoding_with(defects.PieceDecoder), exchange(STREAM, asked=ASKED_TO_STREAM))

    sizes = {d.path.partition(",")[0] for d in lost if d.check == "cuts alike"}
    assert {"pieces of 1", "pieces of 2", "pieces of 7", "pieces of 64", "random pieces"} <= sizes


def test_a_decoder_that_cannot_join_a_split_event_is_noticed():
    class Impatient(echo.Decoder):
        def feed(self, chunk):
            for line in chunk.splitlines():
                if line.startswith(b"data: "):
                    yield from self.said(line[6:])

    assert checks(defects.decoding_with(Impatient), exchange(STREAM, asked=ASKED_TO_STREAM)) == {"cuts alike"}


def test_a_stream_cut_short_and_taken_for_whole_is_noticed_at_every_cut():
    lost = found(defects.decoding_with(defects.HopefulDecoder), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert {d.check for d in lost} == {"notices truncation"}
    assert {d.path for d in lost} >= {"cut after 0 of 7 events", "cut after 6 of 7 events", "cut inside event 7 of 7"}


def test_a_recording_of_several_answers_is_checked_answer_by_answer_and_says_so():
    both = STREAM + STREAM.replace(b"e1", b"e2").replace(b'"b"', b'"c"')

    assert [(d.check, d.got) for d in found(echo.WIRE, exchange(both, asked=ASKED_TO_STREAM))] == [("one answer", 2)]
