#!/usr/bin/env python3
"""What a step of the fused engine should cost on a GPU, phase by phase: predictions, no measurements.

    bench/fused_cost.py [--batch 64] [--plan roomy|tight] [BUILD_FOLDER]

Counts, for the `conv` model and one image a block, what kernels/fused/ does: the items of each
phase, with the same rules for tiles and slices, the arithmetic instructions and the loads from
shared memory of an item, and the barriers. A multiprocessor starts four warps' arithmetic a cycle
(two on compute capability 8.0) and one warp's load from shared memory, so a phase takes at least
the larger of the two; at most, every turn of its inner loops also waits for a load, and every
barrier for the last store. docs/fused-cost.md holds the tables.

With a build folder, the kernel's registers are what ptxas reported there (scripts/resource_report)
instead of the 128 that its launch bounds allow.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]

THREADS = 256
WARPS = THREADS // 32
LOAD_LATENCY = 30  # cycles, from shared memory
BARRIER = 40  # cycles, of a block that arrives together
L2_LATENCY = 270  # cycles
GRID_BARRIER = 1.0e-6  # seconds; 0.8 to 1.3 us are usual for 64 to 128 blocks


@dataclasses.dataclass
class Gpu:
    name: str
    processors: int
    clock: float  # boost, Hz
    warps_a_cycle: float  # of fp32 arithmetic, a multiprocessor
    shared: int  # bytes, a multiprocessor
    plan: str

    def blocks(self, memory: int, registers: int) -> int:
        """Resident on a multiprocessor."""
        return min(self.shared // (memory + 1024), 65536 // (registers * THREADS))


GPUS = [
    Gpu("H100/H200 SXM", 132, 1.98e9, 4, 228 << 10, "roomy"),
    Gpu("A100 SXM", 108, 1.41e9, 2, 164 << 10, "roomy"),
    Gpu("RTX 4090", 128, 2.52e9, 4, 100 << 10, "tight"),
]
# Bytes a block, from the ledger in kernels/fused/network.hpp; fused_plans_test.cpp holds them.
MEMORY = {"roomy": 114832, "tight": 96400}


@dataclasses.dataclass
class Part:
    """One loop over items, up to its barrier."""

    items: int
    arithmetic: float  # instructions an item
    loads: float  # from shared memory, an item
    turns: float  # of inner loops that begin with loads, an item
    products: float = 0  # multiply-adds that the algorithm needs, all items
    reads: float = 0  # turns that wait for the second-level cache, an item

    def cycles(self, gpu: Gpu) -> tuple[float, float]:
        """At least, at most."""
        rounds = math.ceil(self.items / THREADS)
        warps = min(WARPS, math.ceil(self.items / 32))
        schedulers = math.ceil(warps / 4)
        issue = schedulers * 4 / gpu.warps_a_cycle * self.arithmetic + schedulers * self.loads
        shared = warps * self.loads
        least = rounds * max(issue, shared) + rounds * self.reads * L2_LATENCY
        waits = rounds * self.turns * LOAD_LATENCY
        return least, least + waits + BARRIER + LOAD_LATENCY


@dataclasses.dataclass
class Phase:
    name: str
    parts: list[Part]
    grid_barriers: int = 0


def row_tile(width: int, items: int) -> int:
    """with_row_tile of kernels/fused/loops.cuh."""
    for tile in (7, 4, 2):
        if width % tile == 0 and 2 * (width // tile) * items >= THREADS:
            return tile
    return 1


def sum_over_cells(tiles: int, cells: int, values: int, arithmetic: float, loads: float) -> Part:
    """The same loop of kernels/fused/loops.cuh; an item is a slice of a tile."""
    slices = 1
    while slices < 32 and 2 * slices * tiles <= THREADS:
        slices *= 2
    turns = math.ceil(cells / slices)
    tree = 2 * values * math.log2(slices)
    return Part(tiles * slices, turns * arithmetic + tree, turns * loads, turns)


def convolve(inputs: int, outputs: int, height: int, width: int) -> Part:
    pairs = outputs // 2
    tile = row_tile(width, height * pairs)
    part = Part(
        height * pairs * (width // tile),
        inputs * 3 * 6 * tile,
        inputs * 3 * (tile + 2 + 3),
        inputs * 3,
    )
    part.products = height * width * inputs * outputs * 9
    return part


def convolve_upsampled(inputs: int, outputs: int, height: int, width: int, finish: float) -> Part:
    """`height` and `width` of the small maps; `finish` instructions for each large cell."""
    tile = row_tile(width, height * outputs * 2)
    part = Part(
        height * outputs * 2 * (width // tile),
        inputs * 2 * 4 * tile + finish * 2 * tile,
        inputs * 2 * (tile + 2 + 1),
        inputs * 2,
    )
    part.products = 4 * height * width * inputs * outputs * 4
    return part


def winograd(inputs: int, outputs: int, tiles: int, finish: float) -> Part:
    part = Part(tiles * outputs // 4, inputs * 4 * 24 + 4 * finish, inputs * 4 * 12, inputs * 4)
    part.products = tiles * inputs * outputs * 16
    return part


def upsampled_backward(inputs: int, outputs: int, height: int, width: int, chunk: int) -> list[Part]:
    parts = []
    for first in range(0, outputs, chunk):
        here = min(chunk, outputs - first)
        parts.append(Part(here * height * width, 21, 16, 1))
        tile = 8 if inputs % 8 == 0 else 4
        values = 3 * tile + 1
        weights = sum_over_cells(
            here * 3 * (inputs // tile), height * width, values, values, 3 + tile
        )
        weights.products = height * width * inputs * here * 9
        parts.append(weights)
        pairs = inputs // 2
        tile = row_tile(width, height * pairs)
        data = Part(
            height * pairs * (width // tile), here * 9 * 2 * tile, here * 9 * (tile + 1), here * 9
        )
        data.products = height * width * inputs * here * 9
        parts.append(data)
    return parts


def step(plan: str, images: int) -> list[Phase]:
    """The phases of a step of `conv`, 1 x 28 x 28, 16 and 8 channels down, 8 and 16 up."""
    size, encoder, decoder = 28, (16, 8), (8, 16)
    small, half = size // 4, size // 2
    chunk = {"roomy": 1 << 20, "tight": 4}[plan]
    kernels = 16 + 16 * 8 + 8 * 8 + 8 * 16 + 16
    parameters = 3217
    first = Part(half * half, 32 + 16 * 42, 16 + 16 * 5, 1 + 16)
    first.products = half * half * 16 * 16
    pool = 10
    plain_weights = sum_over_cells(8 // 4 * (8 // 2) * 3, small * small, 24, 24, 10)
    plain_weights.products = small * small * 8 * 8 * 9
    pooled_weights = sum_over_cells(encoder[0] * encoder[1], small * small, 10, 20, 11)
    pooled_weights.products = small * small * 16 * 8 * 9
    first_weights = sum_over_cells(encoder[0], half * half, 10, 20, 11)
    first_weights.products = half * half * 16 * 9
    return [
        Phase("derived weights", [Part(kernels, 80, 0, 0, reads=1)]),
        Phase("load", [Part(size * size, 20, 0, 0, reads=2)]),
        Phase("first forward", [first]),
        Phase("pooled forward", [winograd(16, 8, small * small, pool)]),
        Phase("plain forward", [convolve(8, decoder[0], small, small)]),
        Phase("upsampled forward", [convolve_upsampled(8, decoder[1], small, small, 2)]),
        Phase("last forward and loss", [convolve_upsampled(16, 1, half, half, 45)]),
        Phase("last backward", upsampled_backward(16, 1, half, half, chunk)),
        Phase("upsampled backward", upsampled_backward(8, 16, small, small, chunk)),
        Phase(
            "plain backward",
            [Part(8, 4 * 16, 4 * 16, 16), plain_weights, convolve(8, 8, small, small)],
        ),
        Phase("pooled parameter gradient", [pooled_weights]),
        Phase(
            "pooled data gradient",
            [Part(8 * (half + 2), 2, 0, 0), Part(8 * half, 2, 0, 0),
             Part(8 * small * small, 12, 2, 1), winograd(8, 16, small * small, 4)],
        ),  # fmt: skip
        Phase("first parameter gradient", [first_weights]),
        Phase(
            "gradient sum",
            [Part(min(THREADS, math.ceil(parameters / images)), images, 0, 0, reads=images / 16)],
            grid_barriers=2,
        ),
        Phase("update", [Part(math.ceil(parameters / 4), 4 * 30, 0, 0, reads=1)]),
    ]


def seconds(phase: Phase, gpu: Gpu) -> tuple[float, float]:
    cycles = [part.cycles(gpu) for part in phase.parts]
    fixed = phase.grid_barriers * GRID_BARRIER
    return (
        sum(least for least, _ in cycles) / gpu.clock + fixed,
        sum(most for _, most in cycles) / gpu.clock + fixed,
    )


def registers_in(build: str) -> int:
    """The kernel's, the most of all architectures."""
    command = [sys.executable, str(ROOT / "scripts" / "resource_report"), build]
    report = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if report.returncode != 0:  # it has said why
        raise SystemExit(1)
    for line in report.stdout.splitlines():
        if match := re.match(r"train_kernel<Lanes<1> ?>((?: +\d+)+)$", line):
            return max(map(int, match[1].split()[:-3]))  # then shared memory, stack, spills
    raise SystemExit(f"fused_cost: error: {build}: its report has no train_kernel<Lanes<1>>")


def table(batch: int, registers: int, plan: str | None) -> list[str]:
    lines = []
    plans = [plan or gpu.plan for gpu in GPUS]
    steps = [step(plan, batch) for plan in plans]
    heads = ["phase", "barriers", "multiply-adds", *(f"{gpu.name}, us" for gpu in GPUS)]
    lines.append("| " + " | ".join(heads) + " |")
    lines.append("|---|" + "---:|" * (len(heads) - 1))
    totals = [[0.0, 0.0] for _ in GPUS]
    barriers = products = 0
    for row, phase in enumerate(steps[0]):
        cells = [phase.name]
        own = sum(part.products for part in phase.parts)
        barriers += len(phase.parts)
        products += own
        tight = len(steps[-1][row].parts)
        count = len(phase.parts)
        cells.append(str(count) if tight == count else f"{count} ({tight})")
        cells.append(f"{own:,.0f}" if own else "")
        for gpu, phases, total in zip(GPUS, steps, totals):
            least, most = seconds(phases[row], gpu)
            total[0] += least
            total[1] += most
            cells.append(f"{1e6 * least:.2f} to {1e6 * most:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    sums = [f"{1e6 * least:.1f} to {1e6 * most:.1f}" for least, most in totals]
    lines.append("| " + " | ".join(["**all**", str(barriers), f"{products:,.0f}", *sums]) + " |")
    steps_of_ten = 10 * math.ceil(60000 / batch)
    ten = [f"{steps_of_ten * least:.2f} to {steps_of_ten * most:.2f} s" for least, most in totals]
    lines.append("| ten epochs of MNIST, training | | | " + " | ".join(ten) + " |")
    resident = [gpu.blocks(MEMORY[plan], registers) for gpu, plan in zip(GPUS, plans)]
    for gpu, plan, blocks in zip(GPUS, plans, resident):
        if blocks * gpu.processors < batch:
            lines.append(f"{gpu.name}: only {blocks * gpu.processors} blocks are resident")
    fits = ", ".join(
        f"{gpu.name} {plan} plan, {blocks} of {MEMORY[plan]:,} bytes"
        for gpu, plan, blocks in zip(GPUS, plans, resident)
    )
    lines.append("")
    lines.append(f"Blocks a multiprocessor, at {registers} registers a thread: {fits}.")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", nargs="?", help="registers are of its kernel")
    parser.add_argument("--batch", type=int, default=64, help="one image a block")
    parser.add_argument("--plan", choices=sorted(MEMORY), help="default: what each GPU takes")
    options = parser.parse_args()
    registers = registers_in(options.build) if options.build else 128
    print("\n".join(table(options.batch, registers, options.plan)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
