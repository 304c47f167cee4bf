"""Anthropic's Files API (https://platform.claude.com/docs/en/build-with-claude/files, read 2026-11-21)."""

from __future__ import annotations

from turnout.wire.anthropic_messages.codec import API_VERSION
from turnout.wire.anthropic_messages.faults import read_error
from turnout.wire.anthropic_messages.requests import FILES_BETA
from turnout.wire.file_uploads import FileUploads

FILES = FileUploads(
    read_error=read_error,
    headers={"anthropic-version": API_VERSION, "anthropic-beta": FILES_BETA},
    max_bytes=500 * 1024 * 1024,
)
