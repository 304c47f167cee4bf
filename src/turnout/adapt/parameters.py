"""What the model at hand refuses: fields left out, brought into range, or said as it takes them.

The data is ``Model.limits`` (catalog/restrictions.toml) and ``Model.lacks``. It lists what a provider answers with an error and
nothing else, so it holds for every request, wherever that came from: a call that would have failed goes through, and the receipt
says what it cost. A value that no data speaks of stays the provider's to judge.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from turnout.adapt.thinking import is_thinking, read_at, restrict_thinking
from turnout.catalog.schema import Limit, Model, Provider
from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, ReceiptLine

Fields = dict[str, tuple[Limit, ...]]
_EXTRA = "extra."


def restrict(
    request: ChatRequest, wire_name: str, provider: Provider, model: Model | None, lines: list[ReceiptLine]
) -> ChatRequest:
    """``request`` as ``model`` takes it. Raises Unsupported when it asks for tools of a model that has none.

    ``wire_name``: ``Wire.protocol`` of the target, so that a dialect counts as the wire it is a dialect of.
    """
    if model is None:
        return request
    limits, lacks = model.limits, model.lacks
    if lacks:
        if request.tools and "tools" in lacks:
            _refuse_tools(request, provider, model)
        if request.temperature is not None and "temperature" in lacks and (limits is None or "temperature" not in limits.fields):
            lines.append(dropped("request", "temperature", f"this model takes none{read_at(model.source)}"))
            request = replace(request, temperature=None)
        if request.reasoning is not None and "reasoning" in lacks and (limits is None or limits.thinking is None):
            request = _leave_reasoning(request, model, lines)
    if limits is None:
        return request
    own = request.origin is not None and request.origin.wire == wire_name
    if limits.thinking is not None and request.reasoning is not None:
        request = restrict_thinking(request, limits.thinking, own, lines)
    return _within(request, limits.fields, model, lines)


def _within(request: ChatRequest, fields: Fields, model: Model, lines: list[ReceiptLine]) -> ChatRequest:
    changed: dict[str, Any] = {}
    extra = request.extra
    for name, limits in fields.items():
        value = getattr(request, name, None) if name[:6] != _EXTRA else extra.get(name[6:]) if extra else None
        if value is None or name == "response_format":  # which is said in another way: ``forms``
            continue
        fitted = value
        for limit in limits:
            if fitted is None or not applies(limit, request, model):
                continue
            fitted = _fitted(name, fitted, limit, lines)
        if fitted is value:
            continue
        if name[:6] == _EXTRA:
            changed["extra"] = extra = {key: kept for key, kept in (extra or {}).items() if key != name[6:]} or None
        else:
            changed[name] = fitted
    return replace(request, **changed) if changed else request


def applies(limit: Limit, request: ChatRequest, model: Model) -> bool:
    """Whether ``limit`` holds for this request: some do only while the model thinks, or beside another field."""
    if limit.thinking and not is_thinking(request, model.limits.thinking if model.limits is not None else None):
        return False
    return not limit.beside or getattr(request, limit.beside, None) is not None


def _fitted(name: str, value: Any, limit: Limit, lines: list[ReceiptLine]) -> Any:
    """``value`` as it is taken; None: it is not sent."""
    when = " while it thinks" if limit.thinking else f" beside {limit.beside}" if limit.beside else ""
    if limit.unsupported:
        lines.append(dropped("request", name, f"this model takes none{when}{read_at(limit.source)}"))
        return None
    if limit.only is not None:
        if value == limit.only:
            return value
        why = f"{_said(value)} is not sent: this model knows only {_said(limit.only)}{when}{read_at(limit.source)}"
        lines.append(approximated("request", name, why))
        return None
    if limit.items is not None and isinstance(value, tuple) and len(value) > limit.items:
        why = f"the first {limit.items} of {len(value)} are sent: this model takes no more{read_at(limit.source)}"
        lines.append(approximated("request", name, why))
        return value[: limit.items]
    for bound, beyond, word in ((limit.least, _below, "least"), (limit.most, _above, "greatest")):
        if bound is not None and beyond(value, bound):
            nearest = type(value)(bound)
            why = f"{_said(value)} is sent as {_said(nearest)}, the {word} that this model takes{when}{read_at(limit.source)}"
            lines.append(approximated("request", name, why))
            return nearest
    return value


def _below(value: Any, bound: float) -> bool:
    return isinstance(value, (int, float)) and value < bound


def _above(value: Any, bound: float) -> bool:
    return isinstance(value, (int, float)) and value > bound


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else repr(value)


def _leave_reasoning(request: ChatRequest, model: Model, lines: list[ReceiptLine]) -> ChatRequest:
    wanted = request.reasoning
    if wanted is not None and (wanted.enabled is False or wanted.effort == "none"):
        lines.append(mapped("request", "reasoning", "not sent: this model does not think, and is not told so"))
    else:
        lines.append(dropped("request", "reasoning", f"this model does not think{read_at(model.source)}"))
    return replace(request, reasoning=None)


def _refuse_tools(request: ChatRequest, provider: Provider, model: Model) -> None:
    raise Unsupported(
        f"{model.target} has no tools, and the request brings {len(request.tools or ())} ({model.source}); leave them out, or "
        f"choose a model that has some (`turnout models --provider {provider.id} --supports tools`). If this is out of date, "
        f'write lacks = [] under [models."{model.target}"] in turnout.toml',
        target=model.target,
    )
