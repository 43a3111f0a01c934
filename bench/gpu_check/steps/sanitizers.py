"""compute-sanitizer over the kernel tests, and its memory check over a short training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Optional

from gpu_check.gtest import read_report
from gpu_check.outcome import Outcome, Unavailable
from gpu_check.process import Done, Word
from gpu_check.sanitizer import TOOLS, read_findings
from gpu_check.session import Session

# Kernel tests run in every way; a replayed graph runs the same kernels as a stream.
KERNEL_TESTS = "EveryWay/*/stream"
# Errors of calls that tests provoke are no finding, and host frames say nothing of a kernel.
OPTIONS = (
    *("--report-api-errors", "no"),
    *("--show-backtrace", "no"),
    *("--print-limit", "1000"),
    *("--launch-timeout", "120"),
)
UNSUPPORTED = ("device not supported", "libraryNotLoaded", "not supported on this")


def find_tool() -> str:
    beside = Path("/usr/local/cuda/bin/compute-sanitizer")
    found = shutil.which("compute-sanitizer") or (str(beside) if beside.exists() else None)
    if found is None:
        raise Unavailable("there is no compute-sanitizer (it comes with the CUDA toolkit)")
    return found


def run(session: Session, outcome: Outcome) -> None:
    sanitizer = find_tool()
    tools = TOOLS[:1] if session.quick else TOOLS
    for number, tool in enumerate(tools):
        check_kernels(session, outcome, sanitizer, tool, share=len(tools) - number)
    if not session.quick:
        command: list[Word] = [
            session.build.program,
            "train",
            "conv",
            "--device",
            "cuda",
            "--steps",
            "3",
        ]
        command += ["--data", "synthetic:128", "--out", session.scratch / "sanitized", "--quiet"]
        check(session, outcome, sanitizer, "memcheck", "training", command)
    outcome.summary = "findings: " + ", ".join(
        f"{name} {found['ours']} + {found['libraries']}" for name, found in outcome.details.items()
    )


def check_kernels(
    session: Session, outcome: Outcome, sanitizer: str, tool: str, share: int
) -> None:
    report = session.scratch / f"{tool}.json"
    command: list[Word] = [session.build.cuda_tests, f"--gtest_filter={KERNEL_TESTS}"]
    command += [f"--gtest_output=json:{report}", "--gtest_color=no"]
    done = check(session, outcome, sanitizer, tool, tool, command, share)
    if done is None:
        return
    tests = read_report(report, done.output)
    if tests is None:
        outcome.problems.append(f"{tool}: the tests did not end by themselves")
    else:
        outcome.details[tool]["tests"] = tests.ran
        outcome.expect(tests.passed > 0, f"{tool}: no test is named {KERNEL_TESTS}")
        outcome.problems += [f"{tool}: {failure}" for failure in tests.failed]


def check(
    session: Session,
    outcome: Outcome,
    sanitizer: str,
    tool: str,
    name: str,
    command: list[Word],
    share: int = 1,
) -> Optional[Done]:
    """One tool over one command; None if this tool cannot work here."""
    step_deadline = session.deadline
    session.deadline -= session.seconds_left() * (share - 1) / share  # the others' turn comes too
    try:
        done = session.try_run([sanitizer, "--tool", tool, *OPTIONS, *command])
    finally:
        session.deadline = step_deadline
    text = done.output + done.error
    if any(words.lower() in text.lower() for words in UNSUPPORTED):
        outcome.missing.append(f"{name}: compute-sanitizer does not support this machine")
        return None
    findings = read_findings(text)
    if done.timed_out or findings is None:
        outcome.problems.append(f"{name}: {done.complaint}")
        return None
    outcome.details[name] = {
        "ours": len(findings.ours),
        "libraries": len(findings.libraries),
        "seconds": round(done.seconds, 2),
        "first": (findings.ours + findings.libraries)[:5],
    }
    outcome.problems += [f"{name}: {finding}" for finding in findings.ours[:5]]
    # initcheck knows nothing of how libraries' kernels share memory; elsewhere a finding is one.
    if tool != "initcheck":
        outcome.problems += [f"{name}: {finding}" for finding in findings.libraries[:5]]
    if not done.ok and not findings.total:
        outcome.problems.append(f"{name}: {done.complaint}")
    return done
