"""What a step found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional


class Unavailable(Exception):
    """A step, or a part of one, cannot be done on this machine."""


class Failed(Exception):
    """A step cannot go on: a program it needs failed or ran out of time."""


@dataclass
class Outcome:
    """A step fills it in as it goes, so what was found before a failure is kept."""

    name: str
    essential: bool = True
    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # what could not be checked, and why
    notes: list[str] = field(default_factory=list)  # left undone, and no GPU could change that
    details: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    seconds: float = 0.0
    unavailable: Optional[str] = None  # why the step could not run at all
    left_out: Optional[str] = None  # the user did not ask for it

    @property
    def status(self) -> str:
        if self.left_out is not None:
            return "left out"
        if self.problems:
            return "FAILED"
        return "passed" if self.unavailable is None else "skipped"

    @property
    def skipped(self) -> list[str]:
        """Everything that was to be checked and could not be."""
        whole = [] if self.unavailable is None else [self.unavailable]
        return whole + self.missing

    @property
    def good(self) -> bool:
        return not self.problems and not (self.essential and self.skipped)

    def expect(self, condition: bool, problem: str) -> None:
        if not condition:
            self.problems.append(problem)

    def at_most(self, what: str, value: float, bound: float) -> None:
        """NaN is not at most anything."""
        self.expect(value <= bound, f"{what} is {value:.3g}, above {bound:g}")

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "essential": self.essential,
            "seconds": round(self.seconds, 2),
            "summary": self.summary,
            "problems": self.problems,
            "skipped": self.skipped,
            "notes": self.notes,
            **self.details,
        }
