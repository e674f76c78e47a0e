"""Progress of long calls: one line on stderr in a terminal, one output in a notebook, nothing anywhere else."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any, Callable, Mapping

#: Calls that end sooner show nothing.
_SILENT_SECONDS = 0.7
_SECONDS_BETWEEN = 0.1


def is_watched() -> bool:
    """Whether somebody would see it: stderr is a terminal, or this is a notebook."""
    return _in_notebook() or sys.stderr.isatty()


class ProgressLine:
    """Called with lines of progress; `close()` wipes the line away."""

    def __init__(self) -> None:
        self._begun = self._drawn = time.monotonic()
        self._display: Any = None
        self._length = 0

    def __call__(self, line: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if now - self._begun < _SILENT_SECONDS or now - self._drawn < _SECONDS_BETWEEN:
            return
        self._drawn = now
        self._show(describe(line, now - self._begun))

    def close(self) -> None:
        if self._display is not None:
            self._display.update({"text/plain": ""}, raw=True)
        elif self._length:
            self._show("")

    def _show(self, text: str) -> None:
        if _in_notebook():
            from IPython.display import display  # type: ignore[import-not-found]

            if self._display is None:
                self._display = display({"text/plain": text}, raw=True, display_id=True)
            else:
                self._display.update({"text/plain": text}, raw=True)
            return
        sys.stderr.write(f"\r{text.ljust(self._length)}" if text else f"\r{' ' * self._length}\r")
        sys.stderr.flush()
        self._length = len(text)


class Moving:
    """Counts the bytes of a transfer, from several threads, and tells them as lines of progress."""

    def __init__(self, task: str, total: int, tell: Callable[[Mapping[str, Any]], None]):
        self._task, self._total, self._tell = task, total, tell
        self._moved = 0
        self._turn = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._turn:
            self._moved += count
            self._tell({"task": self._task, "step": round(self._moved / 1e6), "steps": round(self._total / 1e6), "unit": "MB"})


def describe(line: Mapping[str, Any], seconds: float) -> str:
    """'truncatedSvd 40 of 100, 3 of 10 triplets, 2 s'"""
    steps = f" of {line['steps']:g}" if line.get("steps") else ""
    unit = f" {line['unit']}" if line.get("unit") else ""
    note = f", {line['note']}" if line.get("note") else ""
    return f"{line['task']} {line['step']:g}{steps}{unit}{note}, {seconds:.0f} s"


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    return running is not None and type(running).__name__ == "ZMQInteractiveShell"
