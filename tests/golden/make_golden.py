#!/usr/bin/env python3
"""Makes the golden files beside this script: what PyTorch computes, in double precision.

    python make_golden.py [--data MNIST_FOLDER] [--out FOLDER] [--only conv odd dense mnist]
    python make_golden.py --float32     # instead: how far PyTorch's own float32 is from them

Needs torch and numpy. Everything is computed in float64 from inputs that are exact in float32, and
stored as float32. Losses are means over all pixels, Adam is the contract's:
    w -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps),  eps outside the bias correction.
Activations are taken after the relu; "logits" is the last layer before its sigmoid.

conv.safetensors   the conv model on two 28 x 28 images (see `image_bytes`)
    images                           (2, 1, 28, 28)
    initial.<parameter>              Glorot uniform; biases small and not zero
    activation.<layer>               conv1 pool1 conv2 pool2 conv3 up1 conv4 up2 logits
    loss.bce, loss.mse               (1)
    gradient.{bce,mse}.<parameter>
    gradient.bce.activation.<layer>
    adam10.delta.<parameter>         weights after 10 steps of bce minus the initial ones
    adam10.losses                    (10), each before its step's update
dense.safetensors  the same for the dense model on one 8 x 8 image; gradient.mse.activation.<layer>
                   too; adam50 with mse. Layers: dense1 dense2 dense3 logits
odd.safetensors    conv1 3->5, relu, pool, up, conv2 5->2 on three 6 x 10 images: unusual sizes.
                   Also targets and gradient.{bce,mse}.images. Inputs and weights are multiples of
                   1/8: every sum is exact in any order, and equal maxima really are equal.
mnist_steps.safetensors  the conv model on MNIST (not stored), zero biases, bce, batches of 64 in
                   file order: initial.<parameter>, step10.delta.<parameter>,
                   step50.delta.<parameter>, losses (50)

No relu and no choice of a maximum in conv and dense hangs by a thread: `check_margin` asserts that
rounding in float32 cannot flip one, so activations and gradients compare element by element.
"""

import argparse
import gzip
import json
import os
import struct
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Tensors = Dict[str, Tensor]
Model = Sequence["Layer"]

CONV_SHAPES = {
    "conv1": (16, 1, 3, 3),
    "conv2": (8, 16, 3, 3),
    "conv3": (8, 8, 3, 3),
    "conv4": (16, 8, 3, 3),
    "conv5": (1, 16, 3, 3),
}
DENSE_SHAPES = {"dense1": (16, 64), "dense2": (4, 16), "dense3": (16, 4), "dense4": (64, 16)}
ODD_SHAPES = {"conv1": (5, 3, 3, 3), "conv2": (2, 5, 3, 3)}

# Conv and dense: seeds for which check_margin holds. MNIST: millions of relus, of which some always
# are near their kink, so a seed whose path does not care: noise of 1e-7 on every convolution moves
# it by 4e-7 at most. With others one flipped relu makes 2e-5 after 10 steps, 3e-4 after 50.
CONV_SEED, DENSE_SEED, ODD_SEED, MNIST_SEED = 47, 1, 1, 5
SMALLEST_MARGIN = 2e-6


# --- Files ------------------------------------------------------------------------------------


def save_safetensors(file: Path, tensors: Tensors) -> None:
    """The length of the header, a JSON header padded to 8 bytes, the values."""
    header, values = {}, b""
    for name, tensor in tensors.items():
        data = tensor.detach().numpy().astype("<f4").tobytes()
        offsets = [len(values), len(values) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        values += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + values)
    print(f"{file}: {len(tensors)} tensors, {file.stat().st_size:,} bytes")


def read_mnist_images(folder: Path, count: int) -> Tensor:
    """The first training images, (count, 1, 28, 28) in [0, 1]."""
    file = folder / "train-images-idx3-ubyte"
    zipped = folder / (file.name + ".gz")
    if not file.exists() and not zipped.exists():
        sys.exit(f"make_golden: error: {folder}: no {file.name} nor {zipped.name}; give --data")
    with gzip.open(zipped) if zipped.exists() else file.open("rb") as stream:
        data = stream.read(16 + count * 28 * 28)
    return bytes_to_images(np.frombuffer(data, np.uint8, offset=16).reshape(count, 1, 28, 28))


# --- Inputs and weights -----------------------------------------------------------------------


def mixed(x: int) -> int:
    """A 32-bit integer hash."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def image_bytes(index: int, size: int) -> np.ndarray:
    """Three soft discs on a grainy ground, by integers alone.

    Disc k (0, 1, 2) has h = mixed(1000 * index + k), centre y = h % size, x = (h >> 8) % size and
    radius r = size / 8 + (h >> 16) % (size / 4 + 1), divisions rounding down. A pixel at squared
    distances d from the centres is min(223, sum of max(0, r * r - d) * 9000 / size^2) plus
    mixed(10^6 * (index + 1) + y * size + x) % 32. The grain keeps equal neighbours rare.
    """
    image = np.zeros((size, size), np.uint8)
    hashes = [mixed(1000 * index + k) for k in range(3)]
    discs = [(h % size, (h >> 8) % size, size // 8 + (h >> 16) % (size // 4 + 1)) for h in hashes]
    for y in range(size):
        for x in range(size):
            reach = [max(0, r * r - (y - cy) ** 2 - (x - cx) ** 2) for cy, cx, r in discs]
            grain = mixed(10**6 * (index + 1) + y * size + x) % 32
            image[y, x] = min(223, sum(v * 9000 // size**2 for v in reach)) + grain
    return image


def bytes_to_images(values: np.ndarray) -> Tensor:
    """byte / 255 as float32 has it, then double."""
    return torch.tensor(values.astype(np.float32) / np.float32(255)).double()


def formula_images(count: int, size: int) -> Tensor:
    return bytes_to_images(np.stack([image_bytes(i, size) for i in range(count)])[:, None])


def glorot_parameters(shapes: Dict[str, Tuple[int, ...]], seed: int, bias: float) -> Tensors:
    """Weights by Glorot's uniform rule, biases uniform in [-bias, bias]; exact in float32."""
    generator = np.random.Generator(np.random.PCG64(seed))
    parameters = {}
    for layer, shape in shapes.items():
        window = int(np.prod(shape[2:]))
        limit = np.sqrt(6 / (window * (shape[0] + shape[1])))
        for name, size, bound in ((".weight", shape, limit), (".bias", shape[:1], bias)):
            values = generator.uniform(-bound, bound, size).astype(np.float32)
            parameters[layer + name] = torch.tensor(values).double()
    return parameters


def eighths(generator: np.random.Generator, low: int, high: int, shape: Sequence[int]) -> Tensor:
    return torch.tensor(generator.integers(low, high + 1, shape) / 8.0)


# --- Models -----------------------------------------------------------------------------------


class Layer(NamedTuple):
    name: str  # of its output
    op: str  # conv, dense, pool or up
    parameters: str = ""  # the name of its weight and bias
    relu: bool = False


CONV_MODEL = [
    Layer("conv1", "conv", "conv1", relu=True),
    Layer("pool1", "pool"),
    Layer("conv2", "conv", "conv2", relu=True),
    Layer("pool2", "pool"),
    Layer("conv3", "conv", "conv3", relu=True),
    Layer("up1", "up"),
    Layer("conv4", "conv", "conv4", relu=True),
    Layer("up2", "up"),
    Layer("logits", "conv", "conv5"),
]
DENSE_MODEL = [
    Layer("dense1", "dense", "dense1", relu=True),
    Layer("dense2", "dense", "dense2", relu=True),
    Layer("dense3", "dense", "dense3", relu=True),
    Layer("logits", "dense", "dense4"),
]
ODD_MODEL = [
    Layer("conv1", "conv", "conv1", relu=True),
    Layer("pool1", "pool"),
    Layer("up1", "up"),
    Layer("logits", "conv", "conv2"),
]


def before_relu(layer: Layer, x: Tensor, p: Tensors) -> Tensor:
    if layer.op == "pool":
        return F.max_pool2d(x, 2)
    if layer.op == "up":
        return F.interpolate(x, scale_factor=2, mode="nearest")
    weight, bias = p[layer.parameters + ".weight"], p[layer.parameters + ".bias"]
    if layer.op == "conv":
        return F.conv2d(x, weight, bias, padding=1)
    return F.linear(x.flatten(1), weight, bias)


def forward(model: Model, images: Tensor, p: Tensors) -> Tensors:
    """Every layer's output, in order."""
    activations, x = {}, images
    for layer in model:
        x = before_relu(layer, x, p)
        x = F.relu(x) if layer.relu else x
        activations[layer.name] = x
    return activations


def bce(logits: Tensor, targets: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, targets.reshape(logits.shape))


def mse(logits: Tensor, targets: Tensor) -> Tensor:
    return F.mse_loss(torch.sigmoid(logits), targets.reshape(logits.shape))


LOSSES = {"bce": bce, "mse": mse}


# --- What is stored ---------------------------------------------------------------------------


def with_prefix(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def gradients(
    model: Model, loss: str, images: Tensor, targets: Tensor, parameters: Tensors
) -> Tuple[Tensors, Tensors, Tensors]:
    """The loss's gradients with respect to parameters, activations and images."""
    x = images.clone().requires_grad_()
    p = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    activations = forward(model, x, p)
    for activation in activations.values():
        activation.retain_grad()
    LOSSES[loss](activations["logits"], targets).backward()
    return (
        {name: value.grad for name, value in p.items()},
        {name: value.grad for name, value in activations.items()},
        {"images": x.grad},
    )


def train(
    model: Model, loss: str, batches: Sequence[Tensor], initial: Tensors, keep: Sequence[int]
) -> Tuple[List[Tensors], Tensor]:
    """Adam, one step a batch, each batch its own target: the movement after each step in `keep`,
    and every step's loss. Works in the precision of its arguments."""
    rate, b1, b2, eps = 1e-3, 0.9, 0.999, 1e-7
    p = {name: value.clone() for name, value in initial.items()}
    m = {name: torch.zeros_like(value) for name, value in p.items()}
    v = {name: torch.zeros_like(value) for name, value in p.items()}
    moved, losses = [], []
    for t, images in enumerate(batches, start=1):
        leaves = {name: value.detach().requires_grad_() for name, value in p.items()}
        value = LOSSES[loss](forward(model, images, leaves)["logits"], images)
        value.backward()
        scale = rate * np.sqrt(1 - b2**t) / (1 - b1**t)
        for name, leaf in leaves.items():
            m[name] = b1 * m[name] + (1 - b1) * leaf.grad
            v[name] = b2 * v[name] + (1 - b2) * leaf.grad**2
            p[name] = p[name] - scale * m[name] / (v[name].sqrt() + eps)
        losses.append(value.item())
        if t in keep:
            moved.append({name: p[name] - initial[name] for name in p})
    return moved, torch.tensor(losses, dtype=torch.float64)


def single_pass(
    model: Model,
    images: Tensor,
    targets: Tensor,
    initial: Tensors,
    activation_gradients: Sequence[str],
    image_gradients: bool = False,
) -> Tensors:
    """Inputs, outputs, both losses and their gradients."""
    activations = forward(model, images, initial)
    out = {"images": images}
    out.update(with_prefix("initial.", initial))
    out.update(with_prefix("activation.", activations))
    for loss, function in LOSSES.items():
        out["loss." + loss] = function(activations["logits"], targets).reshape(1)
        of_parameters, of_activations, of_images = gradients(
            model, loss, images, targets, initial
        )
        out.update(with_prefix(f"gradient.{loss}.", of_parameters))
        if loss in activation_gradients:
            out.update(with_prefix(f"gradient.{loss}.activation.", of_activations))
        if image_gradients:
            out.update(with_prefix(f"gradient.{loss}.", of_images))
    return out


def pool_margin(x: Tensor) -> float:
    """How far the largest of a 2 x 2 window is from the next, where it is positive."""
    windows = F.unfold(x.reshape(-1, 1, *x.shape[2:]), 2, stride=2)
    top = windows.topk(2, dim=1).values
    return (top[:, 0] - top[:, 1])[top[:, 0] > 0].min().item()


def margin(model: Model, images: Tensor, initial: Tensors) -> float:
    """The distance to the nearest kink of any relu or max pooling."""
    distances, x = [], images
    for layer in model:
        if layer.op == "pool":
            distances.append(pool_margin(x))
        x = before_relu(layer, x, initial)
        if layer.relu:
            distances.append(x.abs().min().item())
            x = F.relu(x)
    return min(distances)


def check_margin(model: Model, images: Tensor, initial: Tensors) -> None:
    found = margin(model, images, initial)
    assert found > SMALLEST_MARGIN, f"a kink at {found:.1e}: choose another seed"


# --- The files --------------------------------------------------------------------------------


class Training(NamedTuple):
    """What a trained file starts from."""

    model: Model
    loss: str
    batches: Sequence[Tensor]
    initial: Tensors
    keep: Sequence[int]


def conv_training() -> Training:
    images = formula_images(2, 28)
    initial = glorot_parameters(CONV_SHAPES, CONV_SEED, bias=0.05)
    return Training(CONV_MODEL, "bce", [images] * 10, initial, [10])


def dense_training() -> Training:
    images = formula_images(1, 8)
    initial = glorot_parameters(DENSE_SHAPES, DENSE_SEED, bias=0.05)
    return Training(DENSE_MODEL, "mse", [images] * 50, initial, [50])


def mnist_training(data: Path) -> Training:
    batches = read_mnist_images(data, 50 * 64).split(64)
    initial = glorot_parameters(CONV_SHAPES, MNIST_SEED, bias=0.0)
    return Training(CONV_MODEL, "bce", batches, initial, [10, 50])


def make_conv() -> Tensors:
    work = conv_training()
    images = work.batches[0]
    check_margin(work.model, images, work.initial)
    out = single_pass(work.model, images, images, work.initial, ["bce"])
    (moved,), losses = train(*work)
    out.update(with_prefix("adam10.delta.", moved))
    out["adam10.losses"] = losses
    return out


def make_dense() -> Tensors:
    work = dense_training()
    images = work.batches[0]
    check_margin(work.model, images, work.initial)
    out = single_pass(work.model, images, images, work.initial, ["bce", "mse"])
    (moved,), losses = train(*work)
    out.update(with_prefix("adam50.delta.", moved))
    out["adam50.losses"] = losses
    return out


def make_odd() -> Tensors:
    generator = np.random.Generator(np.random.PCG64(ODD_SEED))
    images = eighths(generator, 0, 8, (3, 3, 6, 10))
    targets = eighths(generator, 0, 8, (3, 2, 6, 10))
    initial = {}
    for layer, shape in ODD_SHAPES.items():
        initial[layer + ".weight"] = eighths(generator, -4, 4, shape)
        initial[layer + ".bias"] = eighths(generator, -4, 4, shape[:1])
    assert pool_margin(forward(ODD_MODEL, images, initial)["conv1"]) == 0, "no tie above zero"
    out = single_pass(ODD_MODEL, images, targets, initial, ["bce"], image_gradients=True)
    out["targets"] = targets
    return out


def make_mnist(data: Path) -> Tensors:
    work = mnist_training(data)
    (after10, after50), losses = train(*work)
    out = with_prefix("initial.", work.initial)
    out.update(with_prefix("step10.delta.", after10))
    out.update(with_prefix("step50.delta.", after50))
    out["losses"] = losses
    return out


# --- Float32, for comparison ------------------------------------------------------------------


def largest_error(moved: Tensors, reference: Tensors) -> Tuple[float, str]:
    errors = {
        name: (torch.norm(moved[name].double() - delta) / torch.norm(delta)).item()
        for name, delta in reference.items()
    }
    worst = max(errors, key=errors.__getitem__)
    return errors[worst], worst


def compare_float32(title: str, work: Training) -> None:
    """Prints the largest ||delta32 - delta64|| / ||delta64|| of any tensor, PyTorch's float32."""
    reference, _ = train(*work)
    plain = torch.contiguous_format
    formats = {"contiguous": plain}
    if work.model is CONV_MODEL:
        formats["channels last"] = torch.channels_last
    for label, memory in formats.items():
        batches = [batch.float().contiguous(memory_format=memory) for batch in work.batches]
        initial = {
            name: value.float().contiguous(memory_format=memory if value.dim() == 4 else plain)
            for name, value in work.initial.items()
        }
        moved, _ = train(work.model, work.loss, batches, initial, work.keep)
        for step, mine, golden in zip(work.keep, moved, reference):
            error, worst = largest_error(mine, golden)
            print(f"{title:6}{step:3} steps, float32 {label:14} {error:.1e} ({worst})")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description="Makes the golden files of the tests.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    data = os.environ.get("HOURGLASS_DATA", "data/mnist")
    parser.add_argument("--data", type=Path, default=data, help="a folder with MNIST")
    parser.add_argument("--only", nargs="+", choices=["conv", "odd", "dense", "mnist"])
    parser.add_argument("--float32", action="store_true", help="measure float32 instead")
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    wanted = options.only or ["conv", "odd", "dense", "mnist"]

    if options.float32:
        works = {
            "conv": conv_training,
            "dense": dense_training,
            "mnist": lambda: mnist_training(options.data),
        }
        for name in wanted:
            if name in works:
                compare_float32(name, works[name]())
        return

    options.out.mkdir(parents=True, exist_ok=True)
    makers = {
        "conv": ("conv", make_conv),
        "odd": ("odd", make_odd),
        "dense": ("dense", make_dense),
        "mnist": ("mnist_steps", lambda: make_mnist(options.data)),
    }
    for name in wanted:
        file, make = makers[name]
        save_safetensors(options.out / (file + ".safetensors"), make())


if __name__ == "__main__":
    main()
