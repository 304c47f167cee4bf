"""Do the disjoint buckets add up to the provider's own totals, and is what it did not count left unknown?"""

from __future__ import annotations

from collections.abc import Iterator

from turnout.testing.checks.subject import Subject
from turnout.testing.difference import Difference, compared

CHECK = "usage"

_BUCKETS = {
    "cache": ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    "reasoning": ("reasoning_tokens",),
    "audio": ("audio_input_tokens", "audio_output_tokens"),
}


def usage(subject: Subject) -> Iterator[Difference]:
    completion = subject.completion
    if completion is None or subject.broken:
        return
    used = completion.usage
    totals = subject.reference.totals(subject.answer)
    yield from compared(CHECK, totals.raw if totals else None, used.raw, "usage.raw")
    allowed_input, allowed_output = (totals.input, totals.output) if totals else ({None}, {None})
    if used.input_tokens not in allowed_input:
        yield Difference(CHECK, "input_tokens", sorted(allowed_input, key=str), used.input_tokens)
    if used.output_tokens not in allowed_output:
        yield Difference(CHECK, "output_tokens", sorted(allowed_output, key=str), used.output_tokens)
    for kind, buckets in _BUCKETS.items():
        if totals is None or kind not in totals.reports:
            for bucket in buckets:
                if getattr(used, bucket) is not None:
                    yield Difference(CHECK, f"{bucket}, which is not reported", None, getattr(used, bucket))
    for bucket in (name for name in used.__struct_fields__ if name.endswith("_tokens")):
        count = getattr(used, bucket)
        if count is not None and count < 0:
            yield Difference(CHECK, bucket, "0 or more", count)
