"""The judge of the soak can object."""

from __future__ import annotations

import pytest
from soak_callers import Wrong, judged
from soak_upstream import TEXT

WHOLE = b'{"choices":[{"message":{"content":"%s"}}]}' % TEXT
EVENT = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % TEXT
ERROR = b'data: {"error":{"message":"it broke off"}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_the_providers_answer_is_right():
    assert judged(200, WHOLE, anthropic=False, stream=False) == "answered"
    assert judged(200, EVENT + DONE, anthropic=False, stream=True) == "answered"


def test_an_error_of_the_protocol_is_an_honest_end():
    assert judged(502, b'{"error":{"message":"it hung up"}}', anthropic=False, stream=False) == "refused"
    assert judged(200, ERROR, anthropic=False, stream=True) == "refused"


@pytest.mark.parametrize(
    ("status", "answer", "stream"),
    [
        (500, b'{"detail":"Internal Server Error"}', False),
        (200, b'{"choices":[{"message":{"content":"word0"}}]}', False),
        (200, EVENT, True),
        (200, DONE, True),
        (200, b"", True),
        (200, EVENT + ERROR + DONE, True),
    ],
)
def test_anything_else_is_wrong(status, answer, stream):
    with pytest.raises(Wrong):
        judged(status, answer, anthropic=False, stream=stream)
