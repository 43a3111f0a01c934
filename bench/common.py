"""What the comparisons share: the machine's facts, MNIST, and the conv model in PyTorch.

The standard library only, until something is called that needs more.
"""

from __future__ import annotations

import gzip
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


def cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0))


def read_images(folder: Path, name: str) -> np.ndarray:
    """Bytes (N, 28, 28) from an IDX file, compressed or not."""
    import numpy as np

    zipped = folder / (name + ".gz")
    with gzip.open(zipped) if zipped.exists() else (folder / name).open("rb") as stream:
        return np.frombuffer(bytearray(stream.read()), np.uint8, offset=16).reshape(-1, 28, 28)


def conv_model() -> nn.Module:
    """Up to its logits, with the program's initialisation."""
    from torch import nn

    channels = [(1, 16), (16, 8), (8, 8), (8, 16), (16, 1)]
    convolutions = [nn.Conv2d(a, b, 3, padding=1) for a, b in channels]
    for convolution in convolutions:
        nn.init.xavier_uniform_(convolution.weight)
        nn.init.zeros_(convolution.bias)
    c1, c2, c3, c4, c5 = convolutions
    return nn.Sequential(
        *(c1, nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(c2, nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(c3, nn.ReLU(inplace=True), nn.Upsample(scale_factor=2)),
        *(c4, nn.ReLU(inplace=True), nn.Upsample(scale_factor=2)),
        c5,
    )
