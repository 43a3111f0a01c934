"""Training beside PyTorch, in turns, by bench/peers/pytorch_gpu.py."""

from __future__ import annotations

import json
import os
from typing import Any

from gpu_check import machine
from gpu_check.outcome import Failed, Outcome, Unavailable
from gpu_check.process import Word
from gpu_check.session import Session

NOT_HERE = 77


def run(session: Session, outcome: Outcome) -> None:
    result = compare(session)
    outcome.details.update(result)
    ratios = result["epoch_seconds_over_hourglass"]
    outcome.summary = "an epoch takes PyTorch " + ", ".join(
        f"{ratio:.1f}x ({name})" for name, ratio in ratios.items()
    )


def compare(session: Session) -> dict[str, Any]:
    """By the first Python that has PyTorch for this GPU, in its own environment."""
    script = session.root / "bench" / "peers" / "pytorch_gpu.py"
    options: list[Word] = ["--hourglass", session.build.program, "--data", session.data]
    options += ["--library-path", session.build.library_path]
    reasons = []
    for python in machine.pythons():
        done = session.try_run([python, script, *options], dict(os.environ))
        if done.status != NOT_HERE:
            break
        said = done.error.strip().splitlines()
        reasons.append(f"{python}: {said[-1] if said else 'no reason given'}")
    else:
        raise Unavailable("; ".join(reasons))
    if not done.ok:
        raise Failed(done.complaint)
    try:
        result: dict[str, Any] = json.loads(done.output)
    except ValueError as error:
        raise Failed(f"{done.command}: not JSON: {error}") from error
    return result
