"""OpenAI's Files API, which the Chat and the Responses API share, and Mistral's of the same shape.

https://platform.openai.com/docs/api-reference/files/create and https://docs.mistral.ai/api/#tag/files (read 2026-11-21)
"""

from __future__ import annotations

from turnout.wire.file_uploads import FileUploads
from turnout.wire.openai_chat.faults import read_error

_MB = 1024 * 1024

FILES = FileUploads(read_error=read_error, fields={"purpose": "user_data"}, max_bytes=512 * _MB)
MISTRAL_FILES = FileUploads(read_error=read_error, fields={"purpose": "ocr"}, max_bytes=512 * _MB)
