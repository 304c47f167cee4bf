"""Requests: every broken codec and server is caught, by the check that is there for it."""

from __future__ import annotations

import echo_defects as defects
import echo_wire as echo
from echo_exchanges import (
    ANSWER,
    ASKED_TO_STREAM,
    STREAM,
    WRONG,
    exchange,
    found,
)
from msgspec.structs import replace

from turnout import errors, types
from turnout.wire import Encoded


def test_a_request_carried_past_the_neutral_form_is_noticed():
    class Past(echo.Server):
        def parse(self, body):
            request, stream = super().parse(body)
            said = request.messages[0].text
            return replace(request, messages=(types.Message("user", ()),), extra={**(request.extra or {}), "say": said}), stream

    lost = found(defects.broken(server=Past), exchange(ANSWER))

    assert [(d.check, d.path, d.expected, d.got) for d in lost] == [("understands", "request.text", "a b", "")]


def test_a_request_that_loses_a_member_or_its_stream_flag_is_noticed():
    lost = found(defects.broken(server=defects.ForgettingServer), exchange(ANSWER))
    flagless = found(defects.broken(server=defects.ForgettingServer), exchange(STREAM, asked=ASKED_TO_STREAM))

    assert [(d.check, d.path) for d in lost] == [("requests", "volume")]
    assert [(d.check, d.path) for d in flagless] == [("requests", "stream, as parsed"), ("requests", "stream")]


def test_a_request_to_another_address_or_in_other_bytes_each_time_is_noticed():
    class Getting(defects.ElsewhereCodec):
        def encode(self, request, provider, *, stream):
            encoded = super().encode(request, provider, stream=stream)
            return Encoded(replace(encoded.http, method="PUT"))

    paths = {d.path for d in found(defects.broken(codec=Getting), exchange(ANSWER))}

    assert {"encoded twice", "method"} <= paths


def test_a_request_that_parses_to_something_else_the_second_time_is_noticed():
    class Counting(echo.Server):
        count = 0

        def parse(self, body):
            Counting.count += 1
            request, stream = super().parse(body)
            return replace(request, seed=Counting.count), stream

    assert [d.path for d in found(defects.broken(server=Counting), exchange(ANSWER))] == ["parsed again.seed"]


def test_a_request_that_cannot_be_parsed_is_noticed():
    unsaid = b'{"model":"m"}'

    assert [d.path for d in found(echo.WIRE, exchange(ANSWER, asked=unsaid))] == ["parse"]
    assert [d.path for d in found(echo.WIRE, exchange(WRONG, status=400, asked=unsaid))] == [
        "parse, of a request that got 400, 422 or 500"
    ]


def test_a_request_that_cannot_be_encoded_is_noticed():
    class Mute(echo.Codec):
        def encode(self, request, provider, *, stream):
            raise errors.RequestError("no")

    assert [d.path for d in found(defects.broken(codec=Mute), exchange(ANSWER))] == ["encode"]


def test_a_departure_on_the_receipt_is_noticed():
    lost = found(defects.broken(codec=defects.ApproximatingCodec), exchange(ANSWER))

    assert [(d.check, d.path) for d in lost] == [("receipt", "messages[0]")]
