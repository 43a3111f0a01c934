"""Runs a program to its end or to a deadline, never longer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional, Union

STOPPED, NOT_FOUND = 124, 127  # as in a shell


def run(
    words: Sequence[Union[str, Path]],
    seconds: float,
    folder: Path,
    environment: Optional[Mapping[str, str]] = None,
) -> tuple[int, str]:
    """Its status and all that it said. At the deadline the whole process group is killed: programs
    start others of their own."""
    try:
        process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return NOT_FOUND, f"{words[0]}: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        _kill_group(process)
        output, _ = process.communicate()
        return STOPPED, f"{output}\nstopped after {seconds:.0f} s"
    except BaseException:  # Ctrl-C
        _kill_group(process)
        raise


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
