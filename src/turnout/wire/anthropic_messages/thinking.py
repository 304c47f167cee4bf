"""How much to think: our ReasoningConfig in this protocol's ``thinking`` and ``output_config.effort``.

Models since 4.6 take adaptive thinking with an effort; a budget is the older form, and the newest refuse it:
https://docs.claude.com/en/docs/build-with-claude/adaptive-thinking and /effort (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.receipt import approximated, dropped, mapped
from turnout.types import ChatRequest, ReasoningConfig, ReceiptLine
from turnout.wire.claude_turns import tool_is_forced

_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def write_thinking(request: ChatRequest, body: dict[str, Any], own: bool, lines: list[ReceiptLine]) -> None:
    """Into ``body``, which already holds ``tool_choice`` and sampling: some values of those exclude thinking."""
    wanted = request.reasoning
    if wanted is None:
        return
    if own:
        _write_own(wanted, body)
        return
    effort = _effort(wanted, lines)
    if wanted.enabled is False or wanted.effort == "none":
        body["thinking"] = {"type": "disabled"}
        return
    if tool_is_forced(request):
        why = "this protocol does not think when a tool call is forced"
        lines.append(dropped("request", "reasoning", why))
        return
    if wanted.budget_tokens is not None and _is_in_a_loop_without_thinking(body["messages"]):
        why = "the calls being answered were made without thinking of this provider, which then refuses a budget for it"
        lines.append(dropped("request", "reasoning", why))
        return
    if wanted.budget_tokens is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": wanted.budget_tokens}
    elif effort is not None or wanted.enabled:
        body["thinking"] = {"type": "adaptive"}
    if effort is not None:
        body.setdefault("output_config", {})["effort"] = effort
        lines.append(mapped("request", "reasoning.effort", "said as adaptive thinking with output_config.effort"))
    if "thinking" in body:
        if request.origin is None:
            body["thinking"] |= wanted.extra or {}
        _leave_sampling(body, lines)


def _is_in_a_loop_without_thinking(messages: list[dict[str, Any]]) -> bool:
    """True if the last turn holds results of calls whose turn does not begin with thinking, as it must where a budget is given.

    https://docs.claude.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21); adaptive thinking does not ask for it.
    """
    if len(messages) < 2 or not isinstance(messages[-1]["content"], list) or messages[-2]["role"] != "assistant":
        return False
    calls, results = messages[-2]["content"], messages[-1]["content"]
    if not any(isinstance(block, dict) and block.get("type") == "tool_result" for block in results):
        return False
    first = calls[0] if isinstance(calls, list) and calls else None
    return not (isinstance(first, dict) and first.get("type") in ("thinking", "redacted_thinking"))


def _write_own(wanted: ReasoningConfig, body: dict[str, Any]) -> None:
    if wanted.enabled is not None:
        thinking: dict[str, Any] = {"type": "enabled" if wanted.enabled else "disabled"}
        if wanted.budget_tokens is not None:
            thinking["budget_tokens"] = wanted.budget_tokens
        body["thinking"] = thinking | (wanted.extra or {})
    if wanted.effort is not None:
        body.setdefault("output_config", {})["effort"] = wanted.effort


def _effort(wanted: ReasoningConfig, lines: list[ReceiptLine]) -> str | None:
    if wanted.effort is None or wanted.effort in _EFFORTS or wanted.effort == "none":
        return None if wanted.effort == "none" else wanted.effort
    if wanted.effort == "minimal":
        lines.append(approximated("request", "reasoning.effort", 'the least effort here is "low"'))
        return "low"
    lines.append(dropped("request", "reasoning.effort", f"this protocol has no effort {wanted.effort!r}: {', '.join(_EFFORTS)}"))
    return None


def _leave_sampling(body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    """Thinking excludes them: https://docs.claude.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21)."""
    for name in ("temperature", "top_k"):
        if name in body and body[name] != 1:
            del body[name]
            lines.append(dropped("request", name, "not accepted together with thinking"))
