"""Errors, grouped by who has to act.

Error
|- ConfigError             edit the set-up
|- RequestError            no target can serve this request: change it     (400, 413, 422)
|  |- ContextTooLong       ... or choose a model with a larger context
|- TargetError             this target will not, another may               tries_elsewhere
|  |- AuthenticationFailed, QuotaExhausted, ModelNotFound, Unsupported, CircuitOpen
|- TransientError          may succeed later (.retry_after)                tries_again, tries_elsewhere
|  |- RateLimited, Overloaded, ServerFault, TimedOut, TransportFailed
|- BudgetExceeded          the caller's money or rate limit said no
|- DeadlineExceeded        the call's own total time or attempts ran out
|- StreamInterrupted       broke off after output began (.partial)
|- InvalidAnswer           answered, but never with what was asked for (.text, .problems, .completion)
|- AllTargetsFailed        every candidate was tried (.failures, in order)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from turnout.types import Completion, Target


class Error(Exception):
    """Anything Turnout raises on purpose. ``str(error)`` says what, where, and what to do.

    What a provider said stays readable: ``status`` (HTTP), ``code``, ``type`` and ``param`` in its own words,
    ``request_id``, ``headers`` (rate limits and retry hints, lower-case names), ``body`` (its error object, parsed) and
    ``wire``, the protocol that ``body`` is written in. All are None when the error did not come from a provider.
    """

    tries_again: ClassVar[bool] = False  # same target, after a wait
    tries_elsewhere: ClassVar[bool] = False  # next target

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        wire: str | None = None,
        target: Target | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.type = type
        self.param = param
        self.request_id = request_id
        self.retry_after = retry_after  # seconds the provider asked us to wait
        self.headers = headers
        self.body = body
        self.wire = wire
        self.target = target

    __str__ = Exception.__str__  # not KeyError's, which quotes


class ConfigError(Error):
    """The set-up is wrong."""


ConfigurationError = ConfigError  # its name in earlier provider layers


class UnknownName(ConfigError, ValueError):
    """A provider, model, wire or alias nobody knows. ``nearest`` holds the most similar known names."""

    def __init__(self, message: str, *, nearest: Sequence[str] = (), status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.nearest = tuple(nearest)


class UnknownProviderError(UnknownName, KeyError):
    """A provider nobody knows. Earlier layers raised ValueError or KeyError, or answered with status 400: it is all three."""

    def __init__(self, message: str, *, nearest: Sequence[str] = ()) -> None:
        super().__init__(message, nearest=nearest, status=400)


class DuplicateProviderError(ConfigError, ValueError):
    """A provider of this name is registered already, and nobody said ``replace=True``."""


class ModeError(ConfigError, ValueError):
    """A provider's clients do not know this mode. The message lists those that they know."""


class NotAllowed(ConfigError, ValueError):
    """A list in the environment or in a file keeps this provider from being called."""


class MissingKey(ConfigError, ValueError):
    """A provider needs an API key and none that is real was found."""


class MissingExtra(ConfigError, ImportError):
    """An optional part of Turnout, or a vendor's own library, is not installed; the message says what to install."""


class RequestError(Error):
    """The request itself is at fault."""


class ContextTooLong(RequestError):
    """The prompt and the room asked for the answer exceed the model's context."""


class TargetError(Error):
    """This target will not serve the call; another may."""

    tries_elsewhere = True


class AuthenticationFailed(TargetError):
    """The provider refused the key (401) or what it may do (403)."""


class QuotaExhausted(TargetError):
    """The account has no credit or quota left: waiting does not help, paying does."""


class ModelNotFound(TargetError):
    """The provider does not serve this model, or not to this key."""


class Unsupported(TargetError):
    """The target cannot do something the request needs."""


class CircuitOpen(TargetError):
    """The target failed often just now and is left alone until ``retry_after``."""


class TransientError(Error):
    """The same call may succeed later."""

    tries_again = True
    tries_elsewhere = True


class RateLimited(TransientError):
    """Too many requests or tokens for the moment (429)."""


class Overloaded(TransientError):
    """The provider has no capacity (503, 529)."""


class ServerFault(TransientError):
    """The provider failed, or answered something that is not its protocol."""


class TimedOut(TransientError):
    """A connection, a first event or the next event took too long."""


class TransportFailed(TransientError):
    """No whole HTTP answer came back: refused, reset, TLS, DNS, broken framing."""


class BudgetExceeded(Error):
    """A limit that the caller or an administrator set on money or rate."""


class DeadlineExceeded(Error):
    """The whole call's time or its number of attempts ran out."""


class StreamInterrupted(Error):
    """The stream broke off after output began. ``partial`` is what had arrived; ``__cause__`` says why it broke."""

    def __init__(self, message: str, *, partial: Completion, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.partial = partial


class InvalidAnswer(Error):
    """No answer was an object of the type asked for, however often it was asked.

    ``text`` is what the last one said, ``problems`` what was wrong with each, in order; ``completion`` is the last one, with the
    usage and the cost of all. Where asking again failed, ``__cause__`` says why. Only ``text`` and ``completion`` hold content.
    """

    def __init__(self, message: str, *, text: str, problems: Sequence[str], completion: Completion, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.text = text
        self.problems = tuple(problems)
        self.completion = completion


class AllTargetsFailed(Error):
    """Every candidate was tried. ``failures`` pairs each attempt's target with its error, in order.

    ``retry_after`` is the shortest that any of them said.
    """

    tries_elsewhere = False

    def __init__(self, failures: Sequence[tuple[Target, Error]]) -> None:
        lines = "\n".join(f"  {target}: {type(error).__name__}: {error}" for target, error in failures)
        waits = [error.retry_after for _, error in failures if error.retry_after is not None]
        super().__init__(f"no target answered; attempts made: {len(failures)}\n{lines}", retry_after=min(waits, default=None))
        self.failures = tuple(failures)

    @property
    def telling(self) -> Error | None:
        """The one failure that says what a caller may expect; None where there is no such one.

        Of each target the last failure counts. One that may pass comes before all that will not, since the same call may succeed
        later, and a target that was asked before one that is left alone. What then is of several kinds, none of which passes by
        itself, has no one that speaks for it.
        """
        last = dict(self.failures).values()
        for kind in (TransientError, CircuitOpen):
            if passing := [error for error in last if isinstance(error, kind)]:
                return passing[-1]
        return next(iter(last)) if len({type(error) for error in last}) == 1 else None
