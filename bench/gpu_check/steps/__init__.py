"""The steps, in the order they run: what matters most first, in case time runs out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from gpu_check.outcome import Outcome
from gpu_check.session import Session
from gpu_check.steps import (
    agreement,
    benchmarks,
    program,
    pytorch,
    repeatability,
    sanitizers,
    study,
    tests,
)


@dataclass(frozen=True)
class Step:
    name: str
    about: str
    run: Callable[[Session, Outcome], None]
    seconds: int  # at most
    quick_seconds: Optional[int]  # the same of --quick; None: not part of it
    essential: bool = True


STEPS = (
    Step("program", "the program, its libraries, the GPU as it sees it", program.run, 60, 30),
    Step("tests", "every test executable; none may skip for want of a GPU", tests.run, 150, 60),
    Step("agreement", "CPU, CUDA and PyTorch in double: the same numbers", agreement.run, 90, 45),
    Step("repeat", "the same seed gives the same bytes", repeatability.run, 60, 30),
    Step("study", "losses and times of the whole study on MNIST", study.run, 150, 45),
    Step("sanitizer", "compute-sanitizer over the kernel tests", sanitizers.run, 240, 30),
    Step("pytorch", "PyTorch on the same GPU, in turns", pytorch.run, 120, None, False),
    Step("bench", "Google Benchmark of kernels and library calls", benchmarks.run, 90, None, False),
)
