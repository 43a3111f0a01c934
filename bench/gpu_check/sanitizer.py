"""What compute-sanitizer printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

TOOLS = ("memcheck", "racecheck", "synccheck", "initcheck")

_ERRORS = re.compile(r"^=+ ERROR SUMMARY: (\d+) error", re.MULTILINE)
_HAZARDS = re.compile(r"^=+ RACECHECK SUMMARY: (\d+) hazards? displayed", re.MULTILINE)
_FINDING = re.compile(r"^=+ (?! )(.+)$")  # a finding's first line; what follows is indented
_PLACE = re.compile(r"^=+ .*\bat (.+)$")
_NO_FINDING = ("COMPUTE-SANITIZER", "ERROR SUMMARY", "RACECHECK SUMMARY", "LEAK SUMMARY")


@dataclass
class Finding:
    what: str
    places: list[str] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """A kernel of ours, or no kernel at all; libraries' kernels have other names."""
        return not self.places or any("hourglass" in place for place in self.places)

    def __str__(self) -> str:
        return f"{self.what} {self.places[0] if self.places else ''}".strip()


@dataclass
class Findings:
    total: int
    ours: list[str]
    libraries: list[str]


def read_findings(output: str) -> Optional[Findings]:
    """None where there is no summary: the tool itself failed."""
    summary = _HAZARDS.search(output) or _ERRORS.search(output)
    if summary is None:
        return None
    found = _split(output)
    ours = [str(finding) for finding in found if finding.ours]
    libraries = [str(finding) for finding in found if not finding.ours]
    hidden = int(summary[1]) - len(found)  # past the tool's limit of what it prints
    if hidden > 0:
        ours.append(f"{hidden} more that were not printed")
    return Findings(int(summary[1]), ours, libraries)


def _split(output: str) -> list[Finding]:
    found: list[Finding] = []
    for line in output.splitlines():
        first = _FINDING.match(line)
        if first and not first[1].startswith(_NO_FINDING):
            found.append(Finding(first[1].strip()))
        place = _PLACE.match(line)
        if place and found and "backtrace" not in line and "Host Frame" not in line:
            found[-1].places.append(place[1].strip())
    return [finding for finding in found if _is_error(finding)]


def _is_error(finding: Finding) -> bool:
    """Notices, such as where a program is attached to, have neither a place nor these words."""
    words = ("error", "invalid", "uninitialized", "race", "barrier", "misaligned", "hit")
    return bool(finding.places) or any(word in finding.what.lower() for word in words)
