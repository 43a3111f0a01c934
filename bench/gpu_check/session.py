"""What every step is given."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from gpu_check import process
from gpu_check.builds import Build
from gpu_check.outcome import Failed
from gpu_check.process import Done, Word

SYNTHETIC = "synthetic"


@dataclass
class Session:
    build: Build
    root: Path
    scratch: Path
    mnist: Optional[Path]
    quick: bool
    deadline: float = 0.0  # of the step that runs, on time.monotonic's clock

    @property
    def data(self) -> str:
        return str(self.mnist) if self.mnist else SYNTHETIC

    @property
    def environment(self) -> dict[str, str]:
        given = {} if self.mnist is None else {"HOURGLASS_DATA": str(self.mnist)}
        return {**self.build.environment, **given}

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def try_run(
        self, command: Sequence[Word], environment: Optional[Mapping[str, str]] = None
    ) -> Done:
        """Whatever its status; stopped when the step's time is up."""
        left = self.seconds_left()
        if left <= 0:
            raise Failed(f"no time left for: {' '.join(str(word) for word in command[:4])}")
        chosen = self.environment if environment is None else environment
        return process.run(command, left, chosen, self.scratch)

    def run(self, command: Sequence[Word]) -> Done:
        done = self.try_run(command)
        if not done.ok:
            raise Failed(done.complaint)
        return done

    def hourglass(self, *words: Word) -> Done:
        return self.run([self.build.program, *words])

    def train(self, command: str, out: Path, *words: Word) -> dict[str, Any]:
        """`hourglass run` or `train` of the conv model into a folder; its metrics."""
        figures = ["--no-figures"] if command == "run" else []
        return self.study(command, "conv", out, "--data", self.data, *figures, *words)

    def dense(self, out: Path, *words: Word) -> dict[str, Any]:
        """`hourglass run dense` into a folder; its metrics."""
        return self.study("run", "dense", out, "--no-figures", *words)

    def study(self, command: str, name: str, out: Path, *words: Word) -> dict[str, Any]:
        self.hourglass(command, name, "--out", out, "--quiet", *words)
        try:
            metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text())
        except (OSError, ValueError) as error:
            raise Failed(f"{out.name}/metrics.json: {error}") from error
        return metrics
