"""The end: a table for people, a JSON for what comes after."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Sequence

from gpu_check.outcome import Outcome

FORMAT = 1


def default_file(root: Path, gpu: str, date: str, kind: str) -> Path:
    """A quick or partial run never takes the place of a full one."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", gpu).strip("-") or "GPU"
    suffix = "" if kind == "full" else f"-{kind}"
    return root / "bench" / "results" / f"{name}-{date[:10]}{suffix}.json"


def to_json(header: dict[str, Any], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        **header,
        "passed": all(outcome.good for outcome in outcomes),
        "seconds": round(sum(outcome.seconds for outcome in outcomes), 1),
        "steps": {outcome.name: outcome.to_json() for outcome in outcomes},
    }


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: a run that is cut short leaves what it had."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(file)


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [f"{'step':<12}{'result':<10}{'seconds':>8}  what was seen"]
    for outcome in outcomes:
        seen = outcome.summary or outcome.unavailable or outcome.left_out or ""
        lines.append(f"{outcome.name:<12}{outcome.status:<10}{outcome.seconds:8.1f}  {seen}")
    for outcome in outcomes:
        weight = "" if outcome.essential else " (not essential)"
        lines += [f"  skipped in {outcome.name}{weight}: {what}" for what in outcome.skipped]
        lines += [f"  note from {outcome.name}: {what}" for what in outcome.notes]
    for outcome in outcomes:
        lines += [f"  PROBLEM in {outcome.name}: {what}" for what in outcome.problems]
    return "\n".join(lines)


def verdict(outcomes: Sequence[Outcome]) -> str:
    failed = [outcome.name for outcome in outcomes if outcome.problems]
    incomplete = [outcome.name for outcome in outcomes if not outcome.good and not outcome.problems]
    left_out = [outcome.name for outcome in outcomes if outcome.left_out is not None]
    parts = [f"failed: {', '.join(failed)}"] if failed else []
    parts += [f"essential but skipped: {', '.join(incomplete)}"] if incomplete else []
    if parts:
        return "FAILED (" + "; ".join(parts) + ")"
    return "passed" + (f" (left out: {', '.join(left_out)})" if left_out else "")
