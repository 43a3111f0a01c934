#!/usr/bin/env python3
"""Training of the conv model by PyTorch on a GPU, beside the program on the same GPU, in turns.

    python bench/pytorch_gpu.py --hourglass build/release/hourglass --data data/mnist

JSON, printed or to --out: seconds an epoch (training and validation) of every variant, in every
round. PyTorch is given what helps it: images on the GPU as bytes, shuffled and converted there, Adam
in one fused kernel, no read-back within an epoch, cudnn.benchmark; eager in both memory layouts, and
the whole step, data included, captured in a CUDA graph and replayed. Model, batch size, learning rate
and precision are the program's. `tf32` allows TF32 in convolutions and products, for both.

Exit status: 77 where there is no PyTorch or no GPU it can use.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, NoReturn, Optional, Sequence

from common import conv_model, read_images

NOT_HERE = 77


def leave(message: str, status: int = 1) -> NoReturn:
    print(f"pytorch_gpu: {message}", file=sys.stderr)
    sys.exit(status)


try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ImportError as missing:
    leave(f"no module {missing.name!r}", NOT_HERE)

BATCH_SIZE = 64
VALIDATION_BATCH_SIZE = 500
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 11  # before a capture, as PyTorch asks for, in a stream of their own


@dataclass(frozen=True)
class Variant:
    name: str
    memory: torch.memory_format
    graphed: bool


VARIANTS = (
    Variant("eager, NCHW", torch.contiguous_format, False),
    Variant("eager, channels last", torch.channels_last, False),
    Variant("CUDA graph, NCHW", torch.contiguous_format, True),
    Variant("CUDA graph, channels last", torch.channels_last, True),
)


@dataclass(frozen=True)
class Images:
    """Bytes (N, 1, 28, 28) on the GPU."""

    train: Tensor
    test: Tensor


# --- PyTorch ----------------------------------------------------------------------------------


class Trainer:
    """A fresh model in training: epochs of eager steps, or of replayed ones."""

    def __init__(self, variant: Variant, images: Images, seed: int) -> None:
        torch.manual_seed(seed)
        device = images.train.device
        self.variant = variant
        self.images = images
        self.model = conv_model().to(device, memory_format=variant.memory)
        on_gpu = device.type == "cuda"
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=LEARNING_RATE, eps=1e-7, fused=on_gpu, capturable=on_gpu
        )
        self.order = torch.randperm(len(images.train), device=device)
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.loss_sum = torch.zeros((), device=device)
        self.steps: dict[int, Callable[[], Any]] = {}

    def batch(self, chosen: Tensor) -> Tensor:
        pixels = chosen.float() / 255
        return pixels.contiguous(memory_format=self.variant.memory)

    def step(self, size: int) -> None:
        """The next `size` images of the order. All state is on the GPU: this can be replayed."""
        places = self.position + torch.arange(size, device=self.position.device)
        images = self.batch(self.images.train[self.order[places]])
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(self.model(images), images)
        loss.backward()
        self.optimizer.step()
        self.loss_sum += loss.detach() * size
        self.position += size

    def prepared_step(self, size: int) -> Callable[[], Any]:
        if size not in self.steps:
            self.steps[size] = (
                self.capture(size) if self.variant.graphed else (lambda: self.step(size))
            )
        return self.steps[size]

    def capture(self, size: int) -> Callable[[], Any]:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                self.position.zero_()
                self.step(size)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step(size)
        return graph.replay

    def prepare(self) -> None:
        """Captures, tunes and warms up, outside of every epoch's time."""
        for size in {BATCH_SIZE, len(self.images.train) % BATCH_SIZE} - {0}:
            step = self.prepared_step(size)
            for _ in range(3):
                self.position.zero_()
                step()
        self.validate()

    def train(self) -> float:
        count = len(self.images.train)
        self.order.copy_(torch.randperm(count, device=self.order.device))
        self.position.zero_()
        self.loss_sum.zero_()
        for first in range(0, count, BATCH_SIZE):
            self.prepared_step(min(BATCH_SIZE, count - first))()
        return float(self.loss_sum) / count

    def validate(self) -> float:
        total = torch.zeros((), device=self.position.device)
        with torch.inference_mode():
            for chosen in self.images.test.split(VALIDATION_BATCH_SIZE):
                images = self.batch(chosen)
                loss = F.binary_cross_entropy_with_logits(self.model(images), images)
                total += loss * len(images)
        return float(total) / len(self.images.test)

    def epoch(self) -> tuple[float, float]:
        """Seconds, and the validation loss; reading the loss waits for the GPU."""
        start = time.perf_counter()
        self.train()
        loss = self.validate()
        return time.perf_counter() - start, loss


def allow_tf32(allowed: bool) -> None:
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = allowed


# --- Images -----------------------------------------------------------------------------------


def load_images(data: str, device: torch.device) -> Images:
    if data == "synthetic":  # for times alone, noise is as good
        generator = torch.Generator().manual_seed(0)
        train, test = (
            torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=generator)
            for count in (60_000, 10_000)
        )
    else:
        train, test = (
            torch.from_numpy(read_images(Path(data), f"{part}-images-idx3-ubyte")[:, None])
            for part in ("train", "t10k")
        )
    return Images(train.to(device), test.to(device))


# --- The program ------------------------------------------------------------------------------


def train_hourglass(
    options: argparse.Namespace, precision: str, seed: int
) -> list[dict[str, float]]:
    """One more epoch than asked for: the first, which chooses and records, is left out."""
    environment = dict(os.environ)
    if options.library_path:
        environment["LD_LIBRARY_PATH"] = options.library_path
    with tempfile.TemporaryDirectory(prefix="pytorch_gpu.") as folder:
        command = [str(options.hourglass), "train", "conv", "--device", "cuda", "--quiet"]
        command += ["--precision", precision, "--epochs", str(options.epochs + 1)]
        command += ["--seed", str(seed), "--data", options.data, "--out", folder]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            leave(f"{' '.join(command)}: {done.stderr.strip()}")
        epochs = json.loads((Path(folder) / "metrics.json").read_text())["epochs"]
    return list(epochs[1:])


# --- Turns ------------------------------------------------------------------------------------


def measure(options: argparse.Namespace, images: Images, precision: str) -> dict[str, Any]:
    """{variant: {"seconds": [...], "validation_loss": ...}}, all variants once a round."""
    allow_tf32(precision == "tf32")
    found: dict[str, Any] = {}

    def note(name: str, seconds: Sequence[float], loss: float) -> None:
        entry = found.setdefault(name, {"seconds": [], "validation_loss": loss})
        entry["seconds"] += [round(value, 5) for value in seconds]

    for turn in range(options.rounds):
        if options.hourglass:
            epochs = train_hourglass(options, precision, turn)
            note(
                "hourglass",
                [epoch["seconds"] for epoch in epochs],
                epochs[-1]["validation_loss"],
            )
        for variant in VARIANTS:
            trainer = Trainer(variant, images, turn)
            trainer.prepare()
            results = [trainer.epoch() for _ in range(options.epochs)]
            note(variant.name, [seconds for seconds, _ in results], results[-1][1])
    for entry in found.values():
        seconds = entry["seconds"]
        entry.update(median=statistics.median(seconds), min=min(seconds), max=max(seconds))
    return found


def ratios(found: dict[str, Any]) -> dict[str, float]:
    if "hourglass" not in found:
        return {}
    ours = found["hourglass"]["median"]
    return {
        name: round(entry["median"] / ours, 3)
        for name, entry in found.items()
        if name != "hourglass"
    }


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Conv training by PyTorch on a GPU.")
    parser.add_argument("--hourglass", type=Path, help="the program, to take turns with")
    parser.add_argument("--library-path", help="LD_LIBRARY_PATH of the program alone")
    data = os.environ.get("HOURGLASS_DATA", "data/mnist")
    parser.add_argument("--data", default=data, help="a folder with MNIST, or synthetic")
    parser.add_argument("--out", type=Path, help="write the JSON to this file")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument("--epochs", type=int, default=2, help="timed epochs a turn")
    parser.add_argument(
        "--precision", nargs="+", choices=["fp32", "tf32"], default=["fp32", "tf32"]
    )
    return parser.parse_args(arguments)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse(arguments)
    if not torch.cuda.is_available():
        leave(f"PyTorch {torch.__version__} finds no GPU it can use", NOT_HERE)
    torch.backends.cudnn.benchmark = True
    images = load_images(options.data, torch.device("cuda"))
    measured = {precision: measure(options, images, precision) for precision in options.precision}
    result = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "gpu": torch.cuda.get_device_name(),
        "batch_size": BATCH_SIZE,
        "seconds_cover": "an epoch: training and validation",
        "measured": measured,
        "epoch_seconds_over_hourglass": {
            f"{name}, {precision}": ratio
            for precision, found in measured.items()
            for name, ratio in ratios(found).items()
        },
    }
    text = json.dumps(result, indent=1)
    if options.out:
        options.out.write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
