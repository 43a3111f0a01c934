"""What a GoogleTest executable reported: its JSON, and from its output why tests skipped."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

_RUN = re.compile(r"^\[ RUN      \] (\S+)$")
_END = re.compile(r"^\[\s+(?:OK|FAILED|SKIPPED) \] (\S+?),?(?: |$)")


@dataclass
class TestReport:
    passed: int = 0
    failed: list[str] = field(default_factory=list)  # "Suite.Test: first failure"
    skipped: dict[str, str] = field(default_factory=dict)  # test -> why

    @property
    def ran(self) -> int:
        return self.passed + len(self.failed)


def read_report(file: Path, output: str) -> Optional[TestReport]:
    """None where the executable wrote no report: it crashed or was stopped."""
    try:
        suites = json.loads(file.read_text())["testsuites"]
    except (OSError, ValueError, KeyError):
        return None
    report = TestReport()
    reasons = skip_reasons(output)
    for suite in suites:
        for test in suite["testsuite"]:
            if test.get("status") == "RUN":
                _count(report, f"{suite['name']}.{test['name']}", test, reasons)
    return report


def _count(report: TestReport, name: str, test: dict[str, Any], reasons: dict[str, str]) -> None:
    if test.get("failures"):
        first = test["failures"][0].get("failure", "").strip().splitlines()
        report.failed.append(f"{name}: {' '.join(line.strip() for line in first[:4])}")
    elif test.get("result") == "SKIPPED":
        report.skipped[name] = reasons.get(name, "no reason given")
    else:
        report.passed += 1


def skip_reasons(output: str) -> dict[str, str]:
    reasons: dict[str, str] = {}
    name, said = None, False
    for line in output.splitlines():
        if match := _RUN.match(line):
            name, said = match[1], False
        elif name and line.rstrip().endswith(": Skipped"):
            said = True
        elif name and said:
            reasons.setdefault(name, line.strip())
            said = False
    return reasons


def last_started(output: str) -> str:
    """The test that was running when the output ends."""
    running = None
    for line in output.splitlines():
        if match := _RUN.match(line):
            running = match[1]
        elif _END.match(line):
            running = None
    return running or "no test"
