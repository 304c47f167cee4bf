"""A file given into a provider's keeping. Yields effects and performs none, as ``engine.call`` does."""

from __future__ import annotations

from turnout.effects import Steps, emit, sleep
from turnout.engine.operation import Operation
from turnout.engine.plan import Candidate, Plan
from turnout.errors import DeadlineExceeded, RequestError
from turnout.types import FileSource, HeldFile, HttpRequest, Upload
from turnout.wire import FilesCodec


class Uploading(Operation):
    """Use it for one ``upload``. ``plan`` is of the operation "files"."""

    def __init__(self, upload: Upload, plan: Plan, asked: str) -> None:
        super().__init__(asked, plan)
        self._upload = upload

    def upload(self) -> Steps[FileSource]:
        """Yields until the file may be named in a request. Raises DeadlineExceeded for one that is not ready in time.

        Whether it is ready is asked as often as a failed attempt would be made again.
        """
        upload, kept = self._upload, list[HeldFile]()

        def attempt(candidate: Candidate) -> Steps[HeldFile]:
            codec = _codec(candidate)
            most = codec.max_bytes
            if most is not None and len(upload.data) > most:
                name = candidate.provider.name
                raise RequestError(f"{upload.filename} is {len(upload.data):,} bytes, and {name} takes files of at most {most:,}")
            if not kept:  # a check that failed does not upload the file once more
                kept.append((yield from self._exchange(candidate, codec.encode(upload, candidate.provider))))
            wait = self._plan.retry.backoff
            while not kept[-1].ready:
                if self._plan.clock() + wait >= self.deadline:
                    who = f"{candidate.provider.name} had not made {upload.filename} ready"
                    raise DeadlineExceeded(f"{who} after {self._plan.timeouts.total:g} s; allow more with `timeout`")
                self._attempts.answered()
                yield from sleep(wait)
                wait = min(wait * 2, self._plan.retry.backoff_max)
                kept.append((yield from self._exchange(candidate, codec.encode_check(kept[-1], candidate.provider))))
            return kept[-1]

        held = yield from self.told(self._attempts.run(attempt))
        self._attempts.answered()
        yield from emit(self.record("ok"))
        return held.source

    def _exchange(self, candidate: Candidate, request: HttpRequest) -> Steps[HeldFile]:
        codec = _codec(candidate)
        response = yield from self._attempts.exchange(candidate, request, codec.decode_error, candidate.provider)
        return codec.decode(response, self._upload, candidate.provider)


def _codec(candidate: Candidate) -> FilesCodec:
    assert candidate.wire.files is not None  # a plan for files has no candidate without it
    return candidate.wire.files
