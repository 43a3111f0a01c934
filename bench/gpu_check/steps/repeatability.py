"""Two runs with one seed write the same bytes, in every precision."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gpu_check.outcome import Outcome
from gpu_check.session import Session

FILES = ("weights.safetensors", "latent.npy", "reconstructions.npy", "pca.npy")
SEED = "7"


def checksums(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def expect_same(outcome: Outcome, what: str, first: Path, second: Path) -> None:
    ours, theirs = checksums(first), checksums(second)
    for name in FILES:
        outcome.expect(ours[name] == theirs[name], f"{what}: {name} differs between two runs")


def run(session: Session, outcome: Outcome) -> None:
    precisions = ("fp32", "tf32")
    for precision in precisions:
        folders = [session.scratch / f"repeat.{precision}.{turn}" for turn in (1, 2)]
        for folder in folders:
            session.train(
                "run",
                folder,
                "--device",
                "cuda",
                "--epochs",
                "1",
                "--seed",
                SEED,
                "--precision",
                precision,
            )
        expect_same(outcome, precision, *folders)
        outcome.details[precision] = checksums(folders[0])
    outcome.summary = f"{len(FILES)} files the same in {' and '.join(precisions)}"
