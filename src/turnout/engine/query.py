"""Embeddings and reranking: one whole answer, or as many as it takes to embed more inputs than a target takes at once.

Yields effects and performs none, as ``engine.call`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from turnout import receipt
from turnout.adapt import Translation, refuse
from turnout.catalog.schema import Model
from turnout.cost.price import price
from turnout.effects import Steps, emit
from turnout.engine.operation import Operation
from turnout.engine.plan import Candidate, Plan
from turnout.errors import RequestError, ServerFault
from turnout.types import (
    Cost,
    Embedding,
    Embeddings,
    EmbedRequest,
    Ranking,
    ReceiptLine,
    RerankRequest,
    Target,
    Usage,
)


class Query(Operation):
    """What the user asked for, once. Use it for one ``embed`` or one ``rerank``, with a plan of that operation."""

    def __init__(self, request: EmbedRequest | RerankRequest, plan: Plan, translation: Translation = "lenient") -> None:
        super().__init__(request.model, plan)
        self._request = request
        self._translation = translation
        self._departures: tuple[ReceiptLine, ...] = ()

    def embed(self) -> Steps[Embeddings]:
        """Yields until some candidate has embedded every input; raises what their failures add up to.

        Inputs that are too many for one exchange are sent in several, one after the other, all to the same candidate: vectors of
        different models do not compare. What an exchange answered is kept when a later one has to be tried again.
        """
        asked = self._request
        assert isinstance(asked, EmbedRequest)
        kept: dict[Target, list[Embeddings]] = {}

        def attempt(candidate: Candidate) -> Steps[Embeddings]:
            codec = candidate.wire.embed
            assert codec is not None  # a plan for embeddings has no candidate without it
            request = _as_understood(asked, candidate)
            if not request.input:
                raise RequestError("input: nothing to embed", param="input")
            size = codec.inputs_per_call(request, candidate.provider) or len(request.input)
            pieces = _pieces(request, size)
            encoded = [codec.encode(piece, candidate.provider) for piece in pieces]
            self._translated((_moved(it.lines, at * size) for at, it in enumerate(encoded)), candidate)
            done = kept.setdefault(candidate.target, [])
            for at in range(len(done), len(pieces)):
                response = yield from self._attempts.exchange(candidate, encoded[at].http, codec.decode_error, candidate.target)
                answer = codec.decode(response, pieces[at], candidate.target)
                if len(answer.data) != len(pieces[at].input):
                    counts = f"{len(answer.data)} vectors to {len(pieces[at].input)} inputs"
                    raise ServerFault(f"{candidate.target} answered {counts}", target=candidate.target)
                done.append(answer)
                if at < len(pieces) - 1:
                    self._attempts.answered()
            return _joined(done, size)

        answer = yield from self.told(self._attempts.run(attempt, None, asked))
        self._attempts.answered()
        done = replace(
            answer,
            target=self._attempts.target,
            attempts=tuple(self._attempts.made),
            cost=_cost(answer.usage, self._model()),
            receipt=receipt.of_fields(asked, answer, self._departures),
        )
        yield from emit(self.record("ok", done))
        return done

    def rerank(self) -> Steps[Ranking]:
        """Yields until some candidate has ranked the documents; raises what their failures add up to."""
        asked = self._request
        assert isinstance(asked, RerankRequest)

        def attempt(candidate: Candidate) -> Steps[Ranking]:
            codec = candidate.wire.rerank
            assert codec is not None  # a plan for reranking has no candidate without it
            request = replace(asked, model=candidate.target.model)
            encoded = codec.encode(request, candidate.provider)
            self._translated((encoded.lines,), candidate)
            response = yield from self._attempts.exchange(candidate, encoded.http, codec.decode_error, candidate.target)
            return codec.decode(response, request, candidate.target)

        answer = yield from self.told(self._attempts.run(attempt, None, asked))
        self._attempts.answered()
        done = replace(
            answer,
            target=self._attempts.target,
            attempts=tuple(self._attempts.made),
            cost=_cost(answer.usage, self._model()) if answer.search_units is None else None,
            receipt=receipt.of_fields(asked, answer, self._departures),
        )
        yield from emit(self.record("ok", done))
        return done

    def _translated(self, lines: Iterable[tuple[ReceiptLine, ...]], candidate: Candidate) -> None:
        """Notes what encoding did to the fields; raises Unsupported if something is lost and the translation is strict."""
        self._departures = tuple(dict.fromkeys(line for some in lines for line in some))
        if self._translation == "strict":
            refuse(self._departures, candidate.target)

    def _model(self) -> Model | None:
        return self._attempts.candidate.model if self._attempts.candidate is not None else None


def _as_understood(request: EmbedRequest, candidate: Candidate) -> EmbedRequest:
    """``request`` for one candidate, saying what its provider would otherwise understand in a way of its own."""
    meant = candidate.provider.quirks.encoding_format
    if meant and request.encoding_format is None:
        return replace(request, model=candidate.target.model, encoding_format=meant)
    return replace(request, model=candidate.target.model)


def _pieces(request: EmbedRequest, size: int) -> list[EmbedRequest]:
    if len(request.input) <= size:
        return [request]
    return [replace(request, input=request.input[at : at + size]) for at in range(0, len(request.input), size)]


_INPUT = re.compile(r"input\[(\d+)\]")


def _moved(lines: tuple[ReceiptLine, ...], by: int) -> tuple[ReceiptLine, ...]:
    """``lines`` of a piece, with the places that its inputs have in the whole request."""
    if not by:
        return lines
    return tuple(replace(line, field=_INPUT.sub(lambda found: f"input[{int(found[1]) + by}]", line.field)) for line in lines)


def _joined(parts: Sequence[Embeddings], size: int) -> Embeddings:
    """One answer of several, each to ``size`` inputs but for the last. The only one as it is."""
    if len(parts) == 1:
        return parts[0]
    data: list[Embedding] = []
    for at, part in enumerate(parts):
        data += [replace(item, index=item.index + at * size) for item in part.data] if at else part.data
    first = parts[0]
    return replace(
        first,
        data=tuple(data),
        usage=_added([part.usage for part in parts]),
        extra=None,
        parts=tuple(parts),
        headers=parts[-1].headers,  # what is left of a rate limit
    )


def _added(usages: Sequence[Usage]) -> Usage:
    """The sum of each bucket that every one reported; what the providers wrote stays with the parts."""
    names = [name for name in Usage.__struct_fields__ if name.endswith("_tokens")]
    counts = {name: [getattr(usage, name) for usage in usages] for name in names}
    billed = [usage.billed for usage in usages if usage.billed is not None]
    return Usage(
        **{name: None if None in values else sum(values) for name, values in counts.items()},
        billed=_added(billed) if len(billed) == len(usages) else None,
    )


def _cost(usage: Usage, model: Model | None) -> Cost | None:
    """As ``price``; what comes out are no tokens, so there is none of them to pay for."""
    if model is None or model.price is None:
        return None
    if usage.billed is not None:
        usage = usage.billed
    if usage.output_tokens is None:
        usage = replace(usage, text_output_tokens=0)
    return price(usage, model.price)
