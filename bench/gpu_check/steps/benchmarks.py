"""Google Benchmark's numbers for the CUDA target."""

from __future__ import annotations

import json
from typing import Any

from gpu_check.outcome import Failed, Outcome, Unavailable
from gpu_check.session import Session

_MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}


def parse(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Benchmark -> microseconds and rates."""
    rows = {}
    for entry in report["benchmarks"]:
        if entry.get("run_type", "iteration") != "iteration":
            continue
        row = {"us": round(entry["real_time"] * _MICROSECONDS[entry["time_unit"]], 3)}
        for name, counter, unit in (
            ("GB/s", "Bytes", 1e9),
            ("GFLOP/s", "FLOP", 1e9),
            ("images/s", "Images", 1.0),
        ):
            if counter in entry:
                row[name] = round(entry[counter] / unit, 3)
        rows[entry["name"].split("/min_time:")[0]] = row
    return rows


def run(session: Session, outcome: Outcome) -> None:
    program = session.build.benchmarks
    if not program.exists():
        raise Unavailable(f"{program.name} was not built (HOURGLASS_BENCH=ON)")
    file = session.scratch / "benchmarks.json"
    done = session.run([program, f"--benchmark_out={file}", "--benchmark_out_format=json"])
    try:
        report = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Failed(f"{done.command} wrote no report: {error}") from error
    outcome.details["benchmarks"] = parse(report)
    errors = [entry for entry in report["benchmarks"] if entry.get("error_occurred")]
    outcome.problems += [f"{entry['name']}: {entry.get('error_message')}" for entry in errors]
    outcome.summary = f"{len(outcome.details['benchmarks'])} benchmarks"
