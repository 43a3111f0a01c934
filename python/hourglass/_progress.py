"""Progress of long calls: tqdm's bar in a notebook where it is installed, else one plain line."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """A bar of `total` steps; `note` stands behind it. For use in a ``with``."""

    def __init__(self, what: str, total: int, verbose: Any) -> None:
        self._what, self._total, self._at = what, total, 0
        self._bar: Any = _notebook_bar(what, total) if verbose else None
        self._plain = bool(verbose) and self._bar is None
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._plain and self._width:
            print(file=sys.stderr)

    def show(self, at: int, note: str = "") -> None:
        """`at` of `total` steps are done."""
        if self._bar is not None:
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(at - self._at)
        elif self._plain:
            line = f"{self._what}: {at}/{self._total}{' ' if note else ''}{note}"
            print(f"\r{line.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(line)
        self._at = at


def _notebook_bar(what: str, total: int) -> Any:
    shell = sys.modules.get("IPython")
    if shell is None or type(shell.get_ipython()).__name__ != "ZMQInteractiveShell":
        return None
    try:
        from tqdm.notebook import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=what)
