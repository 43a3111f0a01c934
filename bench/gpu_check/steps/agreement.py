"""The same computation on the CPU, on CUDA and by PyTorch in double precision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from gpu_check import arrays
from gpu_check.arrays import Tensors
from gpu_check.outcome import Outcome
from gpu_check.session import Session

DEVICES = ("cpu", "cuda")
# Relative to the distance moved from the initial weights. Two float32 results may lie on opposite
# sides of the reference.
REFERENCE_BOUNDS = {10: 2e-5, 50: 2e-3}
MUTUAL_BOUNDS = {steps: 2 * bound for steps, bound in REFERENCE_BOUNDS.items()}
LOSS_BOUND = 1e-5
INFERENCE_BOUND = 1e-5
PCA_BOUND = 1e-4
IMAGES = 2000
DENSE_EPOCHS = 50
DENSE_FINAL_LOSS = 1e-3


def run(session: Session, outcome: Outcome) -> None:
    golden = session.build.golden / "mnist_steps.safetensors"
    initial = write_initial(golden, session.scratch / "initial.safetensors")
    reference: Optional[Tensors] = None
    if session.mnist:
        reference = arrays.read_safetensors(golden)
    else:
        outcome.missing.append("weights beside PyTorch's in double: no MNIST here")
    for steps in REFERENCE_BOUNDS:
        compare_training(session, outcome, steps, initial, reference)
    compare_inference(session, outcome)
    compare_dense(session, outcome)
    worst = outcome.details["training"]["50 steps"]["cuda from cpu"]
    outcome.summary = f"after 50 steps CUDA is {worst:.1e} of the way from the CPU"


def write_initial(golden: Path, file: Path) -> Tensors:
    prefix = "initial."
    shapes = arrays.tensor_shapes(golden)
    initial = {
        name[len(prefix) :]: values
        for name, values in arrays.read_safetensors(golden).items()
        if name.startswith(prefix)
    }
    arrays.write_safetensors(file, initial, {name: shapes[prefix + name] for name in initial})
    return initial


def moved(weights: Tensors, initial: Tensors) -> Tensors:
    if weights.keys() != initial.keys():
        raise ValueError(f"tensors {sorted(weights)} instead of {sorted(initial)}")
    return {name: arrays.difference(weights[name], initial[name]) for name in initial}


def worst_error(values: Tensors, reference: Tensors) -> float:
    """The largest over tensors; NaN wins."""
    errors = [arrays.relative_error(values[name], reference[name]) for name in reference]
    return next((error for error in errors if error != error), max(errors))


def compare_training(
    session: Session, outcome: Outcome, steps: int, initial: Tensors, reference: Optional[Tensors]
) -> None:
    deltas, losses = {}, {}
    for device in DEVICES:
        out = session.scratch / f"steps{steps}.{device}"
        metrics = session.train(
            "train",
            out,
            "--device",
            device,
            "--steps",
            str(steps),
            "--no-shuffle",
            "--initial-weights",
            session.scratch / "initial.safetensors",
        )
        deltas[device] = moved(arrays.read_safetensors(out / "weights.safetensors"), initial)
        losses[device] = metrics["epochs"][0]
    found: dict[str, Any] = {"cuda from cpu": worst_error(deltas["cuda"], deltas["cpu"])}
    title = f"{steps} steps"
    outcome.details.setdefault("training", {})[title] = found
    outcome.at_most(f"{title}: CUDA from CPU", found["cuda from cpu"], MUTUAL_BOUNDS[steps])
    for kind in ("train_loss", "validation_loss"):
        cpu, cuda = losses["cpu"][kind], losses["cuda"][kind]
        found[kind] = {"cpu": cpu, "cuda": cuda}
        outcome.at_most(f"{title}: {kind}, relative", abs(cuda - cpu) / cpu, LOSS_BOUND * steps)
    if reference is None:
        return
    expected = {name: reference[f"step{steps}.delta.{name}"] for name in initial}
    mean_loss = sum(reference["losses"][:steps]) / steps
    for device in DEVICES:
        error = found[f"{device} from double"] = worst_error(deltas[device], expected)
        outcome.at_most(f"{title}: {device} from double", error, REFERENCE_BOUNDS[steps])
        off = abs(losses[device]["train_loss"] - mean_loss) / mean_loss
        outcome.at_most(f"{title}: {device}'s loss from double", off, LOSS_BOUND)


def compare_inference(session: Session, outcome: Outcome) -> None:
    """Each op on both devices from the same input, the CPU's."""
    weights = session.scratch / "steps50.cpu" / "weights.safetensors"
    latent = session.scratch / "latent.cpu.npy"
    images = ["--data", session.data, "--split", "test", "--first", str(IMAGES)]
    commands: dict[str, list[Any]] = {
        "latent": ["encode", "--weights", weights, *images],
        "decoded": ["decode", "--weights", weights, "--input", latent],
        "reconstructed": ["reconstruct", "--weights", weights, *images],
        "pca": ["pca", latent, "--components", "2"],
    }
    errors = outcome.details["inference"] = {}
    for name, command in commands.items():
        results = []
        for device in DEVICES:
            out = session.scratch / f"{name}.{device}.npy"
            session.hourglass(*command, "--device", device, "--out", out, "--quiet")
            results.append(arrays.read_npy(out))
        (cpu_shape, cpu), (cuda_shape, cuda) = results
        outcome.expect(cpu_shape == cuda_shape, f"{name}: {cuda_shape} instead of {cpu_shape}")
        if cpu_shape == cuda_shape:
            errors[name] = arrays.relative_error(cuda, cpu)
            bound = PCA_BOUND if name == "pca" else INFERENCE_BOUND
            outcome.at_most(f"{name}: CUDA from CPU", errors[name], bound)
    compare_variance(session, outcome)


def compare_dense(session: Session, outcome: Outcome) -> None:
    """The dense study: short, while both are on one path, and in full, for its time and its loss."""
    short, full = {}, {}
    for device in DEVICES:
        out = session.scratch / f"dense.{device}"
        few = session.scratch / f"dense.{device}.few"
        metrics = session.dense(few, "--device", device, "--epochs", str(DENSE_EPOCHS))
        short[device] = metrics["epochs"][-1]["validation_loss"]
        metrics = session.dense(out, "--device", device)
        full[device] = {
            "seconds": metrics["stages"]["train"],
            "loss": metrics["epochs"][-1]["validation_loss"],
        }
        outcome.at_most(f"dense, {device}: final loss", full[device]["loss"], DENSE_FINAL_LOSS)
    outcome.details["dense"] = full
    off = abs(short["cuda"] - short["cpu"]) / short["cpu"]
    outcome.at_most(f"dense: loss after {DENSE_EPOCHS} epochs, relative", off, LOSS_BOUND * 10)


def compare_variance(session: Session, outcome: Outcome) -> None:
    cpu, cuda = (
        json.loads((session.scratch / f"pca.{device}.json").read_text())["explained_variance"]
        for device in DEVICES
    )
    error = outcome.details["inference"]["explained_variance"] = arrays.relative_error(cuda, cpu)
    outcome.at_most("explained variance: CUDA from CPU", error, PCA_BOUND)
