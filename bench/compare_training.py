#!/usr/bin/env python3
"""Training of the conv model beside PyTorch on the same CPU, in one run.

    python bench/compare_training.py --hourglass build/hourglass --data data/mnist
    python bench/compare_training.py ... --seeds 0 1 2 --epochs 10

Without --seeds it compares speed: ours, theirs, ours, theirs, ... Each turn starts from fresh
weights and trains --epochs-per-round epochs; an epoch's seconds are its training and its
validation, for both. Ours are read from the run folder's metrics.json, so starting the program and
reading files count for neither side.

With --seeds it compares what is learnt: validation loss after the first and the last epoch.

PyTorch runs as fast as eager mode honestly goes: all images in memory as floats, shuffled by one
indexing an epoch, channels last, relu in place, bce from logits, Adam `foreach` or `fused` as a
short trial decides, no data loader, no read-back within an epoch. Same batch size, threads,
learning rate and Adam's eps.
Needs torch and numpy.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from common import conv_model, cpu_name, read_images, usable_cpus


def fail(message: str) -> NoReturn:
    sys.exit(f"compare_training: error: {message}")


try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ImportError as missing:
    fail(
        f"no module {missing.name!r}; install PyTorch for the CPU with: {sys.executable} -m pip "
        "install numpy torch --index-url https://download.pytorch.org/whl/cpu "
        "--extra-index-url https://pypi.org/simple"
    )

BATCH_SIZE = 64
LEARNING_RATE = 1e-3
VALIDATION_BATCH_SIZE = 64  # what PyTorch does fastest: 500 takes twice as long
STEADY = 1.3  # slowest epoch over fastest; PyTorch's threads suffer tenfold from a busy machine
BOUNDS = {1: 0.090, 10: 0.0735}  # validation loss on MNIST after so many epochs


class Epoch(NamedTuple):
    seconds: float
    train_loss: float
    validation_loss: float


class Images(NamedTuple):
    """(N, 1, 28, 28) float32 in [0, 1]."""

    train: Tensor
    test: Tensor


# --- Theirs -----------------------------------------------------------------------------------


def load_images(folder: Path) -> Images:
    """As floats, channels last."""

    def load(part: str) -> Tensor:
        try:
            pixels = torch.from_numpy(read_images(folder, f"{part}-images-idx3-ubyte"))
        except FileNotFoundError as error:
            fail(f"{error.filename}: no such file, nor with .gz; --data takes a folder with MNIST")
        return (pixels[:, None].float() / 255).contiguous(memory_format=torch.channels_last)

    return Images(load("train"), load("t10k"))


class Trainer:
    """A fresh model in training."""

    def __init__(self, seed: int, adam: str) -> None:
        torch.manual_seed(seed)
        self.model = conv_model().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=LEARNING_RATE, eps=1e-7, **{adam: True}
        )

    def step(self, images: Tensor) -> Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(self.model(images), images)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def train(self, images: Tensor) -> float:
        total = torch.zeros(())
        for batch in images[torch.randperm(len(images))].split(BATCH_SIZE):
            total += self.step(batch) * len(batch)
        return total.item() / len(images)

    def validate(self, images: Tensor) -> float:
        total = torch.zeros(())
        with torch.inference_mode():
            for batch in images.split(VALIDATION_BATCH_SIZE):
                loss = F.binary_cross_entropy_with_logits(self.model(batch), batch)
                total += loss * len(batch)
        return total.item() / len(images)

    def epoch(self, images: Images) -> Epoch:
        start = time.perf_counter()
        train_loss = self.train(images.train)
        validation_loss = self.validate(images.test)
        return Epoch(time.perf_counter() - start, train_loss, validation_loss)


def faster_adam(images: Tensor, steps: int = 60, rounds: int = 4) -> str:
    """Times both of PyTorch's implementations in turn; this warms PyTorch up as well."""
    batch = images[:BATCH_SIZE]
    seconds: Dict[str, List[float]] = {"foreach": [], "fused": []}
    for _ in range(rounds):
        for adam, times in seconds.items():
            trainer = Trainer(0, adam)
            trainer.step(batch)
            start = time.perf_counter()
            for _ in range(steps):
                trainer.step(batch)
            times.append(time.perf_counter() - start)
    return min(seconds, key=lambda adam: min(seconds[adam]))


def train_theirs(images: Images, adam: str, seed: int, epochs: int) -> List[Epoch]:
    trainer = Trainer(seed, adam)
    return [trainer.epoch(images) for _ in range(epochs)]


# --- Ours -------------------------------------------------------------------------------------


def read_epochs(metrics: Dict[str, Any]) -> List[Epoch]:
    return [Epoch(*(float(epoch[key]) for key in Epoch._fields)) for epoch in metrics["epochs"]]


def train_ours(
    options: argparse.Namespace, seed: int, epochs: int
) -> Tuple[List[Epoch], Dict[str, Any]]:
    """Runs the program in a folder of its own; its epochs, and all of its metrics.json."""
    with tempfile.TemporaryDirectory(prefix="compare_training.") as folder:
        command = [str(options.hourglass), "train", "conv", "--device", "cpu"]
        command += ["--threads", str(options.threads), "--epochs", str(epochs)]
        command += ["--batch-size", str(BATCH_SIZE), "--learning-rate", str(LEARNING_RATE)]
        command += ["--seed", str(seed), "--data", str(options.data)]
        command += ["--out", folder, "--quiet"]
        try:
            done = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            fail(f"--hourglass {options.hourglass} cannot be run: {error.strerror}")
        if done.returncode != 0:
            fail(f"{' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")
        file = Path(folder) / "metrics.json"
        try:
            metrics = json.loads(file.read_text())
            found = read_epochs(metrics)
        except (OSError, ValueError, KeyError, TypeError) as error:
            fail(f"{file.name} of {options.hourglass} cannot be used: {error!r}")
    if len(found) != epochs:
        fail(f"{file.name} of {options.hourglass} has {len(found)} epochs, expected {epochs}")
    return found, metrics


# --- Comparisons ------------------------------------------------------------------------------


def summary(epochs: Sequence[Epoch], train_count: int) -> Dict[str, float]:
    seconds = [epoch.seconds for epoch in epochs]
    median = statistics.median(seconds)
    return {
        "median_seconds": median,
        "min_seconds": min(seconds),
        "max_seconds": max(seconds),
        "images_per_second": train_count / median,
    }


def compare_speed(options: argparse.Namespace, images: Images, adam: str) -> Dict[str, Any]:
    epochs: Dict[str, List[Epoch]] = {"hourglass": [], "pytorch": []}
    version = None
    for turn in range(options.rounds):
        ours, metrics = train_ours(options, turn, options.epochs_per_round)
        theirs = train_theirs(images, adam, turn, options.epochs_per_round)
        version = metrics.get("version")
        epochs["hourglass"] += ours
        epochs["pytorch"] += theirs
        print(f"round {turn + 1} of {options.rounds}", end="")
        for name, latest in (("hourglass", ours), ("pytorch", theirs)):
            last = latest[-1]
            print(f"   {name} {last.seconds:.2f} s, loss {last.validation_loss:.4f}", end="")
        print(flush=True)

    table = {name: summary(done, len(images.train)) for name, done in epochs.items()}
    ratio = table["hourglass"]["median_seconds"] / table["pytorch"]["median_seconds"]
    best_ratio = table["hourglass"]["min_seconds"] / table["pytorch"]["min_seconds"]
    steady = all(row["max_seconds"] < STEADY * row["min_seconds"] for row in table.values())
    print(f"\n{'':10}{'median s':>10}{'min s':>10}{'max s':>10}{'images/s':>11}  validation loss")
    for name, row in table.items():
        losses = [epoch.validation_loss for epoch in epochs[name]]
        print(
            f"{name:10}{row['median_seconds']:10.3f}{row['min_seconds']:10.3f}"
            f"{row['max_seconds']:10.3f}{row['images_per_second']:11.0f}  "
            f"{min(losses):.4f} to {max(losses):.4f}"
        )
    verdict = "no slower than PyTorch" if ratio <= 1 else "SLOWER than PyTorch"
    print(f"\nseconds an epoch, hourglass / pytorch: {ratio:.3f} ({verdict})")
    print(f"the same of the fastest epochs:        {best_ratio:.3f}")
    if not steady:
        print("UNRELIABLE: epochs differ too much; something else was running, repeat when idle")
    return {
        "hourglass_version": version,
        "epochs_per_round": options.epochs_per_round,
        "epochs": {name: [epoch._asdict() for epoch in done] for name, done in epochs.items()},
        "summary": table,
        "seconds_ratio": ratio,
        "fastest_seconds_ratio": best_ratio,
        "steady": steady,
    }


def bound_text(epoch: int, loss: float) -> str:
    if epoch not in BOUNDS:
        return ""
    return f" ({'within' if loss <= BOUNDS[epoch] else 'ABOVE'} {BOUNDS[epoch]})"


def compare_losses(options: argparse.Namespace, images: Images, adam: str) -> Dict[str, Any]:
    shown = sorted({1, options.epochs})
    rows, version = [], None
    for seed in options.seeds:
        ours, metrics = train_ours(options, seed, options.epochs)
        theirs = train_theirs(images, adam, seed, options.epochs)
        version = metrics.get("version")
        for epoch in shown:
            mine, peer = ours[epoch - 1].validation_loss, theirs[epoch - 1].validation_loss
            print(
                f"seed {seed}, epoch {epoch:2}: hourglass {mine:.5f}{bound_text(epoch, mine)}, "
                f"pytorch {peer:.5f}",
                flush=True,
            )
        rows.append(
            {
                "seed": seed,
                "hourglass": [epoch._asdict() for epoch in ours],
                "pytorch": [epoch._asdict() for epoch in theirs],
            }
        )
    return {"hourglass_version": version, "seeds": rows}


# --- The program ------------------------------------------------------------------------------


def describe(options: argparse.Namespace, images: Images, adam: str) -> Dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_name(),
        "usable_cpus": usable_cpus(),
        "threads": options.threads,
        "load_average_before": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "torch_adam": adam,
        "torch_layout": "channels last",
        "batch_size": BATCH_SIZE,
        "train_images": len(images.train),
        "test_images": len(images.test),
        "seconds_cover": "training and validation of an epoch",
    }


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Conv training beside PyTorch on the CPU.")
    parser.add_argument("--hourglass", type=Path, default="build/hourglass", help="the program")
    data = os.environ.get("HOURGLASS_DATA", "data/mnist")
    parser.add_argument("--data", type=Path, default=data, help="a folder with MNIST")
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--epochs-per-round", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", help="compare losses for these seeds")
    parser.add_argument("--epochs", type=int, default=10, help="with --seeds")
    parser.add_argument("--out", type=Path, help="write everything measured to this JSON file")
    options = parser.parse_args(arguments)
    for name in ("threads", "rounds", "epochs_per_round", "epochs"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse(arguments)
    if not options.hourglass.is_file():
        fail(f"--hourglass {options.hourglass}: no such file; build it first")
    options.hourglass = options.hourglass.resolve()
    torch.set_num_threads(options.threads)
    images = load_images(options.data)
    adam = faster_adam(images.train)

    result = describe(options, images, adam)
    for name, value in result.items():
        print(f"{name.replace('_', ' '):24}{value}")
    print(flush=True)
    result.update((compare_losses if options.seeds else compare_speed)(options, images, adam))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written: {options.out}")


if __name__ == "__main__":
    main()
