"""What targets refused, remembered so that it is not sent to them again. Bounded; nothing is asked of it until something is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from turnout.adapt.refusals import lesson, next_form
from turnout.catalog.measured import Measured, added, narrowed_by
from turnout.engine.plan import Candidate
from turnout.errors import Error
from turnout.types import ChatRequest, Target

MOST_TARGETS = 1000
_MOST_FIELDS = 32  # of one target


class Learned:
    """One registry's. Safe to share between threads: each change is one assignment of a new value.

    ``known``: what was measured before. ``tell`` is called with what a refusal taught, once for each field: it must not take
    long, nor raise.
    """

    def __init__(
        self, known: Mapping[Target, Measured] | None = None, tell: Callable[[Target, Measured], None] | None = None
    ) -> None:
        self.by_target: dict[Target, Measured] = dict(known or {})
        self.tell = tell
        self._fitted: dict[Target, tuple[Candidate, Measured, Candidate]] = {}

    def fitted(self, candidate: Candidate) -> Candidate:
        """``candidate`` as it was measured; the same one if nothing was."""
        target = candidate.target
        measured = self.by_target.get(target)
        if measured is None:
            return candidate
        kept = self._fitted.get(target)
        if kept is not None and kept[0] is candidate and kept[1] is measured:
            return kept[2]
        provider, model = narrowed_by(measured, candidate.provider, candidate.model, target)
        # another dict of heads: those that were made say fields by their old names
        fitted = replace(candidate, provider=provider, model=model, heads={})
        if len(self._fitted) >= MOST_TARGETS:
            self._fitted.clear()
        self._fitted[target] = (candidate, measured, fitted)
        return fitted

    def learn(self, candidate: Candidate, error: Error, request: ChatRequest, used: Measured | None = None) -> bool:
        """True if ``error`` is about a field that ``request`` holds, so that the same request may be accepted now.

        ``used`` is what was known when it was sent: what others taught since counts for it too.
        """
        target, known = candidate.target, used or Measured()
        found = lesson(error, request) or next_form(error, request, known)
        if found is None:
            return False
        limits = {name: limit for name, limit in found.limits.items() if known.limits.get(name) != limit}
        rename = {name: other for name, other in found.rename.items() if known.rename.get(name) != other}
        if any(known.rename.get(other) == name for name, other in rename.items()):
            return False  # it takes neither name
        if not (limits or rename):
            return False
        old = self.by_target.get(target)
        if old is None and len(self.by_target) >= MOST_TARGETS:
            return False
        old = old or Measured()
        new = Measured(limits=limits, rename=rename)
        whole = added(old, new)
        if whole == old:
            return True
        if len(whole.limits) > _MOST_FIELDS:
            return False
        self.by_target[target] = whole
        if self.tell is not None:
            self.tell(target, new)
        return True
