"""A conversation for a provider of this protocol: where its rules on turns, roles and system messages are met.

What a caller of this very protocol said goes back as it was said; anything else is brought into order:
https://ai.google.dev/gemini-api/docs/function-calling (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError
from turnout.receipt import approximated, dropped, mapped
from turnout.types import Message, ReceiptLine, ToolCall, ToolResult
from turnout.wire import asides
from turnout.wire.gemini.contents import cut
from turnout.wire.gemini.part_writer import UNSIGNED, PartWriter
from turnout.wire.gemini.words import generation, is_own, said_in

_ROLES = {"user": "user", "assistant": "model", "tool": "user", "system": "user", "developer": "user"}


class ConversationWriter:
    """``system`` is None when there is none; ``contents`` and it are complete after ``write``."""

    def __init__(self, provider: str, model: str, lines: list[ReceiptLine]) -> None:
        self._provider = provider
        self._signs = (generation(model) or 3) >= 3  # from this generation on, a call without a signature is refused
        self._surely_signs = (generation(model) or 0) >= 3
        self._turn_begins = 0  # the message that the turn in hand answers: signatures are asked for from there on
        self._lines = lines
        self._writer = PartWriter(provider, lines)
        # Whether the last content, which no caller of this protocol wrote, holds results of tools, or calls of them.
        self._results_open = False
        self._answer_open = False
        self.system: dict[str, Any] | None = None
        self.contents: list[dict[str, Any]] = []

    def write(self, messages: tuple[Message, ...]) -> None:
        self._turn_begins = max((at for at, message in enumerate(messages) if _is_said(message)), default=0)
        for at, message in enumerate(messages):
            path = f"messages[{at}]"
            verbatim = is_own(message.origin) and message.origin is not None and message.origin.provider is None
            if message.role in ("system", "developer"):
                self._instruct(message, path, verbatim)
            elif verbatim:
                self._repeat(message, path, at)
            else:
                self._say(message, path, at)
        if not self.contents and self.system is not None and not _only_own(messages):
            self.contents = [{"role": "user", "parts": self.system["parts"]}]
            self.system = None
            why = "this protocol needs a content beside the system instruction: the user is made to say it"
            self._lines.append(approximated("request", "messages", why))

    # -- system --------------------------------------------------------------------------------

    def _instruct(self, message: Message, path: str, verbatim: bool) -> None:
        parts = self._parts(message, path)
        if verbatim and self.system is None:
            role = (message.spelled or {}).get("role")
            self.system = ({} if role is None else {"role": role}) | _content(message, parts)
            return
        if not verbatim:
            if self.contents:
                why = "a system message in the middle of the conversation holds from its beginning: it goes to systemInstruction"
                self._lines.append(approximated("request", path, why))
            else:
                self._lines.append(mapped("request", path, f"the {message.role} message goes to systemInstruction"))
            self._report_rest(message, path)
            texts = [part for part in parts if part.get("text")]
            if len(texts) < len([part for part in parts if "text" not in part or part["text"]]):
                self._lines.append(dropped("request", path, "systemInstruction takes text only"))
            parts = texts
        if parts:
            before = self.system["parts"] if self.system is not None else []
            self.system = {"parts": [*(before if isinstance(before, list) else [before]), *parts]}

    # -- turns ---------------------------------------------------------------------------------

    def _repeat(self, message: Message, path: str, at: int) -> None:
        parts = self._parts(message, path, in_turn=at > self._turn_begins)
        spelled = (message.spelled or {}).get("role")
        role = {"assistant": "model", "tool": "function"}.get(message.role, "user")
        content = {"role": None if spelled == "null" else role} if spelled != "absent" else {}
        cuts = (message.spelled or {}).get("contents")
        if cuts is not None:
            self.contents += [content | {"parts": piece} for piece in cut(parts, cuts)]
        else:
            self.contents.append(content | _content(message, parts))
        self._results_open = self._answer_open = False

    def _say(self, message: Message, path: str, at: int) -> None:
        """Results come first and in one content, as do calls, those of several messages too: their numbers must be the same."""
        if message.role == "tool" and not any(isinstance(part, ToolResult) for part in message.parts):
            raise RequestError(f"{path}: a tool message must hold a ToolResult, which names the call it answers", param=path)
        self._report_rest(message, path)
        parts = self._parts(message, path, in_turn=at > self._turn_begins)
        results = [part for part in parts if _is_result(part)]
        if results:
            if self._results_open:
                self.contents[-1]["parts"] += results
            else:
                self.contents.append({"role": "user", "parts": results})
            self._results_open = True
        rest = [part for part in parts if not _is_result(part) and (part.keys() != {"text"} or part["text"])]
        if rest and message.role == "assistant" and self._answer_open:
            self.contents[-1]["parts"] += rest
        elif rest:
            extra = (message.extra or {}) if message.origin is None or is_own(message.origin, self._provider) else {}
            self.contents.append({"role": _ROLES[message.role], "parts": rest} | extra)
            self._results_open = False
        if rest or results:
            self._answer_open = message.role == "assistant"

    def _parts(self, message: Message, path: str, *, in_turn: bool = False) -> list[dict[str, Any]]:
        """``in_turn``: the message belongs to the turn in hand, in which a call of any model but the one asked needs the mark.

        https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)
        """
        asides.report(message, path, self._lines)
        parts: list[dict[str, Any]] = []
        called = False
        for at, part in enumerate(message.parts):
            written = self._writer.write(part, f"{path}.parts[{at}]", message.origin)
            if written is None:
                continue
            if isinstance(part, ToolCall):
                foreign = not is_own(part.origin or message.origin, self._provider)
                unsigned = in_turn and self._surely_signs and not _is_signed(written)
                if not called and ((self._signs and foreign) or unsigned):
                    written.setdefault("thoughtSignature", UNSIGNED)
                    why = "the call was not signed by this provider; it is sent with the mark that says so"
                    self._lines.append(mapped("request", f"{path}.parts[{at}]", why))
                called = True
            parts.append(written)
        return parts

    def _report_rest(self, message: Message, path: str) -> None:
        if message.name is not None:
            self._lines.append(dropped("request", f"{path}.name", "this protocol does not name who speaks"))
        if message.origin is not None and not is_own(message.origin, self._provider) and (names := said_in(message.extra)):
            self._lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))


def _content(message: Message, parts: list[Any]) -> dict[str, Any]:
    """The message as its caller wrote it, without a role that is ours to say."""
    match (message.spelled or {}).get("parts"):
        case "object" if len(parts) == 1:
            said: dict[str, Any] = {"parts": parts[0]}
        case "absent" if not parts:
            said = {}
        case _:
            said = {"parts": parts}
    return said | (message.extra or {})


def _is_said(message: Message) -> bool:
    """True for a turn of the user that is more than results of tools."""
    return message.role == "user" and not all(isinstance(part, ToolResult) for part in message.parts)


def _is_signed(part: dict[str, Any]) -> bool:
    return "thoughtSignature" in part or "thought_signature" in part


def _is_result(part: dict[str, Any]) -> bool:
    return "functionResponse" in part or "function_response" in part


def _only_own(messages: tuple[Message, ...]) -> bool:
    return all(is_own(message.origin) for message in messages)
