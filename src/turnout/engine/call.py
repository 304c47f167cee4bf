"""One chat call: prepare, encode, sign, send, decode; and what is known of it at the end.

``Call`` yields effects and performs none, so one text serves the sync and the async client.
"""

from __future__ import annotations

from msgspec.structs import replace

from turnout import receipt
from turnout.adapt import Prepared, Translation, prepare, refuse
from turnout.adapt.media import fetch_media
from turnout.catalog.measured import Measured
from turnout.effects import Emit, Send, Steps, open_stream
from turnout.engine.operation import Operation
from turnout.engine.plan import Candidate, Plan
from turnout.engine.redirects import redirected
from turnout.errors import ConfigError, Error
from turnout.session import StreamSession
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, Receipt, ReceiptLine


class Call(Operation):
    """What the user asked for, once. Use it for one ``complete`` or one ``open``."""

    def __init__(
        self,
        request: ChatRequest,
        plan: Plan,
        translation: Translation = "lenient",
        *,
        keeps_content: bool = True,
        fetch_urls: bool = False,
    ) -> None:
        """``fetch_urls``: what a target does not open by its address is fetched for it, once for all its attempts.

        Without ``keeps_content`` a stream's completion has no text at its end, and a receipt has its departures only: for who
        passes the answer on as it comes.
        """
        if translation not in ("lenient", "strict"):
            raise ConfigError(f"translation {translation!r} is not known: it is 'lenient' or 'strict'")
        super().__init__(request.model, plan)
        self._request = request
        self._translation = translation
        self._keeps_content = keeps_content
        self._fetch_urls = fetch_urls
        self._fetched: tuple[Candidate, ChatRequest] | None = None
        self._departures: tuple[ReceiptLine, ...] = ()
        self._prepared: Prepared | None = None
        self._used: Measured | None = None  # what was known of the target when the attempt in hand was sent

    # -- a whole answer ------------------------------------------------------------------------

    def complete(self) -> Steps[Completion]:
        """Yields until some candidate has answered; raises what its failures add up to."""

        def attempt(candidate: Candidate) -> Steps[Completion]:
            request = yield from self._http(candidate, stream=False)
            response: HttpResponse = yield Send(request, self._plan.timeouts, self.deadline)
            if not 200 <= response.status < 300:
                raise redirected(candidate, response) or candidate.codec.decode_error(response, candidate.target)
            return candidate.codec.decode(response, candidate.target)

        answer = yield from self.told(self._attempts.run(attempt, self._learns, self._request))
        self._attempts.answered()
        completion = self._finished(answer if self._prepared is None else self._prepared.restore(answer))
        yield Emit(self.record("ok", completion))
        return completion

    # -- a stream ------------------------------------------------------------------------------

    def open(self) -> Steps[StreamSession]:
        """Yields until some candidate's stream has output. What follows it is ``ended`` or ``broke``."""

        def attempt(candidate: Candidate) -> Steps[StreamSession]:
            request = yield from self._http(candidate, stream=True)
            prepared = self._prepared
            session = StreamSession(
                candidate.codec.decoder(candidate.target),
                prepared.restoring if prepared is not None else None,
                keeps_content=self._keeps_content or (prepared is not None and bool(prepared.checks)),
            )
            refused = yield from open_stream(request, session, self._plan.timeouts, self.deadline)
            if refused is not None:
                raise redirected(candidate, refused) or candidate.codec.decode_error(refused, candidate.target)
            return session

        return (yield from self.told(self._attempts.run(attempt, self._learns, self._request, True)))

    def begun(self) -> Completion:
        """What is known when a stream begins: who answers, at which attempt, and what the request lost on its way."""
        return Completion(
            id="",
            model=self._request.model,
            choices=(),
            target=self._attempts.target,
            attempts=tuple(self._attempts.made),
            receipt=receipt.compose(self._request, None, self._departures),
        )

    def ended(self, session: StreamSession) -> Completion:
        """The stream ended as its provider said it would."""
        self._attempts.answered()
        completion = session.completion()
        return self._finished(completion if self._prepared is None else self._prepared.restore_values(completion))

    def broke(self, session: StreamSession, cause: Error) -> Error:
        """The stream broke off: what to raise to the user, who has seen the beginning."""
        self._attempts.failed(cause)
        interrupted = session.interrupted(cause)
        interrupted.partial = self.priced(interrupted.partial)
        interrupted.target = self._attempts.target
        return interrupted

    # -- what is known of the call ---------------------------------------------------------------

    def priced(self, completion: Completion) -> Completion:
        """``completion`` with its target, attempts, cost and receipt."""
        if not self._keeps_content:
            return self._attempts.priced(completion, Receipt(self._departures))
        return self._attempts.priced(completion, receipt.compose(self._request, completion, self._departures))

    def _learns(self, candidate: Candidate, error: Error) -> bool:
        """True if ``error`` is about a field that can be left out or bounded, which is then done from now on. Strict: never."""
        learned = self._plan.learned
        if learned is None or self._translation == "strict":
            return False
        return learned.learn(candidate, error, replace(self._request, stream_usage=True), self._used)  # usage may be asked for us

    def _finished(self, completion: Completion) -> Completion:
        """A whole answer, judged by what its target could not be told."""
        if self._prepared is not None and self._prepared.checks:
            self._departures += self._prepared.verify(completion)
        return self.priced(completion)

    def _http(self, candidate: Candidate, *, stream: bool) -> Steps[HttpRequest]:
        request = replace(self._request, model=candidate.target.model)
        if stream and request.stream_usage is None and candidate.provider.quirks.stream_usage:
            request = replace(request, stream_usage=True)
        if self._fetch_urls:
            request = yield from self._with_fetched(candidate, request)
        if self._plan.learned is not None and self._plan.learned.by_target:
            self._used = self._plan.learned.by_target.get(candidate.target)
            candidate = self._plan.learned.fitted(candidate)
        prepared = prepare(request, candidate.wire, candidate.provider, candidate.model)
        self._prepared = prepared if prepared.ids is not None or prepared.checks else None
        encoded = candidate.codec.encode(prepared.request, candidate.provider, stream=stream)
        self._departures = (*prepared.lines, *encoded.lines) if prepared.lines else encoded.lines
        if self._translation == "strict":
            refuse(self._departures, candidate.target)
        signed = yield from candidate.sign(encoded.http)
        self._attempts.sent()
        return signed

    def _with_fetched(self, candidate: Candidate, request: ChatRequest) -> Steps[ChatRequest]:
        if self._fetched is None or self._fetched[0] is not candidate:
            media, limits = candidate.wire.media, self._plan.timeouts
            self._fetched = candidate, (yield from fetch_media(request, media, candidate.provider, limits, self.deadline))
        return self._fetched[1]
