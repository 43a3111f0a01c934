"""Every test executable, at once: the CPU's need no GPU, and the CUDA ones hardly a CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

from gpu_check.gtest import TestReport, last_started, read_report
from gpu_check.outcome import Failed, Outcome
from gpu_check.process import Done
from gpu_check.session import Session

_WANT_OF_GPU = ("no gpu", "no nvidia", "no cuda", "not usable", "no reason given")


def for_want_of_gpu(reason: str) -> bool:
    return any(words in reason.lower() for words in _WANT_OF_GPU)


def by_reason(skipped: dict[str, str]) -> dict[str, str]:
    """Reason -> the tests it kept from running, named where they are few."""
    tests: dict[str, list[str]] = {}
    for test, reason in skipped.items():
        tests.setdefault(reason, []).append(test)
    return {
        reason: ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        for reason, names in tests.items()
    }


def run(session: Session, outcome: Outcome) -> None:
    programs = session.build.tests
    if session.build.cuda_tests not in programs:
        raise Failed(f"{session.build.cuda_tests.name} is not in {session.build.folder}")

    def start(program: Path) -> Done:
        report = session.scratch / f"{program.name}.json"
        return session.try_run([program, f"--gtest_output=json:{report}", "--gtest_color=no"])

    with ThreadPoolExecutor(len(programs)) as pool:
        finished = list(pool.map(start, programs))
    executables = outcome.details["executables"] = {}
    for program, done in zip(programs, finished):
        report = read_report(session.scratch / f"{program.name}.json", done.output)
        executables[program.name] = judge(program.name, done, report, outcome)
    totals = outcome.details["totals"] = {
        key: sum(counts[key] for counts in executables.values())
        for key in ("passed", "failed", "skipped")
    }
    outcome.summary = ", ".join(f"{count} {key}" for key, count in totals.items())


def judge(name: str, done: Done, report: Optional[TestReport], outcome: Outcome) -> dict[str, Any]:
    if report is None:
        outcome.problems.append(f"{done.complaint} (in {last_started(done.output)})")
        report = TestReport()
    elif not done.ok and not report.failed:
        outcome.problems.append(done.complaint)
    elif report.ran == 0 and not report.skipped:
        outcome.problems.append(f"{name} holds no test")
    outcome.problems += [f"{name}: {failure}" for failure in report.failed]
    for reason, tests in by_reason(report.skipped).items():
        if for_want_of_gpu(reason):
            outcome.problems.append(f"{name}: skipped on a machine with a GPU: {tests}: {reason}")
        else:
            outcome.notes.append(f"{name}: skipped {tests}: {reason}")
    return {
        "passed": report.passed,
        "failed": len(report.failed),
        "skipped": len(report.skipped),
        "seconds": round(done.seconds, 2),
    }
