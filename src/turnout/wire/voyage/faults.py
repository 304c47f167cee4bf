"""Errors of this protocol (https://docs.voyageai.com/docs/error-codes, read 2026-11-21)."""

from __future__ import annotations

from turnout.wire.detail_faults import reader, writer

WIRE_NAME = "voyage"

read_error = reader(WIRE_NAME)
write_error = writer(WIRE_NAME)
