"""A conversation for a provider of this protocol: where its rules on turns, roles and system messages are met.

What a caller of this very protocol said goes back as it was said; anything else is brought into order: roles alternate and begin
with the user, tool results come first in their turn, texts are not blank, and a document has a text beside it
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html and API_runtime_ContentBlock.html,
read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from turnout.receipt import approximated, dropped
from turnout.types import Message, ReceiptLine, ToolCall, ToolResult
from turnout.wire import asides
from turnout.wire.bedrock_converse.block_writer import BlockWriter, is_blank
from turnout.wire.bedrock_converse.media import DocumentNames
from turnout.wire.bedrock_converse.words import is_own
from turnout.wire.claude_turns import check_results, report_hoist, turn_extra

_OPENING = "Continue."  # what the user says where a conversation begins with the assistant
_BESIDE_DOCUMENT = "The document is attached."  # what the user says of a document that came without a word
_OWN_ROLES = ("user", "assistant", "system")
_SYSTEM_TAKES = ("text", "guardContent", "cachePoint")

Group = list[Any]  # a block, and the cache point behind it if there is one


class _Turn(Struct):
    role: str
    content: list[Group]
    verbatim: bool  # a caller of this protocol said it so
    path: str
    extra: dict[str, Any] | None = None

    def holds(self, kind: str) -> bool:
        return any(isinstance(group[0], dict) and kind in group[0] for group in self.content)


class ConversationWriter:
    """``system`` is None when there is none; it, ``messages`` and ``tool_names`` are complete after ``write``.

    ``tool_names``: of the tools that the history calls, in the order of their first call; None if it has no tool block at all.
    """

    def __init__(self, provider: str, lines: list[ReceiptLine], *, signed: bool = False) -> None:
        self._provider = provider
        self._signed = signed  # the model refuses reasoning without its signature
        self._lines = lines
        self._names = DocumentNames()
        self._turns: list[_Turn] = []
        self.system: list[Any] | None = None
        self.messages: list[dict[str, Any]] = []
        self.tool_names: list[str] | None = None

    def write(self, messages: tuple[Message, ...]) -> None:
        for at, message in enumerate(messages):
            path = f"messages[{at}]"
            self._note_tools(message)
            if message.role in ("system", "developer") and not self._stands_in_place(message):
                self._hoist(message, path)
            else:
                self._say(message, path)
        self._open_with_user()
        for turn in self._turns:
            self._speak_beside_documents(turn)
        self._trim_prefill()
        self.messages = [
            {"role": turn.role, "content": [block for group in turn.content for block in group]} | (turn.extra or {})
            for turn in self._turns
        ]

    def _note_tools(self, message: Message) -> None:
        for part in message.parts:
            if isinstance(part, (ToolCall, ToolResult)):
                self.tool_names = self.tool_names or []
                if isinstance(part, ToolCall) and part.name not in self.tool_names:
                    self.tool_names.append(part.name)

    # -- system --------------------------------------------------------------------------------

    def _stands_in_place(self, message: Message) -> bool:
        """A system message that this protocol's caller put among the messages, which newer models accept."""
        return message.role == "system" and self._own(message) and "system" not in (message.spelled or {})

    def _hoist(self, message: Message, path: str) -> None:
        verbatim = self._verbatim(message)
        groups = self._groups(message, path, verbatim)
        if not verbatim:
            report_hoist(message, path, bool(self._turns), self._lines)
            groups = [group for group in groups if self._is_system(group[0], path)]
            if not groups:
                return
        self.system = [*(self.system or []), *(block for group in groups for block in group)]

    def _is_system(self, block: Any, path: str) -> bool:
        if any(kind in block for kind in _SYSTEM_TAKES):
            return True
        self._lines.append(dropped("request", path, f"`system` takes text only, no {', '.join(block)}"))
        return False

    # -- turns ---------------------------------------------------------------------------------

    def _say(self, message: Message, path: str) -> None:
        check_results(message, path)
        verbatim = self._verbatim(message)
        turn = _Turn(
            role="user" if message.role == "tool" else message.role,
            content=self._groups(message, path, verbatim),
            verbatim=verbatim,
            path=path,
            extra=turn_extra(message, path, is_own(message.origin, self._provider), self._lines),
        )
        last = self._turns[-1] if self._turns else None
        if last is not None and last.role == turn.role and not (last.verbatim and turn.verbatim):
            last.content += turn.content
            last.verbatim = False
            last.extra = {**(last.extra or {}), **(turn.extra or {})} or None
            turn = last
        elif turn.content or (verbatim and not message.parts):
            self._turns.append(turn)
        if turn.role == "user" and not turn.verbatim:
            turn.content.sort(key=lambda group: "toolResult" not in group[0])

    def _groups(self, message: Message, path: str, verbatim: bool) -> list[Group]:
        asides.report(message, path, self._lines)
        writer = BlockWriter(message.origin, self._provider, self._lines, self._names, signed=self._signed)
        groups: list[Group] = []
        for at, part in enumerate(message.parts):
            where = f"{path}.parts[{at}]"
            block = writer.write(part, where)
            mark = writer.write_mark(part, where)
            if block is not None and (verbatim or not is_blank(block)):
                groups.append([block] if mark is None else [block, mark])
            elif mark is not None and groups and len(groups[-1]) == 1:
                groups[-1].append(mark)  # what it stood behind cannot be sent, but it means everything up to there
            elif mark is not None:
                self._lines.append(dropped("request", f"{where}.cache_control", "nothing that can be sent stands before it"))
        return groups

    # -- the whole -----------------------------------------------------------------------------

    def _open_with_user(self) -> None:
        if self._turns and self._turns[0].role == "assistant" and not self._turns[0].verbatim:
            self._turns.insert(0, _Turn("user", [[{"text": _OPENING}]], verbatim=False, path="messages"))
            why = f"this protocol's conversations begin with the user, who is made to say {_OPENING!r}"
            self._lines.append(approximated("request", "messages", why))

    def _speak_beside_documents(self, turn: _Turn) -> None:
        if turn.role != "user" or turn.verbatim or not turn.holds("document") or turn.holds("text"):
            return
        turn.content.append([{"text": _BESIDE_DOCUMENT}])
        why = f"this protocol wants a text beside a document, so the user is made to say {_BESIDE_DOCUMENT!r}"
        self._lines.append(approximated("request", turn.path, why))

    def _trim_prefill(self) -> None:
        """The beginning of the answer, when the caller gives one, must not end in white space."""
        last = self._turns[-1] if self._turns else None
        if last is None or last.role != "assistant" or last.verbatim:
            return
        block = last.content[-1][0]
        if isinstance(block, dict) and isinstance(block.get("text"), str) and block["text"] != block["text"].rstrip():
            last.content[-1][0] = block | {"text": block["text"].rstrip()}
            why = "the white space at the end of the answer's given beginning is left out"
            self._lines.append(approximated("request", "messages", why))

    def _own(self, message: Message) -> bool:
        return is_own(message.origin) and message.role in _OWN_ROLES

    def _verbatim(self, message: Message) -> bool:
        return message.origin is not None and message.origin.provider is None and self._own(message)
