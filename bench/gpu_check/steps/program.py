"""The program starts here and finds the GPU usable."""

from __future__ import annotations

import re
from typing import Any

from gpu_check.outcome import Outcome
from gpu_check.session import Session


def parse_info(text: str) -> dict[str, Any]:
    """`hourglass info`: sections of indented rows, a name and a value each."""
    sections: dict[str, Any] = {}
    rows: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("  "):
            name, _, value = line.strip().partition("  ")
            rows[name] = value.strip()
        elif re.fullmatch(r"\w+", line.strip()):
            rows = sections[line.strip()] = {}
    return sections


def run(session: Session, outcome: Outcome) -> None:
    version = session.hourglass("--version").output.strip()
    info = parse_info(session.hourglass("info").output)
    outcome.details.update(version=version, info=info)
    gpu = info.get("devices", {}).get("cuda:0")
    if gpu is None:
        why = info.get("devices", {}).get("cuda", "it names none")
        outcome.problems.append(f"the program cannot use the GPU: {why}")
        return
    outcome.summary = f"{version} on {gpu}"
