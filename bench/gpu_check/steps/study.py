"""The study as a user runs it, in several turns: what it learns and how long it takes."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, Sequence

from gpu_check.outcome import Outcome
from gpu_check.session import Session
from gpu_check.steps.repeatability import expect_same

BOUNDS = {1: 0.090, 10: 0.0735}  # validation loss on MNIST after so many epochs
EPOCHS = 10
# All three seeds, and two of them again: five times, and repetition tested at full length.
PLAN = {"fp32": (0, 1, 2, 0, 1), "tf32": (0, 1, 2, 0, 1)}
QUICK_PLAN = {"fp32": (0,)}


def run(session: Session, outcome: Outcome) -> None:
    if session.mnist is None:
        outcome.missing.append(
            "losses beside their bounds: no MNIST here, synthetic digits instead"
        )
    outcome.details["data"] = session.data
    parts = []
    for precision, seeds in (QUICK_PLAN if session.quick else PLAN).items():
        turns = []
        folders: dict[int, Path] = {}
        for turn, seed in enumerate(seeds):
            out = session.scratch / f"study.{precision}.{turn}"
            metrics = session.train(
                "run",
                out,
                "--device",
                "cuda",
                "--epochs",
                str(EPOCHS),
                "--seed",
                str(seed),
                "--precision",
                precision,
            )
            turns.append({"seed": seed, "epochs": metrics["epochs"], "stages": metrics["stages"]})
            outcome.details[precision] = summarize(turns)
            judge_losses(session, outcome, f"{precision}, seed {seed}", metrics["epochs"])
            if seed in folders:
                expect_same(outcome, f"{precision}, seed {seed}, whole study", folders[seed], out)
            folders.setdefault(seed, out)
        found = outcome.details[precision]
        parts.append(
            f"{precision}: {found['epoch_seconds']['median']:.3f} s an epoch, "
            f"loss {found['last_loss']['max']:.4f}"
        )
    outcome.summary = "; ".join(parts)


def judge_losses(
    session: Session, outcome: Outcome, what: str, epochs: Sequence[dict[str, Any]]
) -> None:
    outcome.expect(len(epochs) == EPOCHS, f"{what}: {len(epochs)} epochs instead of {EPOCHS}")
    if session.mnist is None or len(epochs) != EPOCHS:
        return
    for epoch, bound in BOUNDS.items():
        loss = epochs[epoch - 1]["validation_loss"]
        outcome.at_most(f"{what}: validation loss after epoch {epoch}", loss, bound)


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarize(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over turns. An epoch's time is the median of a turn's, the first left out: it records."""
    later = [turn["epochs"][1:] or turn["epochs"] for turn in turns]
    seconds = [statistics.median(epoch["seconds"] for epoch in epochs) for epochs in later]
    rates = [statistics.median(epoch["images_per_second"] for epoch in epochs) for epochs in later]
    stages = sorted({stage for turn in turns for stage in turn["stages"]})
    return {
        "epoch_seconds": spread(seconds),
        "first_epoch_seconds": spread([turn["epochs"][0]["seconds"] for turn in turns]),
        "images_per_second": spread(rates),
        "first_loss": spread([turn["epochs"][0]["validation_loss"] for turn in turns]),
        "last_loss": spread([turn["epochs"][-1]["validation_loss"] for turn in turns]),
        "stage_seconds": {
            stage: spread([turn["stages"].get(stage, 0.0) for turn in turns]) for stage in stages
        },
        "turns": list(turns),
    }
