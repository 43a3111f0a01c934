#!/usr/bin/env python3
"""The dense study beside PyTorch on the same CPU, in one run.

    python bench/compare_dense.py --hourglass build/run/hourglass

Speed: 1000 steps on the 8 x 8 digit four, ours, theirs, ours, theirs, ... Ours are the seconds of the
stage `train` in metrics.json, which include a validation a step; theirs are 1000 eager steps after a
warm-up, without one, on one thread (which is faster here than more), with the fastest of PyTorch's
Adams.

Starts: how many of so many seeds end below 0.001, and how many leave every latent unit dead, on both
sides: same initialisation (Glorot uniform, biases zero), each with its own random numbers.
Needs torch and numpy.
"""

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

from common import cpu_name, usable_cpus

try:
    import numpy as np
    import torch
    from torch import Tensor, nn
except ImportError as missing:
    sys.exit(f"compare_dense: error: no module {missing.name!r}; install torch and numpy with pip")

STEPS = 1000
LEARNT = 1e-3
SIZES = (64, 16, 4, 16, 64)


class Theirs:
    """A fresh model in training on one image."""

    def __init__(self, seed: int, image: Tensor, adam: str) -> None:
        torch.manual_seed(seed)
        layers = [nn.Linear(a, b) for a, b in zip(SIZES, SIZES[1:])]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        d1, d2, d3, d4 = layers
        self.image = image
        self.encoder = nn.Sequential(d1, nn.ReLU(), d2, nn.ReLU())
        self.model = nn.Sequential(self.encoder, d3, nn.ReLU(), d4, nn.Sigmoid())
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=1e-3, eps=1e-7, **{adam: True}
        )

    def train(self, steps: int = STEPS) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            nn.functional.mse_loss(self.model(self.image), self.image).backward()
            self.optimizer.step()
        return time.perf_counter() - start

    def outcome(self) -> Tuple[float, int]:
        """Final loss, dead latent units."""
        with torch.inference_mode():
            loss = nn.functional.mse_loss(self.model(self.image), self.image).item()
            return loss, int((self.encoder(self.image) == 0).sum())


def faster_adam(image: Tensor) -> str:
    seconds: Dict[str, List[float]] = {"foreach": [], "fused": []}
    for _ in range(3):
        for adam, times in seconds.items():
            times.append(Theirs(0, image, adam).train(300))
    return min(seconds, key=lambda adam: min(seconds[adam]))


def ours(options: argparse.Namespace, *more: object) -> Tuple[Dict[str, Any], Tensor]:
    """metrics.json of a run, and the digit."""
    with tempfile.TemporaryDirectory(prefix="compare_dense.") as folder:
        command = [options.hourglass.resolve(), "run", "dense", "--device", "cpu", "--no-figures"]
        command += ["--quiet", "--threads", options.threads, "--out", folder, *more]
        subprocess.run(list(map(str, command)), check=True)
        metrics = json.loads((Path(folder) / "metrics.json").read_text())
        digit = np.load(Path(folder) / "originals.npy").reshape(1, 64)
    return metrics, torch.from_numpy(digit)


def starts(losses: List[float], dead: List[int]) -> Dict[str, float]:
    return {
        "starts": len(losses),
        "below_0.001": sum(loss < LEARNT for loss in losses),
        "all_units_dead": sum(units == 4 for units in dead),
        "median_loss": statistics.median(losses),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="The dense study beside PyTorch on the CPU.")
    parser.add_argument("--hourglass", type=Path, required=True, help="the program")
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=100, help="starts on PyTorch's side")
    parser.add_argument("--replicas", type=int, default=1000, help="starts on ours")
    parser.add_argument("--out", type=Path, help="write everything measured to this JSON file")
    options = parser.parse_args()

    torch.set_num_threads(1)
    metrics, digit = ours(options)
    adam = faster_adam(digit)
    seconds: Dict[str, List[float]] = {"hourglass": [], "pytorch": []}
    for turn in range(options.rounds):
        metrics, _ = ours(options, "--seed", turn)
        seconds["hourglass"].append(metrics["stages"]["train"])
        seconds["pytorch"].append(Theirs(turn, digit, adam).train())
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratio = medians["hourglass"] / medians["pytorch"]
    for name, times in seconds.items():
        spread = f"{1e3 * min(times):.1f} to {1e3 * max(times):.1f} ms"
        print(f"{name:10} {STEPS} steps: median {1e3 * medians[name]:.1f} ms ({spread})")
    print(f"hourglass / pytorch: {ratio:.4f}", flush=True)

    replicas = ours(options, "--replicas", options.replicas)[0]["replicas"]
    outcomes = []
    for seed in range(options.seeds):
        peer = Theirs(seed, digit, adam)
        peer.train()
        outcomes.append(peer.outcome())
    spread = {
        "hourglass": starts(replicas["final_losses"], replicas["dead_units"]),
        "pytorch": starts(*map(list, zip(*outcomes))),
    }
    for name, row in spread.items():
        print(
            f"{name:10} {row['starts']} starts: {row['below_0.001'] / row['starts']:.1%} below "
            f"0.001, {row['all_units_dead'] / row['starts']:.1%} with all units dead, median loss "
            f"{row['median_loss']:.2g}"
        )
    print(f"{options.replicas} replicas on ours: {replicas['seconds']:.2f} s")
    if options.out:
        result = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "cpu": cpu_name(),
            "threads": options.threads,
            "torch": torch.__version__,
            "torch_threads": 1,
            "torch_adam": adam,
            "python": platform.python_version(),
            "seconds": seconds,
            "median_seconds": medians,
            "seconds_ratio": ratio,
            "starts": spread,
            "replicas_seconds": replicas["seconds"],
        }
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written: {options.out}")


if __name__ == "__main__":
    main()
