"""A conversation for a provider of this protocol: where its rules on turns, roles and system messages are met.

What a caller of this very protocol said goes back as it was said; anything else is brought into order:
https://docs.claude.com/en/api/messages (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from turnout.receipt import approximated, dropped
from turnout.types import Message, ReceiptLine
from turnout.wire import asides
from turnout.wire.anthropic_messages.blocks import BlockWriter, is_bare, is_empty
from turnout.wire.anthropic_messages.words import is_own
from turnout.wire.claude_turns import check_results, report_hoist, turn_extra

_OPENING = "Continue."  # what the user says where a conversation begins with the assistant
_OWN_ROLES = ("user", "assistant", "system")


class _Turn(Struct):
    role: str
    content: list[Any]
    verbatim: bool  # a caller of this protocol said it so
    bare: bool = False  # as a plain string
    extra: dict[str, Any] | None = None


class ConversationWriter:
    """``system`` is None when there is none; ``messages`` and it are complete after ``write``."""

    def __init__(self, provider: str, lines: list[ReceiptLine]) -> None:
        self._provider = provider
        self._lines = lines
        self._turns: list[_Turn] = []
        self.system: str | list[Any] | None = None
        self.messages: list[dict[str, Any]] = []

    def write(self, messages: tuple[Message, ...]) -> None:
        for at, message in enumerate(messages):
            path = f"messages[{at}]"
            if message.role in ("system", "developer") and not self._stands_in_place(message):
                self._hoist(message, path)
            else:
                self._say(message, path)
        self._open_with_user()
        self._trim_prefill()
        self.messages = [_written(turn) for turn in self._turns]

    # -- system --------------------------------------------------------------------------------

    def _stands_in_place(self, message: Message) -> bool:
        """A system message that this protocol's caller put among the messages, which newer models accept."""
        return message.role == "system" and self._own(message) and "system" not in (message.spelled or {})

    def _hoist(self, message: Message, path: str) -> None:
        verbatim = self._verbatim(message)
        blocks = self._blocks(message, path, verbatim)
        if not verbatim:
            report_hoist(message, path, bool(self._turns), self._lines)
            blocks = [block for block in blocks if self._is_text(block, path)]
            if not blocks:
                return
        if self.system is None and is_bare(blocks) and (not verbatim or (message.spelled or {}).get("system") == "string"):
            self.system = blocks[0]["text"]
        else:
            before = [{"type": "text", "text": self.system}] if isinstance(self.system, str) else self.system
            self.system = [*(before or []), *blocks]

    def _is_text(self, block: Any, path: str) -> bool:
        if block.get("type") == "text":
            return True
        self._lines.append(dropped("request", path, f"`system` takes text only, no {block.get('type')}"))
        return False

    # -- turns ---------------------------------------------------------------------------------

    def _say(self, message: Message, path: str) -> None:
        check_results(message, path)
        verbatim = self._verbatim(message)
        turn = _Turn(
            role="user" if message.role == "tool" else message.role,
            content=self._blocks(message, path, verbatim),
            verbatim=verbatim,
            bare=verbatim and (message.spelled or {}).get("content") == "string",
            extra=turn_extra(message, path, is_own(message.origin, self._provider), self._lines),
        )
        last = self._turns[-1] if self._turns else None
        if last is not None and last.role == turn.role and not (last.verbatim and turn.verbatim):
            last.content += turn.content
            last.bare = last.verbatim = False
            last.extra = {**(last.extra or {}), **(turn.extra or {})} or None
            turn = last
        elif turn.content or (verbatim and not message.parts):
            self._turns.append(turn)
        if turn.role == "user" and not turn.verbatim:
            turn.content.sort(key=lambda block: block.get("type") != "tool_result")

    def _blocks(self, message: Message, path: str, verbatim: bool) -> list[Any]:
        asides.report(message, path, self._lines)
        writer = BlockWriter(message.origin, self._provider, self._lines)
        blocks: list[Any] = []
        for at, part in enumerate(message.parts):
            block = writer.write(part, f"{path}.parts[{at}]")
            if block is not None and (verbatim or not is_empty(block)):
                blocks.append(block)
            elif block is not None and "cache_control" in block:
                self._pass_on_mark(block, blocks, f"{path}.parts[{at}]")
        return blocks

    def _pass_on_mark(self, empty: dict[str, Any], before: list[Any], path: str) -> None:
        """An empty text cannot be sent, but its cache mark means everything up to it."""
        if before and "cache_control" not in before[-1]:
            before[-1] = before[-1] | {"cache_control": empty["cache_control"]}
        else:
            self._lines.append(dropped("request", f"{path}.cache_control", "it marks an empty text with nothing before it"))

    # -- the whole -----------------------------------------------------------------------------

    def _open_with_user(self) -> None:
        if self._turns and self._turns[0].role == "assistant" and not self._turns[0].verbatim:
            self._turns.insert(0, _Turn("user", [{"type": "text", "text": _OPENING}], verbatim=False))
            why = f"this protocol's conversations begin with the user, who is made to say {_OPENING!r}"
            self._lines.append(approximated("request", "messages", why))

    def _trim_prefill(self) -> None:
        """The beginning of the answer, when the caller gives one, must not end in white space."""
        last = self._turns[-1] if self._turns else None
        if last is None or last.role != "assistant" or last.verbatim:
            return
        block = last.content[-1]
        if block.get("type") == "text" and block["text"] != block["text"].rstrip():
            last.content[-1] = block | {"text": block["text"].rstrip()}
            why = "the white space at the end of the answer's given beginning is left out"
            self._lines.append(approximated("request", "messages", why))

    def _own(self, message: Message) -> bool:
        return is_own(message.origin) and message.role in _OWN_ROLES

    def _verbatim(self, message: Message) -> bool:
        return message.origin is not None and message.origin.provider is None and self._own(message)


def _written(turn: _Turn) -> dict[str, Any]:
    bare = is_bare(turn.content) and (turn.bare or not turn.verbatim)
    content = turn.content[0]["text"] if bare else turn.content
    return {"role": turn.role, "content": content} | (turn.extra or {})
