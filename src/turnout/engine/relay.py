"""One call whose bytes are passed on: caller and target speak the same protocol, so nothing is translated.

It tries, retries, falls back, prices and records as ``Call`` does; to the caller and in the records the two are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from turnout.effects import Emit, Send, Steps, open_stream
from turnout.engine.operation import Operation
from turnout.engine.plan import Candidate, Plan
from turnout.engine.redirects import redirected
from turnout.errors import Error
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, Message, Receipt, Text
from turnout.wire.relay_session import RelaySession
from turnout.wire.relaying import Passing, RelayRules, write_passing

_ANY = (Message("user", (Text("-"),)),)
_VERBATIM = Receipt()


class Relayed(Struct, frozen=True):
    """The provider's body as it came, and what accounts know of it: a Completion without content."""

    body: bytes
    completion: Completion


class RelayCall(Operation):
    """One request, once. Use it for one ``complete`` or one ``open``. ``headers`` of the caller go to the provider too."""

    def __init__(self, passing: Passing, rules: RelayRules, model: str, plan: Plan, headers: Mapping[str, str]) -> None:
        super().__init__(model, plan)
        self._passing = passing
        self._rules = rules
        self._headers = headers

    def complete(self) -> Steps[Relayed]:
        """Yields until some candidate has answered; raises what its failures add up to."""
        skim = self._rules.skim

        def attempt(candidate: Candidate) -> Steps[Relayed]:
            request = yield from self._http(candidate, stream=False)
            response: HttpResponse = yield Send(request, self._plan.timeouts, self.deadline)
            if not 200 <= response.status < 300:
                raise redirected(candidate, response) or candidate.codec.decode_error(response, candidate.target)
            read = skim or candidate.codec.decode
            return Relayed(response.body, read(response, candidate.target))

        relayed = yield from self.told(self._attempts.run(attempt, None, self._passing))
        self._attempts.answered()
        completion = self.priced(relayed.completion)
        yield Emit(self.record("ok", completion))
        return Relayed(relayed.body, completion)

    def open(self) -> Steps[RelaySession]:
        """Yields until some candidate's stream has output. What follows it is ``ended`` or ``broke``."""

        def attempt(candidate: Candidate) -> Steps[RelaySession]:
            request = yield from self._http(candidate, stream=True)
            hide = not self._passing.usage_wanted
            session = RelaySession(candidate.codec.decoder(candidate.target), self._rules, hide_usage=hide)
            refused: HttpResponse | None = yield from open_stream(request, session, self._plan.timeouts, self.deadline)
            if refused is not None:
                raise redirected(candidate, refused) or candidate.codec.decode_error(refused, candidate.target)
            return session

        return (yield from self.told(self._attempts.run(attempt, None, self._passing, True)))

    def begun(self) -> Completion:
        """As ``Call.begun``."""
        return Completion(
            id="",
            model=self._named,
            choices=(),
            target=self._attempts.target,
            attempts=tuple(self._attempts.made),
            receipt=_VERBATIM,
        )

    def ended(self, session: RelaySession) -> Completion:
        """The stream ended as its provider said it would."""
        self._attempts.answered()
        return self.priced(session.completion())

    def broke(self, session: RelaySession, cause: Error) -> Error:
        """The stream broke off after output began."""
        self._attempts.failed(cause)
        return cause

    def priced(self, completion: Completion) -> Completion:
        """``completion`` with its target, attempts, cost and receipt."""
        return self._attempts.priced(completion, _VERBATIM)

    def _http(self, candidate: Candidate, *, stream: bool) -> Steps[HttpRequest]:
        model = candidate.target.model
        head = candidate.heads.get(stream)
        if head is None:
            any_request = ChatRequest(model=model, messages=_ANY)
            head = candidate.heads[stream] = candidate.codec.encode(any_request, candidate.provider, stream=stream).http
        request = HttpRequest(
            method="POST",
            url=head.url,
            headers={**head.headers, **self._headers} if self._headers else head.headers,
            body=write_passing(self._passing, self._rules, model),
        )
        signed = yield from candidate.sign(request)
        self._attempts.sent()
        return signed
