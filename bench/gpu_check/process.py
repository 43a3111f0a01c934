"""Runs a program to its end or to a deadline, never longer."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence, Union

Word = Union[str, Path]


@dataclass(frozen=True)
class Done:
    command: str
    status: int
    output: str
    error: str
    seconds: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.status == 0 and not self.timed_out

    @property
    def complaint(self) -> str:
        """One line: how it ended and the last thing it said."""
        if self.timed_out:
            how = f"stopped after {self.seconds:.0f} s"
        elif self.status < 0:
            how = f"killed by signal {-self.status}"
        else:
            how = f"status {self.status}"
        said = (self.error.strip() or self.output.strip()).splitlines()
        return f"{self.command}: {how}" + (f": {said[-1].strip()}" if said else "")


def run(
    command: Sequence[Word],
    timeout: float,
    environment: Optional[Mapping[str, str]] = None,
    folder: Optional[Path] = None,
) -> Done:
    """At the deadline the whole process group is killed: tools start children of their own."""
    words = [str(word) for word in command]
    shown = " ".join([Path(words[0]).name] + words[1:])
    start = time.monotonic()
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
        )
    except OSError as reason:
        return Done(shown, 127, "", reason.strerror or str(reason), time.monotonic() - start)
    timed_out = False
    try:
        output, error = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        _kill(process)
        output, error = process.communicate()
    except BaseException:
        _kill(process)
        raise
    return Done(shown, process.returncode, output, error, time.monotonic() - start, timed_out)


def _kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
