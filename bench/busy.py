#!/usr/bin/env python3
"""How much a busy machine slows the program down: wall seconds idle, and beside a process a core.

    python bench/busy.py --hourglass build/hourglass --data data/mnist --codes codes.npy
    python bench/busy.py ... --hourglass build/hourglass before/hourglass   two programs, in turns
    python bench/busy.py ... --python env/bin/python   t-SNE by the package installed there, too

Each round runs every command of every program idle, then beside as many processes as there are
cores, each of which spins and is pinned nowhere. Times are of whole commands: start, files, first
epoch and all. Half of each core would be fair, so 2 is what a program without waits would show.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from common import cpu_name, usable_cpus

SPIN = "while True: pass"
SETTLE = 0.3  # seconds until a new process has its share of a core
# Without scikit-learn, whose import takes one core as long as the map takes two.
FIT = """
import sys
sys.modules["sklearn"] = None
import numpy, hourglass
codes = numpy.load(sys.argv[1])
numpy.save("map.npy", hourglass.TSNE(max_iter=300, device="cpu").fit_transform(codes))
"""


@contextmanager
def spinning(count: int) -> Iterator[None]:
    spinners = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    try:
        time.sleep(SETTLE if spinners else 0)
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def commands(options: argparse.Namespace) -> Dict[str, List[str]]:
    train = ["train", "conv", "--epochs", "1", "--data", str(options.data.resolve()), "--out", "c"]
    tsne = ["tsne", str(options.codes.resolve()), "--iterations", "300", "--out", "map.npy"]
    dense = ["run", "dense", "--no-figures", "--out", "d"]
    rows = {"train conv": train, "tsne": tsne, "run dense": dense}
    return {name: rows[name] + ["--quiet", "--device", "cpu"] for name in options.only or rows}


def measured(options: argparse.Namespace) -> Iterator[List[Tuple[str, List[str]]]]:
    """What is run in turns, by its name."""
    for name, command in commands(options).items():
        turns = [(f"{name}, {each}", [str(each.resolve()), *command]) for each in options.hourglass]
        if name == "tsne" and options.python:
            fit = [str(options.python.absolute()), "-c", FIT, str(options.codes.resolve())]
            turns.append((f"{name}, {options.python}", fit))
        yield turns


def seconds(command: List[str]) -> float:
    with tempfile.TemporaryDirectory(prefix="busy.") as folder:
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"busy: error: {' '.join(command)}: {done.stderr.decode().strip()}")
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="The program on an idle and on a busy machine.")
    parser.add_argument("--hourglass", type=Path, nargs="+", required=True, help="the program(s)")
    parser.add_argument("--python", type=Path, help="a Python that has the package")
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--codes", type=Path, required=True, help="10,000 x 392, as .npy")
    parser.add_argument("--only", nargs="+", choices=["train conv", "tsne", "run dense"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write everything measured to this JSON file")
    options = parser.parse_args()

    rows: Dict[str, Dict[str, List[float]]] = {}
    for turn in range(options.rounds):
        print(f"round {turn + 1} of {options.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
        for turns in measured(options):
            for state, spinners in (("idle", 0), ("busy", usable_cpus())):
                for name, command in turns:
                    with spinning(spinners):
                        row = rows.setdefault(name, {"idle": [], "busy": []})
                        row[state].append(seconds(command))

    print(f"\n{'median s (fastest to slowest)':58}{'idle':>22}{'busy':>22}{'ratio':>8}")
    ratios = {}
    for name, row in rows.items():
        ratios[name] = statistics.median(row["busy"]) / statistics.median(row["idle"])
        cells = [f"{statistics.median(t):.2f} ({min(t):.2f} to {max(t):.2f})" for t in row.values()]
        print(f"{name[-58:]:58}{cells[0]:>22}{cells[1]:>22}{ratios[name]:7.2f}x")
    if options.out:
        result = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "cpu": cpu_name(),
            "spinning": usable_cpus(),
            "seconds": rows,
            "ratios": ratios,
        }
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written: {options.out}")


if __name__ == "__main__":
    main()
