"""How far a discovery is: a bar for each provider on a terminal, lines and dots anywhere else. It is all on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from turnout.cli.failures import say

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from turnout.discovery.outcomes import Step


class Progress:
    """Shows steps as they come. In a ``with``, which leaves the terminal as it was, however it ends."""

    def __init__(self) -> None:
        from turnout.cli.terminal import can_redraw

        self._bars: Any = _rich_progress() if can_redraw(sys.stderr) else None
        self._tasks: dict[str, Any] = {}
        self._dots: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show(self, step: Step) -> None:
        if self._bars is None:
            self._line(step)
        else:
            self._bar(step)

    def _line(self, step: Step) -> None:
        """The dots of a provider on one line of their own, when it is done: those of several at once would be nobody's."""
        if step.kind == "asked":
            self._dots[step.provider] = self._dots.get(step.provider, 0) + 1
            return
        if dots := self._dots.pop(step.provider, 0):
            say("." * dots)
        say(step.text, "yellow" if step.kind == "failed" else "")

    def _bar(self, step: Step) -> None:
        if step.kind == "asking":
            self._tasks[step.provider] = self._bars.add_task(_plain(step.provider), total=step.total)
        elif step.kind == "asked":
            self._bars.advance(self._tasks[step.provider])
        elif step.kind != "listed":
            if (task := self._tasks.pop(step.provider, None)) is not None:
                self._bars.remove_task(task)
            self._bars.console.print(_plain(step.text), highlight=False)


def _rich_progress() -> Any:
    """None where rich is not installed: the lines say the same."""
    try:
        from rich.console import Console  # 60 ms, and only a terminal needs it
        from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bars, TextColumn, TimeElapsedColumn
    except ImportError:
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(*columns, console=Console(stderr=True), transient=True)


def _plain(text: str) -> str:
    """For rich: no markup, no key, no control character."""
    from rich.markup import escape

    from turnout.cli.failures import without_keys
    from turnout.cli.terminal import printable

    return escape(printable(without_keys(text)))
