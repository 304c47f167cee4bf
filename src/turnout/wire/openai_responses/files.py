"""OpenAI's Files API (https://platform.openai.com/docs/api-reference/files/create, read 2026-11-21)."""

from __future__ import annotations

from turnout.wire.file_uploads import FileUploads
from turnout.wire.openai_responses.faults import read_error

FILES = FileUploads(read_error=read_error, fields={"purpose": "user_data"}, max_bytes=512 * 1024 * 1024)
