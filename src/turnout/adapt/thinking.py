"""How much to think, said as the model at hand is told: an effort, a budget of tokens, or nothing."""

from __future__ import annotations

from msgspec.structs import replace

from turnout.catalog.schema import Thinking
from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, ReasoningConfig, ReceiptLine

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")  # weakest first
_USUAL = "medium"  # where a number is required and none was given
_ADAPTIVE = {"type": "adaptive"}  # in Anthropic's words, which are also Bedrock's


def read_at(source: str) -> str:
    """Where a fact was read, as the end of a sentence; nothing for what a user wrote without saying."""
    return f" ({source})" if source else ""


def is_off(wanted: ReasoningConfig) -> bool:
    return wanted.enabled is False or wanted.effort == "none"


def is_thinking(request: ChatRequest, thinking: Thinking | None) -> bool:
    """True if the model will think over ``request``, as far as is known."""
    wanted = request.reasoning
    if wanted is None or (wanted.enabled is None and wanted.effort is None and wanted.budget_tokens is None):
        return thinking is not None and thinking.unasked
    return not is_off(wanted)


def restrict_thinking(request: ChatRequest, thinking: Thinking, own: bool, lines: list[ReceiptLine]) -> ChatRequest:
    """``own``: the request is in the words of the wire it goes to, which are kept where the model takes them."""
    wanted = request.reasoning
    if wanted is None:
        return request
    if is_off(wanted):
        told = _off(wanted, thinking, lines)
    elif thinking.way == "untold":
        never = "always thinks as much as it likes" if thinking.off == "never" else "does not think"
        lines.append(dropped("request", "reasoning", f"this model {never}{read_at(thinking.source)}"))
        told = None
    elif thinking.way == "budget":
        told = _by_budget(request, wanted, thinking, own, lines)
    else:
        told = _by_effort(wanted, thinking, own, lines)
        if told is not None and told.budget_tokens is not None:
            told = _bounded(request, told, told.budget_tokens, thinking, own, lines)
    return request if told is wanted else replace(request, reasoning=told)


def _off(wanted: ReasoningConfig, thinking: Thinking, lines: list[ReceiptLine]) -> ReasoningConfig | None:
    if thinking.off == "told":
        return wanted
    if thinking.off == "unasked":
        lines.append(mapped("request", "reasoning", "not sent: this model thinks only when it is asked to"))
        return None
    why = f"this model always thinks{read_at(thinking.source)}"
    if thinking.efforts:
        least = min(thinking.efforts, key=_rank)
        lines.append(approximated("request", "reasoning", f"{why}: sent as its least effort, {least!r}"))
        return ReasoningConfig(effort=least)
    if thinking.least is not None:
        lines.append(approximated("request", "reasoning", f"{why}: sent as its least budget, {thinking.least} tokens"))
        return ReasoningConfig(enabled=True, budget_tokens=thinking.least)
    lines.append(dropped("request", "reasoning", why))
    return None


def _by_effort(wanted: ReasoningConfig, thinking: Thinking, own: bool, lines: list[ReceiptLine]) -> ReasoningConfig | None:
    """A budget becomes the effort that comes nearest where the model takes no budget and it is known what efforts come to."""
    told = wanted
    budget = wanted.budget_tokens
    if budget is not None and (thinking.way == "adaptive" or (thinking.way == "effort" and wanted.effort is None)):
        effort = wanted.effort or _effort_of(budget, thinking)
        as_what = "adaptive thinking" if effort is None else f"the effort {effort!r}"
        why = f"this model is given no budget: {budget} tokens are said as {as_what}{read_at(thinking.source)}"
        lines.append(approximated("request", "reasoning.budget_tokens", why))
        told = replace(wanted, effort=effort, budget_tokens=None, enabled=wanted.enabled if thinking.way == "effort" else True)
        if own and thinking.way == "adaptive":
            told = replace(told, extra=(told.extra or {}) | _ADAPTIVE)
    effort = told.effort
    if effort is None or not thinking.efforts or effort in thinking.efforts or effort not in _EFFORTS:
        return told
    nearest = _nearest(effort, thinking.efforts)
    known = ", ".join(thinking.efforts)
    why = f"this model knows {known}, not {effort!r}: sent as {nearest!r}{read_at(thinking.source)}"
    lines.append(approximated("request", "reasoning.effort", why))
    return replace(told, effort=nearest)


def _by_budget(
    request: ChatRequest, wanted: ReasoningConfig, thinking: Thinking, own: bool, lines: list[ReceiptLine]
) -> ReasoningConfig | None:
    if wanted.budget_tokens is not None:
        if wanted.effort is not None:
            lines.append(
                dropped(
                    "request", "reasoning.effort", f"this model thinks by budget, and one was given{read_at(thinking.source)}"
                )
            )
        return _bounded(
            request, replace(wanted, effort=None) if wanted.effort else wanted, wanted.budget_tokens, thinking, own, lines
        )
    if own and wanted.effort is not None and wanted.enabled is None:
        lines.append(dropped("request", "reasoning.effort", f"this model knows no effort{read_at(thinking.source)}"))
        return None
    if wanted.effort is None and not (wanted.enabled and thinking.within_output):
        return wanted  # nothing was said that needs a number
    effort = wanted.effort or _USUAL
    if effort not in _EFFORTS or not thinking.budgets:
        lines.append(
            dropped("request", "reasoning.effort", f"this model thinks by budget, and what {effort!r} comes to is not known")
        )
        return None
    budget = thinking.budgets[_nearest(effort, tuple(thinking.budgets))]
    why = f"this model thinks by budget: {effort!r} is said as {budget} tokens{read_at(thinking.source)}"
    lines.append(approximated("request", "reasoning.effort" if wanted.effort else "reasoning", why))
    extra = {name: value for name, value in (wanted.extra or {}).items() if (name, value) != ("type", "adaptive")}
    return _bounded(
        request, ReasoningConfig(enabled=True, extra=extra or None), budget, thinking, own and not wanted.effort, lines
    )


def _bounded(
    request: ChatRequest, wanted: ReasoningConfig, budget: int, thinking: Thinking, own: bool, lines: list[ReceiptLine]
) -> ReasoningConfig | None:
    """``wanted`` with a budget that the model takes, and that leaves room for an answer.

    In its own wire's words a budget beyond the output may be meant: interleaved thinking, asked for in a header, takes it
    (https://docs.claude.com/en/docs/build-with-claude/extended-thinking#interleaved-thinking, read 2026-11-21).
    """
    fitted = budget if budget == 0 else max(budget, thinking.least or 0)
    if thinking.most is not None:
        fitted = min(fitted, thinking.most)
    room = request.max_output_tokens
    if thinking.within_output and not own and room is not None and fitted >= room:
        if room <= (thinking.least or 0):
            bounds = f"a budget is at least {thinking.least} tokens and less than max_output_tokens, here {room}"
            why = bounds + read_at(thinking.source)
            lines.append(dropped("request", "reasoning", why))
            return None
        fitted = max(thinking.least or 0, room // 2)
    if fitted != budget:
        why = f"a budget of {budget} tokens is sent as {fitted}, which this model takes{read_at(thinking.source)}"
        lines.append(approximated("request", "reasoning.budget_tokens", why))
    return wanted if fitted == wanted.budget_tokens else replace(wanted, budget_tokens=fitted)


def _rank(effort: str) -> int:
    return _EFFORTS.index(effort) if effort in _EFFORTS else len(_EFFORTS)


def _nearest(effort: str, known: tuple[str, ...]) -> str:
    """Of two as near, the stronger: an answer thought over too little is worse than one thought over too long."""
    thinking = [name for name in known if name != "none"] or list(known)
    return min(thinking, key=lambda name: (abs(_rank(name) - _rank(effort)), -_rank(name)))


def _effort_of(budget: int, thinking: Thinking) -> str | None:
    """The weakest effort that comes to at least ``budget``; None where what efforts come to is not known."""
    if not thinking.budgets:
        return None
    enough = [name for name, tokens in thinking.budgets.items() if tokens >= budget]
    return min(enough, key=_rank) if enough else max(thinking.budgets, key=_rank)
