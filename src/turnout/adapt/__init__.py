"""Makes a request fit for one target before its wire says it. Pure; every change leaves a receipt line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from turnout.adapt import media, parameters
from turnout.adapt.identity import IdMap, rename
from turnout.adapt.kept import refuse_kept
from turnout.adapt.preflight import problems
from turnout.adapt.returned import ask_for_seals, give_back
from turnout.catalog.schema import Model, Provider
from turnout.errors import RequestError, Unsupported
from turnout.events import Event
from turnout.types import ChatRequest, Completion, ReceiptLine, Target
from turnout.wire import Wire

if TYPE_CHECKING:
    from turnout.adapt.forms import Form
    from turnout.adapt.schemas import Check

Translation = Literal["lenient", "strict"]


class Prepared(Struct, frozen=True):
    """A request as its target can take it, and what undoes that in the answer.

    ``ids``: what was renamed. ``checks``: what the target could not be told of a schema, to be held against its answer.
    ``form``: how the answer's form was asked for, where not as the caller did.
    """

    request: ChatRequest
    lines: tuple[ReceiptLine, ...] = ()
    ids: IdMap | None = None
    checks: tuple[Check, ...] = ()
    form: Form | None = None

    @property
    def restoring(self) -> Callable[[Event], Event] | None:
        """What gives the events of one stream the caller's own names and form; None where nothing was changed."""
        named = self.ids.restore_event if self.ids is not None else None
        formed = self.form.restoring() if self.form is not None else None
        if named is None or formed is None:
            return named or formed
        return lambda event: formed(named(event))

    def restore(self, completion: Completion) -> Completion:
        """``completion`` in the caller's own names and form, without what stands for properties left out."""
        if self.ids is not None:
            completion = self.ids.restore_completion(completion)
        if self.form is not None:
            completion = self.form.restore(completion)
        return self.restore_values(completion)

    def restore_values(self, completion: Completion) -> Completion:
        """Of a stream, whose events have the caller's names and form already: without what stands for properties left out."""
        if not self.checks:
            return completion
        from turnout.adapt import schemas

        return schemas.restore(completion, self.checks)

    def verify(self, completion: Completion) -> tuple[ReceiptLine, ...]:
        """A line for everything in the answer that the target was not told and that does not hold."""
        from turnout.adapt import schemas

        return schemas.verify(completion, self.checks)


def prepare(request: ChatRequest, wire: Wire, provider: Provider, model: Model | None) -> Prepared:
    """Raises RequestError or Unsupported for what the target would refuse and nothing can repair."""
    lines: list[ReceiptLine] = []
    protocol = wire.protocol
    refuse_kept(request, protocol, provider)
    fitted = parameters.restrict(request, protocol, provider, model, lines)
    fitted = ask_for_seals(give_back(fitted, protocol, model, lines), protocol, model)
    fitted = media.fit(fitted, wire.media, provider, lines, model, protocol)
    checks: tuple[Check, ...] = ()
    form: Form | None = None
    if fitted.response_format is not None and model is not None and model.limits and "response_format" in model.limits.fields:
        from turnout.adapt.forms import reform

        fitted, form = reform(fitted, model, lines)
    if fitted.tools is not None or fitted.response_format is not None:
        from turnout.adapt import schemas  # a tenth of what importing turnout takes; most calls need none of it

        fitted, checks = schemas.fit(fitted, wire.schemas, protocol, provider.id, lines)
    fitted, ids = rename(fitted, wire.conversation, lines, wire=protocol, provider=provider.id)
    refused = problems(fitted, wire, provider)
    if refused:
        raise RequestError(f"{provider.name} would refuse this conversation: " + "; ".join(refused))
    return Prepared(fitted, tuple(lines), ids, form.checks(checks) if form is not None else checks, form)


def refuse(lines: Iterable[ReceiptLine], target: Target) -> None:
    """Raises Unsupported when something would be lost on the way to ``target``: the strict way to translate."""
    lost = [line for line in lines if line.fate in ("dropped", "approximated")]
    if lost:
        raise Unsupported(
            f"{target} cannot be asked this without loss, and the translation is strict: "
            + "; ".join(f"{line.field} would be {line.fate} ({line.reason})" for line in lost)
            + ". Leave out what it cannot take, choose another model, or translate leniently",
            target=target,
        )
